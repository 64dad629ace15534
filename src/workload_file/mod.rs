//! Workloads that are data: operations, bodies, journeys and user classes that somebody writes down, as
//! a file or as the one URL of a command line.
//!
//! What is written is read and checked as a whole, compiled to a flat program of steps over prepared
//! bodies, and carried out behind the same seam as any workload: no text is interpreted while load is made.

mod built_in;
mod described;
mod error;
mod format;
mod means;
mod model;
mod parts;
mod preview;
mod program;
mod race_preview;
mod script;
mod single_url;
mod start;
mod workload;

pub use built_in::{BUILT_IN, built_in};
pub use described::limits::Description;
pub use error::{FileError, Mistake};
pub use format::read::{MOST_FILE_BYTES, read, read_of_program, read_within};
pub use format::schema::schema_text;
pub use means::mean_requests;
pub use model::definitions::{
    AtOnce, Body, BodyKind, Call, Class, Data, DrawSet, Journey, Model, Node, OnFailure, Operation,
    Order, Per, RunOption, Step, Test, Tested, UsedUp,
};
pub use model::generators::{GENERATORS, Generator};
pub use model::json_pointer::JsonPointer;
pub use model::patterns::{JsonType, Pattern};
pub use model::race_model::{Bound, Probe, Race, RaceRule, RaceSide, RulePlace, RulePlaces};
pub use model::replies::{Asked, Check, NotRaised, Place, Raised, Read, ReadFrom, Refusal};
pub use model::statuses::{StatusError, Statuses};
pub use model::table::{Field, Table};
pub use model::texts::{Part, Product};
pub use parts::Parts;
pub use preview::{data_outline, once_outline, outline};
pub use program::beside::Beside;
pub use program::told::Told;
pub use script::FileScript;
pub use single_url::{SingleUrl, UrlError};
pub use start::{
    MOST_DESCRIPTION_BYTES, MOST_RECORDING_BYTES, STARTER, Shipped, Start, StartError,
    from_description, from_recording,
};
pub use workload::{FileWorkload, MetTarget};

#[cfg(test)]
mod data_tests;
#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod late_sum_tests;
#[cfg(test)]
mod race_tests;
#[cfg(test)]
mod simulated_tests;
#[cfg(test)]
mod step_tests;
#[cfg(test)]
mod tests;

//! Workloads that are data: operations, bodies, journeys and user classes that somebody writes down, as
//! a file or as the one URL of a command line.
//!
//! What is written is read and checked as a whole, compiled to a flat program of steps over prepared
//! bodies, and carried out behind the same seam as any workload: no text is interpreted while load is made.

mod body_text;
mod built_in;
mod checks;
mod compile;
mod compile_operations;
mod compile_races;
mod compile_steps;
mod contest;
mod data_file;
mod distributions;
mod document;
mod error;
mod facts;
mod flow;
mod generated;
mod generators;
mod json_pointer;
mod key;
mod keys;
mod limits;
mod model;
mod parts;
mod pass;
mod pass_race;
mod patterns;
mod prepared;
mod preview;
mod program;
mod race_model;
mod race_preview;
mod race_program;
mod read;
mod read_bodies;
mod read_checks;
mod read_data;
mod read_journeys;
mod read_operations;
mod read_options;
mod read_races;
mod read_rules;
mod read_steps;
mod read_tests;
mod reading;
mod recipes;
mod request_program;
mod rows;
mod schema;
mod script;
mod sections;
mod shared;
mod single_url;
mod start;
mod statuses;
mod sum_checks;
mod sums;
mod table;
mod templates;
mod value_names;
mod workload;

pub use built_in::{BUILT_IN, built_in};
pub use error::{FileError, Mistake};
pub use generators::{GENERATORS, Generator};
pub use json_pointer::JsonPointer;
pub use limits::Description;
pub use model::{
    Asked, AtOnce, Body, BodyKind, Call, Check, Class, Data, DrawSet, Journey, Model, Node,
    OnFailure, Operation, Order, Part, Per, Place, Product, Raised, Read, ReadFrom, Refusal,
    RunOption, Step, Test, Tested, UsedUp,
};
pub use parts::Parts;
pub use patterns::{JsonType, Pattern};
pub use preview::{data_outline, once_outline, outline};
pub use race_model::{Bound, Probe, Race, RaceRule, RaceSide, RulePlace, RulePlaces};
pub use read::{MOST_FILE_BYTES, read, read_within};
pub use schema::schema_text;
pub use script::FileScript;
pub use single_url::{SingleUrl, UrlError};
pub use start::{
    MOST_DESCRIPTION_BYTES, MOST_RECORDING_BYTES, STARTER, Shipped, Start, StartError,
    from_description, from_recording, not_in_description,
};
pub use statuses::{StatusError, Statuses};
pub use table::{Field, Table};
pub use workload::{FileWorkload, MetTarget};

#[cfg(test)]
mod data_tests;
#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod race_tests;
#[cfg(test)]
mod simulated_tests;
#[cfg(test)]
mod step_tests;
#[cfg(test)]
mod tests;

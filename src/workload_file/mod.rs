//! Workloads that are data: operations, bodies, journeys and user classes that somebody writes down, as
//! a file or as the one URL of a command line.
//!
//! What is written is read and checked as a whole, compiled to a flat program of steps over prepared
//! bodies, and carried out behind the same seam as any workload: no text is interpreted while load is made.

mod compile;
mod compile_races;
mod contest;
mod document;
mod error;
mod flow;
mod generators;
mod json_pointer;
mod keys;
mod model;
mod prepared;
mod preview;
mod program;
mod race_model;
mod race_preview;
mod race_program;
mod read;
mod read_bodies;
mod read_journeys;
mod read_operations;
mod read_races;
mod read_rules;
mod reading;
mod schema;
mod script;
mod script_race;
mod sections;
mod single_url;
mod statuses;
mod templates;
mod workload;

pub use error::{FileError, Mistake};
pub use generators::{GENERATORS, Generator};
pub use json_pointer::JsonPointer;
pub use model::{
    Body, BodyKind, Class, Journey, Model, Node, OnFailure, Operation, Part, Read, ReadFrom,
    Refusal, Step,
};
pub use preview::outline;
pub use race_model::{Bound, Probe, Race, RaceRule, RaceSide, RulePlace, RulePlaces};
pub use read::{MOST_FILE_BYTES, read};
pub use schema::schema_text;
pub use script::FileScript;
pub use single_url::{SingleUrl, UrlError};
pub use statuses::{StatusError, Statuses};
pub use workload::{FileWorkload, MetTarget};

#[cfg(test)]
mod race_tests;
#[cfg(test)]
mod simulated_tests;
#[cfg(test)]
mod tests;

//! Workloads that are data: operations, bodies, journeys and user classes that somebody writes down, as
//! a file or as the one URL of a command line.
//!
//! What is written is read and checked as a whole, compiled to a flat program of steps over prepared
//! bodies, and carried out behind the same seam as any workload: no text is interpreted while load is made.

mod compile;
mod generators;
mod json_pointer;
mod model;
mod prepared;
mod program;
mod reading;
mod script;
mod single_url;
mod statuses;
mod workload;

pub use generators::{GENERATORS, Generator};
pub use json_pointer::JsonPointer;
pub use model::{
    Body, BodyKind, Class, Journey, Model, Node, OnFailure, Operation, Part, Read, ReadFrom,
    Refusal, Step,
};
pub use script::FileScript;
pub use single_url::{SingleUrl, UrlError};
pub use statuses::{StatusError, Statuses};
pub use workload::{FileWorkload, MetTarget};

//! The search for breaking points: how much does the target take, and what gives way first?
//!
//! A hunt is a sequence of runs, its probes: each holds one load for a while, and is judged by what
//! was measured in its window. Between probes the target comes to rest. The search itself is
//! arithmetic over the probes so far, so that a hunt can be stopped and resumed anywhere.

mod board;
mod conclusion;
mod console;
mod criteria;
mod director;
mod error;
mod estimate;
mod event_criteria;
mod hunt_record;
mod page;
mod probe;
mod progress;
mod reading;
mod request;
mod rest;
mod scalability;
mod search;
mod trials;
mod window;

#[cfg(test)]
mod made_up;

pub use conclusion::conclude;
pub use console::{detailed_hunt_text, hunt_text};
pub use director::carry_out;
pub use error::HuntError;
pub use hunt_record::{
    Criteria, DomainProbe, EventProbe, Fall, HUNT_JSON, HuntRecord, HuntState, Judgement, Knee,
    KneeUnit, Limit, LoadUnit, NameProbe, NoHuntRecord, ProbeRecord,
};
pub use page::hunt_page;
pub use request::HuntRequest;
pub use scalability::{FEWEST_POINTS, Scalability, ScalabilityPoint};
pub use search::{Gap, NextTrial, Range, Trial, TrialOutcome, gap, next};

//! What a workload has beside its file.

use crate::engine::Step;
use crate::stats::{Race, Rule};

/// What a workload has beside what it says, when parts of it are written in Rust.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    /// Steps of those parts: they come first in the table of steps.
    pub steps: &'static [Step],
    /// Whether the event of this domain and name takes the way through an outbox.
    pub outbox: fn(&str, &str) -> bool,
    /// Races of those parts: they come first in the table of races.
    pub races: &'static [Race],
    /// What must hold of them: it comes first among the rules.
    pub rules: &'static [Rule],
}

impl Beside {
    /// Nothing. Every event takes the way through an outbox, as far as a file tells.
    pub const NOTHING: Self = Self {
        steps: &[],
        outbox: |_, _| true,
        races: &[],
        rules: &[],
    };
}

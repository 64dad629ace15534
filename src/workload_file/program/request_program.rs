//! What a request of a workload is compiled to.

use crate::engine::Step;
use std::ops::Range;

/// A request, compiled: of a call, of a racer, or of what is asked afterwards.
#[derive(Clone, Debug)]
pub struct CompiledRequest {
    /// Under which name it is counted, and how its replies are read.
    pub step: &'static Step,
    /// Position of its body.
    pub body: Option<u16>,
    /// Which body of its kind it is.
    pub choice: BodyChoice,
    /// Positions of what is made up for its head.
    pub made: Range<u16>,
    /// Positions of what is made up for its body when that is sent.
    pub body_made: Range<u16>,
    /// Positions of the sums in its head.
    pub head_sums: Range<u16>,
}

/// Positions of what is made for a head when it is sent.
#[derive(Clone, Debug, Default)]
pub struct MadeForHead {
    /// What is made up.
    pub made: Range<u16>,
    /// Sums.
    pub sums: Range<u16>,
}

impl CompiledRequest {
    /// Positions of all that is made up for it.
    pub fn made_up(&self) -> impl Iterator<Item = u16> + use<> {
        self.made.clone().chain(self.body_made.clone())
    }
}

/// Which body of its kind a call sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyChoice {
    /// Any.
    Any,
    /// The one in the place that others of this group had in this pass, or any.
    Tied(u8),
    /// The one whose number, of these, is this count.
    Counted {
        /// Where the numbers are.
        numbers: u16,
        /// Which count.
        tally: u8,
    },
}

//! How much a workload may say: what the programs made of it have room for.

/// Repetitions within repetitions, at most.
pub const DEEPEST_REPEAT: usize = 4;
/// Counts that journeys keep, at most.
pub const MOST_TALLIES: usize = 8;
/// Groups of bodies that agree with each other in a pass, at most.
pub const MOST_TIES: usize = 16;
/// Operations of which a journey looks whether they succeeded, at most.
pub const MOST_MARKS: usize = 32;
/// What is asked after one race, at most.
pub const MOST_PROBES: usize = 8;
/// The option that every workload has.
pub const STRICT: &str = "strict";
/// Tags of one name in statistics, at most.
pub const MOST_TAGS: usize = 10;

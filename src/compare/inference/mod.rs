//! What may be concluded from a handful of runs: differences, intervals, probabilities, power.
//! Pure arithmetic over numbers; knows nothing of requests.
//!
//! One permutation test over all rows of a table (Westfall and Young's max-T) keeps the chance of
//! a single false claim in the whole table at the level asked for, however the rows depend on each
//! other, and whatever the distribution of the runs: it needs only that runs of equal
//! configurations are exchangeable.

mod arrangements;
mod estimate;
mod max_t;
mod power;

pub use arrangements::{Arrangements, least_runs};
pub use estimate::{Design, Estimate, Sample, noise_reach, run_variance};
pub use max_t::{MaxT, TestedRow};
pub use power::{MOST_RUNS, Needed, runs_needed};

#[cfg(test)]
mod simulations;

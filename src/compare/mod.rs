//! Comparison of runs: is one configuration better than another, or is it chance?
//!
//! The unit is the run, never the request: requests of one run share its machine, its minute and
//! its shop, so that a million of them are one observation of the configuration.

mod carry_out;
mod comparison;
mod comparison_record;
mod console;
mod driver;
mod event_values;
mod evidence;
mod gathering;
mod hook;
pub mod inference;
mod judge;
pub mod locust;
mod overlays;
mod page;
mod process;
mod quantity;
mod schedule;
mod sentence;
mod table_test;

pub use carry_out::{CompareError, CompareRequest, ComparisonSource, carry_out};
pub use comparison::{ComparisonQuestion, Incomparable, Side, compare};
pub use comparison_record::{
    Better, ComparisonRecord, Interval, LeftOut, Overall, PairRecord, RowRecord, RowVerdict,
    RunEntry, Scale, SideRecord, Source, TableRecord,
};
pub use console::{comparison_text, detailed_comparison_text, verdict_word};
pub use driver::{ComparisonSetup, Configuration, DriveError, DrivenRuns, drive};
pub use evidence::{MeasuredValue, MeasuredValues, RunEvidence, Unusable};
pub use gathering::{GatheringError, gather};
pub use hook::{Duty, Hook, HookError, Occasion};
pub use judge::{JudgedDifference, judge};
pub use page::comparison_page;
pub use process::Stop;
pub use quantity::{ComparedQuantity, Percentile, Time};
pub use sentence::{difference_text, interval_text};

#[cfg(test)]
mod tests;

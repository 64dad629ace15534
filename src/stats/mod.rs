//! What was measured: latency counts, interval sets that workers fill, and their merge.

mod addresses;
mod amount;
mod buckets;
mod coded;
mod collector;
mod contests;
mod decimal;
mod errors;
mod event_latency;
mod events;
mod fitness;
mod flow;
mod history;
mod interval;
mod latency;
mod latency_total;
mod littles_law;
mod live_schedule;
mod measured;
mod observed;
mod outcome;
mod own_lateness;
mod races;
mod reason;
mod recovery;
mod round_join;
mod rounds;
mod rule_check;
mod rules;
mod run_context;
mod second;
mod seconds;
mod self_check;
mod set_shape;
mod shard_join;
mod shared_judge;
mod shared_stock;
#[cfg(test)]
mod simulated;
mod sink;
mod sums;
mod tail;
mod thresholds;
mod totals;
mod trend;
mod witness;

pub use addresses::{AddressCounts, AddressTable};
pub use amount::Amount;
pub use buckets::{BUCKET_EDGES_US, Buckets};
pub use coded::{
    Coded, CodedBytes, Garbled, INTERVAL_VERSION, MOST_INTERVAL_BYTES, put_number, put_text,
};
pub use collector::{Collector, CollectorInbox, Merged, Merging, WorkerHandover};
pub use contests::{Contests, ProbeCounts, WITNESSES_A_RULE};
pub use decimal::Decimal;
pub use errors::{ErrorRow, ErrorTable, MAX_ERROR_ROWS};
pub use event_latency::{
    EventLatencies, EventLatency, EventNow, FollowedCounts, LiveEvents, StretchLatency, StretchNow,
};
pub use events::{
    Correction, Corrections, Event, MOST_RAISED, Raising, ToldEvents, told, told_in_all,
};
pub use fitness::{Fitness, GeneratorState, state_text};
pub use flow::{Carrying, Flow, WindowAnswer};
pub use history::{History, HistoryPoint, SpanLatency};
pub use interval::{CoreInterval, ErrorCounts, ErrorKey, StatName};
pub use latency::{LatencyCounts, SIGNIFICANT_DIGITS, ToldLatencies};
pub use latency_total::{LatencySummary, LatencyTotal};
pub use littles_law::{LittlesLaw, SteadyFigures, UserShare};
pub use live_schedule::{LiveSchedule, SteeringCommand};
pub use measured::{Counters, JourneyCounts, Measured, Timings, WorkerHealth};
pub use observed::{DomainBacklog, ObservedSample, ObservedTable};
pub use outcome::{Outcome, OutcomeCounts};
pub use own_lateness::{OwnLateness, OwnShares};
pub use races::{
    Ending, EndingCount, Endings, MOST_SIDES, OFFSET_BINS, OffsetBin, Offsets, PROCESSES_COUNTED,
    Race, RaceCounts, RaceMeasured, RaceSeen,
};
pub use reason::{REASON_BYTES, Reason};
pub use recovery::{
    ConfidenceInterval, HELD_S, Recovery, RecoveryMeasure, RecoveryStanding, Settling,
    StretchFigures, TOLERANCE, Tolerance, WINDOW_S,
};
pub use rounds::{Round, RoundsAcross, RoundsTotal};
pub use rule_check::{CheckKind, Contender, Contest, Fate, RuleCheck, Told, ToldPlace};
pub use rules::{Ledger, Reasons, Rule, RuleCounts, RuleFinding, RuleVerdict, ShownExchanges};
pub use run_context::{LiveContext, RunContext, Tags};
pub use second::{CoreHealth, MergedInterval, Phase, ToldInterval};
pub use self_check::{CoreTally, Neighbours, SelfCheck};
pub use set_shape::SetShape;
pub use shard_join::{ShardJoin, ShardProgress};
pub use shared_stock::{SharedStock, SharedStocks, SharedTake};
pub use sink::{IntervalSink, SinkFailure};
pub use sums::{Absorb, Forget};
pub use tail::{Tail, TailJudgement, TailSecond, score_interval};
pub use thresholds::{TailWatch, ThresholdStanding, ThresholdVerdict, Thresholds};
pub use totals::{PhaseTotal, Totals};
pub use trend::{FEWEST_POINTS, Trend};
pub use witness::{HeldForm, HeldValue, Part, ReadValue, Violation, WitnessExchange};

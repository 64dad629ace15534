//! Makes the live value of each second, on the collector's thread: once, for all faces and for
//! `run.json`.

use super::document::Record;
use super::live::{Live, LiveRow};
use super::locust_figures::percentiles;
use super::recording::RunFacts;
use super::run_record::RunRecord;
use crate::stats::{
    Absorb, Amount, Buckets, History, HistoryPoint, IntervalSink, LatencyCounts, LatencyTotal,
    Measured, MergedInterval, RaceMeasured, SetShape, Totals,
};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Time on a CPU that writing `run.json` may take of a second: some 2 ms are usual. Where it takes more, as
/// in an unoptimised build, seconds are left out. Reports of a killed run know them from the other files.
const WRITING: Duration = Duration::from_millis(20);
/// Most seconds between two writes.
const MOST_LEFT_OUT: u64 = 9;

/// Hands the live value on after each second. What it shows begins anew when the run's course is
/// reset; the record in it goes on.
pub struct LiveSink<P> {
    facts: RunFacts,
    /// Where the record so far is written each second; nowhere when that is empty.
    run_json: PathBuf,
    /// Seconds that are still left out.
    left_out: u64,
    publish: P,
    history: History,
    /// Rates of the latest second that had some.
    rates: Option<Rates>,
    measured: Vec<Measured<Buckets>>,
    races: Vec<RaceMeasured<Buckets>>,
    /// Resets that were heeded.
    resets: u32,
    since_reset: Option<Totals>,
    /// Users active before the second.
    users: u32,
}

/// Rates of one second.
struct Rates {
    all: LiveRow,
    /// One a statistic name, in the plan's order.
    names: Vec<LiveRow>,
    events_per_s: f64,
}

impl Rates {
    fn of(interval: &MergedInterval, totals: &Totals, now: &HistoryPoint) -> Self {
        let row = |measured: &Measured<LatencyCounts>| LiveRow {
            requests_per_s: now.per_s(measured.requests()),
            failures_per_s: now.per_s(measured.failures(totals.context.failures)),
            quantiles_us: None,
        };
        Self {
            all: row(&interval.all),
            names: interval.names.iter().map(row).collect(),
            events_per_s: now.per_s(now.events),
        }
    }

    /// One row a name that was requested, as the record has them.
    fn rows_of(&self, shown: &Totals) -> Vec<LiveRow> {
        let names = self.names.iter().zip(&shown.names);
        let requested = names.filter(|(_, total)| total.requests() > 0);
        requested.map(|(row, total)| row.with(total)).collect()
    }
}

impl LiveRow {
    /// The row of `total`, with rates that are known.
    fn with(self, total: &Measured<LatencyTotal>) -> Self {
        Self {
            quantiles_us: percentiles(total),
            ..self
        }
    }
}

impl<P: FnMut(Arc<Live>)> LiveSink<P> {
    /// Of the run of these `facts`.
    #[must_use]
    pub fn new(facts: RunFacts, publish: P) -> Self {
        Self {
            facts,
            run_json: PathBuf::new(),
            left_out: 0,
            publish,
            history: History::default(),
            rates: None,
            measured: Vec::new(),
            races: Vec::new(),
            resets: 0,
            since_reset: None,
            users: 0,
        }
    }

    /// The same, which writes the record so far to `run_json` before it hands a second on: a killed run
    /// leaves one that is a second old at most. The finished record is written by the caller.
    #[must_use]
    pub fn writing(self, run_json: &Path) -> Self {
        Self {
            run_json: run_json.to_owned(),
            ..self
        }
    }

    fn write_in_time(&mut self, record: &RunRecord) -> io::Result<()> {
        if self.left_out > 0 {
            self.left_out -= 1;
            return Ok(());
        }
        let begun = on_cpu();
        let written = self.write(record);
        let times = on_cpu().saturating_sub(begun).as_micros() / WRITING.as_micros();
        self.left_out = (times as u64).min(MOST_LEFT_OUT);
        written
    }

    fn write(&self, record: &RunRecord) -> io::Result<()> {
        match self.run_json.as_os_str().is_empty() {
            true => Ok(()),
            false => Ok(record.write(&self.run_json)?),
        }
    }

    /// The value after `interval`, which `totals` hold already.
    fn after(&mut self, interval: &MergedInterval, totals: &Totals) -> Live {
        self.heed_reset(interval, totals);
        self.users = interval.users;
        if let Some(since_reset) = &mut self.since_reset {
            since_reset.absorb(interval);
        }
        self.add_up(interval, totals.context.shape());
        // Once: observers may read anew meanwhile, and chart and table are to agree.
        let backlogs = totals.context.observed.backlogs();
        let amounts = backlogs.iter().map(|backlog| backlog.amount);
        let backlog = amounts.reduce(Amount::plus);
        let now = HistoryPoint::of(interval, &totals.context, backlog);
        self.history.push(now);
        let rates = match &mut self.rates {
            Some(before) if !now.is_rated() => before,
            rates => rates.insert(Rates::of(interval, totals, &now)),
        };
        let since_reset = self.since_reset.as_ref();
        let shown = since_reset.unwrap_or(totals);
        Live {
            record: self.facts.record(totals),
            since_reset: since_reset.map(|shown| Box::new(self.facts.record(shown))),
            resets: self.resets,
            since_s: shown.from_us as f64 / 1e6,
            now,
            all: rates.all.with(&shown.all),
            names: rates.rows_of(shown),
            events_per_s: rates.events_per_s,
            history: self.history.clone(),
            cores: interval.cores.clone(),
            health: totals.health,
            measured: self.measured.clone(),
            races: self.races.clone(),
            observed: totals.context.observed.latest(),
            events: totals.context.observed.events_now(),
            backlogs,
            context: Arc::clone(&totals.context),
        }
    }

    /// Begins anew when somebody asked for it.
    fn heed_reset(&mut self, interval: &MergedInterval, totals: &Totals) {
        let load_schedule = totals.context.live.load_schedule.as_ref();
        let resets = load_schedule.map_or(0, |load_schedule| load_schedule.resets());
        if std::mem::replace(&mut self.resets, resets) != resets {
            let context = Arc::clone(&totals.context);
            self.since_reset = Some(Totals::since(context, interval.start_us, self.users));
            self.history = History::default();
            self.rates = None;
        }
    }

    fn add_up(&mut self, interval: &MergedInterval, shape: SetShape) {
        self.measured.resize_with(shape.names, Measured::default);
        self.measured.absorb(&interval.names);
        self.races.resize_with(shape.races, RaceMeasured::default);
        self.races.absorb(&interval.contests.races);
    }
}

/// How long this thread was on a CPU so far, to a tick of the kernel: on a busy machine a clock would count
/// the others, too. Always zero where the kernel does not tell.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(first.unwrap_or_default())
}

impl<P: FnMut(Arc<Live>) + Send> IntervalSink for LiveSink<P> {
    fn path(&self) -> &Path {
        &self.run_json
    }

    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()> {
        let live = self.after(interval, totals);
        let written = self.write_in_time(&live.record);
        (self.publish)(Arc::new(live));
        written
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        self.write(&self.facts.record(totals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Load, LoadSchedule, Stage, Threshold};
    use crate::record::locust_figures::QUANTILES;
    use crate::record::made_up;
    use crate::stats::{LiveSchedule, RunContext};
    use std::sync::mpsc;

    /// The live values of the made-up run of `context`; `between` is called after each second.
    fn follow(context: RunContext, mut between: impl FnMut(usize)) -> (Vec<Arc<Live>>, Totals) {
        let (seen, lives) = mpsc::channel();
        let mut sink = LiveSink::new(made_up::facts(), move |live| {
            let _ = seen.send(live);
        });
        let mut totals = Totals::new(Arc::new(context));
        for (number, second) in made_up::seconds().iter().enumerate() {
            totals.absorb(second);
            sink.second(second, &totals).expect("it never fails");
            between(number);
        }
        sink.finish(&totals).expect("it never fails");
        drop(sink);
        (lives.iter().collect(), totals)
    }

    fn steered() -> (RunContext, Arc<LiveSchedule>) {
        let stage = Stage {
            users: 3,
            spawn_rate_per_s: 3.0,
            duration_us: 3_000_000,
        };
        let load = Load::closed(vec![stage], Duration::from_secs(3)).expect("a load");
        let load_schedule = Arc::new(LiveSchedule::new(LoadSchedule::new(&load, 3)));
        let mut context = made_up::context();
        context.live.load_schedule = Some(Arc::clone(&load_schedule));
        context.thresholds = vec![Threshold::parse("requests: count > 0").expect("a threshold")];
        (context, load_schedule)
    }

    #[test]
    fn after_the_last_second_it_is_the_record() {
        let (lives, totals) = follow(made_up::context(), |_| {});
        let last = lives.last().expect("seconds");
        assert_eq!(lives.len(), made_up::seconds().len());
        assert_eq!(last.record, made_up::facts().record(&totals));
        assert_eq!(last.shown(), &last.record);
        let measured: u64 = last.measured.iter().map(Measured::requests).sum();
        assert_eq!(measured, last.record.totals.requests);
        let timed: u64 = last.measured.iter().map(|name| name.response.count()).sum();
        assert_eq!(timed, totals.all.response.len());
        let of_history: u64 = last.history.points().map(HistoryPoint::requests).sum();
        assert_eq!(of_history, last.record.totals.requests);
    }

    #[test]
    fn a_row_has_the_percentiles_of_its_name() {
        let (lives, totals) = follow(made_up::context(), |_| {});
        let last = lives.last().expect("seconds");
        let rows: Vec<_> = last.rows().collect();
        assert_eq!(rows.len(), 2, "the last name is never requested");
        for ((row, beside), total) in rows.into_iter().zip(&totals.names) {
            assert_eq!(row.figures.requests, total.requests());
            let one_by_one = QUANTILES.map(|quantile| total.response.quantile_us(quantile));
            assert_eq!(beside.quantiles_us, Some(one_by_one));
        }
    }

    #[test]
    fn a_short_second_keeps_the_rates_before_it() {
        let (lives, _) = follow(made_up::context(), |_| {});
        let [.., before, last] = &lives[..] else {
            panic!("two seconds")
        };
        assert!(!last.now.is_rated());
        assert_eq!(before.all.requests_per_s, 595.0);
        assert_eq!(before.all.failures_per_s, 4.0);
        assert_eq!(last.all.requests_per_s, before.all.requests_per_s);
        assert_eq!(last.events_per_s, before.events_per_s);
        assert_eq!(last.names[1].requests_per_s, before.names[1].requests_per_s);
        assert!(last.record.totals.requests > before.record.totals.requests);
    }

    #[test]
    fn a_reset_changes_what_is_shown_and_not_the_record() {
        let (context, load_schedule) = steered();
        let (lives, totals) = follow(context, |number| {
            if number == 1 {
                load_schedule.reset(2_000_000);
            }
        });
        let requests = |record: &RunRecord| record.totals.requests;
        let shown: Vec<u64> = lives.iter().map(|live| requests(live.shown())).collect();
        assert_eq!(shown, [300, 900, 595, 600]);
        let recorded: Vec<u64> = lives.iter().map(|live| requests(&live.record)).collect();
        assert_eq!(recorded, [300, 900, 1_495, 1_500]);
        let last = lives.last().expect("seconds");
        assert_eq!((last.since_s, last.resets), (2.0, 1));
        assert_eq!(last.history.points().count(), 2);
        assert_eq!(last.record, made_up::facts().record(&totals));
        assert_eq!(last.record.thresholds[0].observed, Some(1_500.0));
        let measured: u64 = last.measured.iter().map(Measured::requests).sum();
        assert_eq!(measured, 1_500, "what only grows goes on");
    }
}

//! What a leader knows of its members: arithmetic over what they said, without a bus and without a clock
//! of its own.

use super::bus::{ClockOffset as BusClock, Who};
use super::words::{Prepared, Settled};
use crate::plan::{ExitCode, Shard};
use crate::run::{MemberEnd, PreparedMember};
use std::time::Duration;

/// Clocks that started further apart than this are told.
pub const TOLD_SPREAD: Duration = Duration::from_millis(5);
/// From the order to the start where everything is near.
const LEAST_LEAD: Duration = Duration::from_millis(300);

/// How far a member is in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Standing {
    /// It prepares.
    #[default]
    Preparing,
    /// It waits for the start.
    Prepared,
    /// Its load is over, and its record whole.
    Settled(Box<Settled>),
}

/// A member of a run.
#[derive(Clone, Debug)]
pub struct RollEntry {
    /// Who it is.
    pub who: Who,
    /// How far it is.
    pub standing: Standing,
    /// What it said when it was prepared.
    pub prepared: Option<Prepared>,
    /// Its clock.
    pub clock: Option<BusClock>,
    /// The same when its load was over.
    pub clock_at_end: Option<BusClock>,
    /// How much later than agreed its workers were let go.
    pub late_ns: Option<u64>,
    /// End of the last second that it told of.
    pub told_us: u64,
    /// How many seconds it told of.
    pub told: u32,
    /// Requests that it told of.
    pub requests: u64,
    /// When its user stopped it there, in seconds from the start.
    pub stopped_s: Option<f64>,
    /// The second from which on it is lost, and why.
    pub lost: Option<(f64, String)>,
    /// Reports of it that never came.
    pub missing: u64,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Roll {
    entries: Vec<Option<RollEntry>>,
}

/// How far apart the clocks of members started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The first and the last of them are at most so far apart.
    pub most: Duration,
}

impl Roll {
    /// Nobody yet, of so many.
    #[must_use]
    pub fn of(shards: u32) -> Self {
        Self {
            entries: (0..shards).map(|_| None).collect(),
        }
    }

    /// Somebody has a shard.
    pub fn join(&mut self, shard: u32, who: Who) {
        if let Some(place) = self.entries.get_mut(shard as usize) {
            *place = Some(RollEntry {
                who,
                standing: Standing::Preparing,
                prepared: None,
                clock: None,
                clock_at_end: None,
                late_ns: None,
                stopped_s: None,
                told_us: 0,
                told: 0,
                requests: 0,
                lost: None,
                missing: 0,
            });
        }
    }

    /// Another run begins with the same members.
    pub fn begin_again(&mut self) {
        for entry in self.entries.iter_mut().flatten() {
            *entry = RollEntry {
                who: entry.who.clone(),
                standing: Standing::Preparing,
                prepared: None,
                clock: None,
                clock_at_end: None,
                late_ns: None,
                stopped_s: None,
                told_us: 0,
                told: 0,
                requests: 0,
                // Who was lost stays so: it was never heard of again.
                lost: entry.lost.take(),
                missing: 0,
            };
        }
    }

    /// The member that has `shard`.
    pub fn entry(&mut self, shard: u32) -> Option<&mut RollEntry> {
        self.entries.get_mut(shard as usize)?.as_mut()
    }

    /// The members, with their shards.
    pub fn members(&self) -> impl Iterator<Item = (u32, &RollEntry)> {
        let entries = (0..).zip(&self.entries);
        entries.filter_map(|(shard, entry)| Some((shard, entry.as_ref()?)))
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> u32 {
        self.entries.len() as u32
    }

    /// How many joined.
    #[must_use]
    pub fn joined(&self) -> usize {
        self.members().count()
    }

    /// Whether all joined, and wait for the start.
    #[must_use]
    pub fn all_prepared(&self) -> bool {
        let is_prepared = |entry: &RollEntry| entry.standing == Standing::Prepared;
        let mut entries = self.entries.iter();
        entries.all(|entry| entry.as_ref().is_some_and(is_prepared))
    }

    /// Whether nothing more is to come of anybody who is not lost.
    #[must_use]
    pub fn all_over(&self) -> bool {
        let mut members = self.members();
        members.all(|(_, entry)| entry.is_over())
    }

    /// Whether somebody is lost.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        self.members().any(|(_, entry)| entry.lost.is_some())
    }

    /// What is known of the members that are prepared.
    #[must_use]
    pub fn prepared_members(&self) -> Vec<PreparedMember> {
        let of = self.shards();
        let prepared = self.members().map(|(index, entry)| PreparedMember {
            shard: Shard { index, of },
            cpus: entry
                .prepared
                .as_ref()
                .map(|it| it.cpus.clone())
                .unwrap_or_default(),
        });
        prepared.collect()
    }

    /// From the order to the start: so that the order reaches everybody, and their workers are ready.
    #[must_use]
    pub fn lead(&self) -> Duration {
        let delays = self
            .members()
            .filter_map(|(_, entry)| entry.prepared.as_ref());
        let delay_us = delays.map(|prepared| prepared.delay_us).max().unwrap_or(0);
        let bounds = self.members().filter_map(|(_, entry)| entry.clock);
        let bound_ns = bounds.map(|clock| clock.bound_ns).max().unwrap_or(0);
        let delay = Duration::from_micros(delay_us.min(60_000_000));
        // A round trip is twice the bound; an order may need some of them.
        LEAST_LEAD + delay + Duration::from_nanos(bound_ns.saturating_mul(8).min(5_000_000_000))
    }

    /// How far apart the clocks started; `None` before all have told.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let mut first = u64::MAX;
        let mut last = 0;
        for (_, entry) in self.members().filter(|(_, entry)| entry.lost.is_none()) {
            let (late_ns, clock) = (entry.late_ns?, entry.clock?);
            first = first.min(late_ns.saturating_sub(clock.bound_ns));
            last = last.max(late_ns.saturating_add(clock.bound_ns));
        }
        let most = Duration::from_nanos(last.saturating_sub(first));
        Some(Spread { most })
    }

    /// What became of everybody, as the record tells it.
    #[must_use]
    pub fn rows(&self) -> Vec<MemberEnd> {
        let first_ns = self.members().filter_map(|(_, entry)| entry.late_ns).min();
        let rows = (1..).zip(&self.entries).map(|(number, entry)| match entry {
            Some(entry) => entry.row(number, first_ns.unwrap_or_default()),
            None => MemberEnd {
                number,
                missing: Some("never joined".to_owned()),
                ..MemberEnd::default()
            },
        });
        rows.collect()
    }
}

impl RollEntry {
    fn row(&self, number: u32, first_ns: u64) -> MemberEnd {
        let prepared = self.prepared.as_ref();
        let clock = prepared.zip(self.clock);
        let generator = match &self.standing {
            Standing::Settled(settled) => Some(settled.generator.clone()),
            Standing::Preparing | Standing::Prepared => None,
        };
        MemberEnd {
            number,
            missing: self.missing_text(),
            host: self.who.host.clone(),
            cores: prepared.map_or(0, |prepared| prepared.cpus.len()),
            requests: self.requests,
            started_after_s: self.late_ns.unwrap_or(first_ns).saturating_sub(first_ns) as f64 / 1e9,
            clock_us: clock
                .map(|(prepared, clock)| (prepared.wall_ahead_us, clock.bound_ns.div_ceil(1_000))),
            clock_bound_to_end_us: self.clock_bound_to_end_us(),
            generator,
            last_s: self.told_us as f64 / 1e6,
        }
    }

    /// A clock that drifts steadily is nowhere farther off than at the start or at the end.
    fn clock_bound_to_end_us(&self) -> Option<u64> {
        let (clock, later) = self.clock.zip(self.clock_at_end)?;
        let drift = clock.drift_until(&later);
        let bound_ns = drift.drift_ns.unsigned_abs().saturating_add(later.bound_ns);
        Some(bound_ns.div_ceil(1_000))
    }

    /// What is missing of it, in words.
    pub fn missing_text(&self) -> Option<String> {
        if let Some((at_s, why)) = &self.lost {
            return Some(format!("is lost from second {at_s:.0} on: {why}"));
        }
        if let Some(at_s) = self.stopped_s {
            return Some(format!("was stopped on its machine at second {at_s:.0}"));
        }
        match self.missing {
            0 => None,
            1 => Some("lacks a second: the leader never heard of it".to_owned()),
            seconds => Some(format!(
                "lacks {seconds} seconds: the leader never heard of them"
            )),
        }
    }

    /// Whether nothing more is to come of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lost.is_some() || self.has_told_all()
    }

    /// Whether its load is over, and all its seconds are here.
    #[must_use]
    pub fn has_told_all(&self) -> bool {
        match &self.standing {
            Standing::Settled(settled) => settled.seconds <= self.told || self.missing > 0,
            Standing::Preparing | Standing::Prepared => false,
        }
    }
}

/// The exit code that a member told.
#[must_use]
pub fn exit_code_of(value: u8) -> ExitCode {
    match value {
        105 => ExitCode::Interrupted,
        107 => ExitCode::Unreachable,
        _ => ExitCode::BadPlan,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Generator;

    fn roll(late_ns: &[u64]) -> Roll {
        let mut roll = Roll::of(late_ns.len() as u32);
        for (shard, late_ns) in (0..).zip(late_ns) {
            roll.join(shard, Who::new("host", 1, "1"));
            let entry = roll.entry(shard).unwrap();
            entry.standing = Standing::Prepared;
            entry.late_ns = Some(*late_ns);
            entry.clock = Some(BusClock {
                offset_ns: 5_000_000,
                bound_ns: 100_000,
                measured_ns: 1,
            });
            entry.prepared = Some(Prepared {
                hash: "x".to_owned(),
                cpus: vec![shard as usize, 7],
                connections: 1,
                delay_us: 20_000 * u64::from(shard),
                wall_ahead_us: 3_000_000,
            });
        }
        roll
    }

    fn settled(seconds: u32) -> Standing {
        Standing::Settled(Box::new(Settled {
            directory: "results/x".to_owned(),
            interrupted: false,
            losses: Vec::new(),
            measured_s: 3.0,
            seconds,
            generator: Generator::default(),
        }))
    }

    #[test]
    fn a_run_is_prepared_when_all_shards_are_and_over_when_all_have_told_all() {
        let mut roll = roll(&[0, 0]);
        assert!(roll.all_prepared() && !roll.all_over() && roll.joined() == 2);
        assert!(!Roll::of(2).all_prepared());
        assert_eq!(roll.prepared_members()[1].cpus, [1, 7]);
        roll.entry(0).unwrap().standing = settled(3);
        roll.entry(0).unwrap().told = 2;
        roll.entry(1).unwrap().lost = Some((2.0, "silent".to_owned()));
        assert!(!roll.all_over(), "a second of the first is to come");
        roll.entry(0).unwrap().told = 3;
        assert!(roll.all_over() && roll.has_lost());
        roll.begin_again();
        assert!(!roll.all_prepared() && !roll.all_over());
        assert!(
            roll.has_lost(),
            "nobody comes back into a fleet that went on"
        );
    }

    #[test]
    fn a_second_that_never_comes_is_not_waited_for() {
        let mut roll = roll(&[0]);
        let entry = roll.entry(0).unwrap();
        (entry.standing, entry.told, entry.missing) = (settled(3), 2, 1);
        assert!(roll.all_over());
    }

    #[test]
    fn the_spread_of_starts_holds_what_the_clocks_do_not_know() {
        let told = roll(&[0, 7_000_000]).spread().unwrap();
        assert_eq!(told.most, Duration::from_micros(7_100));
        assert!(told.most > TOLD_SPREAD);
        assert!(roll(&[0, 0]).spread().unwrap().most < TOLD_SPREAD);
        let mut silent = roll(&[0, 0]);
        silent.entry(1).unwrap().late_ns = None;
        assert_eq!(silent.spread(), None);
    }

    #[test]
    fn the_record_tells_of_every_shard_and_what_is_missing_of_it() {
        let mut roll = roll(&[0, 2_000_000, 0]);
        roll.entry(0).unwrap().standing = settled(3);
        roll.entry(1).unwrap().lost = Some((12.0, "silent for 5 s".to_owned()));
        roll.entry(2).unwrap().stopped_s = Some(7.2);
        let rows = roll.rows();
        let missing: Vec<Option<&str>> = rows.iter().map(|row| row.missing.as_deref()).collect();
        let told = [
            None,
            Some("is lost from second 12 on: silent for 5 s"),
            Some("was stopped on its machine at second 7"),
        ];
        assert_eq!(missing, told);
        assert_eq!(
            (rows[1].number, rows[1].cores, rows[1].started_after_s),
            (2, 2, 0.002)
        );
        assert_eq!(rows[1].clock_us, Some((3_000_000, 100)));
        assert!(rows[0].generator.is_some() && rows[1].generator.is_none());
        assert_eq!(rows[1].clock_bound_to_end_us, None);
        roll.entry(1).unwrap().clock_at_end = Some(BusClock {
            offset_ns: 4_700_000,
            bound_ns: 50_500,
            measured_ns: 9,
        });
        assert_eq!(roll.rows()[1].clock_bound_to_end_us, Some(351));
        assert_eq!(
            Roll::of(1).rows()[0].missing.as_deref(),
            Some("never joined")
        );
    }

    #[test]
    fn the_start_is_later_where_workers_or_ways_need_longer() {
        let near = roll(&[0]).lead();
        assert!(near >= LEAST_LEAD && roll(&[0, 0, 0]).lead() > near);
        let mut far = roll(&[0]);
        far.entry(0).unwrap().clock.as_mut().unwrap().bound_ns = 20_000_000;
        assert!(far.lead() >= near + Duration::from_millis(150));
    }
}

//! What a leader's members are shown as while a run goes on: their rows on the page.

use super::merging::Merging;
use super::roll::{Roll, RollEntry, Standing};
use crate::ui::web::{MemberRow, MemberState};
use std::fmt;
use std::sync::Arc;

/// Who is shown the members whenever something of them has changed: quick, since the leader waits.
#[derive(Clone)]
pub struct MembersFace(pub Arc<dyn Fn(Vec<MemberRow>) + Send + Sync>);

impl fmt::Debug for MembersFace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MembersFace")
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct ShownMembers {
    face: Option<MembersFace>,
    rates: Vec<Rate>,
}

/// What a member had told at its last second.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    requests: u64,
    told_us: u64,
    per_s: f64,
}

impl Rate {
    /// The same after so much was told.
    fn after(self, (requests, told_us): (u64, u64)) -> Self {
        if told_us == self.told_us {
            return self;
        }
        // Less than before is another run.
        let before = match requests >= self.requests && told_us > self.told_us {
            true => self,
            false => Self::default(),
        };
        let seconds = (told_us - before.told_us) as f64 / 1e6;
        let per_s = match seconds > 0.0 {
            true => (requests - before.requests) as f64 / seconds,
            false => 0.0,
        };
        Self {
            requests,
            told_us,
            per_s,
        }
    }
}

impl ShownMembers {
    /// Shown to `face`, if there is one.
    #[must_use]
    pub fn to(face: Option<MembersFace>) -> Self {
        Self {
            face,
            rates: Vec::new(),
        }
    }

    /// Shows what is known now; `merging` has what they measured, while they do.
    pub fn show(&mut self, roll: &Roll, is_started: bool, merging: Option<&Merging>) {
        let Some(MembersFace(face)) = &self.face else {
            return;
        };
        self.rates
            .resize_with(roll.shards() as usize, Rate::default);
        let mut rows: Vec<MemberRow> = (1..=roll.shards())
            .map(|number| MemberRow {
                number,
                ..MemberRow::default()
            })
            .collect();
        let members = || roll.members();
        let first_ns = members().filter_map(|(_, entry)| entry.late_ns).min();
        for (shard, entry) in members() {
            let place = shard as usize;
            let told = match merging {
                Some(merging) => merging.told(shard),
                None => (entry.requests, entry.told_us),
            };
            self.rates[place] = self.rates[place].after(told);
            rows[place] = row(
                shard + 1,
                entry,
                is_started,
                (self.rates[place], first_ns.unwrap_or_default()),
            );
        }
        face(rows);
    }
}

fn row(
    number: u32,
    entry: &RollEntry,
    is_started: bool,
    (rate, first_ns): (Rate, u64),
) -> MemberRow {
    let state = match &entry.standing {
        _ if entry.lost.is_some() => MemberState::Lost,
        Standing::Settled(_) if entry.stopped_s.is_some() => MemberState::Stopped,
        Standing::Settled(_) => MemberState::Over,
        Standing::Prepared if is_started => MemberState::Running,
        Standing::Prepared => MemberState::Prepared,
        Standing::Preparing => MemberState::Preparing,
    };
    let prepared = entry.prepared.as_ref();
    let late_ns = entry.late_ns;
    MemberRow {
        number,
        who: entry.who.to_string(),
        state,
        cores: prepared.map_or(0, |prepared| prepared.cpus.len()),
        requests: rate.requests,
        requests_per_s: match state {
            MemberState::Running => rate.per_s,
            _ => 0.0,
        },
        told_s: rate.told_us as f64 / 1e6,
        started_after_ms: late_ns.map(|late_ns| late_ns.saturating_sub(first_ns) as f64 / 1e6),
        note: entry.missing_text().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::bus::Who;
    use crate::fleet::words::Prepared;
    use std::sync::Mutex;

    /// A roll of two whose first has joined, and what is shown of it.
    fn shown(change: impl FnOnce(&mut Roll), is_started: bool) -> Vec<MemberRow> {
        let mut roll = Roll::of(2);
        roll.join(0, Who::new("host", 7, "1"));
        change(&mut roll);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let face = MembersFace(Arc::new(move |rows| *kept.lock().unwrap() = rows));
        ShownMembers::to(Some(face)).show(&roll, is_started, None);
        seen.lock().unwrap().clone()
    }

    #[test]
    fn every_shard_has_a_row_with_what_is_missing_of_it() {
        let rows = shown(|_| {}, false);
        assert_eq!(rows[0].who, "host (process 7)");
        assert_eq!(
            (rows[0].state, rows[1].state),
            (MemberState::Preparing, MemberState::Awaited)
        );
        let rows = shown(
            |roll| {
                let entry = roll.entry(0).unwrap();
                entry.standing = Standing::Prepared;
                entry.prepared = Some(Prepared {
                    hash: String::new(),
                    cpus: vec![3, 4],
                    connections: 1,
                    delay_us: 0,
                    wall_ahead_us: 0,
                });
                (entry.requests, entry.told_us) = (500, 2_000_000);
            },
            true,
        );
        assert_eq!(
            (rows[0].state, rows[0].cores),
            (MemberState::Running, 2),
            "{rows:?}"
        );
        assert_eq!((rows[0].requests_per_s, rows[0].told_s), (250.0, 2.0));
        let rows = shown(
            |roll| roll.entry(0).unwrap().lost = Some((4.0, "silent for 5 s".to_owned())),
            true,
        );
        assert_eq!(rows[0].state, MemberState::Lost);
        assert_eq!(rows[0].note, "is lost from second 4 on: silent for 5 s");
    }

    #[test]
    fn a_rate_is_that_of_the_latest_second_and_begins_anew_with_a_run() {
        let first = Rate::default().after((100, 1_000_000));
        assert_eq!(first.per_s, 100.0);
        let second = first.after((400, 2_000_000));
        assert_eq!(
            (second.per_s, second.after((400, 2_000_000)).per_s),
            (300.0, 300.0)
        );
        let anew = second.after((50, 1_000_000));
        assert_eq!(anew.per_s, 50.0);
        assert_eq!(second.after((0, 0)).per_s, 0.0);
    }
}

//! When what replies named can be read: which reads to ask, when, and what their answers say. No clock
//! and no socket is here.
//!
//! So many things a second are taken, whatever becomes of those before: taking new ones only when others
//! were seen would leave out those that come while nothing can be seen. Each is asked for at intervals that
//! grow with its age, so that the time is told apart by a part of itself. A read that no thing was ever
//! seen by may be one that the target does not have: of those nothing is said but that.

use crate::stats::{FollowedCounts, StretchLatency};
use std::collections::BTreeMap;

/// A thing is asked for at least so long after it was, …
const LEAST_INTERVAL_US: i64 = 50_000;
/// … and again after this part of its age.
const PART_OF_AGE: i64 = 10;
/// Reads a second, for each thing that is taken a second: where more are due, intervals are longer.
const READS_A_THING: i64 = 10;
/// Things that are asked for at once; more are not taken.
const MOST_OPEN: usize = 2_000;
/// A thing is not asked for any more when it is older: it counts as not seen.
const LONGEST_US: i64 = 600_000_000;
/// Where the id stands in the path of a read.
const ID: &str = "{id}";
const SECOND_US: i64 = 1_000_000;

/// A read that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VisibleRead {
    /// Whose it is.
    pub key: u64,
    /// Path and query.
    pub path: String,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is there.
    There,
    /// It is not there yet.
    NotYet,
    /// It says nothing of that: no answer, a fault of the server, no permission.
    Nothing,
}

impl Answer {
    /// What a status says.
    pub fn of_status(status: u16) -> Self {
        match status {
            200..300 => Self::There,
            404 | 410 => Self::NotYet,
            _ => Self::Nothing,
        }
    }
}

/// A thing that is asked for.
struct Asked {
    kind: usize,
    done_us: i64,
    path: String,
    due_us: i64,
    /// When it was last asked for and was not there; at first when its reply had come.
    before_us: i64,
}

/// What is known of a kind.
#[derive(Default)]
struct PolledKind {
    taken: u64,
    seen: StretchLatency,
}

/// See the module's documentation.
pub(super) struct VisibleThings {
    per_s: u32,
    kinds: BTreeMap<usize, PolledKind>,
    open: BTreeMap<u64, Asked>,
    next: u64,
    second: i64,
    taken_in_second: u32,
    next_read_us: i64,
    /// What the times may be wrong by, at most: from the last read without it to the one with it.
    pub within_us: i64,
    /// Reads that told nothing.
    pub untold: u64,
}

impl VisibleThings {
    /// Takes so many a second; none with 0.
    pub fn new(per_s: u32) -> Self {
        Self {
            per_s,
            kinds: BTreeMap::new(),
            open: BTreeMap::new(),
            next: 0,
            second: 0,
            taken_in_second: 0,
            next_read_us: 0,
            within_us: 0,
            untold: 0,
        }
    }

    /// A reply of `done_us` named a thing of this kind, which can be read at `path`. Ids that a path
    /// cannot hold as they are are none.
    pub fn add(&mut self, kind: usize, path: &str, id: &str, done_us: i64) {
        let second = done_us.div_euclid(SECOND_US);
        if second > self.second {
            (self.second, self.taken_in_second) = (second, 0);
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let has_room = self.taken_in_second < self.per_s && self.open.len() < MOST_OPEN;
        if !has_room || id.is_empty() || !id.bytes().all(is_plain) {
            return;
        }
        self.taken_in_second += 1;
        self.kinds.entry(kind).or_default().taken += 1;
        let asked = Asked {
            kind,
            done_us,
            path: path.replacen(ID, id, 1),
            due_us: done_us,
            before_us: done_us,
        };
        self.open.insert(self.next, asked);
        self.next += 1;
    }

    /// The read that is due for longest; otherwise how long to wait for one, in microseconds, at most as
    /// long as `most_us`.
    pub fn due(&mut self, now_us: i64, most_us: i64) -> Result<VisibleRead, i64> {
        let young = |asked: &Asked| now_us - asked.done_us <= LONGEST_US;
        let open = self.open.iter().filter(|(_, asked)| young(asked));
        let Some((key, asked)) = open.min_by_key(|(_, asked)| asked.due_us) else {
            return Err(most_us);
        };
        let at_us = asked.due_us.max(self.next_read_us);
        if at_us > now_us {
            return Err((at_us - now_us).min(most_us));
        }
        self.next_read_us = now_us + SECOND_US / (i64::from(self.per_s.max(1)) * READS_A_THING);
        Ok(VisibleRead {
            key: *key,
            path: asked.path.clone(),
        })
    }

    /// What was answered to a read that was asked and answered at these moments.
    pub fn answered(&mut self, key: u64, (asked_us, answered_us): (i64, i64), answer: Answer) {
        let Some(asked) = self.open.get_mut(&key) else {
            return;
        };
        if answer == Answer::There {
            let took_us = (answered_us - asked.done_us).max(0) as u64;
            self.within_us = self.within_us.max(answered_us - asked.before_us);
            let kind = self.kinds.entry(asked.kind).or_default();
            kind.seen.add_over(took_us);
            self.open.remove(&key);
            return;
        }
        match answer {
            Answer::NotYet => asked.before_us = asked.before_us.max(asked_us),
            _ => self.untold += 1,
        }
        let age_us = answered_us - asked.done_us;
        asked.due_us = answered_us + (age_us / PART_OF_AGE).max(LEAST_INTERVAL_US);
    }

    /// Things of a kind that were taken.
    pub fn taken(&self, kind: usize) -> u64 {
        self.kinds.get(&kind).map_or(0, |kind| kind.taken)
    }

    /// Whether something of a kind of which others were seen was not seen yet.
    pub fn are_under_way(&self) -> bool {
        let mut open = self.open.values();
        open.any(|asked| self.is_seen(asked.kind))
    }

    fn is_seen(&self, kind: usize) -> bool {
        let kind = self.kinds.get(&kind);
        kind.is_some_and(|kind| !kind.seen.is_empty())
    }

    /// What `kind` took so far, of what was not seen yet its age at `now_us`.
    pub fn stretch(&self, kind: usize, now_us: i64) -> StretchLatency {
        let mut stretch = StretchLatency::default();
        let Some(known) = self.kinds.get(&kind) else {
            return stretch;
        };
        stretch.absorb(&known.seen);
        if self.is_seen(kind) {
            let open = self.open.values().filter(|asked| asked.kind == kind);
            open.for_each(|asked| stretch.add_waiting((now_us - asked.done_us).max(0) as u64));
        }
        stretch
    }

    /// Adds how many of a kind were taken, and whether any was seen, to `counts`.
    pub fn count(&self, kind: usize, counts: &mut FollowedCounts) {
        counts.asked_for = self.taken(kind);
        counts.never_visible = counts.asked_for > 0 && !self.is_seen(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = SECOND_US;
    const PATH: &str = "/orders/{id}?full=1";

    /// Asks whatever is due until `until_us`, at steps of a millisecond; a thing is there from the moment
    /// that `there_us` says. Reads that were made.
    fn play(things: &mut VisibleThings, until_us: i64, there_us: impl Fn(&str) -> i64) -> usize {
        let (mut now_us, mut reads) = (0, 0);
        while now_us < until_us {
            match things.due(now_us, 1_000) {
                Ok(read) => {
                    reads += 1;
                    let answer = match now_us >= there_us(&read.path) {
                        true => Answer::There,
                        false => Answer::NotYet,
                    };
                    things.answered(read.key, (now_us, now_us + 500), answer);
                    now_us += 500;
                }
                Err(wait_us) => now_us += wait_us.max(1),
            }
        }
        reads
    }

    #[test]
    fn a_time_is_told_by_the_first_read_that_sees_it() {
        let mut things = VisibleThings::new(5);
        things.add(3, PATH, "o-1", 0);
        things.add(3, PATH, "o-2", 0);
        let there_us = |path: &str| match path {
            "/orders/o-1?full=1" => 300_000,
            "/orders/o-2?full=1" => 20 * S,
            other => panic!("{other}"),
        };
        play(&mut things, 30 * S, there_us);
        let seen = things.stretch(3, 30 * S);
        assert_eq!((seen.over.len(), seen.waiting.len()), (2, 0));
        let (least, most) = (seen.min_us().unwrap().value, seen.max_us().unwrap().value);
        // Never early, and late by no more than an interval.
        assert!((300_000.0..400_000.0).contains(&least), "{least}");
        assert!((20e6..22.2e6).contains(&most), "{most}");
        assert!(
            things.within_us >= S && things.within_us <= 2_200_000,
            "{}",
            things.within_us
        );
    }

    #[test]
    fn no_more_is_taken_or_asked_than_was_allowed() {
        let mut things = VisibleThings::new(4);
        for number in 0..100 {
            things.add(0, PATH, &format!("o-{number}"), number * S / 10);
        }
        assert_eq!(things.taken(0), 40, "ten seconds");
        let reads = play(&mut things, 20 * S, |_| i64::MAX);
        assert!(reads <= 20 * 40 + 1, "{reads}");
    }

    #[test]
    fn what_is_not_seen_counts_with_its_age_once_the_read_is_known_to_work() {
        let mut things = VisibleThings::new(10);
        things.add(0, PATH, "o-1", 0);
        things.add(0, PATH, "o-2", 0);
        let of = |things: &VisibleThings| {
            let mut counts = FollowedCounts::default();
            things.count(0, &mut counts);
            (things.stretch(0, 9 * S).waiting.len(), counts.never_visible)
        };
        play(&mut things, S, |_| i64::MAX);
        assert_eq!(of(&things), (0, true), "the target may have no such read");
        assert!(!things.are_under_way());
        play(&mut things, 5 * S, |path| {
            if path.contains("o-1") { 0 } else { i64::MAX }
        });
        assert_eq!(of(&things), (1, false));
        assert!(things.are_under_way());
        let stretch = things.stretch(0, 9 * S);
        assert_eq!(stretch.waiting.max_us(), 9 * S as u64);
    }

    #[test]
    fn answers_that_say_nothing_are_no_sign_that_it_was_not_there() {
        let mut things = VisibleThings::new(1);
        things.add(0, PATH, "o-1", 0);
        let read = things.due(0, S).unwrap();
        things.answered(read.key, (0, 1_000), Answer::of_status(503));
        assert_eq!(things.due(10_000, S), Err(90_000), "ten reads a second");
        let read = things.due(200_000, S).unwrap();
        things.answered(read.key, (200_000, 201_000), Answer::of_status(200));
        assert_eq!((things.within_us, things.untold), (201_000, 1));
    }

    #[test]
    fn ids_that_a_path_cannot_hold_are_not_asked_for() {
        let mut things = VisibleThings::new(9);
        for id in ["", "a/b", "a?b", "a b", "ä", "a\r\nx: y", "%2e"] {
            things.add(0, PATH, id, 0);
        }
        assert_eq!(things.taken(0), 0);
    }
}

//! What was dropped: who is said to have sent it, and why. It is counted, and named as long as that tells
//! something new.

use super::envelope::{Fault, Sender};
use super::store::EntryId;
use std::fmt;

/// How often the same is named.
const MOST_NAMED: u64 = 3;
/// Different senders and reasons that are counted apart.
const MOST_KINDS: usize = 256;

/// One message that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Where it lay.
    pub place: String,
    /// Where in the stream, where it is one.
    pub id: Option<EntryId>,
    /// Who it says it is of. That need not be true.
    pub claims: Option<Sender>,
    /// Why it was dropped.
    pub why: Fault,
}

impl fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, why, .. } = self;
        write!(formatter, "a message in {place}")?;
        if let Some(id) = self.id {
            write!(formatter, " at {id}")?;
        }
        match self.claims {
            Some(sender) => write!(formatter, ", which says that it is of {sender},")?,
            None => formatter.write_str(", of nobody known,")?,
        }
        write!(formatter, " was dropped: {why}")
    }
}

/// All that was dropped.
#[derive(Clone, Debug, Default)]
pub struct DroppedCounts {
    kinds: Vec<(Option<Sender>, &'static str, u64)>,
    all: u64,
}

impl DroppedCounts {
    /// Counts one; whether to name it.
    pub fn add(&mut self, dropped: &Dropped) -> bool {
        self.all += 1;
        let kind = (dropped.claims, word(&dropped.why));
        let mut known = self.kinds.iter_mut();
        if let Some((_, _, count)) = known.find(|(claims, why, _)| (*claims, *why) == kind) {
            *count += 1;
            return *count <= MOST_NAMED;
        }
        let is_told = self.kinds.len() < MOST_KINDS;
        if is_told {
            self.kinds.push((kind.0, kind.1, 1));
        }
        is_told
    }

    /// How many there were.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.all
    }

    /// Who was said to have sent how many, and what was wrong, in one line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |(claims, why, count): &(Option<Sender>, &str, u64)| {
            let who = claims.map_or_else(|| "nobody known".to_owned(), |it| it.to_string());
            format!("{count} that say they are of {who}: {why}")
        };
        self.kinds.iter().map(line).collect()
    }
}

fn word(fault: &Fault) -> &'static str {
    match fault {
        Fault::Garbled => "no message of shopblast",
        Fault::OtherFormat { .. } => "another format",
        Fault::Forged => "not signed by this run's secret",
        Fault::OtherRun => "of another run",
        Fault::OtherAuthor => "of a process without that part",
        Fault::Misplaced => "misplaced",
        Fault::Replayed(_) => "said before",
        Fault::TooLarge(_) => "too large",
        Fault::Unreadable(_) => "unreadable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_named_three_times_and_counted_always() {
        let mut counts = DroppedCounts::default();
        let dropped = |claims, why| Dropped {
            place: "shopblast:{a}:b:orders".to_owned(),
            id: Some(EntryId { ms: 5, number: 0 }),
            claims,
            why,
        };
        let forged = dropped(Some(Sender::Leader), Fault::Forged);
        assert_eq!(
            forged.to_string(),
            "a message in shopblast:{a}:b:orders at 5-0, which says that it is of the leader, was dropped: its signature is not that of this run's secret"
        );
        let named = (0..10).filter(|_| counts.add(&forged)).count();
        assert_eq!((named, counts.all()), (3, 10));
        for index in 0..1_000 {
            counts.add(&dropped(Some(Sender::Shard(index)), Fault::Replayed(1)));
        }
        assert_eq!(counts.all(), 1_010);
        assert_eq!(counts.lines().len(), MOST_KINDS);
        assert_eq!(
            counts.lines()[0],
            "10 that say they are of the leader: not signed by this run's secret"
        );
    }
}

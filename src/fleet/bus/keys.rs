//! Where everything of a run lies in Redis. Nothing else there is read or written.

use super::name::{RunName, Token};

/// What the names of all keys begin with.
pub const PREFIX: &str = "shopblast:";

/// Who leads the run of this name. The braces keep a run's keys together in a cluster.
#[must_use]
pub fn leader_key(run: &RunName) -> String {
    format!("{PREFIX}{{{run}}}:leader")
}

/// The keys of one leader's session: a run of the same name later on has others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKeys {
    start: String,
    /// What is to be done.
    pub plan: String,
    /// That the run has begun: nobody joins any more.
    pub begun: String,
    /// That the leader is there.
    pub beat: String,
    /// From the leader to all members: a stream.
    pub orders: String,
    /// From all members to the leader: a stream.
    pub reports: String,
    /// Pieces of records, from members to the leader: a stream.
    pub records: String,
}

impl SessionKeys {
    /// Those of a session.
    #[must_use]
    pub fn of(run: &RunName, session: &Token) -> Self {
        let start = format!("{PREFIX}{{{run}}}:{session}:");
        let key = |name: &str| format!("{start}{name}");
        Self {
            plan: key("plan"),
            begun: key("begun"),
            beat: key("beat"),
            orders: key("orders"),
            reports: key("reports"),
            records: key("records"),
            start,
        }
    }

    /// Whose a shard's number is.
    #[must_use]
    pub fn shard(&self, index: u32) -> String {
        format!("{}shard:{index}", self.start)
    }

    /// All of them, for so many shards.
    #[must_use]
    pub fn all(&self, shards: u32) -> Vec<String> {
        let named = [
            &self.plan,
            &self.begun,
            &self.beat,
            &self.orders,
            &self.reports,
            &self.records,
        ];
        let shards = (0..shards).map(|index| self.shard(index));
        named.into_iter().cloned().chain(shards).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_the_runs_own() {
        let run = RunName::parse("night").unwrap();
        let [one, two] = [1, 2].map(|byte| SessionKeys::of(&run, &Token::of([byte; 16])).all(3));
        assert_eq!(one.len(), 9);
        for key in one.iter().chain([&leader_key(&run)]) {
            assert!(key.starts_with("shopblast:{night}:"), "{key}");
            assert!(!two.contains(key), "{key}");
        }
    }
}

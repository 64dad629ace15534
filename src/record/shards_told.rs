//! What a record says of its shards: which are missing, and whose generator was the least fit.

use super::generator_record::Generator;
use super::run_record::RunRecord;
use super::shard_record::ShardRow;
use crate::stats::GeneratorState;

impl ShardRow {
    /// The same with what its generator told of itself.
    #[must_use]
    pub fn with_generator(self, generator: &Generator) -> Self {
        let shares = generator.own_share.all();
        Self {
            state: Some(generator.state),
            worst_own_share: shares.into_iter().fold(0.0, f64::max),
            ..self
        }
    }

    /// How fit it was, worst last: for finding the slowest.
    fn fitness(&self) -> (u8, f64) {
        let state = match self.state {
            None | Some(GeneratorState::Clean) => 0,
            Some(GeneratorState::Disturbed) => 1,
            Some(GeneratorState::AtItsLimit) => 2,
        };
        (state, self.worst_own_share)
    }
}

impl RunRecord {
    /// The shards of which something is missing, in a part of a sentence each.
    pub fn missing_shards(&self) -> impl Iterator<Item = String> {
        let rows = self.shards.iter();
        let of = self.shards.len();
        rows.filter_map(move |row| {
            let why = row.missing.as_ref()?;
            Some(format!("shard {} of {of} {why}", row.number))
        })
    }

    /// Whether something of the run is missing that shards were to bring.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.shards.iter().any(|row| row.missing.is_some())
    }

    /// The shard whose generator was the least fit; `None` without shards.
    #[must_use]
    pub fn slowest_shard(&self) -> Option<&ShardRow> {
        let rows = self.shards.iter().filter(|row| row.state.is_some());
        rows.max_by(|one, other| {
            let (one, other) = (one.fitness(), other.fitness());
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        })
    }
}

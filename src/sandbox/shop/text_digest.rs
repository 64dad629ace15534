//! Texts of clients of which only matters whether they are the same: 128 bits instead of any number of
//! characters. Among 10⁹ of them the chance of one false match is 10⁻²¹.

use super::ring_store::ThingKey;
use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextDigest(u128);

impl TextDigest {
    /// Of one text.
    pub fn of(text: &str) -> Self {
        Self(xxh3_128(text.as_bytes()))
    }

    /// Of two texts in this order.
    pub fn of_pair(first: &str, second: &str) -> Self {
        let first = xxh3_128(first.as_bytes());
        let second = xxh3_128_with_seed(second.as_bytes(), first as u64);
        Self(second ^ first.rotate_left(1))
    }

    /// As a key of projections.
    pub fn key(self) -> ThingKey {
        ThingKey::of(Uuid::from_u128(self.0))
    }

    /// The shard, of so many, that what belongs to it is in.
    pub fn shard(self, shards: usize) -> usize {
        (self.0 >> 96) as usize % shards
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_told_apart_wherever_the_texts_are_cut() {
        let pair = TextDigest::of_pair;
        assert_eq!(pair("a", "b"), pair("a", "b"));
        for (first, second) in [("ab", ""), ("", "ab"), ("b", "a"), ("a", "a"), ("b", "b")] {
            assert_ne!(pair(first, second), pair("a", "b"), "{first} {second}");
        }
        assert_ne!(TextDigest::of("a"), TextDigest::of("b"));
        assert!(TextDigest::of("a").shard(3) < 3);
    }
}

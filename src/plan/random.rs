//! Seeds of independent random streams: one for each user and one for each open-model arrival.

/// Finaliser of `SplitMix64` (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014): a bijection that spreads every input bit over the whole word.
fn mix(mut word: u64) -> u64 {
    word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Seed of the stream of user `user_index` (global over cores and shards).
#[must_use]
pub fn user_seed(seed: u64, user_index: u32) -> u64 {
    mix(mix(seed) ^ mix(u64::from(user_index)))
}

/// Seed of the stream of the `arrival`-th journey of an open-model run.
#[must_use]
pub fn arrival_seed(seed: u64, arrival: u64) -> u64 {
    mix(mix(seed ^ 0x6f70_656e) ^ mix(arrival))
}

/// Seed of the one stream that the gaps between Poisson arrivals are drawn from.
#[must_use]
pub fn gap_seed(seed: u64) -> u64 {
    mix(seed ^ 0x6761_7073)
}

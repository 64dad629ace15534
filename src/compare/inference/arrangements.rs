//! The ways in which runs could have been dealt to the two sides if the sides were equal.

use super::Design;

/// All arrangements are tried up to so many; beyond, random ones.
const MOST_EXACT: u128 = 20_000;
/// Random arrangements drawn beside the observed one.
const RANDOM: usize = 9_999;

/// Arrangements of `runs` runs, the observed one first. Each is a row of marks: independent design,
/// whether a run (baseline's runs first) is dealt to the candidate; paired design, whether the two
/// runs of a pair change places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrangements {
    runs: usize,
    marks: Vec<bool>,
    exact: bool,
}

impl Arrangements {
    /// The arrangements of so many runs a side: all when there are at most 20,000, else the observed
    /// one and 9,999 random ones, so that shares among them are valid probabilities (B. Phipson and
    /// G. K. Smyth, Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9, 2010).
    #[must_use]
    pub fn of(design: Design, baseline: usize, candidate: usize, seed: u64) -> Self {
        match design {
            Design::Independent => deals(baseline, candidate, seed),
            Design::Paired => flips(baseline, seed),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len() / self.runs.max(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether all there are were taken.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// The marks of each.
    pub fn iter(&self) -> impl Iterator<Item = &[bool]> {
        self.marks.chunks_exact(self.runs.max(1))
    }
}

/// Smallest probability that arrangements of so many runs can give: that of the observed one, and
/// of its mirror image where that is an arrangement too.
#[must_use]
pub fn least_probability(design: Design, baseline: usize, candidate: usize) -> f64 {
    match design {
        Design::Independent => {
            let mirrors = if baseline == candidate { 2.0 } else { 1.0 };
            mirrors / choose(baseline + candidate, candidate) as f64
        }
        Design::Paired => 2.0 / 2.0_f64.powi(baseline as i32),
    }
}

/// Fewest runs a side with which a difference can be told at all at level `alpha`.
#[must_use]
pub fn least_runs(design: Design, alpha: f64) -> usize {
    (2..64)
        .find(|&runs| least_probability(design, runs, runs) <= alpha)
        .unwrap_or(64)
}

fn deals(baseline: usize, candidate: usize, seed: u64) -> Arrangements {
    let runs = baseline + candidate;
    let observed: Vec<bool> = (0..runs).map(|run| run >= baseline).collect();
    let exact = choose(runs, candidate) <= MOST_EXACT;
    let mut marks = observed.clone();
    if exact {
        let mut dealt = observed;
        while next_deal(&mut dealt) {
            marks.extend(&dealt);
        }
    } else {
        let mut rng = fastrand::Rng::with_seed(seed);
        for _ in 0..RANDOM {
            let mut dealt = observed.clone();
            rng.shuffle(&mut dealt);
            marks.extend(dealt);
        }
    }
    Arrangements { runs, marks, exact }
}

/// Turns a deal into the next in lexicographic order, when there is one. The observed one is the
/// first.
fn next_deal(dealt: &mut [bool]) -> bool {
    let rises = |at: &usize| !dealt[at - 1] && dealt[*at];
    let Some(place) = (1..dealt.len()).rev().find(rises) else {
        return false;
    };
    dealt.swap(place - 1, place);
    dealt[place + 1..].sort_unstable();
    true
}

fn flips(pairs: usize, seed: u64) -> Arrangements {
    let exact = pairs < 64 && 1_u128 << pairs <= MOST_EXACT;
    let mut marks = vec![false; pairs];
    if exact {
        for pattern in 1_u64..1 << pairs {
            marks.extend((0..pairs).map(|pair| pattern >> pair & 1 == 1));
        }
    } else {
        let mut rng = fastrand::Rng::with_seed(seed);
        marks.extend((0..RANDOM * pairs).map(|_| rng.bool()));
    }
    Arrangements {
        runs: pairs,
        marks,
        exact,
    }
}

/// Ways to choose `some` of `all`; at most `u128::MAX`.
fn choose(all: usize, some: usize) -> u128 {
    let mut ways = 1_u128;
    for taken in 0..some.min(all - some) as u128 {
        match ways.checked_mul(all as u128 - taken) {
            Some(product) => ways = product / (taken + 1),
            None => return u128::MAX,
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_deal_is_there_once_and_the_observed_one_first() {
        for (baseline, candidate, ways) in [(1, 1, 2), (2, 3, 10), (4, 4, 70), (8, 8, 12_870)] {
            let all = Arrangements::of(Design::Independent, baseline, candidate, 0);
            assert!(all.is_exact());
            assert_eq!(all.len(), ways);
            let distinct: BTreeSet<&[bool]> = all.iter().collect();
            assert_eq!(distinct.len(), ways);
            let dealt = |marks: &[bool]| marks.iter().filter(|mark| **mark).count();
            assert!(all.iter().all(|marks| dealt(marks) == candidate));
            let first = all.iter().next().unwrap();
            assert!(first[..baseline].iter().all(|mark| !mark));
        }
    }

    #[test]
    fn every_flip_is_there_once() {
        let all = Arrangements::of(Design::Paired, 6, 6, 0);
        let distinct: BTreeSet<&[bool]> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (64, 64));
        assert!(all.iter().next().unwrap().iter().all(|mark| !mark));
    }

    #[test]
    fn many_runs_are_drawn_by_seed() {
        for design in [Design::Independent, Design::Paired] {
            let drawn = Arrangements::of(design, 20, 20, 7);
            assert!(!drawn.is_exact());
            assert_eq!(drawn.len(), RANDOM + 1);
            assert_eq!(drawn, Arrangements::of(design, 20, 20, 7));
            assert_ne!(drawn, Arrangements::of(design, 20, 20, 8));
        }
    }

    #[test]
    fn few_runs_cannot_tell() {
        assert_eq!(least_runs(Design::Independent, 0.05), 4);
        assert_eq!(least_runs(Design::Paired, 0.05), 6);
        assert_eq!(least_runs(Design::Independent, 0.01), 5);
        assert!(least_probability(Design::Independent, 200, 200) >= 0.0);
        assert_eq!(choose(500, 250), u128::MAX);
    }
}

//! How long a question is asked again: a sequential test of who waits for whom.
//!
//! Two requests on one process are hardly ever answered out of order. On two processes the quick one is
//! first the more often the longer the other process is at work: on two CPUs that five programs wanted,
//! measured with 1, 2, 4 and 6 slow requests, in 22, 50, 85 and 95 of 100 rounds. Each round speaks
//! for one or the other by the logarithm of how much likelier it is there (Wald's test).

/// What one round tells, in hundredths of a natural logarithm.
#[derive(Clone, Copy)]
pub struct Weights {
    /// The quick answer came first: for two processes.
    before: i32,
    /// It came last: for one.
    after: i32,
}

impl Weights {
    /// The work is long: first in 2 % of the rounds on one process, in 70 % on two, where many
    /// programs want the CPUs. More is not relied on with however many slow requests.
    pub const LONG: Self = Self::new(350, -118);

    /// So many slow requests keep a process at work: first in 3 % of the rounds on one process, and as
    /// often as measured on two.
    pub const fn of(blockers: usize) -> Self {
        match blockers {
            0 | 1 => Self::new(190, -19),
            2 => Self::new(270, -57),
            3 => Self::new(300, -100),
            _ => Self::new(330, -118),
        }
    }

    const fn new(before: i32, after: i32) -> Self {
        Self { before, after }
    }
}

/// Beyond this it is another process, below the other the same one.
const ANOTHER: i32 = 480;
const SAME: i32 = -450;
/// No question is asked more often.
pub const MOST_ROUNDS: u32 = 40;

/// What all rounds so far tell of one connection.
#[derive(Clone, Copy, Default)]
pub struct SurveyEvidence(i32);

impl SurveyEvidence {
    /// One more round.
    pub fn add(&mut self, was_before: bool, weights: Weights) {
        self.0 += if was_before {
            weights.before
        } else {
            weights.after
        };
    }

    /// Whether another round is needed.
    pub fn is_open(self) -> bool {
        (SAME..ANOTHER).contains(&self.0)
    }

    /// Whether it waits, as far as is known.
    pub fn waits(self) -> bool {
        self.0 < 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds until it is decided, and whether it then waits.
    fn decided(weights: Weights, mut was_before: impl FnMut() -> bool) -> (u32, bool) {
        let mut evidence = SurveyEvidence::default();
        for round in 1..=MOST_ROUNDS {
            evidence.add(was_before(), weights);
            if !evidence.is_open() {
                return (round, evidence.waits());
            }
        }
        (MOST_ROUNDS, evidence.waits())
    }

    #[test]
    fn what_is_always_the_same_is_decided_soon() {
        let rounds = |weights| [true, false].map(|before| decided(weights, || before));
        assert_eq!(rounds(Weights::of(1)), [(3, false), (24, true)]);
        assert_eq!(rounds(Weights::of(2)), [(2, false), (8, true)]);
        assert_eq!(rounds(Weights::of(6)), [(2, false), (4, true)]);
        assert_eq!(rounds(Weights::LONG), [(2, false), (4, true)]);
    }

    #[test]
    fn accidents_of_a_busy_machine_mislead_hardly_ever() {
        let mut rng = fastrand::Rng::with_seed(1);
        for (weights, on_one, on_two) in [
            (Weights::of(1), 0.02, 0.22),
            (Weights::of(2), 0.02, 0.5),
            (Weights::of(4), 0.02, 0.85),
            (Weights::of(6), 0.02, 0.95),
            (Weights::LONG, 0.02, 0.9),
            (Weights::LONG, 0.02, 0.7),
        ] {
            for (share, waits) in [(on_one, true), (on_two, false)] {
                let mut wrong = 0;
                for _ in 0..10_000 {
                    let (_, decided) = decided(weights, || rng.f64() < share);
                    wrong += u32::from(decided != waits);
                }
                assert!(wrong < 200, "{wrong} of 10,000 at {share}");
            }
        }
    }
}

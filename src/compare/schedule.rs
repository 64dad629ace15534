//! In which order configurations take their turns.

/// The configurations of each round, by index: every second round runs backwards (A B, B A, A B …),
/// so that what drifts steadily while the comparison goes on, such as a filling database or a
/// warming machine, weighs on all of them alike (the counterbalanced order of D. R. Cox, Planning
/// of Experiments, 1958, chapter 14).
#[must_use]
pub fn rounds(configurations: usize, repetitions: usize) -> Vec<Vec<usize>> {
    let forward: Vec<usize> = (0..configurations).collect();
    let backward: Vec<usize> = forward.iter().rev().copied().collect();
    (0..repetitions)
        .map(|round| match round % 2 {
            0 => forward.clone(),
            _ => backward.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_configurations_take_turns_as_abba() {
        let order: Vec<usize> = rounds(2, 4).concat();
        assert_eq!(order, [0, 1, 1, 0, 0, 1, 1, 0]);
        assert_eq!(rounds(3, 2).concat(), [0, 1, 2, 2, 1, 0]);
    }

    #[test]
    fn a_steady_drift_weighs_on_all_alike() {
        for configurations in 2..5 {
            let order = rounds(configurations, 6).concat();
            let mut drift = vec![0; configurations];
            for (moment, configuration) in order.into_iter().enumerate() {
                drift[configuration] += moment;
            }
            assert!(drift.iter().all(|sum| *sum == drift[0]), "{drift:?}");
        }
    }
}

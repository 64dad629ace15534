//! Little's law: users = throughput × time that each request keeps a user
//! (J. D. C. Little, "A Proof for the Queuing Formula: L = λW", Operations Research 9, 1961).
//!
//! Figures that break it do not describe the run that was asked for.

use crate::plan::WaitTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shortest steady phase that is judged.
const SHORTEST_S: f64 = 5.0;
/// How far the ratio may lie from 1, apart from what chance allows.
const TOLERANCE: f64 = 0.1;

/// A kind of user: how many of them there are relative to the others, and how they wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserShare {
    /// Weight among the shares, more than 0.
    pub weight: f64,
    /// Wait after each step; [`WaitTime::None`] under `--pacing max`.
    pub wait: WaitTime,
}

/// What was measured in the steady phase of a closed-model run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteadyFigures {
    /// Length of the phase.
    pub length_s: f64,
    /// Mean number of active users.
    pub users: f64,
    /// Requests that ended.
    pub requests: u64,
    /// Those of them that followed another one of the same step at once.
    pub followers: u64,
    /// Time that users were busy beside the service time of requests (probes, line-ups), less the
    /// time that they were busy with several requests of a race at once.
    pub beside_us: f64,
    /// Mean time from sent to done.
    pub service_mean_us: f64,
    /// Mean time from the moment the user was free and the request due until it was sent.
    pub tardiness_mean_us: f64,
}

/// Users against throughput × cycle time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LittlesLaw {
    /// Mean number of active users.
    pub users: f64,
    /// Users that the measured throughput and times account for.
    pub expected_users: f64,
    /// `expected_users` / `users`; 1 when the figures add up.
    pub ratio: f64,
    /// Whether the ratio is as near to 1 as it must be.
    pub adds_up: bool,
}

impl LittlesLaw {
    /// Applies the law; `None` when nothing can be said (no users, no requests, no shares).
    ///
    /// A step keeps its user for tardiness + service of each of its requests, and one think time;
    /// or for the pacing interval when that is longer. With several shares of users the throughput that they should give is
    /// summed, and `expected_users` is in proportion. The figures add up when the ratio is within
    /// 0.9–1.1, widened by what chance and cut cycles allow (3 / √requests + users / requests);
    /// a steady phase under 5 s is not judged.
    #[must_use]
    pub fn of(figures: &SteadyFigures, shares: &[UserShare]) -> Option<Self> {
        let steps = figures.requests.saturating_sub(figures.followers).max(1);
        let requests_per_step = figures.requests as f64 / steps as f64;
        let busy_us = (figures.service_mean_us + figures.tardiness_mean_us) * requests_per_step
            + figures.beside_us / steps as f64;
        let weights: f64 = shares.iter().map(|share| share.weight).sum();
        let per_user_and_s =
            |share: &UserShare| share.weight / weights * 1e6 / cycle_us(share.wait, busy_us);
        let due_per_user_and_s: f64 = shares.iter().map(per_user_and_s).sum();
        let steps_per_s = steps as f64 / figures.length_s;
        let expected_users = steps_per_s / due_per_user_and_s;
        let ratio = expected_users / figures.users;
        if !ratio.is_finite() || ratio <= 0.0 {
            return None;
        }
        let requests = figures.requests as f64;
        let slack = TOLERANCE + 3.0 / requests.sqrt() + figures.users / requests;
        let near = ratio >= 1.0 - slack && ratio <= 1.0 + slack;
        Some(Self {
            users: figures.users,
            expected_users,
            ratio,
            adds_up: near || figures.length_s < SHORTEST_S,
        })
    }

    /// The sentence for the report; `None` when the figures add up.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        (!self.adds_up).then(|| {
            format!(
                "the figures do not add up: throughput and times account for {:.1} users, but \
                 {:.1} were active (Little's law, ratio {:.2}); do not trust this run",
                self.expected_users, self.users, self.ratio
            )
        })
    }
}

/// Time from one step of a user to the next.
fn cycle_us(wait: WaitTime, busy_us: f64) -> f64 {
    match wait {
        WaitTime::ConstantPacing { interval_us } => busy_us.max(interval_us as f64),
        WaitTime::None | WaitTime::Between { .. } | WaitTime::Exponential { .. } => {
            busy_us + wait.mean_us()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(users: f64, requests: u64, service_mean_us: f64) -> SteadyFigures {
        SteadyFigures {
            length_s: 10.0,
            users,
            requests,
            followers: 0,
            beside_us: 0.0,
            service_mean_us,
            tardiness_mean_us: 0.0,
        }
    }

    fn share(weight: f64, wait: WaitTime) -> UserShare {
        UserShare { weight, wait }
    }

    fn law(figures: SteadyFigures, shares: &[UserShare]) -> LittlesLaw {
        LittlesLaw::of(&figures, shares).expect("figures given")
    }

    /// Ten users think for 1 s after each step of three requests of 100 ms: 10 / 1.3 s steps.
    #[test]
    fn a_step_of_several_requests_waits_once() {
        let think = WaitTime::Between {
            min_us: 500_000,
            max_us: 1_500_000,
        };
        let steps = 77;
        let figures = SteadyFigures {
            followers: 2 * steps,
            ..figures(10.0, 3 * steps, 100_000.0)
        };
        let law = law(figures, &[share(1.0, think)]);
        assert!((law.ratio - 1.0).abs() < 0.01, "{law:?}");
    }

    #[test]
    fn sound_runs_add_up() {
        let pacing = WaitTime::ConstantPacing {
            interval_us: 50_000,
        };
        let think = WaitTime::Between {
            min_us: 500_000,
            max_us: 1_500_000,
        };
        let table = [
            (
                "unpaced",
                figures(64.0, 640_000, 1_000.0),
                vec![share(1.0, WaitTime::None)],
            ),
            (
                "keeps its pace",
                figures(100.0, 20_000, 2_000.0),
                vec![share(1.0, pacing)],
            ),
            (
                "falls behind",
                figures(100.0, 10_000, 100_000.0),
                vec![share(1.0, pacing)],
            ),
            (
                "thinks",
                figures(500.0, 4_545, 100_000.0),
                vec![share(1.0, think)],
            ),
            // 50 users at 20 a second and 50 at 1/1.1 a second.
            (
                "mixed",
                figures(100.0, 10_454, 100_000.0 / 2.0),
                vec![share(2.0, pacing), share(2.0, think)],
            ),
        ];
        for (what, figures, shares) in table {
            let law = law(figures, &shares);
            assert!(
                law.adds_up && (law.ratio - 1.0).abs() < 0.01,
                "{what}: {law:?}"
            );
            assert_eq!(law.complaint(), None);
        }
    }

    #[test]
    fn lost_users_are_noticed() {
        let law = law(
            figures(128.0, 640_000, 1_000.0),
            &[share(1.0, WaitTime::None)],
        );
        assert!((law.ratio - 0.5).abs() < 1e-9 && !law.adds_up);
        let complaint = law.complaint().expect("does not add up");
        assert!(
            complaint.contains("64.0 users, but 128.0 were active"),
            "{complaint}"
        );
    }

    #[test]
    fn tardiness_keeps_users_too() {
        let mut late = figures(64.0, 320_000, 1_000.0);
        late.tardiness_mean_us = 1_000.0;
        assert!(law(late, &[share(1.0, WaitTime::None)]).adds_up);
    }

    #[test]
    fn chance_and_short_phases_are_not_blamed() {
        let waits = [share(1.0, WaitTime::Exponential { mean_us: 1_000_000 })];
        assert!(law(figures(5.0, 40, 0.0), &waits).adds_up);
        assert!(!law(figures(500.0, 2_500, 0.0), &waits).adds_up);
        let mut short = figures(500.0, 1_600, 0.0);
        short.length_s = 4.0;
        assert!(law(short, &waits).adds_up);
    }

    #[test]
    fn nothing_measured_says_nothing() {
        let waits = [share(1.0, WaitTime::None)];
        assert_eq!(LittlesLaw::of(&figures(0.0, 10, 1.0), &waits), None);
        assert_eq!(LittlesLaw::of(&figures(1.0, 0, 0.0), &waits), None);
        assert_eq!(LittlesLaw::of(&figures(1.0, 10, 1.0), &[]), None);
    }
}

//! Dealing a plan to workers: which user, connection and arrival belongs to which core.
//!
//! Users go round the cores one by one, so that at every moment of a ramp no core has two users
//! more than another.

use crate::engine::{ArrivalOrders, UserOrders};
use crate::plan::{ArrivalSchedule, Load, Plan, UniqueNumbers, WaitTime, user_seed};
use std::time::Duration;

/// The part of the plan that one worker carries out.
pub struct Share {
    /// Its users.
    pub users: Vec<UserOrders>,
    /// Its arrivals, in the open model.
    pub arrivals: Option<ArrivalOrders>,
    /// Its part of the shared connections.
    pub connections: Option<usize>,
}

/// The share of worker `position` of `workers`; `wait_of` tells the wait of a class of the plan.
#[must_use]
pub fn share(
    plan: &Plan,
    position: usize,
    workers: usize,
    wait_of: impl Fn(usize) -> WaitTime,
) -> Share {
    let users = (0..plan.max_users())
        .skip(position)
        .step_by(workers)
        .map(|index| {
            let class = plan.class_of(index);
            UserOrders {
                class,
                wait: wait_of(class),
                seed: user_seed(plan.seed, index),
                unique: UniqueNumbers::of_user(index),
                activity: plan.load.activity(index),
            }
        })
        .collect();
    Share {
        users,
        arrivals: arrivals(plan, position, workers),
        connections: plan
            .connections
            .map(|connections| part(connections as usize, position, workers)),
    }
}

fn arrivals(plan: &Plan, position: usize, workers: usize) -> Option<ArrivalOrders> {
    match plan.load {
        Load::Closed { .. } => None,
        Load::Open {
            rate_per_s,
            arrivals,
            ..
        } => Some(ArrivalOrders {
            schedule: ArrivalSchedule::new(plan.seed, rate_per_s, arrivals, position, workers),
            seed: plan.seed,
            longest_wait: longest_wait(plan),
        }),
    }
}

/// An arrival that waited as long as a request may take would be answered too late for anyone.
fn longest_wait(plan: &Plan) -> Duration {
    plan.request_timeout
}

/// The `position`-th of `parts` nearly equal parts of `whole`.
fn part(whole: usize, position: usize, parts: usize) -> usize {
    whole / parts + usize::from(position < whole % parts)
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_add_up_and_differ_by_one_at_most() {
        for whole in 0..50 {
            for parts in 1..9 {
                let dealt: Vec<_> = (0..parts).map(|at| part(whole, at, parts)).collect();
                assert_eq!(dealt.iter().sum::<usize>(), whole);
                assert!(dealt.iter().max().unwrap() - dealt.iter().min().unwrap() <= 1);
            }
        }
    }
}

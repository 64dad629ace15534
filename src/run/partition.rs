//! Partitioning a plan among workers: which user, connection and arrival belongs to which core of
//! which machine.
//!
//! Users go round the machines one by one, and on each round its cores, so that at every moment of a
//! ramp no machine has two users more than another, and no core of a machine two more than its next.

use crate::engine::{ArrivalConfig, UserConfig};
use crate::plan::{ArrivalSchedule, Load, Plan, Slot, UniqueNumbers, WaitTime, user_seed};
use std::time::Duration;

/// The part of the plan that one worker carries out.
pub struct Partition {
    /// Its users.
    pub users: Vec<UserConfig>,
    /// Its arrivals, in the open model.
    pub arrivals: Option<ArrivalConfig>,
    /// Its part of the shared connections.
    pub connections: Option<usize>,
}

/// How a plan is dealt.
#[derive(Clone, Copy)]
pub struct Deal<'a> {
    /// What is dealt.
    pub plan: &'a Plan,
    /// Its users, and those in reserve beyond them.
    pub users: u32,
    /// To how many workers.
    pub workers: usize,
    /// Wait after each step, by the index of the class in the plan.
    pub waits: &'a [WaitTime],
}

impl Deal<'_> {
    /// The share of the worker at `position` of this machine.
    #[must_use]
    pub fn share_of(&self, position: usize) -> Partition {
        let Self { plan, workers, .. } = *self;
        let slot = plan.shard.slot_of(position, workers);
        let users = (0..self.users)
            .skip(slot.first)
            .step_by(slot.step)
            .map(|index| {
                let class = plan.class_of(index);
                UserConfig {
                    index,
                    class,
                    wait: self.waits[class],
                    seed: user_seed(plan.seed, index),
                    unique: UniqueNumbers::of_user(index),
                    activity: plan.load.activity(index),
                }
            })
            .collect();
        Partition {
            users,
            arrivals: arrivals(plan, slot),
            connections: plan
                .connections
                .map(|connections| slot.part_of(connections as usize)),
        }
    }
}

fn arrivals(plan: &Plan, slot: Slot) -> Option<ArrivalConfig> {
    match plan.load {
        Load::Closed { .. } => None,
        Load::Open {
            rate_per_s,
            arrivals,
            ..
        } => Some(ArrivalConfig {
            schedule: ArrivalSchedule::new(plan.seed, rate_per_s, arrivals, slot.first, slot.step),
            seed: plan.seed,
            longest_wait: longest_wait(plan),
        }),
    }
}

/// An arrival that waited as long as a request may take would be answered too late for anyone.
fn longest_wait(plan: &Plan) -> Duration {
    plan.request_timeout
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ClassShare, Stage};

    #[test]
    fn parts_add_up_and_differ_by_one_at_most() {
        for whole in 0..50 {
            for parts in 1..9 {
                let part = |first| Slot { first, step: parts }.part_of(whole);
                let sizes: Vec<_> = (0..parts).map(part).collect();
                assert_eq!(sizes.iter().sum::<usize>(), whole);
                assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            }
        }
    }

    fn plan(stages: Vec<Stage>) -> Plan {
        let run_time = Duration::from_secs(30);
        Plan {
            classes: vec![ClassShare {
                class: "SpikeUser".to_owned(),
                weight: 1,
            }],
            ..Plan::of_load(Load::closed(stages, run_time).unwrap(), run_time)
        }
    }

    #[test]
    fn users_are_spawned_at_the_same_rate_on_every_core() {
        let stage = |users, spawn_rate_per_s, seconds: u64| Stage {
            users,
            spawn_rate_per_s,
            duration_us: seconds * 1_000_000,
        };
        let plan = plan(vec![
            stage(50, 7.0, 10),
            stage(5, 20.0, 5),
            stage(90, 11.0, 15),
        ]);
        for workers in [1, 2, 3, 16] {
            let deal = Deal {
                plan: &plan,
                users: 90,
                workers,
                waits: &[WaitTime::None],
            };
            let partitions: Vec<Partition> = (0..workers)
                .map(|position| deal.share_of(position))
                .collect();
            for at_us in (0..30_000_000).step_by(50_000) {
                let active = |partition: &Partition| {
                    let now = |span: &crate::plan::Activity| {
                        span.start_us <= at_us && at_us < span.end_us
                    };
                    let users = partition.users.iter();
                    users.filter(|user| user.activity.iter().any(now)).count()
                };
                let counts: Vec<usize> = partitions.iter().map(active).collect();
                let wanted = plan.load.users_at(at_us) as usize;
                assert_eq!(counts.iter().sum::<usize>(), wanted, "at {at_us} µs");
                let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
                assert!(spread <= 1, "{counts:?} at {at_us} µs");
            }
        }
    }
}

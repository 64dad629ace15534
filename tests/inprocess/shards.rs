//! A plan that several machines carry out sends, byte for byte and due time for due time, what one
//! machine sends: in virtual time, for any number of shards and cores.

use crate::simulated_shop::{MS, SECOND, orderly, simulation};
use proptest::prelude::*;
use shopblast::engine::{Described, Link, Script, SessionStart, UserConfig};
use shopblast::plan::{
    Arrivals, ClassShare, Load, Plan, RaceRules, RunId, Shard, Stage, UniqueNumbers, WaitTime,
    arrival_seed,
};
use shopblast::run::{Deal, Partition};
use shopblast::shop::{Generation, ShopScript, ShopSettings};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Classes whose requests do not depend on who else is there.
const CLASSES: [&str; 3] = ["SpikeUser", "OrderingUser", "PaymentsUser"];
const RUN_S: u64 = 4;

/// Requests with the moments that they were sent.
type Sent = Vec<(u64, Vec<u8>)>;

fn plan(load: Load, classes: &[(&str, u32)]) -> Plan {
    let share = |&(class, weight): &(&str, u32)| ClassShare {
        class: class.to_owned(),
        weight,
    };
    Plan {
        classes: classes.iter().map(share).collect(),
        seed: 1_234,
        run_id: RunId::new(1_800_000_000_000, 1, 1),
        ..Plan::of_load(load, Duration::from_secs(RUN_S))
    }
}

fn closed(stages: &[(u32, f64)]) -> Load {
    let length_us = RUN_S * 1_000_000 / stages.len() as u64;
    let stage = |&(users, spawn_rate_per_s): &(u32, f64)| Stage {
        users,
        spawn_rate_per_s,
        duration_us: length_us,
    };
    Load::Closed {
        stages: stages.iter().map(stage).collect(),
    }
}

/// What every worker of shard `index` of `of` has to do.
fn dealt(
    plan: &Plan,
    (index, of): (u32, u32),
    (cores, waits): (usize, &[WaitTime]),
) -> Vec<Partition> {
    let plan = Plan {
        shard: Shard::new(index, of).unwrap(),
        ..plan.clone()
    };
    let deal = Deal {
        plan: &plan,
        users: plan.max_users(),
        workers: cores,
        waits,
    };
    (0..cores).map(|position| deal.share_of(position)).collect()
}

/// What one core sends, each request with its moment.
fn carried_out(script: &Arc<ShopScript>, partition: Partition) -> Sent {
    let sent = Rc::new(RefCell::new(Sent::new()));
    let log = Rc::clone(&sent);
    let mut shop = orderly(7 * MS);
    let mut world = simulation(script, move |request, now_ns| {
        log.borrow_mut().push((now_ns, request.to_vec()));
        shop(request)
    });
    let end_ns = RUN_S * SECOND;
    let start = |user: &UserConfig| SessionStart {
        class: user.class,
        wait: user.wait,
        seed: user.seed,
        unique: user.unique.clone(),
        due_ns: 0,
    };
    if let Some(mut arrivals) = partition.arrivals {
        let anybody = partition.users.first();
        for arrival in arrivals
            .schedule
            .by_ref()
            .take_while(|arrival| arrival.due_ns < end_ns)
        {
            let mut user = world.session(start(anybody.unwrap()), end_ns);
            let seed = arrival_seed(arrivals.seed, arrival.index);
            user.begin_arrival(
                arrival.due_ns,
                seed,
                UniqueNumbers::of_arrival(arrival.index),
            );
            let script = Arc::clone(script);
            world.spawn(async move {
                let _ = user.pass(&*script).await;
            });
        }
    } else {
        for config in partition.users {
            let mut user = world.session(start(&config), end_ns);
            let script = Arc::clone(script);
            world.spawn(async move {
                for span in config.activity {
                    user.begin_activity(span.start_us * 1_000);
                    let span_end_ns = span.end_us * 1_000;
                    while !user.is_stopped() && user.link().now_ns() < span_end_ns {
                        let _ = user.pass(&*script).await;
                    }
                }
            });
        }
    }
    world.run();
    sent.take()
}

/// Items of as many rounds as go by the clock in these plans.
const FLASH_ITEMS: &str = "flash-items=item-1,item-2,item-3,item-4,item-5,item-6,item-7";
const ROUND_MS: u64 = 500;

/// What all shards send together, in an order that does not tell who did.
fn sent_by(plan: &Plan, of: u32, cores: usize) -> Sent {
    let last = Plan {
        shard: Shard::new(of - 1, of).unwrap(),
        ..plan.clone()
    };
    // What a shard's script is made of is the whole plan's.
    let script = Arc::new(ShopScript::new(&last, Generation::Five).unwrap());
    let goes_by_the_clock = script.supplies().timed.is_some();
    assert!(!goes_by_the_clock || script.take_over(FLASH_ITEMS));
    let waits = (0..plan.classes.len()).map(|class| script.wait_of(class));
    let waits: Vec<WaitTime> = waits.collect();
    let shards = (0..of).flat_map(|index| dealt(plan, (index, of), (cores, &waits)));
    let mut all: Sent = shards
        .flat_map(|partition| carried_out(&script, partition))
        .collect();
    all.sort();
    all
}

#[test]
fn users_of_all_shards_send_what_those_of_one_machine_send() {
    let load = closed(&[(11, 9.0), (3, 30.0), (14, 8.0)]);
    let plan = plan(load, &[(CLASSES[0], 2), (CLASSES[1], 3), (CLASSES[2], 1)]);
    let alone = sent_by(&plan, 1, 1);
    assert!(alone.len() > 100, "{} requests", alone.len());
    for (of, cores) in [(1, 4), (2, 1), (3, 2), (8, 3)] {
        assert!(sent_by(&plan, of, cores) == alone, "{of} shards of {cores}");
    }
}

#[test]
fn the_crowds_of_all_shards_go_for_the_same_items_at_the_same_moments() {
    let settings = ShopSettings {
        round_every: Some(Duration::from_millis(ROUND_MS)),
        ..ShopSettings::default()
    };
    for (classes, own_requests) in [
        (&[("FlashSaleUser", 1)][..], false),
        (&[("FlashSaleUser", 1), (CLASSES[0], 2)][..], true),
    ] {
        let plan = Plan {
            races: settings.races(RaceRules::default()),
            shares_set_up: true,
            ..plan(closed(&[(9, 6.0), (5, 9.0)]), classes)
        };
        let alone = sent_by(&plan, 1, 1);
        let reserve = |(_, request): &&(u64, Vec<u8>)| {
            String::from_utf8_lossy(request).starts_with("POST /inventory/item-")
        };
        let crowds: Vec<&(u64, Vec<u8>)> = alone.iter().filter(reserve).collect();
        assert!(crowds.len() > 15, "{} requests", crowds.len());
        assert_eq!(crowds.len() < alone.len(), own_requests);
        for (sent_ns, request) in crowds {
            let round = sent_ns / (ROUND_MS * MS);
            assert_eq!(sent_ns % (ROUND_MS * MS), 0, "each leaves when it is due");
            let item = format!("POST /inventory/item-{round}/reserve");
            assert!(
                String::from_utf8_lossy(request).starts_with(&item),
                "{item}"
            );
        }
        for (of, cores) in [(1, 3), (2, 1), (3, 2), (8, 2)] {
            assert!(sent_by(&plan, of, cores) == alone, "{of} shards of {cores}");
        }
    }
}

#[test]
fn arrivals_at_all_shards_send_what_those_at_one_machine_send() {
    for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
        let load = Load::open(37.5, arrivals, 40).unwrap();
        let plan = plan(load, &[(CLASSES[1], 1)]);
        let alone = sent_by(&plan, 1, 1);
        assert!(alone.len() > 100, "{} requests", alone.len());
        for (of, cores) in [(2, 2), (5, 1), (8, 4)] {
            assert!(sent_by(&plan, of, cores) == alone, "{of} shards of {cores}");
        }
    }
}

const WAITS: [WaitTime; 3] = [WaitTime::None; 3];

/// Everything that decides what a user sends, and when.
fn users_of(plan: &Plan, of: u32, cores: usize) -> Vec<(u32, String)> {
    let mut all = Vec::new();
    for index in 0..of {
        for partition in dealt(plan, (index, of), (cores, &WAITS)) {
            all.extend(partition.users.into_iter().map(|user| {
                let facts = (
                    (user.class, user.seed, user.unique),
                    (user.wait, user.activity),
                );
                (user.index, format!("{facts:?}"))
            }));
        }
    }
    all.sort();
    all
}

fn any_load() -> impl Strategy<Value = Load> {
    let stages = prop::collection::vec((1_u32..60, 0.5_f64..50.0), 1..5);
    let open = (
        0.5_f64..500.0,
        prop_oneof![Just(Arrivals::Constant), Just(Arrivals::Poisson)],
    );
    prop_oneof![
        stages.prop_map(|stages| closed(&stages)),
        open.prop_map(|(rate, arrivals)| Load::open(rate, arrivals, 9).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Users (who, how, when), arrivals (which, when) and connections.
    #[test]
    fn any_plan_is_dealt_to_shards_as_to_one_machine(
        load in any_load(), of in 1_u32..9, cores in 1_usize..5, connections in prop::option::of(1_u32..9),
    ) {
        let classes = [(CLASSES[0], 1), (CLASSES[1], 2), (CLASSES[2], 2)];
        let plan = Plan { connections, ..plan(load, &classes) };
        prop_assert_eq!(users_of(&plan, of, cores), users_of(&plan, 1, 1));
        let (mut due, mut shared) = (Vec::new(), 0);
        for index in 0..of {
            for partition in dealt(&plan, (index, of), (cores, &WAITS)) {
                shared += partition.connections.unwrap_or(0);
                due.extend(partition.arrivals.into_iter().flat_map(|arrivals| arrivals.schedule.take(40)));
            }
        }
        prop_assert_eq!(shared, connections.unwrap_or(0) as usize);
        due.sort_by_key(|arrival| arrival.index);
        let alone = dealt(&plan, (0, 1), (1, &WAITS)).remove(0).arrivals;
        let alone: Vec<_> = alone.into_iter().flat_map(|arrivals| arrivals.schedule.take(due.len())).collect();
        prop_assert_eq!(due, alone);
        prop_assert_eq!(
            plan.hash(),
            Plan { shard: Shard::new(of - 1, of).unwrap(), ..plan.clone() }.hash()
        );
    }
}

//! The order of CPUs, of any description.

use super::*;
use proptest::prelude::*;

#[test]
fn equal_cpus_are_taken_by_their_numbers() {
    let order = Topology::flat(&[2, 3, 7]).in_order();
    let numbers: Vec<usize> = order.iter().map(|cpu| cpu.number).collect();
    assert_eq!(numbers, [2, 3, 7]);
    assert_eq!(Topology::flat(&[2, 3, 7]).last_core(), Some(7));
    assert_eq!(Topology::default().last_core(), None);
    assert_eq!(Topology::default().most_workers(), 0);
    assert_eq!(Topology::flat(&[5]).outline(), "1 CPU");
}

/// Any description, also those that no machine has.
fn any_topology() -> impl Strategy<Value = Topology> {
    let cpu = (
        0_usize..40,
        0_usize..40,
        0_usize..4,
        any::<bool>(),
        any::<bool>(),
    );
    let cpus = prop::collection::vec(cpu, 0..40);
    let quota = prop::option::of(prop::num::f64::ANY);
    (cpus, quota).prop_map(|(cpus, quota_cpus)| Topology {
        cpus: cpus
            .into_iter()
            .enumerate()
            .map(
                |(number, (core, cache, node, is_efficient, is_isolated))| Cpu {
                    number,
                    core,
                    cache,
                    node,
                    package: node,
                    is_efficient,
                    is_isolated,
                },
            )
            .collect(),
        offline: Vec::new(),
        quota_cpus,
    })
}

proptest! {
    #[test]
    fn the_order_has_every_usable_cpu_once_and_whole_cores_first(topology in any_topology()) {
        let order = topology.in_order();
        let mut numbers: Vec<usize> = order.iter().map(|cpu| cpu.number).collect();
        numbers.sort_unstable();
        let usable: Vec<usize> = topology.usable().iter().map(|cpu| cpu.number).collect();
        prop_assert_eq!(numbers, usable);
        let firsts = &order[..topology.cores()];
        prop_assert_eq!(count(firsts, |cpu| cpu.core), firsts.len());
        let slow = firsts.iter().position(|cpu| cpu.is_efficient).unwrap_or(firsts.len());
        prop_assert!(firsts[slow..].iter().all(|cpu| cpu.is_efficient));
    }

    #[test]
    fn there_is_room_for_one_worker_and_never_for_more_than_cpus(topology in any_topology()) {
        let room = topology.most_workers();
        prop_assert!(room <= topology.usable().len());
        prop_assert_eq!(room == 0, topology.cpus.is_empty());
        let _ = (topology.outline(), topology.last_core(), topology.set_aside());
    }
}

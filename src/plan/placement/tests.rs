//! Where all else goes, and what is said of it.

use super::*;
use crate::plan::topology::Cpu;

/// `cores` cores, with the second threads numbered after the first.
fn threads(cores: usize) -> Topology {
    let mut topology = Topology::flat(&(0..2 * cores).collect::<Vec<usize>>());
    for cpu in &mut topology.cpus {
        cpu.core = cpu.number % cores;
    }
    topology
}

fn chosen(topology: &Topology, count: usize) -> (Vec<usize>, Placement) {
    let workers = CoreChoice::Count(count).choose(topology).unwrap();
    let placement = Placement::of(topology, &workers, CoreChoiceKind::ByCount);
    (workers, placement)
}

#[test]
fn all_else_is_on_whole_cores_then_on_second_threads_then_beside_workers() {
    let topology = threads(4);
    for (count, beside, apart) in [
        (2, vec![2, 3, 6, 7], true),
        (4, vec![4, 5, 6, 7], true),
        (6, vec![6, 7], true),
        (8, (0..8).collect(), false),
    ] {
        let (_, placement) = chosen(&topology, count);
        assert_eq!((placement.beside, placement.apart), (beside, apart));
    }
    let (_, all) = chosen(&topology, 8);
    assert_eq!((all.shop(), all.spare()), (None, &[][..]));
}

#[test]
fn the_line_says_where_everything_is_and_why() {
    let line = |topology: &Topology, count| {
        let (workers, placement) = chosen(topology, count);
        placement.line(&workers)
    };
    assert_eq!(
        line(&Topology::flat(&[0, 1]), 1),
        "1 worker on CPU 0, all else on CPU 1 (one a core)"
    );
    assert_eq!(
        line(&Topology::flat(&[0, 1]), 2),
        "2 workers on CPU 0-1, all else beside them (one a core; no CPU is without a worker)"
    );
    let mut hybrid = threads(4);
    hybrid.quota_cpus = Some(6.5);
    hybrid.offline = vec![9];
    hybrid.cpus.push(Cpu {
        number: 8,
        core: 8,
        is_isolated: true,
        ..hybrid.cpus[0]
    });
    for cpu in [3, 7] {
        hybrid.cpus[cpu].is_efficient = true;
    }
    assert_eq!(
        line(&hybrid, 5),
        "5 workers on CPU 0-4, all else on CPU 5-7 \
         (whole cores first, then their second threads; 1 on efficiency cores; the control group gives \
         the time of 6.5 CPUs; isolated, only by name: CPU 8; offline: CPU 9)"
    );
}

#[test]
fn workers_that_share_cpus_are_told_and_not_to_be_trusted() {
    let topology = Topology::flat(&[0, 1]);
    let workers = oversubscribed(&topology, 5).unwrap();
    assert_eq!(workers, [0, 1, 0, 1, 0]);
    let placement = Placement::of(&topology, &workers, CoreChoiceKind::ByCount);
    assert!(placement.oversubscribed && !placement.apart);
    assert_eq!(
        placement.line(&workers),
        "5 workers on CPU 0-1, all else beside them (room for 2 at once); OVERSUBSCRIBED: no figure \
         is to be trusted"
    );
    assert!(oversubscribed(&Topology::default(), 3).is_err());
    let mut quota = Topology::flat(&[0, 1, 2, 3]);
    quota.quota_cpus = Some(1.5);
    assert_eq!(oversubscribed(&quota, 3), Ok(vec![0, 0, 0]));
}

//! Which connection goes where, what is passed by, and what is counted of it.

use super::*;
use crate::plan::Interfaces;
use crossbeam_channel::bounded;
use std::net::SocketAddr;

const MS: u64 = 1_000_000;

fn at(last: u8) -> PeerAddress {
    SocketAddr::from(([127, 0, 0, last], 8_000)).into()
}

fn routes(addresses: &[PeerAddress]) -> Vec<Route> {
    addresses.iter().copied().map(Route::from).collect()
}

fn shared(choice: AddressChoice) -> Arc<TargetAddresses> {
    Arc::new(TargetAddresses::new(
        &routes(&[at(1), at(2), at(3)]),
        choice,
    ))
}

/// A core with so many connections from `first` on, and as many for races from 100 on.
fn core(shared: &Arc<TargetAddresses>, first: usize, connections: usize) -> CoreAddresses {
    let positions = ConnectionPositions {
        first,
        connections,
        first_for_races: 100,
    };
    CoreAddresses::new(Arc::clone(shared), positions, 0)
}

/// Opens the connection with this slot where the target accepts at all addresses but these. Returns
/// where it is.
fn open(
    core: &CoreAddresses,
    slot: usize,
    place: &mut ConnectionPlace,
    refusing: &[PeerAddress],
    now_ns: u64,
) -> Option<PeerAddress> {
    let mut trial = core.begin(slot, *place, false, now_ns)?;
    while refusing.contains(&trial.address()) {
        let error = io::ErrorKind::ConnectionRefused.into();
        if !core.note_failed(&mut trial, &error, now_ns) {
            return None;
        }
    }
    core.note_opened(&trial, place);
    Some(trial.address())
}

fn opened(core: &CoreAddresses, slot: usize, refusing: &[PeerAddress], now_ns: u64) -> PeerAddress {
    let mut place = ConnectionPlace::default();
    open(core, slot, &mut place, refusing, now_ns).expect("one accepts")
}

fn counts(table: &AddressTable) -> Vec<(PeerAddress, u64, u64, u64)> {
    let mut rows: Vec<_> = table
        .rows()
        .iter()
        .map(|row| (row.address, row.opened, row.refused, row.requests))
        .collect();
    rows.sort_unstable();
    rows
}

#[test]
fn connections_of_all_cores_have_even_shares_and_those_of_a_race_are_everywhere() {
    let shared = shared(AddressChoice::All);
    let mut all = AddressTable::default();
    let mut first = 0;
    for connections in [4, 4, 3] {
        let core = core(&shared, first, connections);
        for slot in 0..connections {
            opened(&core, slot, &[], 0);
        }
        core.tally(&mut all);
        first += connections;
        // A race takes connections that stand beside each other.
        let mut race: Vec<_> = (0..3)
            .map(|racer| opened(&core, connections + racer, &[], 0))
            .collect();
        race.sort_unstable();
        assert_eq!(race, [at(1), at(2), at(3)]);
    }
    let opened: Vec<u64> = counts(&all).iter().map(|row| row.1).collect();
    assert_eq!(opened, [4, 4, 3]);
}

#[test]
fn an_address_that_refuses_is_passed_by_and_tried_again_later() {
    let shared = shared(AddressChoice::All);
    let core = core(&shared, 0, 9);
    let down = [at(2)];
    let seen: Vec<_> = (0..9).map(|slot| opened(&core, slot, &down, 0)).collect();
    let here = |address| seen.iter().filter(|&&seen| seen == address).count();
    assert_eq!((here(at(1)), here(at(2)), here(at(3))), (5, 0, 4));
    let mut table = AddressTable::default();
    core.tally(&mut table);
    assert_eq!(counts(&table)[1], (at(2), 0, 1, 0), "asked once by all");
    // A second later it is asked again; and then not for two seconds.
    assert_eq!(opened(&core, 1, &[], 999 * MS), at(1));
    assert_ne!(opened(&core, 1, &down, 1_000 * MS), at(2));
    assert_ne!(opened(&core, 1, &[], 2_999 * MS), at(2));
    assert_eq!(opened(&core, 1, &[], 3_000 * MS), at(2));
    assert_eq!(opened(&core, 4, &[], 3_001 * MS), at(2));
}

#[test]
fn when_all_refuse_each_is_tried_before_it_is_given_up() {
    let shared = shared(AddressChoice::All);
    let core = core(&shared, 0, 1);
    let all = [at(1), at(2), at(3)];
    for now_ns in [0, MS] {
        let mut place = ConnectionPlace::default();
        assert_eq!(open(&core, 0, &mut place, &all, now_ns), None);
    }
    let mut table = AddressTable::default();
    core.tally(&mut table);
    let refused: Vec<_> = counts(&table).iter().map(|row| row.2).collect();
    assert_eq!(refused, [2, 2, 2]);
}

#[test]
fn a_lack_of_descriptors_is_no_fault_of_an_address() {
    let shared = shared(AddressChoice::All);
    let core = core(&shared, 0, 3);
    let place = ConnectionPlace::default();
    let mut trial = core.begin(0, place, false, 0).expect("an address");
    let error = io::Error::from_raw_os_error(libc::EMFILE);
    assert!(core.note_failed(&mut trial, &error, 0));
    let mut table = AddressTable::default();
    core.tally(&mut table);
    assert!(table.rows().is_empty());
    assert_eq!(opened(&core, 0, &[], 0), at(1));
}

#[test]
fn an_address_is_waited_for_as_long_as_there_is_no_better_one() {
    let shared = shared(AddressChoice::All);
    let core = core(&shared, 0, 3);
    let down = [at(1), at(2)];
    let mut trial = core
        .begin(0, ConnectionPlace::default(), false, 0)
        .expect("an address");
    let timeout_ns = 30_000 * MS;
    for _ in down {
        assert_eq!(trial.patience_ns(timeout_ns), PATIENCE_NS);
        assert_eq!(trial.patience_ns(MS), MS);
        let error = io::ErrorKind::ConnectionRefused.into();
        assert!(core.note_failed(&mut trial, &error, 0));
    }
    assert_eq!(
        (trial.address(), trial.patience_ns(timeout_ns)),
        (at(3), timeout_ns)
    );
    let next = core.begin(2, ConnectionPlace::default(), false, MS);
    let next = next.expect("an address");
    assert_eq!(
        (next.address(), next.patience_ns(timeout_ns)),
        (at(3), timeout_ns)
    );
}

#[test]
fn with_first_all_cores_go_where_the_first_one_was_accepted() {
    let shared = shared(AddressChoice::First);
    let (one, other) = (core(&shared, 0, 3), core(&shared, 3, 3));
    assert_eq!(opened(&one, 2, &[at(1)], 0), at(2));
    assert_eq!(opened(&one, 0, &[], MS), at(2));
    assert_eq!(opened(&other, 1, &[], MS), at(2));
    assert_eq!(shared.in_use()[..], routes(&[at(2)]));
    assert_eq!(opened(&other, 1, &[at(2)], MS), at(1));
    assert_eq!(opened(&one, 1, &[], 5_000 * MS), at(1));
}

#[test]
fn a_new_list_is_taken_up_by_what_is_opened_next() {
    let (wish, wishes) = bounded(1);
    let known = TargetAddresses::new(&routes(&[at(1), at(2)]), AddressChoice::All);
    let shared = Arc::new(known.looked_up_on(wish));
    let core = core(&shared, 0, 4);
    let mut place = ConnectionPlace::default();
    assert_eq!(open(&core, 1, &mut place, &[], 0), Some(at(2)));
    assert!(wishes.is_empty(), "a first connection replaces nothing");
    // However many are replaced, nobody waits for anything.
    for _ in 0..3 {
        core.begin(1, place, true, 0);
    }
    assert_eq!(wishes.len(), 1);
    shared.publish(&routes(&[at(2), at(1)]));
    assert_eq!(open(&core, 1, &mut place, &[], 0), Some(at(2)), "the same");
    shared.publish(&[]);
    shared.publish(&routes(&[at(5), at(6)]));
    assert_eq!(open(&core, 1, &mut place, &[], 0), Some(at(6)));
    assert_eq!(open(&core, 2, &mut place, &[], 0), Some(at(5)));
}

#[test]
fn an_adopted_connection_returns_to_where_it_was_as_long_as_that_accepts() {
    let shared = shared(AddressChoice::All);
    let core = core(&shared, 0, 4);
    let mut place = ConnectionPlace::default();
    core.note_adopted(at(3), &mut place);
    assert_eq!(open(&core, 0, &mut place, &[], 0), Some(at(3)));
    assert_eq!(open(&core, 0, &mut place, &[at(3)], 0), Some(at(1)));
    assert_eq!(open(&core, 0, &mut place, &[], 1_000 * MS), Some(at(3)));
    let mut other = ConnectionPlace::default();
    other.settle_at(place);
    assert_eq!(open(&core, 1, &mut other, &[], 1_000 * MS), Some(at(3)));
    assert!(!other.is_elsewhere_than(place));
    assert_eq!(
        open(&core, 2, &mut other, &[at(3)], 1_000 * MS),
        Some(at(1))
    );
    assert!(other.is_elsewhere_than(place));
    assert!(!other.is_elsewhere_than(ConnectionPlace::default()));
}

#[test]
fn requests_are_counted_where_they_go_and_tallied_once() {
    let shared = shared(AddressChoice::All);
    shared.note_refused(&[at(3)]);
    let core = core(&shared, 0, 4);
    let mut place = ConnectionPlace::default();
    open(&core, 1, &mut place, &[], 0);
    (0..5).for_each(|_| core.note_request(place));
    core.note_request(ConnectionPlace::default());
    assert_eq!(
        counts(&core.untallied()),
        [(at(2), 1, 0, 0), (at(3), 0, 1, 0)]
    );
    let mut table = AddressTable::default();
    core.tally(&mut table);
    core.note_request(place);
    core.tally(&mut table);
    assert_eq!(counts(&table), [(at(2), 1, 0, 6), (at(3), 0, 1, 0)]);
    // Refusals from before there were workers are one core's to count.
    let other = CoreAddresses::new(shared, ConnectionPositions::default(), 0);
    assert!(other.untallied().rows().is_empty());
}

#[test]
fn more_addresses_than_there_is_room_for_get_no_connection() {
    let many: Vec<Route> = (0..200).map(|last| at(last).into()).collect();
    let shared = Arc::new(TargetAddresses::new(&many, AddressChoice::All));
    assert_eq!(shared.known().len(), MOST_ADDRESSES);
    let core = core(&shared, 0, 300);
    for slot in 0..2 * MOST_ADDRESSES {
        opened(&core, slot, &[], 0);
    }
    shared.publish(&many[100..]);
    let mut place = ConnectionPlace::default();
    assert_eq!(open(&core, 1, &mut place, &[], 0), Some(at(101)));
    core.note_request(place);
    let mut table = AddressTable::default();
    core.tally(&mut table);
    assert!(
        table
            .rows()
            .iter()
            .all(|row| row.opened == 2 && row.requests == 0)
    );
}

#[test]
fn connections_to_every_address_come_from_every_interface() {
    let interfaces = Interfaces::parse(["127.0.0.7", "127.0.0.8"]).unwrap();
    let two = [at(1), at(2)].map(|address| interfaces.route_to(address).unwrap());
    let shared = Arc::new(TargetAddresses::new(&two, AddressChoice::All));
    let core = core(&shared, 0, 8);
    let mut ways: Vec<String> = (0..8)
        .map(|slot| {
            let trial = core.begin(slot, ConnectionPlace::default(), slot > 3, 0);
            let trial = trial.expect("an address");
            let (route, turn) = trial.route_and_turn();
            format!("{} {route}", route.source(turn).expect("an interface"))
        })
        .collect();
    ways.sort_unstable();
    ways.dedup_by_key(|way| way.clone());
    assert_eq!(
        ways,
        [
            "127.0.0.7 127.0.0.1:8000",
            "127.0.0.7 127.0.0.2:8000",
            "127.0.0.8 127.0.0.1:8000",
            "127.0.0.8 127.0.0.2:8000"
        ]
    );
}

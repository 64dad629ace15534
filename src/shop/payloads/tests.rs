//! Bodies that the shop accepts, unique by construction, and always the same.

mod identity;
mod inventory;
mod limits;
mod ordering;
mod payments;
mod uniqueness;

use super::source::{BODIES, LARGE_BODIES};
use super::*;
use crate::engine::{Id, Values};
use crate::plan::UniqueNumbers;
use crate::shop::generators;
use fastrand::Rng;
use limits::Fields;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Ids that the tests give to bodies.
const GIVEN_IDS: [&str; 3] = ["given-0", "given-1", "given-2"];

/// The bodies that most tests look at.
static PAYLOADS: LazyLock<Payloads> = LazyLock::new(|| Payloads::new(1, &run_id(1), &Domain::ALL));

/// A run that starts on 15 January 2027 at 08:00.
fn run_id(random: u16) -> RunId {
    RunId::new(1_800_000_000_000, 4_711, random)
}

/// A kind of body and its limits.
struct Kind<'a> {
    name: &'static str,
    arena: &'a Arena,
    fields: Fields,
}

fn kind<'a>(name: &'static str, arena: &'a Arena, fields: Fields) -> Kind<'a> {
    Kind {
        name,
        arena,
        fields,
    }
}

/// Every kind of body: the domains' tests name all of them, or do not compile.
fn kinds(payloads: &Payloads) -> Vec<Kind<'_>> {
    let mut kinds = identity::kinds(&payloads.identity);
    kinds.extend(ordering::kinds(&payloads.ordering));
    kinds.extend(inventory::kinds(&payloads.inventory));
    kinds.extend(payments::kinds(&payloads.payments));
    kinds
}

fn body(arena: &Arena, index: usize, unique: &mut UniqueNumbers) -> Vec<u8> {
    let ids = GIVEN_IDS.map(|id| Id::new(id.as_bytes()).unwrap());
    let mut out = Vec::new();
    arena.append(index, (&ids, &Values::default()), unique, &mut out);
    assert_eq!(
        out.len(),
        arena.patched_len(index, &ids, &Values::default())
    );
    out
}

/// All bodies of an arena, sent by one user.
fn bodies(arena: &Arena) -> impl Iterator<Item = Map<String, Value>> {
    let mut unique = UniqueNumbers::of_user(7);
    (0..arena.len())
        .map(move |index| serde_json::from_slice(&body(arena, index, &mut unique)).unwrap())
}

fn text_of<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is a text"))
}

/// An amount, which must be exact to the cent.
fn cents(value: &Value) -> i64 {
    let amount = value.as_f64().unwrap();
    let cents = (amount * 100.0).round();
    assert_eq!(cents / 100.0, amount);
    cents as i64
}

/// The share of bodies that `is_meant`, as users pick them.
fn picked_share(arena: &Arena, is_meant: impl Fn(&Map<String, Value>) -> bool) -> f64 {
    let meant: Vec<bool> = bodies(arena).map(|body| is_meant(&body)).collect();
    let mut rng = Rng::with_seed(1);
    let picks = 30_000;
    let hits = (0..picks).filter(|_| meant[arena.pick(&mut rng)]).count();
    hits as f64 / f64::from(picks)
}

#[test]
fn every_body_keeps_the_limits_of_the_shop() {
    for kind in kinds(&PAYLOADS) {
        eprintln!("{}", kind.name);
        let mut seen = HashSet::new();
        for body in bodies(kind.arena) {
            limits::check(&body, kind.fields, &mut seen);
        }
    }
}

#[test]
fn there_are_as_many_bodies_as_fit_a_cache() {
    let mut counted = 0;
    for kind in kinds(&PAYLOADS) {
        let mut unique = UniqueNumbers::of_user(0);
        let bytes: usize = (0..kind.arena.len())
            .map(|index| body(kind.arena, index, &mut unique).len())
            .sum();
        let mean = bytes / kind.arena.len();
        if kind.arena.len() > LARGE_BODIES {
            assert_eq!(kind.arena.len(), BODIES, "{}", kind.name);
            assert!(mean <= 512, "{}: {mean} bytes", kind.name);
            counted += 1;
        }
        if mean > 512 {
            assert_eq!(kind.arena.len(), LARGE_BODIES, "{}", kind.name);
            counted += 1;
        }
    }
    assert!(counted > 12, "{counted}");
}

/// The figure in the documentation of [`Payloads`].
#[test]
fn all_bodies_take_less_memory_than_documented() {
    let bytes: usize = kinds(&PAYLOADS)
        .iter()
        .map(|kind| kind.arena.memory_bytes())
        .sum();
    assert!((1 << 20..8 << 20).contains(&bytes), "{bytes} bytes");
}

/// Every byte of every arena, by name.
fn all_bytes(payloads: &Payloads) -> Vec<(&'static str, Vec<u8>)> {
    let mut unique = UniqueNumbers::of_user(3);
    let mut of = |arena: &Arena| {
        (0..arena.len())
            .flat_map(|index| body(arena, index, &mut unique))
            .collect()
    };
    kinds(payloads)
        .iter()
        .map(|kind| (kind.name, of(kind.arena)))
        .collect()
}

#[test]
fn domains_that_nobody_asks_cost_next_to_nothing_and_leave_the_others_as_they_are() {
    let same = |one: &Arena, other: &Arena, index| {
        let of = |arena| body(arena, index, &mut UniqueNumbers::of_user(3));
        of(one) == of(other)
    };
    for domain in Domain::ALL {
        let some = Payloads::new(1, &run_id(1), &[domain]);
        let mut whole = 0;
        for (kind, of_all) in kinds(&some).iter().zip(&kinds(&PAYLOADS)) {
            let last = kind.arena.len() - 1;
            assert!(same(kind.arena, of_all.arena, 0), "{}", kind.name);
            assert!(same(kind.arena, of_all.arena, last), "{}", kind.name);
            whole += usize::from(last + 1 >= LARGE_BODIES);
        }
        let has_bodies = [
            Domain::Identity,
            Domain::Ordering,
            Domain::Inventory,
            Domain::Payments,
        ]
        .contains(&domain);
        assert_eq!(whole > 1, has_bodies, "{domain:?}: {whole}");
        let of_some = kinds(&some);
        let memory = of_some.iter().map(|kind| kind.arena.memory_bytes());
        let (memory, limit) = (
            memory.sum::<usize>(),
            if has_bodies { 4 << 20 } else { 100 << 10 },
        );
        assert!(memory < limit, "{domain:?}: {memory} bytes");
    }
}

#[test]
fn seed_and_run_id_decide_every_byte() {
    let first = all_bytes(&Payloads::new(5, &run_id(1), &Domain::ALL));
    assert!(first == all_bytes(&Payloads::new(5, &run_id(1), &Domain::ALL)));

    let other_seed = all_bytes(&Payloads::new(6, &run_id(1), &Domain::ALL));
    for ((name, bytes), (_, others)) in first.iter().zip(&other_seed) {
        let is_drawn = bytes.iter().filter(|byte| **byte == b'{').count() > 500;
        assert_eq!(bytes != others, is_drawn, "{name}");
    }
    let other_run = all_bytes(&Payloads::new(5, &run_id(2), &Domain::ALL));
    for ((name, bytes), (_, others)) in first.iter().zip(&other_run) {
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(bytes != others, text.contains(run_id(1).as_str()), "{name}");
    }
}

/// A kind of body is drawn from a stream of its own: generated alone it is the same.
#[test]
fn a_new_kind_of_body_leaves_the_others_as_they_were() {
    let run_id = run_id(1);
    let source = PayloadSource {
        seed: 1,
        run_id: &run_id,
        is_idle: false,
    };
    let alone = [
        source.drawn("addresses", generators::identity::address),
        source.drawn("checkouts", generators::ordering::checkout),
        source.drawn("warehouses", generators::inventory::warehouse),
    ];
    let together = [
        &PAYLOADS.identity.addresses,
        &PAYLOADS.ordering.checkouts,
        &PAYLOADS.inventory.warehouses,
    ];
    for (alone, together) in alone.iter().zip(together) {
        assert!(bodies(alone).eq(bodies(together)));
    }
}

/// Two kinds that shared a stream would have the same made-up ids.
#[test]
fn no_two_kinds_share_a_stream() {
    let mut seen = HashSet::new();
    let (mut made_up, mut repeated) = (0, 0);
    for (_, bytes) in all_bytes(&PAYLOADS) {
        let text = String::from_utf8(bytes).unwrap();
        for word in text.split('"') {
            let Some((_, digits)) = word.rsplit_once('-') else {
                continue;
            };
            if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            made_up += 1;
            repeated += usize::from(!seen.insert(digits.to_owned()));
        }
    }
    assert!(made_up > 20_000, "{made_up}");
    assert!(repeated < 5, "{repeated} of {made_up}");
}

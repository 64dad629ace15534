//! Nothing that must be unique ever comes twice.

use super::body;
use crate::engine::{Arena, ArenaBuilder, BodyWriter};
use crate::plan::{RunId, UniqueNumbers};
use crate::shop::generators::identity;
use crate::shop::generators::inventory;
use crate::shop::generators::money::Cents;
use crate::shop::generators::ordering::{self, Bill};
use crate::shop::generators::payments::{self, PayerIds};
use fastrand::Rng;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::HashSet;

/// Writes bodies with unique values.
type Write = fn(&mut Rng, &RunId, &mut BodyWriter<'_>);

/// Every generator of unique values, and how many a body has at least.
const GENERATORS: &[(Write, usize)] = &[
    (identity::short_registration, 2),
    (identity::known_registration, 1),
    (ordering::cart_item, 1),
    (ordering::order_item, 1),
    (order_of_three, 3),
    (
        |rng, run_id, body| inventory::stock(50, rng, run_id, body),
        1,
    ),
    (
        |_, run_id, body| inventory::flash_reservation(1, run_id, body),
        1,
    ),
    (
        |rng, run_id, body| payments::payment(Cents(1), PayerIds::MADE_UP, rng, run_id, body),
        1,
    ),
    (|_, run_id, body| payments::success(run_id, body), 1),
    (|_, run_id, body| payments::failure("", run_id, body), 1),
    (
        |_, run_id, body| payments::refund_confirmation(run_id, body),
        1,
    ),
];

fn order_of_three(rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    let bill = Bill::drawn(rng, 3);
    ordering::order(&bill, rng, run_id, body);
}

/// Every text with the run id in it: those and no others are meant to be unique.
fn unique_texts(value: &Value, run_id: &RunId, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(run_id.as_str()) => found.push(text.clone()),
        Value::Array(values) => values
            .iter()
            .for_each(|value| unique_texts(value, run_id, found)),
        Value::Object(values) => {
            values
                .values()
                .for_each(|value| unique_texts(value, run_id, found));
        }
        _ => {}
    }
}

fn next_unique_texts(
    arena: &Arena,
    run_id: &RunId,
    rng: &mut Rng,
    unique: &mut UniqueNumbers,
) -> Vec<String> {
    let index = arena.pick(rng);
    let value: Value = serde_json::from_slice(&body(arena, index, unique)).unwrap();
    let mut found = Vec::new();
    unique_texts(&value, run_id, &mut found);
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Over users or arrivals, sequence and runs. Runs share their seed, the worst case: then only
    /// the run id tells them apart.
    #[test]
    fn nothing_unique_ever_repeats(
        seed in any::<u64>(),
        unix_ms in 0_u64..1 << 42,
        process_id in 0_u32..1 << 22,
        random in any::<u16>(),
        users in proptest::collection::hash_set(0..=UniqueNumbers::MAX_USER_INDEX, 1..12),
        arrivals in proptest::collection::hash_set(0_u64..1 << 50, 1..12),
        (write, values) in proptest::sample::select(GENERATORS),
    ) {
        let runs = [
            RunId::new(unix_ms, process_id, random),
            RunId::new(unix_ms ^ 1, process_id, random),
            RunId::new(unix_ms, process_id ^ 1, random),
            RunId::new(unix_ms, process_id, random ^ 1),
        ];
        let closed = users.iter().map(|&user| UniqueNumbers::of_user(user));
        let open = arrivals.iter().map(|&arrival| UniqueNumbers::of_arrival(arrival));
        for spans in [closed.collect::<Vec<_>>(), open.collect()] {
            let mut seen = HashSet::new();
            for run in &runs {
                let arena = ArenaBuilder::build(8, {
                    let mut rng = Rng::with_seed(seed);
                    move |body| write(&mut rng, run, body)
                });
                for span in &spans {
                    let (mut rng, mut unique) = (Rng::with_seed(seed), span.clone());
                    for _ in 0..20 {
                        let found = next_unique_texts(&arena, run, &mut rng, &mut unique);
                        prop_assert!(found.len() >= values, "{found:?}");
                        for value in found {
                            prop_assert!(seen.insert(value.clone()), "{value} came twice");
                        }
                    }
                }
            }
        }
    }
}

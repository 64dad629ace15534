//! Bodies that the shop accepts, unique by construction.

use super::*;
use crate::engine::Id;
use crate::plan::UniqueNumbers;
use fastrand::Rng;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::collections::HashSet;

fn run_id(random: u16) -> RunId {
    RunId::new(1_800_000_000_000, 4_711, random)
}

fn body(arena: &Arena, index: usize, unique: &mut UniqueNumbers) -> Vec<u8> {
    let ids: [Id; 0] = [];
    let mut out = Vec::new();
    arena.append(index, &ids, unique, &mut out);
    assert_eq!(out.len(), arena.patched_len(index, &ids));
    out
}

fn bodies(arena: &Arena) -> Vec<Map<String, Value>> {
    let mut unique = UniqueNumbers::of_user(7);
    (0..arena.len())
        .map(|index| serde_json::from_slice(&body(arena, index, &mut unique)).unwrap())
        .collect()
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is a text"))
}

fn check_fields(fields: &Map<String, Value>, names: &[&str]) {
    let there: HashSet<&str> = fields.keys().map(String::as_str).collect();
    assert_eq!(there, names.iter().copied().collect());
}

fn check_name(fields: &Map<String, Value>) {
    for name in ["first_name", "last_name"] {
        assert!((1..=100).contains(&text(fields, name).chars().count()));
    }
}

fn check_email(email: &str) {
    let (local, domain) = email.split_once('@').expect("an @");
    assert!(
        (1..=64).contains(&local.len()) && email.len() <= 254,
        "{email}"
    );
    assert!(
        ["gmail.com", "yahoo.com", "hotmail.com"].contains(&domain),
        "{email}"
    );
    assert!(
        !local.starts_with('.') && !local.ends_with('.') && !local.contains(".."),
        "{email}"
    );
    let safe = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.';
    assert!(local.bytes().all(safe), "{email}");
}

fn check_contact(fields: &Map<String, Value>) {
    let phone = text(fields, "phone");
    assert_eq!(phone.len(), 15);
    let digits = phone.strip_prefix("+1-").unwrap();
    assert!(
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-'),
        "{phone}"
    );
    let born: jiff::civil::Date = text(fields, "date_of_birth").parse().unwrap();
    assert!((1955..=2005).contains(&born.year()), "{born}");
    assert_eq!(text(fields, "date_of_birth").len(), 10);
}

fn check_registration(fields: &Map<String, Value>) {
    let external_id = text(fields, "external_id");
    assert!(
        external_id.starts_with(&format!("EXT-LT-{}", run_id(1))),
        "{external_id}"
    );
    assert_eq!(external_id.len(), 7 + 16 + 12);
    check_email(text(fields, "email"));
    check_name(fields);
}

#[test]
fn registrations_keep_the_contract() {
    let payloads = Payloads::new(1, &run_id(1));
    let required = ["external_id", "email", "first_name", "last_name"];
    for fields in bodies(&payloads.short_registrations) {
        check_fields(&fields, &required);
        check_registration(&fields);
    }
    for fields in bodies(&payloads.registrations) {
        check_fields(
            &fields,
            &[&required[..], &["phone", "date_of_birth"]].concat(),
        );
        check_registration(&fields);
        check_contact(&fields);
    }
}

#[test]
fn profiles_keep_the_contract() {
    for fields in bodies(&Payloads::new(1, &run_id(1)).profiles) {
        check_fields(
            &fields,
            &["first_name", "last_name", "phone", "date_of_birth"],
        );
        check_name(&fields);
        check_contact(&fields);
    }
}

#[test]
fn addresses_keep_the_contract() {
    let names = [
        "label",
        "street",
        "city",
        "state",
        "postal_code",
        "country",
        "geo_lat",
        "geo_lng",
    ];
    for fields in bodies(&Payloads::new(1, &run_id(1)).addresses) {
        check_fields(&fields, &names);
        assert!(["Home", "Work", "Other"].contains(&text(&fields, "label")));
        assert!((1..=255).contains(&text(&fields, "street").len()));
        assert!((1..=100).contains(&text(&fields, "city").len()));
        assert_eq!(text(&fields, "state").len(), 2);
        assert_eq!(text(&fields, "postal_code").len(), 5);
        assert_eq!(text(&fields, "country"), "US");
        let degrees = |name| text(&fields, name).parse::<f64>().unwrap();
        assert!((25.0..=48.0).contains(&degrees("geo_lat")));
        assert!((-125.0..=-70.0).contains(&degrees("geo_lng")));
    }
}

#[test]
fn fixed_bodies_are_as_the_suite_sends_them() {
    let payloads = Payloads::new(1, &run_id(1));
    let fixed = [
        (&payloads.silver_tier, r#"{"new_tier":"Silver"}"#),
        (&payloads.gold_tier, r#"{"new_tier":"Gold"}"#),
        (&payloads.platinum_tier, r#"{"new_tier":"Platinum"}"#),
        (&payloads.suspension, r#"{"reason":"Load test suspension"}"#),
    ];
    for (arena, expected) in fixed {
        assert_eq!(arena.len(), 1);
        assert_eq!(
            body(arena, 0, &mut UniqueNumbers::of_user(0)),
            expected.as_bytes()
        );
    }
}

/// Figures are compared over runs: a registration must not shrink or grow unnoticed.
#[test]
fn a_short_registration_has_the_usual_size() {
    let arena = Payloads::new(1, &run_id(1)).short_registrations;
    let mut unique = UniqueNumbers::of_user(0);
    let bytes: usize = (0..arena.len())
        .map(|index| body(&arena, index, &mut unique).len())
        .sum();
    let mean = bytes as f64 / arena.len() as f64;
    assert!((150.0..=220.0).contains(&mean), "{mean}");
}

fn all_bytes(payloads: &Payloads) -> Vec<u8> {
    let mut unique = UniqueNumbers::of_user(3);
    let mut all = Vec::new();
    for arena in [
        &payloads.registrations,
        &payloads.short_registrations,
        &payloads.profiles,
        &payloads.addresses,
    ] {
        for index in 0..arena.len() {
            all.extend_from_slice(&body(arena, index, &mut unique));
        }
    }
    all
}

#[test]
fn seed_and_run_id_decide_every_byte() {
    let first = all_bytes(&Payloads::new(5, &run_id(1)));
    assert_eq!(first, all_bytes(&Payloads::new(5, &run_id(1))));
    assert_ne!(first, all_bytes(&Payloads::new(6, &run_id(1))));
    assert_ne!(first, all_bytes(&Payloads::new(5, &run_id(2))));
}

/// The unique fields of what `unique` and `rng` give next.
fn next_registration(arena: &Arena, rng: &mut Rng, unique: &mut UniqueNumbers) -> [String; 2] {
    let index = arena.pick(rng);
    let fields: Map<String, Value> = serde_json::from_slice(&body(arena, index, unique)).unwrap();
    [
        text(&fields, "external_id").to_owned(),
        text(&fields, "email").to_owned(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

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
        full in any::<bool>(),
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
                let write = if full { identity::registration } else { identity::short_registration };
                let arena = ArenaBuilder::build(8, {
                    let mut rng = Rng::with_seed(seed);
                    move |body| write(&mut rng, run, body)
                });
                for span in &spans {
                    let (mut rng, mut unique) = (Rng::with_seed(seed), span.clone());
                    for _ in 0..20 {
                        for value in next_registration(&arena, &mut rng, &mut unique) {
                            prop_assert!(seen.insert(value.clone()), "{value} came twice");
                        }
                    }
                }
            }
        }
    }
}

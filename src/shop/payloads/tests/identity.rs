//! Bodies of the Identity domain keep the contract.

use super::limits::{Fields, Limit, PLACE};
use super::{Kind, PAYLOADS, bodies, body, kind, text_of};
use crate::plan::UniqueNumbers;
use crate::shop::payloads::IdentityBodies;

const KNOWN_REGISTRATION: Fields = &[
    ("external_id", Limit::Given(0)),
    EMAIL,
    FIRST_NAME,
    LAST_NAME,
];
const SHORT_REGISTRATION: Fields = &[EXTERNAL_ID, EMAIL, FIRST_NAME, LAST_NAME];
const EXTERNAL_ID: super::limits::Field = ("external_id", Limit::Unique("EXT-LT-", ""));
const EMAIL: super::limits::Field = ("email", Limit::UniqueThat(254, is_email));
const FIRST_NAME: super::limits::Field = ("first_name", Limit::UpTo(100));
const LAST_NAME: super::limits::Field = ("last_name", Limit::UpTo(100));
const ADDRESS: Fields = &[
    ("label", Limit::OneOf(&["Home", "Work", "Other"])),
    PLACE[0],
    PLACE[1],
    PLACE[2],
    PLACE[3],
    PLACE[4],
    ("geo_lat", Limit::That(|text| is_degrees(text, 25.0, 48.0))),
    (
        "geo_lng",
        Limit::That(|text| is_degrees(text, -125.0, -70.0)),
    ),
];

fn is_email(email: &str) -> bool {
    let (local, domain) = email.split_once('@').expect("an @");
    let safe = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.';
    (1..=64).contains(&local.len())
        && ["gmail.com", "yahoo.com", "hotmail.com"].contains(&domain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(safe)
}

/// A number with four decimals.
fn is_degrees(text: &str, from: f64, to: f64) -> bool {
    let (_, decimals) = text.split_once('.').expect("decimals");
    decimals.len() == 4 && (from..=to).contains(&text.parse().unwrap())
}

/// Every kind of body and its limits.
pub fn kinds(identity: &IdentityBodies) -> Vec<Kind<'_>> {
    let IdentityBodies {
        short_registrations,
        known_registrations,
        addresses,
        suspension,
    } = identity;
    vec![
        kind(
            "short_registrations",
            short_registrations,
            SHORT_REGISTRATION,
        ),
        kind(
            "known_registrations",
            known_registrations,
            KNOWN_REGISTRATION,
        ),
        kind("addresses", addresses, ADDRESS),
        kind(
            "suspension",
            suspension,
            &[("reason", Limit::Is("Load test suspension"))],
        ),
    ]
}

#[test]
fn fixed_bodies_are_as_the_suite_sends_them() {
    let identity = &PAYLOADS.identity;
    let arena = &identity.suspension;
    assert_eq!(arena.len(), 1);
    let bytes = body(arena, 0, &mut UniqueNumbers::of_user(0));
    assert_eq!(bytes, br#"{"reason":"Load test suspension"}"#);
}

/// Figures are compared over runs: a registration must not shrink or grow unnoticed.
#[test]
fn a_short_registration_has_the_usual_size() {
    let arena = &PAYLOADS.identity.short_registrations;
    let mut unique = UniqueNumbers::of_user(0);
    let bytes: usize = (0..arena.len())
        .map(|index| body(arena, index, &mut unique).len())
        .sum();
    let mean = bytes as f64 / arena.len() as f64;
    assert!((150.0..=220.0).contains(&mean), "{mean}");
}

#[test]
fn e_mail_addresses_hold_the_name() {
    for fields in bodies(&PAYLOADS.identity.short_registrations) {
        let first: String = text_of(&fields, "first_name")
            .to_lowercase()
            .chars()
            .filter(char::is_ascii_alphabetic)
            .collect();
        assert!(text_of(&fields, "email").starts_with(&first), "{fields:?}");
    }
}

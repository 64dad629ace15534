//! Bodies of the Identity domain.
//!
//! Limits of the shop: `external_id` ≤ 255 characters and unique; `email` ≤ 254, one `@`, a dotted
//! domain, no edge or consecutive dots; names ≤ 100; `label` Home, Work or Other; `reason` ≤ 500.

use super::place::place_members;
use crate::engine::BodyWriter;
use crate::plan::RunId;
use crate::words;
use fastrand::Rng;

const EMAIL_DOMAINS: [&str; 3] = ["gmail.com", "yahoo.com", "hotmail.com"];
const ADDRESS_LABELS: [&str; 3] = ["Home", "Work", "Other"];
/// Longest part of an e-mail address that comes from the name.
const EMAIL_NAME_CHARACTERS: usize = 20;

/// A registration with what has to be there.
pub fn short_registration(rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        let first_name = words::first_name(rng);
        let last_name = words::last_name(rng);
        let email_name = email_name(first_name, last_name);
        let domain = words::choose(rng, &EMAIL_DOMAINS);
        body.unique_member("external_id", &format!("EXT-LT-{run_id}"), "");
        body.unique_member(
            "email",
            &format!("{email_name}.{run_id}"),
            &format!("@{domain}"),
        );
        body.member("first_name", first_name);
        body.member("last_name", last_name);
    });
}

/// A registration under the external id `id 0`; nothing else of it is like another's.
pub fn known_registration(rng: &mut Rng, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.id_member("external_id", 0);
        body.unique_member("email", &format!("race.{run_id}"), "@gmail.com");
        body.member("first_name", words::first_name(rng));
        body.member("last_name", words::last_name(rng));
    });
}

/// An address in the United States.
pub fn address(rng: &mut Rng, body: &mut BodyWriter<'_>) {
    body.object(|body| {
        body.member("label", words::choose(rng, &ADDRESS_LABELS));
        place_members(rng, body);
        body.member("geo_lat", ten_thousandths(rng, 250_000, 480_000));
        body.member("geo_lng", ten_thousandths(rng, -1_250_000, -700_000));
    });
}

/// The suspension of an account.
pub fn suspension(body: &mut BodyWriter<'_>) {
    body.object(|body| body.member("reason", "Load test suspension"));
}

/// Letters of the whole name in lower case: safe in any e-mail address.
fn email_name(first_name: &str, last_name: &str) -> String {
    first_name
        .chars()
        .chain(last_name.chars())
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase())
        .take(EMAIL_NAME_CHARACTERS)
        .collect()
}

/// A number from `from` to `to` ten thousandths, with four decimals.
fn ten_thousandths(rng: &mut Rng, from: i32, to: i32) -> String {
    format!("{:.4}", f64::from(rng.i32(from..=to)) / 10_000.0)
}

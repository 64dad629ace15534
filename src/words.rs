//! Names and places that look real, drawn from the word lists of the `fake` crate (United States),
//! and texts that read like the Locust suite's.

mod prose;
mod vocabulary;

pub use prose::{LONGEST_SENTENCE_BYTES, capitalised, paragraph, sentence, two_words, word};

use fake::locales::{Data, EN};
use fastrand::Rng;

/// The 59 codes that the Locust suite draws from: 50 states, the District of Columbia, five
/// territories and three freely associated states (USPS Publication 28, appendix B).
const STATE_CODES: [&str; 59] = [
    "AK", "AL", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "FM", "GA", "GU", "HI", "IA",
    "ID", "IL", "IN", "KS", "KY", "LA", "MA", "MD", "ME", "MH", "MI", "MN", "MO", "MP", "MS", "MT",
    "NC", "ND", "NE", "NH", "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "PR", "PW", "RI", "SC",
    "SD", "TN", "TX", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
];

/// A first name, one of some 3,000.
pub fn first_name(rng: &mut Rng) -> &'static str {
    choose(rng, EN::NAME_FIRST_NAME)
}

/// A last name, one of some 470.
pub fn last_name(rng: &mut Rng) -> &'static str {
    choose(rng, EN::NAME_LAST_NAME)
}

/// `38571 Melissa Ranch Apt. 556`; half of them have no second part.
pub fn street(rng: &mut Rng) -> String {
    let number = rng.u32(100..=99_999);
    let name = if rng.bool() {
        first_name(rng)
    } else {
        last_name(rng)
    };
    let suffix = choose(rng, EN::ADDRESS_STREET_SUFFIX);
    if rng.bool() {
        return format!("{number} {name} {suffix}");
    }
    let unit = choose(rng, EN::ADDRESS_SECONDARY_ADDR_TYPE);
    format!("{number} {name} {suffix} {unit} {}", rng.u32(100..=999))
}

/// `Torresland` or `North Carlybury`.
pub fn city(rng: &mut Rng) -> String {
    let name = if rng.bool() {
        first_name(rng)
    } else {
        last_name(rng)
    };
    let suffix = choose(rng, EN::ADDRESS_CITY_SUFFIX);
    if rng.u8(..4) > 0 {
        return format!("{name}{suffix}");
    }
    format!("{} {name}{suffix}", choose(rng, EN::ADDRESS_CITY_PREFIX))
}

/// `Braun Group`, `Braun-Sims` or `Braun, Sims and Lowe`.
pub fn company(rng: &mut Rng) -> String {
    let first = last_name(rng);
    match rng.u8(..3) {
        0 => format!("{first} {}", choose(rng, EN::COMPANY_SUFFIX)),
        1 => format!("{first}-{}", last_name(rng)),
        _ => format!("{first}, {} and {}", last_name(rng), last_name(rng)),
    }
}

/// A code of two letters.
pub fn state_code(rng: &mut Rng) -> &'static str {
    choose(rng, &STATE_CODES)
}

/// One of `choices`, which is never empty.
pub fn choose<'a>(rng: &mut Rng, choices: &[&'a str]) -> &'a str {
    choices[rng.usize(..choices.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn lists_are_large_enough_to_look_real() {
        let distinct = |list: &[&'static str]| list.iter().copied().collect::<HashSet<_>>().len();
        assert!(distinct(EN::NAME_FIRST_NAME) > 2_000);
        assert!(distinct(EN::NAME_LAST_NAME) > 400);
        assert!(distinct(EN::ADDRESS_STREET_SUFFIX) > 100);
        assert_eq!(distinct(&STATE_CODES), 59);
    }

    #[test]
    fn words_are_plain_ascii_without_markup() {
        let lists = [
            EN::NAME_FIRST_NAME,
            EN::NAME_LAST_NAME,
            EN::ADDRESS_STREET_SUFFIX,
            EN::ADDRESS_SECONDARY_ADDR_TYPE,
            EN::ADDRESS_CITY_PREFIX,
            EN::ADDRESS_CITY_SUFFIX,
            EN::COMPANY_SUFFIX,
        ];
        for word in lists.into_iter().flatten() {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" .'-".contains(&byte);
            assert!(!word.is_empty() && word.bytes().all(plain), "{word}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_words() {
        let draw = |seed| {
            let mut rng = Rng::with_seed(seed);
            (
                street(&mut rng),
                city(&mut rng),
                state_code(&mut rng),
                company(&mut rng),
                sentence(&mut rng),
            )
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}

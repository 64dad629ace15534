//! The table of races: what is let go at once, and by which sides.

use crate::stats::Race;

/// Writes the table. A race's index is its position, because both come from the same line.
macro_rules! races {
    ($($race:ident = $name:literal, [$($side:literal),+];)+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "variants are named like the races")]
        enum RacePosition {
            $($race),+
        }

        /// Every race, in the order of [`Race::index`].
        pub static RACES: [Race; [$($name),+].len()] = [
            $(Race {
                index: RacePosition::$race as u16,
                name: $name,
                sides: &[$($side),+],
            }),+
        ];

        $(#[doc = concat!("`", $name, "`")] pub static $race: &Race = &RACES[RacePosition::$race as usize];)+
    };
}

races! {
    FLASH_SALE = "flash-sale", ["reserve"];
    LAST_PIECES = "last-pieces", ["reserve"];
    CANCEL_DURING_PAYMENT = "cancel-during-payment", ["cancel", "pay"];
    CANCEL_AGAINST_PAID = "cancel-against-paid", ["cancel", "record payment"];
    MODIFY_DURING_CONFIRM = "modify-during-confirm", ["add item", "confirm"];
    DUPLICATE_WEBHOOK = "duplicate-webhook", ["success"];
    CONTRADICTING_WEBHOOKS = "contradicting-webhooks", ["success", "failure"];
    CONCURRENT_REFUNDS = "concurrent-refunds", ["ask for refund"];
    DUPLICATE_REFUND_WEBHOOK = "duplicate-refund-webhook", ["refund done"];
    SAME_IDEMPOTENCY_KEY = "same-idempotency-key", ["pay"];
    SAME_EXTERNAL_ID = "same-external-id", ["register"];
    CONCURRENT_CHECKOUT = "concurrent-checkout", ["check out"];
    ELEVEN_ADDRESSES = "eleven-addresses", ["add address"];
    DOUBLE_SUSPEND = "double-suspend", ["suspend"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::MOST_SIDES;
    use std::collections::HashSet;

    #[test]
    fn the_index_of_a_race_is_its_position_and_names_are_unique() {
        let mut names = HashSet::new();
        for (position, race) in RACES.iter().enumerate() {
            assert_eq!(usize::from(race.index), position, "{}", race.name);
            assert!(names.insert(race.name));
            assert!((1..=MOST_SIDES).contains(&race.sides.len()));
        }
    }
}

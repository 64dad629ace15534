//! The table of steps: every operation as journeys take it, under the statistic name of the Locust
//! suite. The order of the table is the order of rows in reports.

use super::events;
use super::operations as operation;
use crate::engine::Step;

/// Writes the table. A step's index is its position, because both come from the same line.
macro_rules! steps {
    ($($step:ident = $operation:ident, $name:literal, [$($event:ident),*];)+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "variants are named like the steps")]
        enum Position {
            $($step),+
        }

        /// Every step, in the order of [`Step::index`].
        pub static STEPS: [Step; [$($name),+].len()] = [
            $(Step {
                index: Position::$step as u16,
                operation: &operation::$operation,
                name: $name,
                raises: &[$(events::$event),*],
            }),+
        ];

        $(pub const $step: &Step = &STEPS[Position::$step as usize];)+
    };
}

steps! {
    REGISTER = REGISTER_CUSTOMER, "POST /customers", [CUSTOMER_REGISTERED];
    UPDATE_PROFILE = UPDATE_PROFILE, "PUT /customers/{id}/profile", [PROFILE_UPDATED];
    ADD_ADDRESS = ADD_ADDRESS, "POST /customers/{id}/addresses", [ADDRESS_ADDED];
    UPGRADE_TIER = UPGRADE_TIER, "PUT /customers/{id}/tier", [TIER_UPGRADED];
    SUSPEND = SUSPEND_ACCOUNT, "PUT /customers/{id}/suspend", [ACCOUNT_SUSPENDED];
    REACTIVATE = REACTIVATE_ACCOUNT, "PUT /customers/{id}/reactivate", [ACCOUNT_REACTIVATED];
    CLOSE = CLOSE_ACCOUNT, "PUT /customers/{id}/close", [ACCOUNT_CLOSED];
    SPIKE_REGISTER = REGISTER_CUSTOMER, "[SPIKE] POST /customers", [CUSTOMER_REGISTERED];
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_index_of_a_step_is_its_position() {
        for (position, step) in STEPS.iter().enumerate() {
            assert_eq!(usize::from(step.index), position, "{}", step.name);
        }
        assert_eq!(SPIKE_REGISTER.name, "[SPIKE] POST /customers");
        assert!(std::ptr::eq(
            CLOSE,
            &raw const STEPS[usize::from(CLOSE.index)]
        ));
    }

    #[test]
    fn no_two_steps_share_a_row() {
        let mut rows = HashSet::new();
        for step in &STEPS {
            assert!(
                rows.insert(step.stat_name()),
                "{} is there twice",
                step.name
            );
        }
    }

    /// The suite repeats the method within the name.
    #[test]
    fn names_hold_the_method_of_their_operation() {
        for step in &STEPS {
            let unprefixed = step
                .name
                .split_once("] ")
                .map_or(step.name, |(_, rest)| rest);
            let method = step.operation.method.word();
            assert!(
                unprefixed.starts_with(&format!("{method} /")),
                "{}",
                step.name
            );
        }
    }
}

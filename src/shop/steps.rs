//! The table of steps of the races that are written in Rust: every operation as they take it, under its
//! statistic name. Where their rows stand in reports, the suite's files say.

use super::events;
use super::operations::{identity, inventory, ordering, payments};
use crate::engine::Step;

/// The word for an event that stays when the request is refused after all.
macro_rules! one {
    (stays) => {
        1
    };
}

/// Writes the table. A step's index is its position, because both come from the same line.
macro_rules! steps {
    ($($step:ident = $operation:path, $name:literal, [$($event:ident $($stays:ident)?),*];)+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "variants are named like the steps")]
        enum StepPosition {
            $($step),+
        }

        /// Every step, in the order of [`Step::index`].
        pub static STEPS: [Step; [$($name),+].len()] = [
            $(Step {
                index: StepPosition::$step as u16,
                operation: &$operation,
                name: $name,
                raises: &[$(events::$event),*],
                stays: 0 $($(+ one!($stays))?)*,
            }),+
        ];

        $(pub const $step: &Step = &STEPS[StepPosition::$step as usize];)+
    };
}

steps! {
    FLASH_CREATE_WAREHOUSE = inventory::CREATE_WAREHOUSE, "[FLASH] POST /warehouses (setup)", [WAREHOUSE_CREATED];
    FLASH_INITIALIZE_STOCK = inventory::INITIALIZE_STOCK, "[FLASH] POST /inventory (setup)", [STOCK_INITIALIZED];
    FLASH_RESERVE = inventory::RACING_RESERVATION, "[FLASH] POST /inventory/{id}/reserve (RACE)", [STOCK_RESERVED, LOW_STOCK_DETECTED];

    CANCEL_CREATE_ORDER = ordering::CREATE_ORDER, "[RACE-CANCEL] POST /orders", [ORDER_CREATED];
    CANCEL_CONFIRM_ORDER = ordering::CONFIRM_ORDER, "[RACE-CANCEL] PUT /orders/{id}/confirm", [ORDER_CONFIRMED];
    CANCEL_INITIATE_PAYMENT = payments::INITIATE_PAYMENT, "[RACE-CANCEL] POST /payments", [PAYMENT_INITIATED];
    CANCEL_RECORD_PAYMENT_PENDING = ordering::RECORD_PAYMENT_PENDING, "[RACE-CANCEL] PUT /orders/{id}/payment/pending", [ORDER_PAYMENT_PENDING];
    CANCEL_RACE_CANCEL = ordering::RACING_CANCELLATION, "[RACE-CANCEL] PUT /orders/{id}/cancel (RACE)", [ORDER_CANCELLED];
    CANCEL_RACE_PAYMENT = payments::RACING_PAYMENT, "[RACE-CANCEL] POST /payments/webhook (RACE)", [PAYMENT_SUCCEEDED];

    MODIFY_CREATE_ORDER = ordering::CREATE_ORDER, "[RACE-MOD] POST /orders", [ORDER_CREATED];
    MODIFY_RACE_ITEM = ordering::RACING_ITEM, "[RACE-MOD] POST /orders/{id}/items (RACE)", [ITEM_ADDED];
    MODIFY_RACE_CONFIRM = ordering::RACING_CONFIRMATION, "[RACE-MOD] PUT /orders/{id}/confirm (RACE)", [ORDER_CONFIRMED];
    MODIFY_RACE_LATE_ITEM = ordering::RACING_ITEM, "[RACE-MOD] POST /orders/{id}/items (RACE-2)", [ITEM_ADDED];

    LAST_INITIALIZE_STOCK = inventory::INITIALIZE_STOCK, "[RACE-STOCK] POST /inventory", [STOCK_INITIALIZED];
    LAST_RACE_RESERVE = inventory::RACING_RESERVATION, "[RACE-STOCK] POST /inventory/{id}/reserve (RACE)", [STOCK_RESERVED, LOW_STOCK_DETECTED];

    PAID_CREATE_ORDER = ordering::CREATE_ORDER, "[RACE-PAID] POST /orders", [ORDER_CREATED];
    PAID_CONFIRM_ORDER = ordering::CONFIRM_ORDER, "[RACE-PAID] PUT /orders/{id}/confirm", [ORDER_CONFIRMED];
    PAID_RECORD_PENDING = ordering::RECORD_PAYMENT_PENDING, "[RACE-PAID] PUT /orders/{id}/payment/pending", [ORDER_PAYMENT_PENDING];
    PAID_RACE_CANCEL = ordering::RACING_CANCELLATION, "[RACE-PAID] PUT /orders/{id}/cancel (RACE)", [ORDER_CANCELLED];
    PAID_RACE_SUCCESS = ordering::RACING_PAYMENT_SUCCESS, "[RACE-PAID] PUT /orders/{id}/payment/success (RACE)", [ORDER_PAYMENT_SUCCEEDED];

    WEBHOOK_INITIATE = payments::INITIATE_PAYMENT, "[RACE-WEBHOOK] POST /payments", [PAYMENT_INITIATED];
    WEBHOOK_RACE_SUCCESS = payments::RACING_PAYMENT, "[RACE-WEBHOOK] POST /payments/webhook (RACE)", [PAYMENT_SUCCEEDED];

    CONTRADICT_INITIATE = payments::INITIATE_PAYMENT, "[RACE-CONTRADICT] POST /payments", [PAYMENT_INITIATED];
    CONTRADICT_RACE_SUCCESS = payments::RACING_PAYMENT, "[RACE-CONTRADICT] POST /payments/webhook (success, RACE)", [PAYMENT_SUCCEEDED];
    CONTRADICT_RACE_FAILURE = payments::RACING_PAYMENT, "[RACE-CONTRADICT] POST /payments/webhook (failure, RACE)", [PAYMENT_FAILED];

    REFUNDS_INITIATE = payments::INITIATE_PAYMENT, "[RACE-REFUND] POST /payments", [PAYMENT_INITIATED];
    REFUNDS_CONFIRM = payments::CONFIRM_PAYMENT, "[RACE-REFUND] POST /payments/webhook", [PAYMENT_SUCCEEDED];
    REFUNDS_RACE_REQUEST = payments::RACING_REFUND, "[RACE-REFUND] POST /payments/{id}/refund (RACE)", [REFUND_REQUESTED];
    REFUNDS_COMPLETE = payments::RACING_REFUND_WEBHOOK, "[RACE-REFUND] POST /payments/refund/webhook", [REFUND_COMPLETED];

    TWICE_INITIATE = payments::INITIATE_PAYMENT, "[RACE-REFUND-TWICE] POST /payments", [PAYMENT_INITIATED];
    TWICE_CONFIRM = payments::CONFIRM_PAYMENT, "[RACE-REFUND-TWICE] POST /payments/webhook", [PAYMENT_SUCCEEDED];
    TWICE_REQUEST = payments::REQUEST_REFUND, "[RACE-REFUND-TWICE] POST /payments/{id}/refund", [REFUND_REQUESTED];
    TWICE_RACE_COMPLETE = payments::RACING_REFUND_WEBHOOK, "[RACE-REFUND-TWICE] POST /payments/refund/webhook (RACE)", [REFUND_COMPLETED];

    KEY_RACE_INITIATE = payments::RACING_INITIATION, "[RACE-KEY] POST /payments (RACE)", [PAYMENT_INITIATED];

    EXTERNAL_RACE_REGISTER = identity::RACING_REGISTRATION, "[RACE-ID] POST /customers (RACE)", [CUSTOMER_REGISTERED];

    CHECKOUT_CREATE_CART = ordering::CREATE_CART, "[RACE-CHECKOUT] POST /carts", [];
    CHECKOUT_ADD_ITEM = ordering::ADD_CART_ITEM, "[RACE-CHECKOUT] POST /carts/{id}/items", [CART_ITEM_ADDED];
    CHECKOUT_RACE = ordering::RACING_CHECKOUT, "[RACE-CHECKOUT] POST /carts/{id}/checkout (RACE)", [ORDER_CREATED stays, CART_CONVERTED];

    ADDRESSES_REGISTER = identity::REGISTER_CUSTOMER, "[RACE-ADDRESS] POST /customers", [CUSTOMER_REGISTERED];
    ADDRESSES_RACE_ADD = identity::RACING_ADDRESS, "[RACE-ADDRESS] POST /customers/{id}/addresses (RACE)", [ADDRESS_ADDED];

    SUSPEND_REGISTER = identity::REGISTER_CUSTOMER, "[RACE-SUSPEND] POST /customers", [CUSTOMER_REGISTERED];
    SUSPEND_RACE = identity::RACING_SUSPENSION, "[RACE-SUSPEND] PUT /customers/{id}/suspend (RACE)", [ACCOUNT_SUSPENDED];

    ASK_RESERVE = inventory::RACING_RESERVATION, "[PROBE] POST /inventory/{id}/reserve", [];
    ASK_RETURN = ordering::RECORD_RETURN, "[PROBE] PUT /orders/{id}/return/record", [];
    ASK_PROCESS = ordering::PROCESS_ORDER, "[PROBE] PUT /orders/{id}/processing", [];
    ASK_QUANTITY = ordering::CHANGE_UNKNOWN_ITEM, "[PROBE] PUT /orders/{id}/items/{id}/quantity (unknown)", [];
    ASK_TIMELINE = ordering::READ_TIMELINE, "[PROBE] GET /orders/{id}/timeline", [];
    ASK_FAILURE = payments::CONFIRM_PAYMENT, "[PROBE] POST /payments/webhook", [];
    ASK_REFUND = payments::CONFIRM_REFUND, "[PROBE] POST /payments/refund/webhook", [];
}

/// The steps by which journeys ask the shop for a state. None of them changes anything in a state
/// that it is asked in; see `docs/events-and-probes.md`.
pub const ASKED: [&Step; 7] = [
    ASK_RESERVE,
    ASK_RETURN,
    ASK_PROCESS,
    ASK_QUANTITY,
    ASK_TIMELINE,
    ASK_FAILURE,
    ASK_REFUND,
];

/// Whether journeys only ask the shop for a state by `step`: a target may lack it.
#[must_use]
pub fn is_asked(step: &Step) -> bool {
    ASKED.iter().any(|asked| asked.index == step.index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::MOST_RAISED;
    use std::collections::HashSet;

    #[test]
    fn the_index_of_a_step_is_its_position() {
        for (position, step) in STEPS.iter().enumerate() {
            assert_eq!(usize::from(step.index), position, "{}", step.name);
        }
        assert_eq!(
            SUSPEND_RACE.name,
            "[RACE-SUSPEND] PUT /customers/{id}/suspend (RACE)"
        );
        assert!(std::ptr::eq(
            SUSPEND_RACE,
            &raw const STEPS[usize::from(SUSPEND_RACE.index)]
        ));
    }

    #[test]
    fn no_step_raises_more_than_there_is_room_for() {
        for step in &STEPS {
            assert!(step.raises.len() <= MOST_RAISED, "{}", step.name);
            assert!(step.stays <= step.raises.len(), "{}", step.name);
        }
        assert_eq!((CHECKOUT_RACE.stays, PAID_CREATE_ORDER.stays), (1, 0));
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

//! The table of steps: every operation as journeys take it, under the statistic name of the Locust
//! suite. The order of the table is the order of rows in reports.

use super::events;
use super::operations::{catalogue, identity, inventory, ordering, payments};
use crate::engine::{Method, Operation, Step};

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
    REGISTER = identity::REGISTER_CUSTOMER, "POST /customers", [CUSTOMER_REGISTERED];
    UPDATE_PROFILE = identity::UPDATE_PROFILE, "PUT /customers/{id}/profile", [PROFILE_UPDATED];
    ADD_ADDRESS = identity::ADD_ADDRESS, "POST /customers/{id}/addresses", [ADDRESS_ADDED];
    UPGRADE_TIER = identity::UPGRADE_TIER, "PUT /customers/{id}/tier", [TIER_UPGRADED];
    SUSPEND = identity::SUSPEND_ACCOUNT, "PUT /customers/{id}/suspend", [ACCOUNT_SUSPENDED];
    REACTIVATE = identity::REACTIVATE_ACCOUNT, "PUT /customers/{id}/reactivate", [ACCOUNT_REACTIVATED];
    CLOSE = identity::CLOSE_ACCOUNT, "PUT /customers/{id}/close", [ACCOUNT_CLOSED];

    CREATE_PRODUCT = catalogue::CREATE_PRODUCT, "POST /products", [PRODUCT_CREATED];
    ADD_VARIANT = catalogue::ADD_VARIANT, "POST /products/{id}/variants", [VARIANT_ADDED];
    ADD_IMAGE = catalogue::ADD_IMAGE, "POST /products/{id}/images", [PRODUCT_IMAGE_ADDED];
    ACTIVATE_PRODUCT = catalogue::ACTIVATE_PRODUCT, "PUT /products/{id}/activate", [PRODUCT_ACTIVATED];
    DISCONTINUE_PRODUCT = catalogue::DISCONTINUE_PRODUCT, "PUT /products/{id}/discontinue", [PRODUCT_DISCONTINUED];
    ARCHIVE_PRODUCT = catalogue::ARCHIVE_PRODUCT, "PUT /products/{id}/archive", [PRODUCT_ARCHIVED];
    CREATE_CATEGORY = catalogue::CREATE_CATEGORY, "POST /categories", [CATEGORY_CREATED];
    UPDATE_CATEGORY = catalogue::UPDATE_CATEGORY, "PUT /categories/{id}", [CATEGORY_DETAILS_UPDATED];
    REORDER_CATEGORY = catalogue::REORDER_CATEGORY, "PUT /categories/{id}/reorder", [CATEGORY_REORDERED];
    DEACTIVATE_CATEGORY = catalogue::DEACTIVATE_CATEGORY, "PUT /categories/{id}/deactivate", [CATEGORY_DEACTIVATED];

    CREATE_CART = ordering::CREATE_CART, "POST /carts", [];
    ADD_CART_ITEM = ordering::ADD_CART_ITEM, "POST /carts/{id}/items", [CART_ITEM_ADDED];
    CHECK_OUT_CART = ordering::CHECK_OUT_CART, "POST /carts/{id}/checkout", [ORDER_CREATED stays, CART_CONVERTED];
    ABANDON_CART = ordering::ABANDON_CART, "PUT /carts/{id}/abandon", [CART_ABANDONED];
    CREATE_ORDER = ordering::CREATE_ORDER, "POST /orders", [ORDER_CREATED];
    CONFIRM_ORDER = ordering::CONFIRM_ORDER, "PUT /orders/{id}/confirm", [ORDER_CONFIRMED];
    RECORD_PAYMENT_PENDING = ordering::RECORD_PAYMENT_PENDING, "PUT /orders/{id}/payment/pending", [ORDER_PAYMENT_PENDING];
    RECORD_PAYMENT_SUCCESS = ordering::RECORD_PAYMENT_SUCCESS, "PUT /orders/{id}/payment/success", [ORDER_PAYMENT_SUCCEEDED];
    PROCESS_ORDER = ordering::PROCESS_ORDER, "PUT /orders/{id}/processing", [ORDER_PROCESSING];
    SHIP_ORDER = ordering::SHIP_ORDER, "PUT /orders/{id}/ship", [ORDER_SHIPPED];
    DELIVER_ORDER = ordering::DELIVER_ORDER, "PUT /orders/{id}/deliver", [ORDER_DELIVERED];
    COMPLETE_ORDER = ordering::COMPLETE_ORDER, "PUT /orders/{id}/complete", [ORDER_COMPLETED];
    CANCEL_ORDER = ordering::CANCEL_ORDER, "PUT /orders/{id}/cancel", [ORDER_CANCELLED];
    REFUND_ORDER = ordering::REFUND_ORDER, "PUT /orders/{id}/refund", [ORDER_REFUNDED];
    REQUEST_RETURN = ordering::REQUEST_RETURN, "PUT /orders/{id}/return/request", [RETURN_REQUESTED];
    APPROVE_RETURN = ordering::APPROVE_RETURN, "PUT /orders/{id}/return/approve", [RETURN_APPROVED];
    RECORD_RETURN = ordering::RECORD_RETURN, "PUT /orders/{id}/return/record", [ORDER_RETURNED];

    CREATE_WAREHOUSE = inventory::CREATE_WAREHOUSE, "POST /warehouses", [WAREHOUSE_CREATED];
    INITIALIZE_STOCK = inventory::INITIALIZE_STOCK, "POST /inventory", [STOCK_INITIALIZED];
    RECEIVE_STOCK = inventory::RECEIVE_STOCK, "PUT /inventory/{id}/receive", [STOCK_RECEIVED];
    ADJUST_STOCK = inventory::ADJUST_STOCK, "PUT /inventory/{id}/adjust", [STOCK_ADJUSTED];
    CHECK_STOCK = inventory::CHECK_STOCK, "PUT /inventory/{id}/stock-check", [STOCK_CHECK_RECORDED, STOCK_ADJUSTED];
    RESERVE_STOCK = inventory::RESERVE_STOCK, "POST /inventory/{id}/reserve", [STOCK_RESERVED];
    RELEASE_UNKNOWN_RESERVATION = inventory::RELEASE_UNKNOWN_RESERVATION, "PUT /inventory/{id}/reservations/{id}/release (unknown)", [];
    MARK_DAMAGED = inventory::MARK_DAMAGED, "PUT /inventory/{id}/damage", [STOCK_MARKED_DAMAGED];
    WRITE_OFF = inventory::WRITE_OFF, "PUT /inventory/{id}/damage/write-off", [DAMAGED_STOCK_WRITTEN_OFF];

    INITIATE_PAYMENT = payments::INITIATE_PAYMENT, "POST /payments", [PAYMENT_INITIATED];
    REPEAT_PAYMENT = payments::INITIATE_PAYMENT, "POST /payments (repeated key)", [PAYMENT_INITIATED];
    CONFIRM_PAYMENT = payments::CONFIRM_PAYMENT, "POST /payments/webhook (success)", [PAYMENT_SUCCEEDED];
    REFUSE_PAYMENT = payments::CONFIRM_PAYMENT, "POST /payments/webhook (failure)", [PAYMENT_FAILED];
    RETRY_PAYMENT = payments::RETRY_PAYMENT, "POST /payments/{id}/retry", [PAYMENT_RETRY_INITIATED];
    CONFIRM_RETRIED_PAYMENT = payments::CONFIRM_PAYMENT, "POST /payments/webhook (success after retry)", [PAYMENT_SUCCEEDED];
    REQUEST_REFUND = payments::REQUEST_REFUND, "POST /payments/{id}/refund", [REFUND_REQUESTED];
    CONFIRM_REFUND = payments::CONFIRM_REFUND, "POST /payments/refund/webhook", [REFUND_COMPLETED];
    GENERATE_INVOICE = payments::GENERATE_INVOICE, "POST /invoices", [INVOICE_GENERATED];
    VOID_INVOICE = payments::VOID_INVOICE, "PUT /invoices/{id}/void", [INVOICE_VOIDED];

    E2E_REGISTER = identity::REGISTER_CUSTOMER, "[E2E] POST /customers", [CUSTOMER_REGISTERED];
    E2E_CREATE_PRODUCT = catalogue::CREATE_PRODUCT, "[E2E] POST /products", [PRODUCT_CREATED];
    E2E_ADD_VARIANT = catalogue::ADD_VARIANT, "[E2E] POST /products/{id}/variants", [VARIANT_ADDED];
    E2E_ACTIVATE_PRODUCT = catalogue::ACTIVATE_PRODUCT, "[E2E] PUT /products/{id}/activate", [PRODUCT_ACTIVATED];
    E2E_CREATE_WAREHOUSE = inventory::CREATE_WAREHOUSE, "[E2E] POST /warehouses", [WAREHOUSE_CREATED];
    E2E_INITIALIZE_STOCK = inventory::INITIALIZE_STOCK, "[E2E] POST /inventory", [STOCK_INITIALIZED];
    E2E_CREATE_ORDER = ordering::CREATE_ORDER, "[E2E] POST /orders", [ORDER_CREATED];
    E2E_RESERVE_STOCK = inventory::RESERVE_STOCK, "[E2E] POST /inventory/{id}/reserve", [STOCK_RESERVED];
    E2E_CONFIRM_ORDER = ordering::CONFIRM_ORDER, "[E2E] PUT /orders/{id}/confirm", [ORDER_CONFIRMED];
    E2E_INITIATE_PAYMENT = payments::INITIATE_PAYMENT, "[E2E] POST /payments", [PAYMENT_INITIATED];
    E2E_RECORD_PAYMENT_PENDING = ordering::RECORD_PAYMENT_PENDING, "[E2E] PUT /orders/{id}/payment/pending", [ORDER_PAYMENT_PENDING];
    E2E_CONFIRM_PAYMENT = payments::CONFIRM_PAYMENT, "[E2E] POST /payments/webhook", [PAYMENT_SUCCEEDED];
    E2E_RECORD_PAYMENT_SUCCESS = ordering::RECORD_PAYMENT_SUCCESS, "[E2E] PUT /orders/{id}/payment/success", [ORDER_PAYMENT_SUCCEEDED];
    E2E_SHIP_ORDER = ordering::SHIP_ORDER, "[E2E] PUT /orders/{id}/ship", [ORDER_SHIPPED];
    E2E_DELIVER_ORDER = ordering::DELIVER_ORDER, "[E2E] PUT /orders/{id}/deliver", [ORDER_DELIVERED];
    E2E_GENERATE_INVOICE = payments::GENERATE_INVOICE, "[E2E] POST /invoices", [INVOICE_GENERATED];

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

    SAGA_CREATE_WAREHOUSE = inventory::CREATE_WAREHOUSE, "[SAGA] POST /warehouses", [WAREHOUSE_CREATED];
    SAGA_INITIALIZE_STOCK = inventory::INITIALIZE_STOCK, "[SAGA] POST /inventory", [STOCK_INITIALIZED];
    SAGA_CREATE_ORDER = ordering::CREATE_ORDER, "[SAGA] POST /orders", [ORDER_CREATED];
    SAGA_RESERVE_STOCK = inventory::RESERVE_STOCK, "[SAGA] POST /inventory/{id}/reserve", [STOCK_RESERVED];
    SAGA_CANCEL_ORDER = ordering::CANCEL_ORDER, "[SAGA] PUT /orders/{id}/cancel (compensation)", [ORDER_CANCELLED];
    SAGA_CONFIRM_ORDER = ordering::CONFIRM_ORDER, "[SAGA] PUT /orders/{id}/confirm", [ORDER_CONFIRMED];
    SAGA_INITIATE_PAYMENT = payments::INITIATE_PAYMENT, "[SAGA] POST /payments", [PAYMENT_INITIATED];
    SAGA_RECORD_PAYMENT_PENDING = ordering::RECORD_PAYMENT_PENDING, "[SAGA] PUT /orders/{id}/payment/pending", [ORDER_PAYMENT_PENDING];
    SAGA_CONFIRM_PAYMENT = payments::CONFIRM_PAYMENT, "[SAGA] POST /payments/webhook (success)", [PAYMENT_SUCCEEDED];
    SAGA_RECORD_PAYMENT_SUCCESS = ordering::RECORD_PAYMENT_SUCCESS, "[SAGA] PUT /orders/{id}/payment/success", [ORDER_PAYMENT_SUCCEEDED];
    SAGA_REFUSE_PAYMENT = payments::CONFIRM_PAYMENT, "[SAGA] POST /payments/webhook (failure)", [PAYMENT_FAILED];
    SAGA_RECORD_PAYMENT_FAILURE = ordering::RECORD_PAYMENT_FAILURE, "[SAGA] PUT /orders/{id}/payment/failure", [ORDER_PAYMENT_FAILED];

    STRESS_REGISTER = identity::REGISTER_CUSTOMER, "[STRESS] POST /customers", [CUSTOMER_REGISTERED];
    STRESS_CREATE_PRODUCT = catalogue::CREATE_PRODUCT, "[STRESS] POST /products", [PRODUCT_CREATED];
    STRESS_CREATE_CATEGORY = catalogue::CREATE_CATEGORY, "[STRESS] POST /categories", [CATEGORY_CREATED];
    STRESS_CREATE_VARIANT_PRODUCT = catalogue::CREATE_PRODUCT, "[STRESS] POST /products+variant", [PRODUCT_CREATED];
    STRESS_ADD_VARIANT = catalogue::ADD_VARIANT, "[STRESS] POST /products/{id}/variants", [VARIANT_ADDED];
    STRESS_CREATE_ORDER = ordering::CREATE_ORDER, "[STRESS] POST /orders", [ORDER_CREATED];
    STRESS_INITIALIZE_STOCK = inventory::INITIALIZE_STOCK, "[STRESS] POST /inventory", [STOCK_INITIALIZED];
    STRESS_INITIATE_PAYMENT = payments::INITIATE_PAYMENT, "[STRESS] POST /payments", [PAYMENT_INITIATED];
    STRESS_CREATE_WAREHOUSE = inventory::CREATE_WAREHOUSE, "[STRESS] POST /warehouses", [WAREHOUSE_CREATED];

    SPIKE_REGISTER = identity::REGISTER_CUSTOMER, "[SPIKE] POST /customers", [CUSTOMER_REGISTERED];

    CROSS_FLOOD_REGISTER = identity::REGISTER_CUSTOMER, "[X-FLOOD] POST /customers", [CUSTOMER_REGISTERED];
    CROSS_FLOOD_CREATE_PRODUCT = catalogue::CREATE_PRODUCT, "[X-FLOOD] POST /products", [PRODUCT_CREATED];
    CROSS_FLOOD_ADD_VARIANT = catalogue::ADD_VARIANT, "[X-FLOOD] POST /products/{id}/variants", [VARIANT_ADDED];
    CROSS_FLOOD_CREATE_ORDER = ordering::CREATE_ORDER, "[X-FLOOD] POST /orders", [ORDER_CREATED];
    CROSS_FLOOD_CONFIRM_ORDER = ordering::CONFIRM_ORDER, "[X-FLOOD] PUT /orders/{id}/confirm", [ORDER_CONFIRMED];
    CROSS_FLOOD_INITIALIZE_STOCK = inventory::INITIALIZE_STOCK, "[X-FLOOD] POST /inventory", [STOCK_INITIALIZED];
    CROSS_FLOOD_RECEIVE_STOCK = inventory::RECEIVE_STOCK, "[X-FLOOD] PUT /inventory/{id}/receive", [STOCK_RECEIVED];
    CROSS_FLOOD_INITIATE_PAYMENT = payments::INITIATE_PAYMENT, "[X-FLOOD] POST /payments", [PAYMENT_INITIATED];
    CROSS_FLOOD_CONFIRM_PAYMENT = payments::CONFIRM_PAYMENT, "[X-FLOOD] POST /payments/webhook", [PAYMENT_SUCCEEDED];

    ASK_RESERVE = inventory::RACING_RESERVATION, "[PROBE] POST /inventory/{id}/reserve", [];
    ASK_RETURN = ordering::RECORD_RETURN, "[PROBE] PUT /orders/{id}/return/record", [];
    ASK_PROCESS = ordering::PROCESS_ORDER, "[PROBE] PUT /orders/{id}/processing", [];
    ASK_QUANTITY = ordering::CHANGE_UNKNOWN_ITEM, "[PROBE] PUT /orders/{id}/items/{id}/quantity (unknown)", [];
    ASK_TIMELINE = ordering::READ_TIMELINE, "[PROBE] GET /orders/{id}/timeline", [];
    ASK_FAILURE = payments::CONFIRM_PAYMENT, "[PROBE] POST /payments/webhook", [];
    ASK_REFUND = payments::CONFIRM_REFUND, "[PROBE] POST /payments/refund/webhook", [];
}

/// The steps that journeys take only when an option of the run asks for it: probes beyond the
/// Locust suite.
pub const PROBES: [&Step; 2] = [RELEASE_UNKNOWN_RESERVATION, REPEAT_PAYMENT];

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

/// Every operation that journeys use without options, in the order of the table of steps; one that
/// several steps call comes several times.
pub fn called_operations() -> impl Iterator<Item = &'static Operation> {
    let is_probe = |step: &Step| PROBES.iter().any(|probe| probe.index == step.index);
    let steps = STEPS
        .iter()
        .filter(move |step| !is_probe(step) && !is_asked(step));
    steps.map(|step| step.operation)
}

/// Method and path template of every operation that journeys use without options, each once, in
/// the order of the table of steps.
pub fn used_operations() -> impl Iterator<Item = (Method, &'static str)> {
    let endpoint = |operation: &Operation| (operation.method, operation.path);
    called_operations()
        .enumerate()
        .filter_map(move |(position, operation)| {
            let mut earlier = called_operations().take(position);
            let is_new = !earlier.any(|known| endpoint(known) == endpoint(operation));
            is_new.then(|| endpoint(operation))
        })
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
        assert_eq!(SPIKE_REGISTER.name, "[SPIKE] POST /customers");
        assert!(std::ptr::eq(
            CLOSE,
            &raw const STEPS[usize::from(CLOSE.index)]
        ));
    }

    #[test]
    fn no_step_raises_more_than_there_is_room_for() {
        for step in &STEPS {
            assert!(step.raises.len() <= MOST_RAISED, "{}", step.name);
            assert!(step.stays <= step.raises.len(), "{}", step.name);
        }
        assert_eq!((CHECK_OUT_CART.stays, CREATE_ORDER.stays), (1, 0));
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

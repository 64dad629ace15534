//! Bodies of the Ordering domain keep the contract.

use super::limits::{Field, Fields, Limit, PLACE};
use super::{Kind, PAYLOADS, kind, picked_share};
use crate::shop::payloads::OrderingBodies;

const CART_ITEM: Fields = &[
    ("product_id", Limit::Unique("prod-", "")),
    ("variant_id", Limit::Hex("var-", 8)),
    ("quantity", Limit::Whole(1, 3)),
];
const CHECKOUT: Fields = &[
    ("shipping", Limit::Object(PLACE)),
    ("billing", Limit::Object(PLACE)),
    (
        "payment_method",
        Limit::OneOf(&["credit_card", "debit_card", "wallet"]),
    ),
];

const ITEM: Fields = &[
    ("product_id", Limit::Hex("prod-", 8)),
    ("variant_id", Limit::Hex("var-", 8)),
    ("sku", Limit::Sku("ORD-")),
    TITLE,
    QUANTITY,
    UNIT_PRICE,
];
const TITLE: Field = ("title", Limit::UpTo(100));
const QUANTITY: Field = ("quantity", Limit::Whole(1, 5));
const UNIT_PRICE: Field = ("unit_price", Limit::Decimal(9.99, 199.99, 2));

const ORDER: Fields = &order(Limit::List(2, 2, ITEM));
const ORDER_OF_THREE: Fields = &order(Limit::List(3, 3, ITEM));
const MADE_UP_CUSTOMER: Limit = Limit::Hex("cust-", 8);

const fn order(items: Limit) -> [Field; 8] {
    [
        ("customer_id", MADE_UP_CUSTOMER),
        ("items", items),
        ("shipping_address", Limit::Object(PLACE)),
        ("billing_address", Limit::Object(PLACE)),
        ("shipping_cost", Limit::Decimal(0.0, 15.99, 2)),
        ("tax_total", Limit::Decimal(0.0, 25.0, 2)),
        ("discount_total", Limit::Decimal(0.0, 0.0, 2)),
        ("currency", Limit::Is("USD")),
    ]
}

const PAYMENT_ID: Field = ("payment_id", Limit::Given(0));
const CREDIT_CARD: Field = ("payment_method", Limit::Is("credit_card"));

const fn paid(most: f64) -> [Field; 3] {
    [
        PAYMENT_ID,
        ("amount", Limit::Decimal(29.99, most, 2)),
        CREDIT_CARD,
    ]
}

const fn cancellation(reason: &'static str, cancelled_by: &'static str) -> [Field; 2] {
    [
        ("reason", Limit::Is(reason)),
        ("cancelled_by", Limit::Is(cancelled_by)),
    ]
}

/// Every kind of body and its limits.
pub fn kinds(ordering: &OrderingBodies) -> Vec<Kind<'_>> {
    let OrderingBodies {
        carts,
        cart_items,
        checkouts,
        orders,
        orders_of_three,
        order_items,
        payment_pendings,
        lower_payment_successes,
        return_records,
        single_quantity,
        customer_cancellation,
    } = ordering;
    vec![
        kind("carts", carts, &[("customer_id", MADE_UP_CUSTOMER)]),
        kind("cart_items", cart_items, CART_ITEM),
        kind("checkouts", checkouts, CHECKOUT),
        kind("orders", orders, ORDER),
        kind("orders_of_three", orders_of_three, ORDER_OF_THREE),
        kind("order_items", order_items, ITEM),
        kind(
            "payment_pendings",
            payment_pendings,
            &[PAYMENT_ID, CREDIT_CARD],
        ),
        kind(
            "lower_payment_successes",
            lower_payment_successes,
            const { &paid(199.99) },
        ),
        kind(
            "return_records",
            return_records,
            &[("returned_item_ids", Limit::Null)],
        ),
        kind(
            "single_quantity",
            single_quantity,
            &[("new_quantity", Limit::Whole(1, 1))],
        ),
        kind(
            "customer_cancellation",
            customer_cancellation,
            const { &cancellation("Changed my mind", "customer") },
        ),
    ]
}

#[test]
fn quantities_are_spread_evenly() {
    for quantity in 1..=3 {
        let share = picked_share(&PAYLOADS.ordering.cart_items, |body| {
            body["quantity"] == quantity
        });
        assert!((share - 1.0 / 3.0).abs() < 0.04, "{quantity}: {share}");
    }
    for quantity in 1..=5 {
        let share = picked_share(&PAYLOADS.ordering.order_items, |body| {
            body["quantity"] == quantity
        });
        assert!((share - 0.2).abs() < 0.04, "{quantity}: {share}");
    }
}

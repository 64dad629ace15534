//! Bodies of the Ordering domain keep the contract.

use super::limits::{Field, Fields, Limit, PLACE};
use super::{Kind, PAYLOADS, bodies, cents, kind, picked_share, run_id, text_of};
use crate::plan::RunId;
use crate::shop::payloads::{OrderingBodies, Payloads};
use crate::shop::{Domain, Generation};
use serde_json::{Map, Value};
use std::collections::HashSet;

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
const GIVEN_ITEM: Fields = &[
    ("product_id", Limit::Given(1)),
    ("variant_id", Limit::Given(2)),
    ("sku", Limit::Given(2)),
    TITLE,
    QUANTITY,
    UNIT_PRICE,
];
const TITLE: Field = ("title", Limit::UpTo(100));
const QUANTITY: Field = ("quantity", Limit::Whole(1, 5));
const UNIT_PRICE: Field = ("unit_price", Limit::Decimal(9.99, 199.99, 2));

const ORDER: Fields = &order(MADE_UP_CUSTOMER, Limit::List(2, 2, ITEM));
const ORDER_OF_THREE: Fields = &order(MADE_UP_CUSTOMER, Limit::List(3, 3, ITEM));
const CUSTOMER_ORDER: Fields = &order(Limit::Given(0), Limit::List(2, 2, GIVEN_ITEM));
const KNOWN_CUSTOMER_ORDER: Fields = &order(Limit::Given(0), Limit::List(2, 2, ITEM));
const MADE_UP_CUSTOMER: Limit = Limit::Hex("cust-", 8);

const fn order(customer: Limit, items: Limit) -> [Field; 8] {
    [
        ("customer_id", customer),
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

/// Two times five items of 199.99, shipping and tax.
const LARGEST_TOTAL: f64 = 2.0 * 5.0 * 199.99 + 15.99 + 25.0;
const TOTAL_PAID: Fields = &[
    PAYMENT_ID,
    ("amount", Limit::Decimal(2.0 * 9.99, LARGEST_TOTAL, 2)),
    CREDIT_CARD,
];

const SHIPMENT: Fields = &[
    ("shipment_id", Limit::Unique("ship-", "")),
    ("carrier", Limit::OneOf(&["FedEx", "UPS", "USPS", "DHL"])),
    ("tracking_number", Limit::Unique("TRK", "")),
    ("estimated_delivery", Limit::That(is_soon)),
];

/// A date 1 to 13 days after the tests' run, which starts on 15 January 2027.
fn is_soon(text: &str) -> bool {
    ("2027-01-16"..="2027-01-28").contains(&text) && text.len() == 10
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
        customer_orders,
        customer_order_payments,
        known_customer_orders,
        order_items,
        payment_pendings,
        payment_successes,
        lower_payment_successes,
        payment_failures,
        shipments,
        return_requests,
        return_records,
        single_quantity,
        customer_cancellation,
        out_of_stock_cancellation,
        payment_failed_cancellation,
        full_refund,
    } = ordering;
    vec![
        kind("carts", carts, &[("customer_id", MADE_UP_CUSTOMER)]),
        kind("cart_items", cart_items, CART_ITEM),
        kind("checkouts", checkouts, CHECKOUT),
        kind("orders", orders, ORDER),
        kind("orders_of_three", orders_of_three, ORDER_OF_THREE),
        kind("customer_orders", customer_orders, CUSTOMER_ORDER),
        kind(
            "customer_order_payments",
            customer_order_payments,
            TOTAL_PAID,
        ),
        kind(
            "known_customer_orders",
            known_customer_orders,
            KNOWN_CUSTOMER_ORDER,
        ),
        kind("order_items", order_items, ITEM),
        kind(
            "payment_pendings",
            payment_pendings,
            &[PAYMENT_ID, CREDIT_CARD],
        ),
        kind(
            "payment_successes",
            payment_successes,
            const { &paid(299.99) },
        ),
        kind(
            "lower_payment_successes",
            lower_payment_successes,
            const { &paid(199.99) },
        ),
        kind(
            "payment_failures",
            payment_failures,
            &[PAYMENT_ID, ("reason", Limit::Is("Card declined"))],
        ),
        kind("shipments", shipments, SHIPMENT),
        kind(
            "return_requests",
            return_requests,
            &[("reason", Limit::Is("Item damaged in transit"))],
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
        kind(
            "out_of_stock_cancellation",
            out_of_stock_cancellation,
            const { &cancellation("Out of stock", "system") },
        ),
        kind(
            "payment_failed_cancellation",
            payment_failed_cancellation,
            const { &cancellation("Payment failed", "system") },
        ),
        kind(
            "full_refund",
            full_refund,
            &[("refund_amount", Limit::Null)],
        ),
    ]
}

/// What an order comes to, in cents.
fn total_cents(order: &Map<String, Value>) -> i64 {
    let items = order["items"].as_array().unwrap().iter();
    let items: i64 = items
        .map(|item| item["quantity"].as_i64().unwrap() * cents(&item["unit_price"]))
        .sum();
    items + cents(&order["shipping_cost"]) + cents(&order["tax_total"])
        - cents(&order["discount_total"])
}

#[test]
fn what_is_paid_for_an_order_is_its_total() {
    let orders = bodies(&PAYLOADS.ordering.customer_orders);
    let recorded: Vec<_> = bodies(&PAYLOADS.ordering.customer_order_payments).collect();
    let paid: Vec<_> = bodies(&PAYLOADS.payments.order_total_payments).collect();
    let totals: Vec<i64> = orders.map(|order| total_cents(&order)).collect();
    assert_eq!((totals.len(), totals.len()), (recorded.len(), paid.len()));
    for (index, total) in totals.iter().enumerate() {
        assert_eq!(cents(&recorded[index]["amount"]), *total);
        assert_eq!(cents(&paid[index]["amount"]), *total);
    }
    assert!(totals.iter().collect::<HashSet<_>>().len() > 400);
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

#[test]
fn parcels_arrive_on_thirteen_days_after_the_start_of_the_run() {
    let days: HashSet<String> = bodies(&PAYLOADS.ordering.shipments)
        .map(|body| text_of(&body, "estimated_delivery").to_owned())
        .collect();
    assert_eq!(days.len(), 13);

    let new_years_eve = RunId::new(1_798_761_599_999, 1, 1);
    let payloads = Payloads::new(1, &new_years_eve, Generation::Five, &Domain::ALL);
    let days = bodies(&payloads.ordering.shipments);
    let days = days.map(|body| text_of(&body, "estimated_delivery").to_owned());
    let days: HashSet<String> = days.collect();
    let expected = (1..=13).map(|day| format!("2027-01-{day:02}")).collect();
    assert_eq!(days, expected);
    assert_ne!(new_years_eve, run_id(1));
}

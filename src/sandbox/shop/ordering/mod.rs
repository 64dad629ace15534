//! Ordering: carts and orders.

mod bodies;
mod cart;
mod cart_commands;
mod cart_views;
mod order;
mod order_commands;
mod order_details;
mod order_views;

use super::{Endpoint, PARAMETER as ID, endpoint};
use bodies::{
    ADDRESS_CHOICE, CANCELLATION, COUPON, FAILED_PAYMENT, IDLE_THRESHOLD, MERGER, NEW_CART,
    NEW_CART_ITEM, NEW_ORDER, NEW_QUANTITY, ORDER_ITEM, PARTIAL_SHIPMENT, PENDING_PAYMENT, REFUND,
    RETURN_REASON, RETURNED_ITEMS, SHIPMENT, SUCCEEDED_PAYMENT,
};

pub use bodies::ADDRESS;
pub use cart::Cart;
pub use order::Order;
pub use order_commands::{deliver, settle_cancel, settle_pending, settle_shipment, settle_success};

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("POST", &["carts"], Some(&NEW_CART), cart_commands::create),
    endpoint(
        "POST",
        &["carts", ID, "items"],
        Some(&NEW_CART_ITEM),
        cart_commands::add_item,
    ),
    endpoint(
        "PUT",
        &["carts", ID, "items", ID],
        Some(&NEW_QUANTITY),
        cart_commands::update_quantity,
    ),
    endpoint(
        "DELETE",
        &["carts", ID, "items", ID],
        None,
        cart_commands::remove_item,
    ),
    endpoint(
        "POST",
        &["carts", ID, "coupons"],
        Some(&COUPON),
        cart_commands::apply_coupon,
    ),
    endpoint(
        "POST",
        &["carts", ID, "checkout"],
        Some(&ADDRESS_CHOICE),
        cart_commands::check_out,
    ),
    endpoint(
        "PUT",
        &["carts", ID, "abandon"],
        None,
        cart_commands::abandon,
    ),
    endpoint(
        "POST",
        &["carts", ID, "merge"],
        Some(&MERGER),
        cart_commands::merge,
    ),
    endpoint(
        "POST",
        &["orders"],
        Some(&NEW_ORDER),
        order_commands::create,
    ),
    endpoint(
        "POST",
        &["orders", ID, "items"],
        Some(&ORDER_ITEM),
        order_commands::add_item,
    ),
    endpoint(
        "DELETE",
        &["orders", ID, "items", ID],
        None,
        order_commands::remove_item,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "items", ID, "quantity"],
        Some(&NEW_QUANTITY),
        order_commands::update_quantity,
    ),
    endpoint(
        "POST",
        &["orders", ID, "coupon"],
        Some(&COUPON),
        order_commands::apply_coupon,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "confirm"],
        None,
        order_commands::confirm,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "payment", "pending"],
        Some(&PENDING_PAYMENT),
        order_commands::record_payment_pending,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "payment", "success"],
        Some(&SUCCEEDED_PAYMENT),
        order_commands::record_payment_success,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "payment", "failure"],
        Some(&FAILED_PAYMENT),
        order_commands::record_payment_failure,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "processing"],
        None,
        order_commands::process,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "ship"],
        Some(&SHIPMENT),
        order_commands::ship,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "ship", "partial"],
        Some(&PARTIAL_SHIPMENT),
        order_commands::ship_partly,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "deliver"],
        None,
        order_commands::deliver,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "complete"],
        None,
        order_commands::complete,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "return", "request"],
        Some(&RETURN_REASON),
        order_commands::request_return,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "return", "approve"],
        None,
        order_commands::approve_return,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "return", "record"],
        Some(&RETURNED_ITEMS),
        order_commands::record_return,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "cancel"],
        Some(&CANCELLATION),
        order_commands::cancel,
    ),
    endpoint(
        "PUT",
        &["orders", ID, "refund"],
        Some(&REFUND),
        order_commands::refund,
    ),
];

/// What today's shop has besides.
pub const READS: &[Endpoint] = &[
    endpoint("GET", &["carts", ID], None, cart_views::read),
    Endpoint {
        body_is_optional: true,
        ..endpoint(
            "POST",
            &["carts", "maintenance", "detect-abandoned"],
            Some(&IDLE_THRESHOLD),
            cart_commands::detect_abandoned,
        )
    },
    endpoint("GET", &["orders"], None, order_views::list),
    endpoint("GET", &["orders", ID], None, order_views::read),
    endpoint(
        "GET",
        &["orders", ID, "summary"],
        None,
        order_views::read_summary,
    ),
    endpoint(
        "GET",
        &["orders", ID, "timeline"],
        None,
        order_views::read_timeline,
    ),
];

//! Operations of the Ordering domain.

use super::{act, change, contended, create, read};
use crate::engine::Operation;

const CONFIRM_PATH: &str = "/orders/{order_id}/confirm";
const CANCEL_PATH: &str = "/orders/{order_id}/cancel";
const CHECKOUT_PATH: &str = "/carts/{cart_id}/checkout";
const PAYMENT_SUCCESS_PATH: &str = "/orders/{order_id}/payment/success";

/// Raises nothing.
pub static CREATE_CART: Operation = create("/carts", "cart_id");
/// Raises `Ordering.CartItemAdded`. Answers 200.
pub static ADD_CART_ITEM: Operation = act("/carts/{cart_id}/items");
/// A cart is checked out in a race: here the order's id counts.
pub static RACING_CHECKOUT: Operation = contended(create(CHECKOUT_PATH, "order_id"));
/// Raises `Ordering.OrderCreated`.
pub static CREATE_ORDER: Operation = create("/orders", "order_id");
/// Raises `Ordering.ItemAdded`. Answers 200; only races take it.
pub static RACING_ITEM: Operation = contended(act("/orders/{order_id}/items"));
/// Raises `Ordering.OrderConfirmed`.
pub static CONFIRM_ORDER: Operation = change(CONFIRM_PATH);
/// [`CONFIRM_ORDER`] in a race.
pub static RACING_CONFIRMATION: Operation = contended(change(CONFIRM_PATH));
/// Raises `Ordering.PaymentPending`.
pub static RECORD_PAYMENT_PENDING: Operation = change("/orders/{order_id}/payment/pending");
/// A payment's success is recorded in a race.
pub static RACING_PAYMENT_SUCCESS: Operation = contended(change(PAYMENT_SUCCESS_PATH));
/// Raises `Ordering.OrderProcessing`.
pub static PROCESS_ORDER: Operation = change("/orders/{order_id}/processing");
/// Raises `Ordering.OrderReturned`.
pub static RECORD_RETURN: Operation = change("/orders/{order_id}/return/record");
/// An order is cancelled in a race.
pub static RACING_CANCELLATION: Operation = contended(change(CANCEL_PATH));
/// The quantity of an item that there is not: the shop refuses it in every state, and says whether
/// the order's items may be changed, in other words when they may not.
pub static CHANGE_UNKNOWN_ITEM: Operation =
    change("/orders/{order_id}/items/00000000-0000-4000-8000-000000000000/quantity");
/// What happened to an order, event by event, once the engines have told of it. Not in
/// [`Generation::Five`](crate::shop::Generation::Five).
pub static READ_TIMELINE: Operation = read("/orders/{order_id}/timeline");

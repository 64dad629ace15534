//! What engines of today's shop do when something has happened in another domain: the checkout saga,
//! stock, money and fulfillments of orders that are given up, stock of new variants, orders that a
//! carrier has or has delivered, and messages to customers. (Measured from without; the
//! conditions are the source's.)

use super::projections::{Message, MessageKind, Notice, Projections, Saga};
use super::ring_store::ThingKey;
use super::{
    EndpointAnswer, EndpointCall, Shop, Work, fulfillment, inventory, notifications, ordering,
    payments,
};
use crate::sandbox::pipeline::Domain;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;

/// Payments that fail so often are the end of the order.
const MOST_ATTEMPTS: u8 = 3;
/// What the saga says that it pays with.
const METHOD: &str = "credit_card";

/// What an engine asks the shop for.
pub type EngineCommand = Box<dyn FnOnce(&mut Work<'_>)>;

impl Shop {
    /// Has the engines do what is due, and what they ask for done by the thread whose shard is
    /// `home`.
    pub fn run_engines(&self, home: usize) {
        let Some(engines) = self.engines() else {
            return;
        };
        for command in engines.tick(self.pipeline(), react) {
            let mut work = Work::new(self, home);
            command(&mut work);
            // An engine that comes too late asks no more; the real one would try again, to find
            // that somebody else has done what it wanted.
            let _ = work.into_pending().commit(self);
        }
    }
}

/// What the engines that run ask for.
pub fn react(views: &mut Projections, notice: Notice) -> Vec<EngineCommand> {
    let domain = match notice {
        Notice::VariantAdded | Notice::OrderCancelled(_) => Domain::Inventory,
        Notice::OrderReturned(_) => Domain::Payments,
        Notice::FulfillmentObsolete(_) => Domain::Fulfillment,
        Notice::CustomerRegistered { .. } | Notice::Tell(_) | Notice::NotificationCreated(_) => {
            Domain::Notifications
        }
        _ => Domain::Ordering,
    };
    if !views.notices(domain) {
        return Vec::new();
    }
    match notice {
        Notice::VariantAdded => vec![Box::new(inventory::begin_stock)],
        Notice::OrderCancelled(order) => release(views, order),
        Notice::OrderReturned(order) => payments::paid_for(views, order)
            .map(|(payment, amount)| -> EngineCommand {
                // Somebody else may have asked before.
                Box::new(move |work| drop(payments::refund(work, &payment, amount)))
            })
            .into_iter()
            .collect(),
        Notice::FulfillmentObsolete(order) => {
            vec![Box::new(move |work| fulfillment::give_up(work, order))]
        }
        Notice::CustomerRegistered {
            customer,
            first_name,
        } => vec![Box::new(move |work| welcome(work, customer, &first_name))],
        Notice::Tell(message) => vec![Box::new(move |work| notifications::tell(work, &message))],
        Notice::NotificationCreated(key) => {
            vec![Box::new(move |work| notifications::dispatch(work, key))]
        }
        Notice::ShipmentHandedOff {
            order,
            fulfillment,
            carrier,
            tracking_number,
        } => vec![command(order, move |work, call| {
            let fulfillment = fulfillment.uuid().to_string();
            ordering::settle_shipment(work, call, [&fulfillment, &carrier, &tracking_number])
        })],
        Notice::DeliveryConfirmed(order) => vec![command(order, ordering::deliver)],
        _ => go_on(views, notice).into_iter().collect(),
    }
}

/// A new customer has preferences, and is welcomed.
fn welcome(work: &mut Work<'_>, customer: String, first_name: &str) {
    notifications::begin_preferences(work, &customer);
    let message = Message {
        kind: MessageKind::Welcome,
        recipient: customer,
        subject: format!("Welcome to ShopStream, {first_name}!"),
    };
    notifications::tell(work, &message);
}

/// What was reserved for an order is released when the order is given up.
fn release(views: &mut Projections, order: ThingKey) -> Vec<EngineCommand> {
    let reserved = inventory::take_reserved(views, order).into_iter();
    reserved
        .map(|(item, quantity)| -> EngineCommand {
            Box::new(move |work| {
                if inventory::release(work, item, quantity).is_ok() && work.shows(Domain::Inventory)
                {
                    work.show(item, move |views, _| {
                        views.tell(Notice::ReservationReleased(order, "order_cancelled"));
                    });
                }
            })
        })
        .collect()
}

/// Takes the saga of a checkout further.
fn go_on(views: &mut Projections, notice: Notice) -> Option<EngineCommand> {
    match notice {
        Notice::OrderConfirmed(order) => {
            let is_reserved = views.sagas.row(order).copied() == Some(Saga::Reserved);
            views.sagas.put(order, Saga::UnderWay);
            is_reserved.then(|| ask_for_payment(order))
        }
        Notice::StockReserved(order) => match views.sagas.row(order) {
            None => {
                views.sagas.put(order, Saga::Reserved);
                None
            }
            Some(Saga::Reserved) => None,
            Some(Saga::UnderWay | Saga::Over) => Some(ask_for_payment(order)),
        },
        Notice::PaymentSucceeded {
            order,
            payment,
            amount,
        } => end(views, order).then(|| {
            command(order, move |work, call| {
                let payment = payment.uuid().to_string();
                ordering::settle_success(work, call, &payment, amount, METHOD)
            })
        }),
        Notice::PaymentFailed {
            order,
            attempt,
            reason,
        } => {
            let is_last = attempt >= MOST_ATTEMPTS && end(views, order);
            is_last.then(|| cancel(order, format!("Payment failed: {reason}")))
        }
        Notice::ReservationReleased(order, reason) => end(views, order)
            .then(|| cancel(order, format!("Inventory reservation released: {reason}"))),
        _ => None,
    }
}

/// The saga of an order is over; tells whether it was under way.
fn end(views: &mut Projections, order: ThingKey) -> bool {
    match views.sagas.row(order) {
        Some(saga @ Saga::UnderWay) => {
            *saga = Saga::Over;
            true
        }
        _ => false,
    }
}

/// A command for an order. That the order does not take it is no fault: somebody was faster.
fn command(
    order: ThingKey,
    act: impl FnOnce(&mut Work<'_>, &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> + 'static,
) -> EngineCommand {
    Box::new(move |work| {
        let id = order.uuid().to_string();
        let call = EndpointCall {
            parameters: &[&id],
            fields: &Fields::NONE,
            query: None,
        };
        let _ = act(work, &call);
    })
}

fn ask_for_payment(order: ThingKey) -> EngineCommand {
    command(order, move |work, call| {
        let payment = format!("saga-pay-{}", call.id());
        ordering::settle_pending(work, call, &payment, METHOD)
    })
}

fn cancel(order: ThingKey, reason: String) -> EngineCommand {
    command(order, move |work, call| {
        ordering::settle_cancel(work, call, &reason, "System")
    })
}

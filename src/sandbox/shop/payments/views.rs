//! What reads show of payments.

use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::Payments;
use crate::sandbox::python_text::float_repr;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::{
    EventMoment, Message, MessageKind, Notice, ProjectionRow, Projections,
};
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use uuid::Uuid;

pub fn read(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "PaymentStatusView", |views| {
        &mut views.payment_status
    })
}

pub fn initiate(work: &mut Work<'_>, id: Uuid, fields: &Fields<'_>) {
    if !work.shows(Payments) {
        return;
    }
    let [order, customer, currency] = [0, 1, 3].map(|index| fields.required_text(index).to_owned());
    let amount = fields.required_number(2);
    let key = ThingKey::of(id);
    work.show(key, move |views, moment| {
        let row = ProjectionRow(vec![
            ("payment_id", id.into()),
            ("order_id", order.into()),
            ("customer_id", customer.into()),
            ("amount", amount.into()),
            ("currency", currency.into()),
            ("status", "Pending".into()),
            ("gateway_transaction_id", Json::Null),
            ("attempt_count", 1.into()),
            ("failure_reason", Json::Null),
            ("total_refunded", 0.0.into()),
            ("created_at", moment.raised()),
            ("updated_at", moment.raised()),
        ]);
        views.payment_status.put(key, row);
    });
}

/// Has `change` applied to the payment's row; tells the order, when it is one.
fn update(
    views: &mut Projections,
    moment: &EventMoment<'_>,
    key: ThingKey,
    change: impl FnOnce(&mut ProjectionRow),
) -> Option<ThingKey> {
    let row = views.payment_status.row(key)?;
    row.set("updated_at", moment.raised());
    change(row);
    ThingKey::read(row.text("order_id"))
}

pub fn succeed(work: &mut Work<'_>, key: ThingKey, transaction: &str) {
    if !work.shows(Payments) {
        return;
    }
    let transaction = transaction.to_owned();
    work.show(key, move |views, moment| {
        let mut amount = 0.0;
        let [mut customer, mut currency] = [String::new(), String::new()];
        let order = update(views, moment, key, |row| {
            row.set("status", "Succeeded");
            row.set("gateway_transaction_id", transaction);
            amount = row.number("amount");
            customer.push_str(row.text("customer_id"));
            currency.push_str(row.text("currency"));
        });
        views.tell_somebody(|| Message {
            kind: MessageKind::PaymentReceipt,
            recipient: customer,
            subject: format!("Payment Receipt - {currency} {}", float_repr(amount)),
        });
        if let Some(order) = order {
            views.tell(Notice::PaymentSucceeded {
                order,
                payment: key,
                amount,
            });
        }
    });
}

pub fn fail(work: &mut Work<'_>, key: ThingKey, attempts: u8, reason: &str) {
    if !work.shows(Payments) {
        return;
    }
    let reason = reason.to_owned();
    work.show(key, move |views, moment| {
        let order = update(views, moment, key, |row| {
            row.set("status", "Failed");
            row.set("failure_reason", reason.as_str());
            row.set("attempt_count", i64::from(attempts));
        });
        if let Some(order) = order {
            views.tell(Notice::PaymentFailed {
                order,
                attempt: attempts,
                reason,
            });
        }
    });
}

pub fn retry(work: &mut Work<'_>, key: ThingKey, attempts: u8) {
    if !work.shows(Payments) {
        return;
    }
    work.show(key, move |views, moment| {
        update(views, moment, key, |row| {
            row.set("status", "Pending");
            row.set("failure_reason", Json::Null);
            row.set("attempt_count", i64::from(attempts));
        });
    });
}

pub fn request_refund(work: &mut Work<'_>, key: ThingKey) {
    if !work.shows(Payments) {
        return;
    }
    work.show(key, move |views, moment| {
        update(views, moment, key, |_| {});
    });
}

pub fn complete_refund(work: &mut Work<'_>, key: ThingKey, amount: f64) {
    if !work.shows(Payments) {
        return;
    }
    work.show(key, move |views, moment| {
        update(views, moment, key, |row| {
            let refunded = row.number("total_refunded") + amount;
            row.set("total_refunded", refunded);
            let is_all = refunded >= row.number("amount");
            let status = if is_all {
                "Refunded"
            } else {
                "Partially_Refunded"
            };
            row.set("status", status);
        });
    });
}

/// What was paid for an order: the payment, and how much.
pub fn paid_for(views: &mut Projections, order: ThingKey) -> Option<(String, f64)> {
    let order = order.uuid().to_string();
    let is_paid = |row: &&mut ProjectionRow| {
        row.text("order_id") == order && row.text("status") == "Succeeded"
    };
    let row = views.payment_status.rows().find(is_paid)?;
    Some((row.text("payment_id").to_owned(), row.number("amount")))
}

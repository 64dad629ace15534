//! What clients and the gateway can do with payments.

use super::{Payment, views};
use crate::sandbox::bugs::Bug;
use crate::sandbox::json_text::write_text;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::message_store::check_storable;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::events;
use crate::stats::Event;
use uuid::Uuid;

/// The same idempotency key makes another payment.
pub fn initiate(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let amount = call.fields.required_number(2);
    check_storable(&[amount])?;
    let payment_id = work.create(Payment::of(amount));
    work.raise(&events::PAYMENT_INITIATED);
    views::initiate(work, payment_id, call.fields);
    Ok(EndpointAnswer::Created("payment_id", payment_id))
}

/// Loads the payment, lets `rule` change it, and saves it. Tells its key, and what `rule` told.
fn change<T>(
    work: &mut Work<'_>,
    id: &str,
    event: &'static Event,
    rule: impl FnOnce(&mut Payment) -> Result<T, Refusal>,
) -> Result<(ThingKey, T), Refusal> {
    let mut payment = work.load::<Payment>(id)?;
    let key = payment.key();
    let told = rule(&mut payment)?;
    work.save(payment);
    work.raise(event);
    Ok((key, told))
}

/// One word is success; every other one is failure.
pub fn process_webhook(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let id = fields.required_text(0);
    if fields.required_text(2) == "succeeded" {
        let transaction = fields.text(1);
        let (key, ()) = change(work, id, &events::PAYMENT_SUCCEEDED, |payment| {
            payment.succeed(transaction)
        })?;
        views::succeed(work, key, transaction.unwrap_or_default());
    } else {
        let (key, attempts) = change(work, id, &events::PAYMENT_FAILED, |payment| {
            payment.fail()?;
            Ok(payment.attempts())
        })?;
        let reason = fields.filled_text(3).unwrap_or("Unknown failure");
        views::fail(work, key, attempts, reason);
    }
    Ok(EndpointAnswer::Ok(r#"{"status":"processed"}"#))
}

pub fn retry(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let event = &events::PAYMENT_RETRY_INITIATED;
    let (key, attempts) = change(work, call.id(), event, |payment| {
        payment.retry()?;
        Ok(payment.attempts())
    })?;
    views::retry(work, key, attempts);
    Ok(EndpointAnswer::Ok(r#"{"status":"retry_initiated"}"#))
}

pub fn request_refund(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let amount = call.fields.required_number(0);
    check_storable(&[amount])?;
    refund(work, call.id(), amount).map(told_refund)
}

/// A client or an engine asks for money back.
pub fn refund(work: &mut Work<'_>, payment_id: &str, amount: f64) -> Result<Uuid, Refusal> {
    let random = fastrand::u128(..).to_be_bytes();
    let refund_id = uuid::Builder::from_random_bytes(random).into_uuid();
    let event = &events::REFUND_REQUESTED;
    let (key, ()) = change(work, payment_id, event, |payment| {
        payment.request_refund(refund_id, amount)
    })?;
    views::request_refund(work, key);
    Ok(refund_id)
}

fn told_refund(id: Uuid) -> EndpointAnswer {
    EndpointAnswer::Told(format!(r#"{{"refund_id":"{id}"}}"#))
}

pub fn process_refund_webhook(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let id = fields.required_text(0);
    let mut payment = work.load::<Payment>(id)?;
    let amount = if work.strikes(Bug::DoubleRefund) {
        payment.complete_refund_again(fields.required_text(1))?
    } else {
        payment.complete_refund(fields.required_text(1))?
    };
    let key = payment.key();
    work.save_with_fault(payment, LostRaceFault::unchecked(Bug::DoubleRefund));
    work.raise(&events::REFUND_COMPLETED);
    views::complete_refund(work, key, amount);
    Ok(EndpointAnswer::Ok(r#"{"status":"refund_processed"}"#))
}

/// Tells what the gateway is set to, which nobody ever notices: it is never charged. (The
/// gateway's name is the shop's source's, not a measured one.)
pub fn configure_gateway(
    _work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let should_succeed = call.fields.boolean(0);
    let mut body =
        format!(r#"{{"gateway":"FakeGateway","should_succeed":{should_succeed},"failure_reason":"#);
    write_text(call.fields.required_text(1), &mut body);
    body.push('}');
    Ok(EndpointAnswer::Told(body))
}

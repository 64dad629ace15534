//! Journeys of the Payments domain.

use crate::engine::{Id, Journey, Link, Session};
use crate::shop::steps::{
    CONFIRM_PAYMENT, CONFIRM_REFUND, CONFIRM_RETRIED_PAYMENT, GENERATE_INVOICE, INITIATE_PAYMENT,
    REFUSE_PAYMENT, REPEAT_PAYMENT, REQUEST_REFUND, RETRY_PAYMENT, VOID_INVOICE,
};
use crate::shop::{JourneyOption, Supplies};

/// Initiate a payment; the gateway confirms it. Raises 2 events.
pub async fn payment_success<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.payments;
    let payment = if supplies.settings.options.has(JourneyOption::RepeatedKey) {
        payment_under_a_repeated_key(user, supplies).await?
    } else {
        user.call(INITIATE_PAYMENT)
            .body(&bodies.payments)
            .id()
            .await?
    };
    user.call(CONFIRM_PAYMENT)
        .body(&bodies.successes)
        .with(&[payment])
        .or_continue()
        .await?;
    Ok(())
}

/// Sends one payment twice under one key, the second time at once. Today's shop does not look at
/// keys and makes two payments of it; the first one counts.
async fn payment_under_a_repeated_key<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Result<Id, crate::engine::Abort> {
    let bodies = &supplies.payloads.payments.keyed_payments;
    let key = [user.local_id(&supplies.prefixes.idempotency_key)];
    let body = bodies.pick(user.rng());
    let payment = user
        .call(INITIATE_PAYMENT)
        .body_at(bodies, body)
        .with(&key)
        .id()
        .await?;
    user.call(REPEAT_PAYMENT)
        .body_at(bodies, body)
        .with(&key)
        .at_once()
        .or_continue()
        .await?;
    Ok(payment)
}

/// Initiate a payment; the gateway refuses it, then confirms the second try. Raises 4 events.
pub async fn payment_failure_retry<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.payments;
    let payment = user
        .call(INITIATE_PAYMENT)
        .body(&bodies.payments)
        .id()
        .await?;
    user.call(REFUSE_PAYMENT)
        .body(&bodies.failures)
        .with(&[payment])
        .or_continue()
        .await?;
    user.call(RETRY_PAYMENT).on(&payment).or_continue().await?;
    user.call(CONFIRM_RETRIED_PAYMENT)
        .body(&bodies.successes)
        .with(&[payment])
        .or_continue()
        .await?;
    Ok(())
}

/// Initiate a payment, let the gateway confirm it, and get all of it back. Raises 4 events.
pub async fn payment_refund<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.payments;
    let amount = bodies.payments.pick(user.rng());
    let payment = user
        .call(INITIATE_PAYMENT)
        .body_at(&bodies.payments, amount)
        .id()
        .await?;
    user.call(CONFIRM_PAYMENT)
        .body(&bodies.successes)
        .with(&[payment])
        .or_abort()
        .await?;
    let refund = user
        .call(REQUEST_REFUND)
        .on(&payment)
        .body_at(&bodies.refunds, amount)
        .id()
        .await?;
    user.call(CONFIRM_REFUND)
        .body(&bodies.refund_confirmations)
        .with(&[payment, refund])
        .or_continue()
        .await?;
    Ok(())
}

/// Generate an invoice and void it. Raises 2 events.
pub async fn invoice<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.payments;
    let invoice = user
        .call(GENERATE_INVOICE)
        .body(&bodies.invoices)
        .id()
        .await?;
    user.call(VOID_INVOICE)
        .on(&invoice)
        .body(&bodies.invoice_void)
        .or_continue()
        .await?;
    Ok(())
}

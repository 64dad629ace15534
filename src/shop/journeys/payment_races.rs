//! Races over payments, and what the gateway tells of them.

use crate::engine::{Journey, Link, Racer, Session};
use crate::shop::Supplies;
use crate::shop::ledger::{
    END_IS_THE_END, ONE_PAYMENT_A_KEY, REFUND_WAS_ASKED_FOR, WEBHOOK_COUNTS_ONCE, WEBHOOKS_EXCLUDE,
    at_most_one, one_payment_a_key, was_refused,
};
use crate::shop::races::{CONTRADICTING_WEBHOOKS, DUPLICATE_WEBHOOK, SAME_IDEMPOTENCY_KEY};
use crate::shop::steps::{
    ASK_FAILURE, ASK_REFUND, CONTRADICT_INITIATE, CONTRADICT_RACE_FAILURE, CONTRADICT_RACE_SUCCESS,
    KEY_RACE_INITIATE, WEBHOOK_INITIATE, WEBHOOK_RACE_SUCCESS,
};
use crate::stats::Outcome;

/// The gateway's word of a success comes twice at once.
pub async fn duplicate_webhook<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.payments;
    user.begin_log();
    let payment = user
        .call(WEBHOOK_INITIATE)
        .body(&bodies.payments)
        .id()
        .await?;
    let ids = [payment];
    let succeed = Racer::of(WEBHOOK_RACE_SUCCESS)
        .body(&bodies.successes)
        .with(&ids)
        .times(2);
    let racers = user.race(DUPLICATE_WEBHOOK, &[succeed]).await?;
    let found = at_most_one(user.log(), &racers, "the webhook of one payment");
    user.settle(WEBHOOK_COUNTS_ONCE, found);
    Ok(())
}

/// The gateway tells success and failure at once; then, out of order, a failure after the end and
/// a refund that nobody asked for.
pub async fn contradicting_webhooks<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.payments;
    user.begin_log();
    let payment = user
        .call(CONTRADICT_INITIATE)
        .body(&bodies.payments)
        .id()
        .await?;
    let ids = [payment];
    let succeed = Racer::of(CONTRADICT_RACE_SUCCESS)
        .body(&bodies.successes)
        .with(&ids);
    let fail = Racer::of(CONTRADICT_RACE_FAILURE)
        .body(&bodies.failures)
        .with(&ids)
        .side(1);
    let racers = user.race(CONTRADICTING_WEBHOOKS, &[succeed, fail]).await?;
    let found = at_most_one(user.log(), &racers, "success or failure of one payment");
    user.settle(WEBHOOKS_EXCLUDE, found);

    let entries = user.log().entries();
    let ended_by = racers
        .clone()
        .find(|&index| entries[index].outcome == Outcome::Success);
    if let Some(ended_by) = ended_by {
        let failed = user
            .call(ASK_FAILURE)
            .body(&bodies.failures)
            .with(&ids)
            .probe()
            .await;
        let asked = failed.unwrap_or(None);
        let found = was_refused(user.log(), ended_by, asked, "the failure of a payment");
        user.settle(END_IS_THE_END, found);
        failed?;
    }
    let ids = [payment, user.local_id(&supplies.prefixes.payment)];
    let refunded = user
        .call(ASK_REFUND)
        .body(&bodies.refund_confirmations)
        .with(&ids)
        .probe()
        .await;
    let asked = refunded.unwrap_or(None);
    let found = was_refused(user.log(), 0, asked, "a refund that nobody asked for");
    user.settle(REFUND_WAS_ASKED_FOR, found);
    refunded.map(drop)
}

/// Two payments with one idempotency key at once.
pub async fn same_idempotency_key<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let key = user.local_id(&supplies.prefixes.idempotency_key);
    let ids = [key];
    let pay = Racer::of(KEY_RACE_INITIATE)
        .body_at(&supplies.payloads.payments.keyed_payments, 0)
        .with(&ids)
        .times(2);
    let racers = user.race(SAME_IDEMPOTENCY_KEY, &[pay]).await?;
    let found = one_payment_a_key(user.log(), &racers);
    user.settle(ONE_PAYMENT_A_KEY, found);
    Ok(())
}

//! Races over refunds.

use super::raced::REFUNDS;
use crate::engine::{Abort, Id, Journey, Link, Racer, Session, Step};
use crate::shop::Supplies;
use crate::shop::ledger::{
    REFUNDED_ONCE, REFUNDS_ASKED, REFUNDS_PAID, at_most_one, within_payment,
};
use crate::shop::races::{CONCURRENT_REFUNDS, DUPLICATE_REFUND_WEBHOOK};
use crate::shop::steps::{
    REFUNDS_COMPLETE, REFUNDS_CONFIRM, REFUNDS_INITIATE, REFUNDS_RACE_REQUEST, TWICE_CONFIRM,
    TWICE_INITIATE, TWICE_RACE_COMPLETE, TWICE_REQUEST,
};

/// A payment that succeeded: its id, and the place of its body.
async fn paid<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    (initiate, confirm): (&'static Step, &'static Step),
) -> Result<(Id, usize), Abort> {
    let bodies = &supplies.payloads.payments;
    user.begin_log();
    let chosen = bodies.payments.pick(user.rng());
    let payment = user
        .call(initiate)
        .body_at(&bodies.payments, chosen)
        .id()
        .await?;
    user.call(confirm)
        .body(&bodies.successes)
        .with(&[payment])
        .or_abort()
        .await?;
    Ok((payment, chosen))
}

/// 3 refunds of the whole payment at once; then all that were accepted are done, one after the
/// other.
pub async fn concurrent_refunds<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.payments;
    let steps = (REFUNDS_INITIATE, REFUNDS_CONFIRM);
    let (payment, chosen) = paid(user, supplies, steps).await?;
    let ask = Racer::of(REFUNDS_RACE_REQUEST)
        .on(&payment)
        .body_at(&bodies.refunds, chosen)
        .times(REFUNDS);
    let asked = user.race(CONCURRENT_REFUNDS, &[ask]).await?;
    let first = user.log().entries().len();
    let found = within_payment(user.log(), 0, asked.clone(), |index| index, "asked back");
    user.settle(REFUNDS_ASKED, found);

    // The request that each completion belongs to.
    let mut completed_by = [0; REFUNDS];
    let mut completed = 0;
    let mut ended = Ok(());
    for index in asked {
        let Some(refund) = user.log().id(index) else {
            continue;
        };
        completed_by[completed] = index;
        let done = user
            .call(REFUNDS_COMPLETE)
            .body(&bodies.refund_confirmations)
            .with(&[payment, refund])
            .or_continue()
            .await;
        if let Err(abort) = done {
            ended = Err(abort);
            break;
        }
        completed += 1;
    }
    let completions = first..first + completed;
    let asked_by = |index: usize| completed_by[index - first];
    let found = within_payment(user.log(), 0, completions, asked_by, "paid back");
    user.settle(REFUNDS_PAID, found);
    ended
}

/// The gateway's word that a refund is done comes twice at once.
pub async fn duplicate_refund_webhook<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.payments;
    let (payment, chosen) = paid(user, supplies, (TWICE_INITIATE, TWICE_CONFIRM)).await?;
    let refund = user
        .call(TWICE_REQUEST)
        .on(&payment)
        .body_at(&bodies.refunds, chosen)
        .id()
        .await?;
    let ids = [payment, refund];
    let complete = Racer::of(TWICE_RACE_COMPLETE)
        .body(&bodies.refund_confirmations)
        .with(&ids)
        .times(2);
    let racers = user.race(DUPLICATE_REFUND_WEBHOOK, &[complete]).await?;
    let found = at_most_one(user.log(), &racers, "the webhook of one refund");
    user.settle(REFUNDED_ONCE, found);
    Ok(())
}

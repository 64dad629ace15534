//! Races over orders and carts that the Locust suite has not.

use super::raced::CHECKOUTS;
use crate::engine::{Id, Journey, Link, Racer, Session};
use crate::shop::ledger::{
    CANCELLED_IS_REFUNDED, CANCELLED_OR_PAID, END_IS_THE_END, ONE_ORDER_A_CART, Stored,
    at_most_one, cancelled_is_refunded, cancelled_or_paid, is_cancelled, was_refused,
};
use crate::shop::races::{CANCEL_AGAINST_PAID, CONCURRENT_CHECKOUT};
use crate::shop::steps::{
    ASK_PROCESS, ASK_RETURN, ASK_TIMELINE, CHECKOUT_ADD_ITEM, CHECKOUT_CREATE_CART, CHECKOUT_RACE,
    PAID_CONFIRM_ORDER, PAID_CREATE_ORDER, PAID_RACE_CANCEL, PAID_RACE_SUCCESS,
    PAID_RECORD_PENDING,
};
use crate::shop::{Generation, Supplies};
use crate::stats::{Correction, Corrections, Outcome};

/// Before each look at an order's timeline: engines that are idle write it within half a second.
const READ_PAUSES_NS: [u64; 4] = [0, 300_000_000, 500_000_000, 1_000_000_000];

/// Cancel an order while the order itself learns that it is paid: two changes of one thing, of
/// which the later one must see the earlier.
pub async fn cancel_against_paid<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    user.begin_log();
    let order = user
        .call(PAID_CREATE_ORDER)
        .body(&bodies.orders)
        .id()
        .await?;
    user.call(PAID_CONFIRM_ORDER).on(&order).or_abort().await?;
    let ids = [user.local_id(&supplies.prefixes.payment)];
    user.call(PAID_RECORD_PENDING)
        .on(&order)
        .body(&bodies.payment_pendings)
        .with(&ids)
        .or_abort()
        .await?;
    let cancel = Racer::of(PAID_RACE_CANCEL)
        .on(&order)
        .body(&bodies.customer_cancellation);
    let pay = Racer::of(PAID_RACE_SUCCESS)
        .on(&order)
        .body(&bodies.lower_payment_successes)
        .with(&ids)
        .side(1);
    let racers = user.race(CANCEL_AGAINST_PAID, &[cancel, pay]).await?;
    let (cancels, pays) = (racers.start, racers.start + 1);

    let told = user
        .call(ASK_RETURN)
        .on(&order)
        .body(&bodies.return_records)
        .probe()
        .await;
    let state = told.unwrap_or(None);
    let found = cancelled_or_paid(user.log(), cancels, pays, state);
    user.settle(CANCELLED_OR_PAID, found);
    let stored = match supplies.generation {
        // It refuses the payment of a cancelled order.
        Generation::Five => Stored::Certainly,
        Generation::Today => {
            let by_race = Stored::of(user.log(), cancels, pays, state);
            find_out(user, supplies, &order, by_race).await
        }
    };
    let found = cancelled_is_refunded(user.log(), cancels, (pays, stored), state);
    user.settle(CANCELLED_IS_REFUNDED, found);
    told?;

    if let Some(state) = state.filter(|&state| is_cancelled(user.log(), state)) {
        let processed = user.call(ASK_PROCESS).on(&order).probe().await;
        let asked = processed.unwrap_or(None);
        let found = was_refused(user.log(), state, asked, "processing a cancelled order");
        user.settle(END_IS_THE_END, found);
        processed?;
    }
    Ok(())
}

/// What an accepted payment came to, by the order's timeline where the race does not tell; then
/// corrects what it counted for.
async fn find_out<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    order: &Id,
    by_race: Stored,
) -> Stored {
    let stored = match by_race.is_certain() {
        true => by_race,
        false => by_timeline(user, supplies, order).await.unwrap_or(by_race),
    };
    let accepted = user.log().entries().iter().any(|entry| {
        entry.step.index == PAID_RACE_SUCCESS.index && entry.outcome == Outcome::Success
    });
    if accepted {
        let mut corrections = Corrections::default();
        corrections[0] = match stored {
            Stored::Certainly => Correction::default(),
            Stored::CertainlyNot => Correction::NOT_RAISED,
            Stored::Likely => Correction {
                may_be_less: 1,
                ..Correction::default()
            },
            Stored::Unlikely => Correction {
                may_be_more: 1,
                ..Correction::NOT_RAISED
            },
        };
        user.correct(PAID_RACE_SUCCESS, &corrections);
    }
    stored
}

/// What the timeline of a cancelled order says. The engines write it, some time later, or never.
async fn by_timeline<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    order: &Id,
) -> Option<Stored> {
    if !supplies.has_reads() {
        return None;
    }
    for pause_ns in READ_PAUSES_NS {
        user.rest(pause_ns).await.ok()?;
        let index = user.call(ASK_TIMELINE).on(order).probe().await.ok()??;
        let stored = Stored::by_timeline(user.log().reply(index));
        if stored.is_some() {
            supplies.note_read(true);
            return stored;
        }
    }
    supplies.note_read(false);
    None
}

/// 3 checkouts of one cart at once.
pub async fn concurrent_checkout<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    user.begin_log();
    let cart = user
        .call(CHECKOUT_CREATE_CART)
        .body(&bodies.carts)
        .id()
        .await?;
    user.call(CHECKOUT_ADD_ITEM)
        .on(&cart)
        .body(&bodies.cart_items)
        .or_abort()
        .await?;
    let check_out = Racer::of(CHECKOUT_RACE)
        .on(&cart)
        .body(&bodies.checkouts)
        .times(CHECKOUTS);
    let racers = user.race(CONCURRENT_CHECKOUT, &[check_out]).await?;
    let found = at_most_one(user.log(), &racers, "checking out one cart");
    user.settle(ONE_ORDER_A_CART, found);
    Ok(())
}

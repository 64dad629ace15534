//! The flash sale by the clock: everybody who is free goes for the next round's item when that is due,
//! on whatever machine. Also what a request for an item that all share comes to.

use crate::engine::{AwaitedStart, Id, Journey, Link, LoggedExchange, Racer, Session};
use crate::shop::Supplies;
use crate::shop::generators::inventory::REORDER_POINT;
use crate::shop::ledger::{NOT_OVERSOLD, Sale, happened, may_have_happened, pieces_wanted};
use crate::shop::races::FLASH_SALE;
use crate::shop::steps::FLASH_RESERVE;
use crate::shop::timed_sale::{TimedRound, TimedSale, Turn};
use crate::stats::{Corrections, Outcome, Round};

/// What a user rests that came too late for a round that it meant to be in.
const MISSED_NS: u64 = 2_000_000;

/// Takes part in the next round that the user is free for. Raises as much as a reservation of the sale does.
pub(super) async fn by_the_clock<L: Link>(
    user: &mut Session<L>,
    (supplies, timed): (&Supplies, &TimedSale),
) -> Journey {
    loop {
        let start_ns = user.run_start_ns();
        let elapsed_ns = user.link().now_ns().saturating_sub(start_ns);
        let Some(turn) = timed.enter(elapsed_ns) else {
            return user.sit_out().await;
        };
        let went = go_for(user, (supplies, timed), &turn).await;
        if !matches!(went, Ok(true)) {
            end_round(user, (supplies, timed), timed.withdraw(turn.round));
        }
        if went? {
            return Ok(());
        }
        let due_ns = start_ns + turn.due_ns;
        let late_ns = due_ns.saturating_sub(user.link().now_ns());
        user.rest(late_ns + MISSED_NS).await?;
    }
}

/// Goes for the item of a round. Returns false when the user was not ready in time.
async fn go_for<L: Link>(
    user: &mut Session<L>,
    (supplies, timed): (&Supplies, &TimedSale),
    turn: &Turn,
) -> Result<bool, crate::engine::Abort> {
    let at_ns = user.run_start_ns() + turn.due_ns;
    let gathers_ns = at_ns.saturating_sub(timed.gathers_before_ns());
    let wait_ns = gathers_ns.saturating_sub(user.link().now_ns());
    if wait_ns > 0 {
        user.rest(wait_ns).await?;
    }
    user.begin_log();
    let reserve = Racer::of(FLASH_RESERVE)
        .on(&turn.item)
        .body(&supplies.payloads.inventory.flash_reservations);
    let crowd = AwaitedStart::Due { at_ns };
    let Some((index, _)) = user.race_in_crowd(crowd, reserve).await? else {
        return Ok(false);
    };
    take(user, supplies, &turn.item);
    let reserved = user.log().entries()[index].outcome;
    note_low_stock(user, supplies, reserved);
    let left_ns = user.last_left_ns();
    let ended = timed.deposit(turn.round, (user.log(), index), left_ns);
    end_round(user, (supplies, timed), ended);
    Ok(true)
}

/// Writes down what came of a round on this machine, when it is over there.
fn end_round<L: Link>(
    user: &mut Session<L>,
    (supplies, timed): (&Supplies, &TimedSale),
    ended: Option<TimedRound>,
) {
    let Some(round) = ended else {
        return;
    };
    let entries = round.log.entries();
    let seen = user.seen(entries, round.last_left_ns);
    let first_ns = first_sent_ns(entries);
    let stock = u64::from(supplies.settings.stock);
    let sale = Sale::of(&round.log, stock, None, 0..entries.len(), None);
    let told = Round {
        spread_us: seen.spread_us.unwrap_or(0),
        overlapped: seen.overlapped,
        shard: timed.clock().shard,
        ..sale.round(round.number)
    };
    user.observe_race(FLASH_SALE, &seen);
    user.end_round(told, first_ns);
    timed.end_round(round);
}

/// Nobody adds up what all have taken: whether little is left is not known.
pub(super) fn note_low_stock<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    reserved: Outcome,
) {
    if reserved == Outcome::Success && supplies.settings.stock > REORDER_POINT + 1 {
        let mut low = Corrections::default();
        low[1].may_be_less = 1;
        user.correct(FLASH_RESERVE, &low);
    }
}

/// Counts what the user's request, the first of its log, took of the item that all share.
pub(super) fn take<L: Link>(user: &mut Session<L>, supplies: &Supplies, item: &Id) {
    let log = user.log();
    let Some(entry) = log.entries().first() else {
        return;
    };
    let pieces = pieces_wanted(log, 0);
    let granted = if happened(entry) { pieces } else { 0 };
    let unknown = if may_have_happened(entry) { pieces } else { 0 };
    let stock = u64::from(supplies.settings.stock);
    user.take_shared((NOT_OVERSOLD, item.as_str()), stock, (granted, unknown));
}

/// When the first of these requests was sent; 0 when none was.
pub(super) fn first_sent_ns(entries: &[LoggedExchange]) -> u64 {
    let sent = entries.iter().filter_map(|entry| entry.sent_ns);
    sent.min().unwrap_or(0)
}

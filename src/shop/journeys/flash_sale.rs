//! The flash sale: all users reserve from one item with a few pieces.
//!
//! In rounds, each with a fresh item that everybody goes for at the same moment, one round after the
//! other or by the clock; or, as in the Locust suite, one item for the whole run and nobody waits for
//! anybody.

use super::timed_sale::{by_the_clock, first_sent_ns, note_low_stock, take};
use crate::engine::{Arena, AwaitedStart, Id, Journey, Link, Racer, Session, SetUpFailure, Step};
use crate::shop::Supplies;
use crate::shop::generators::inventory::REORDER_POINT;
use crate::shop::ledger::{NOT_OVERSOLD, NOT_UNDERSOLD, Sale};
use crate::shop::races::FLASH_SALE;
use crate::shop::sale::{ClosedRound, SaleRole, Ticket};
use crate::shop::steps::{
    ASK_RESERVE, FLASH_CREATE_WAREHOUSE, FLASH_INITIALIZE_STOCK, FLASH_RESERVE,
};
use crate::stats::Round;

/// How often each request of the set-up is tried.
const ATTEMPTS: u32 = 5;
/// Pause before the second attempt; each further one is twice as long.
const FIRST_PAUSE_NS: u64 = 100_000_000;

/// Reserve 1 to 3 pieces of the shared item. Raises 2 events when the reservation is won and what is
/// left is not above the reorder point; of the usual 10 pieces it never is.
pub async fn stampede<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    if let Some(timed) = &supplies.timed {
        return by_the_clock(user, (supplies, timed)).await;
    }
    if supplies.has_rounds() {
        return in_rounds(user, supplies).await;
    }
    let bodies = &supplies.payloads.inventory;
    let Some(item) = supplies.flash_item() else {
        // No run starts without the item. A pass that sends nothing would never yield.
        return user.sit_out().await;
    };
    user.begin_log();
    let reserved = user
        .call(FLASH_RESERVE)
        .on(item)
        .body(&bodies.flash_reservations)
        .or_continue()
        .await?;
    take(user, supplies, item);
    note_low_stock(user, supplies, reserved);
    Ok(())
}

/// Takes part in the next round. A user that is done leaves the crowd.
async fn in_rounds<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let sale = &supplies.sale;
    user.join_crowd(sale.barrier());
    let ended = next_round(user, supplies).await;
    if user.is_stopped() {
        user.leave_crowd(sale.barrier());
    }
    ended
}

async fn next_round<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let sale = &supplies.sale;
    loop {
        match user.wait_for(|| sale.enter()).await? {
            SaleRole::Over => {
                user.leave_crowd(sale.barrier());
                return user.sit_out().await;
            }
            SaleRole::Host(warehouse) => host(user, supplies, warehouse).await?,
            SaleRole::Contender(ticket) => {
                if go_for(user, supplies, &ticket).await? {
                    return Ok(());
                }
            }
        }
    }
}

/// Makes the round's item. If the shop does not take it, somebody tries again.
async fn host<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    warehouse: Option<Id>,
) -> Journey {
    let warehouse = warehouse.unwrap_or_else(|| user.local_id(&supplies.prefixes.warehouse));
    user.begin_log();
    let item = user
        .call(FLASH_INITIALIZE_STOCK)
        .body(&supplies.flash_stocks)
        .with(&[warehouse])
        .aside()
        .id()
        .await;
    match item {
        Ok(item) => supplies.sale.open(item, user.log()),
        Err(abort) => {
            supplies.sale.give_up_hosting();
            return Err(abort);
        }
    }
    Ok(())
}

/// Goes for the item with everybody else. Returns false when they went without the user.
async fn go_for<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    ticket: &Ticket,
) -> Result<bool, crate::engine::Abort> {
    let sale = &supplies.sale;
    let crowd = AwaitedStart::Gathered {
        barrier: sale.barrier(),
        start: ticket.start,
    };
    let reserve = Racer::of(FLASH_RESERVE)
        .on(&ticket.item)
        .body(&supplies.payloads.inventory.flash_reservations);
    let Some((index, crowd)) = user.race_in_crowd(crowd, reserve).await? else {
        return Ok(false);
    };
    let left = (user.last_left_ns(), crowd);
    if let Some(round) = sale.deposit(user.log(), index, left) {
        judge(user, supplies, &ticket.item, round).await?;
    }
    Ok(true)
}

/// Judges a round that everybody has deposited for.
async fn judge<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
    item: &Id,
    mut round: ClosedRound,
) -> Journey {
    let racers = 1..round.log.entries().len();
    let asked = user
        .call(ASK_RESERVE)
        .on(item)
        .body(&supplies.payloads.inventory.absurd_reservation)
        .probe()
        .await;
    let probe = asked.unwrap_or(None).map(|index| {
        round.log.adopt(user.log(), index);
        racers.end
    });
    let stock = u64::from(supplies.settings.stock);
    let seen = user.seen(&round.log.entries()[racers.clone()], round.last_left_ns);
    let first_ns = first_sent_ns(&round.log.entries()[racers.clone()]);
    let sale = Sale::of(&round.log, stock, Some(0), racers, probe);
    let (oversold, undersold) = (sale.not_oversold(), sale.not_undersold());
    let told = Round {
        spread_us: seen.spread_us.unwrap_or(0),
        overlapped: seen.overlapped,
        ..sale.round(round.number)
    };
    let corrections = sale.corrections(u64::from(REORDER_POINT));
    user.correct(FLASH_RESERVE, &corrections);
    user.observe_race(FLASH_SALE, &seen);
    user.settle_by(NOT_OVERSOLD, oversold, &round.log);
    user.settle_by(NOT_UNDERSOLD, undersold, &round.log);
    user.end_round(told, first_ns);
    supplies.sale.end_round(round);
    asked.map(drop)
}

/// Puts up the item, once a run and before the users start. Raises 2 events.
///
/// # Errors
/// When the shop does not take the item: there is nothing to compete for.
pub async fn set_up<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Result<(), SetUpFailure> {
    let bodies = &supplies.payloads.inventory;
    let warehouse = persist(user, FLASH_CREATE_WAREHOUSE, &bodies.warehouses, &[]).await;
    // The shop does not check whether the warehouse is there, and neither does the Locust suite.
    let warehouse = warehouse.unwrap_or_else(|| user.local_id(&supplies.prefixes.warehouse));
    if let Some(timed) = &supplies.timed {
        let mut items = Vec::new();
        for _ in 0..timed.clock().rounds {
            let stock = &supplies.flash_stocks;
            let item = persist(user, FLASH_INITIALIZE_STOCK, stock, &[warehouse]).await;
            items.push(item.ok_or_else(|| failure(user))?);
        }
        timed.put_up(items);
        return Ok(());
    }
    if supplies.has_rounds() {
        supplies.sale.use_warehouse(warehouse);
        return Ok(());
    }
    let stock = &supplies.flash_stocks;
    let item = persist(user, FLASH_INITIALIZE_STOCK, stock, &[warehouse]).await;
    supplies.put_up_flash_item(item.ok_or_else(|| failure(user))?);
    Ok(())
}

/// Tries `step` until it gives an id, at most [`ATTEMPTS`] times.
async fn persist<L: Link>(
    user: &mut Session<L>,
    step: &'static Step,
    bodies: &Arena,
    with: &[Id],
) -> Option<Id> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            user.pause(FIRST_PAUSE_NS << (attempt - 1));
        }
        if let Ok(id) = user.call(step).body(bodies).with(with).id().await {
            return Some(id);
        }
    }
    None
}

fn failure<L: Link>(user: &Session<L>) -> SetUpFailure {
    let why = match user.trouble() {
        None => "the run was over before".to_owned(),
        Some(trouble) if trouble.status == 0 => {
            format!(
                "{ATTEMPTS} attempts, the last without a reply: {}",
                trouble.reason.as_str()
            )
        }
        Some(trouble) => format!(
            "{ATTEMPTS} attempts, the last answered {}: {}; see whether the shop is well, for \
             example with `shopblast --profile smoke`",
            trouble.status,
            trouble.reason.as_str()
        ),
    };
    SetUpFailure {
        what: "the flash sale's item",
        why,
    }
}

//! The race for the last pieces of an item, by one user on many connections.

use super::raced::RESERVATIONS;
use crate::engine::{Journey, Link, Racer, Session};
use crate::shop::Supplies;
use crate::shop::generators::inventory::REORDER_POINT;
use crate::shop::ledger::{NOT_OVERSOLD, NOT_UNDERSOLD, Sale};
use crate::shop::races::LAST_PIECES;
use crate::shop::steps::{ASK_RESERVE, LAST_INITIALIZE_STOCK, LAST_RACE_RESERVE};

/// Pieces of the item.
const STOCK: u64 = 3;

/// 12 reservations of 1 to 3 pieces at once, of the last 3 pieces.
pub async fn last_pieces<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.inventory;
    user.begin_log();
    let warehouse = user.local_id(&supplies.prefixes.warehouse);
    let item = user
        .call(LAST_INITIALIZE_STOCK)
        .body(&bodies.warehouse_stocks_of_3)
        .with(&[warehouse])
        .id()
        .await?;
    let reserve = Racer::of(LAST_RACE_RESERVE)
        .on(&item)
        .body(&bodies.flash_reservations)
        .times(RESERVATIONS);
    let racers = user.race(LAST_PIECES, &[reserve]).await?;
    let asked = user
        .call(ASK_RESERVE)
        .on(&item)
        .body(&bodies.absurd_reservation)
        .probe()
        .await;
    let sale = Sale::of(user.log(), STOCK, Some(0), racers, asked.unwrap_or(None));
    let (oversold, undersold) = (sale.not_oversold(), sale.not_undersold());
    let corrections = sale.corrections(u64::from(REORDER_POINT));
    user.correct(LAST_RACE_RESERVE, &corrections);
    user.settle(NOT_OVERSOLD, oversold);
    user.settle(NOT_UNDERSOLD, undersold);
    asked.map(drop)
}

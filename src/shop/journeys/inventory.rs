//! Journeys of the Inventory domain.

use crate::engine::{Journey, Link, Session};
use crate::shop::steps::{
    ADJUST_STOCK, CHECK_STOCK, CREATE_WAREHOUSE, INITIALIZE_STOCK, MARK_DAMAGED, RECEIVE_STOCK,
    RELEASE_UNKNOWN_RESERVATION, RESERVE_STOCK, WRITE_OFF,
};
use crate::shop::{JourneyOption, Supplies};
use crate::stats::{Correction, Corrections, Outcome};

/// Pieces that [`stock_init_and_receive`] begins with.
const FIRST_PIECES: usize = 100;
/// Pieces of the smallest receipt: of body 0 of `receipts`.
const FEWEST_RECEIVED: usize = 10;
/// Pieces of the smallest count: of body 0 of `stock_counts`.
const FEWEST_COUNTED: usize = 95;

/// Create a warehouse, put stock in, receive more, lose some, count. Raises 6 events.
///
/// As in the Locust suite the count ignores what was lost, so the shop finds 1 to 5 pieces too many
/// and adjusts its stock: the sixth event. With [`JourneyOption::MatchingCount`] it counts right.
pub async fn stock_init_and_receive<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.inventory;
    let warehouse = user
        .call(CREATE_WAREHOUSE)
        .body(&bodies.warehouses)
        .id()
        .await?;
    let item = user
        .call(INITIALIZE_STOCK)
        .body(&bodies.warehouse_stocks_of_100)
        .with(&[warehouse])
        .id()
        .await?;
    let mut pieces = FIRST_PIECES;
    let receipt = bodies.receipts.pick(user.rng());
    let received = user
        .call(RECEIVE_STOCK)
        .on(&item)
        .body_at(&bodies.receipts, receipt)
        .or_continue()
        .await?;
    if received == Outcome::Success {
        pieces += FEWEST_RECEIVED + receipt;
    }
    let shrinkage = bodies.shrinkages.pick(user.rng());
    let adjusted = user
        .call(ADJUST_STOCK)
        .on(&item)
        .body_at(&bodies.shrinkages, shrinkage)
        .or_continue()
        .await?;
    if adjusted == Outcome::Success && supplies.settings.options.has(JourneyOption::MatchingCount) {
        pieces -= shrinkage + 1;
    }
    let count = pieces - FEWEST_COUNTED;
    let checked = user
        .call(CHECK_STOCK)
        .on(&item)
        .body_at(&bodies.stock_counts, count)
        .or_continue()
        .await?;
    if checked == Outcome::Success {
        let on_record = [received, adjusted];
        let matches = adjusted != Outcome::Success
            || supplies.settings.options.has(JourneyOption::MatchingCount);
        user.correct(CHECK_STOCK, &adjustment(on_record, matches));
    }
    Ok(())
}

/// What a count raised beside what its success tells: no adjustment where it `matches` what is on
/// record, which is not known when a change of it is not.
fn adjustment(changes: [Outcome; 2], matches: bool) -> Corrections {
    let mut corrections = Corrections::default();
    let is_open = changes
        .iter()
        .any(|change| matches!(change, Outcome::Unknown | Outcome::Failed));
    let open = i64::from(is_open);
    corrections[1] = match matches {
        true => Correction {
            may_be_more: open,
            ..Correction::NOT_RAISED
        },
        false => Correction {
            may_be_less: open,
            ..Correction::default()
        },
    };
    corrections
}

/// Put stock in and reserve 1 to 5 pieces of it. Raises 2 events.
pub async fn reservation_lifecycle<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.inventory;
    let item = user
        .call(INITIALIZE_STOCK)
        .body(&bodies.stocks_of_50)
        .id()
        .await?;
    user.call(RESERVE_STOCK)
        .on(&item)
        .body(&bodies.reservations)
        .or_abort()
        .await?;
    Ok(())
}

/// Put stock in and reserve 3 pieces of it. Raises 2 events.
///
/// Despite its name, which is the Locust suite's, nothing is released: the shop never tells a
/// reservation's id. With [`JourneyOption::ReleaseProbe`] a made-up one is released, in vain.
pub async fn reservation_release<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.inventory;
    let item = user
        .call(INITIALIZE_STOCK)
        .body(&bodies.stocks_of_50)
        .id()
        .await?;
    user.call(RESERVE_STOCK)
        .on(&item)
        .body(&bodies.reservations_of_3)
        .or_abort()
        .await?;
    if supplies.settings.options.has(JourneyOption::ReleaseProbe) {
        user.call(RELEASE_UNKNOWN_RESERVATION)
            .on(&item)
            .body(&bodies.releases)
            .or_continue()
            .await?;
    }
    Ok(())
}

/// Put stock in, find 5 pieces damaged, write them off. Raises 3 events.
pub async fn damage_write_off<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.inventory;
    let item = user
        .call(INITIALIZE_STOCK)
        .body(&bodies.stocks_of_100)
        .id()
        .await?;
    user.call(MARK_DAMAGED)
        .on(&item)
        .body(&bodies.damage_of_5)
        .or_continue()
        .await?;
    user.call(WRITE_OFF)
        .on(&item)
        .body(&bodies.write_off_of_5)
        .or_continue()
        .await?;
    Ok(())
}

//! The flash sale: all users reserve from one item with 10 pieces.

use crate::engine::{Arena, Id, Journey, Link, Session, SetUpFailure, Step};
use crate::shop::Supplies;
use crate::shop::steps::{FLASH_CREATE_WAREHOUSE, FLASH_INITIALIZE_STOCK, FLASH_RESERVE};

/// How often each request of the set-up is tried.
const ATTEMPTS: u32 = 5;
/// Pause before the second attempt; each further one is twice as long.
const FIRST_PAUSE_NS: u64 = 100_000_000;

/// Reserve 1 to 3 pieces of the shared item. Raises 2 events when the reservation is won: what is
/// left is always below the shop's reorder point.
pub async fn stampede<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.inventory;
    let Some(item) = supplies.flash_item() else {
        // No run starts without the item. A pass that sends nothing would never yield.
        return user.sit_out().await;
    };
    user.call(FLASH_RESERVE)
        .on(item)
        .body(&bodies.flash_reservations)
        .or_continue()
        .await?;
    Ok(())
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
    let stock = &bodies.warehouse_stocks_of_10;
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

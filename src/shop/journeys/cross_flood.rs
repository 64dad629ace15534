//! What a `CrossDomainFloodUser` does: one direct task a domain.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::{
    CROSS_FLOOD_ADD_VARIANT, CROSS_FLOOD_CONFIRM_ORDER, CROSS_FLOOD_CONFIRM_PAYMENT,
    CROSS_FLOOD_CREATE_ORDER, CROSS_FLOOD_CREATE_PRODUCT, CROSS_FLOOD_INITIALIZE_STOCK,
    CROSS_FLOOD_INITIATE_PAYMENT, CROSS_FLOOD_RECEIVE_STOCK, CROSS_FLOOD_REGISTER,
};

/// One registration. Raises 1 event.
pub async fn register_customer<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    user.call(CROSS_FLOOD_REGISTER)
        .body(&bodies.short_registrations)
        .or_abort()
        .await
}

/// One product and its variant. Raises 2 events.
pub async fn create_product_variant<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.catalogue;
    let product = user
        .call(CROSS_FLOOD_CREATE_PRODUCT)
        .body(&bodies.products)
        .id()
        .await?;
    user.call(CROSS_FLOOD_ADD_VARIANT)
        .on(&product)
        .body(&bodies.variants)
        .at_once()
        .or_abort()
        .await
}

/// One order, confirmed. Raises 2 events.
pub async fn create_order_confirm<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    let order = user
        .call(CROSS_FLOOD_CREATE_ORDER)
        .body(&bodies.orders)
        .id()
        .await?;
    user.call(CROSS_FLOOD_CONFIRM_ORDER)
        .on(&order)
        .at_once()
        .or_abort()
        .await
}

/// One stock of 100 pieces, and 50 more. Raises 2 events.
pub async fn inventory_init_receive<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.inventory;
    let item = user
        .call(CROSS_FLOOD_INITIALIZE_STOCK)
        .body(&bodies.stocks_of_100)
        .id()
        .await?;
    user.call(CROSS_FLOOD_RECEIVE_STOCK)
        .on(&item)
        .body(&bodies.receipts_of_50)
        .at_once()
        .or_abort()
        .await
}

/// One payment, confirmed by the gateway. Raises 2 events.
pub async fn payment_initiate_webhook<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.payments;
    let payment = user
        .call(CROSS_FLOOD_INITIATE_PAYMENT)
        .body(&bodies.payments)
        .id()
        .await?;
    user.call(CROSS_FLOOD_CONFIRM_PAYMENT)
        .body(&bodies.successes)
        .with(&[payment])
        .at_once()
        .or_abort()
        .await
}

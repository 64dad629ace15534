//! What an `EventFloodUser` does: direct tasks, each of which creates something new.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::{
    STRESS_ADD_VARIANT, STRESS_CREATE_CATEGORY, STRESS_CREATE_ORDER, STRESS_CREATE_PRODUCT,
    STRESS_CREATE_VARIANT_PRODUCT, STRESS_CREATE_WAREHOUSE, STRESS_INITIALIZE_STOCK,
    STRESS_INITIATE_PAYMENT, STRESS_REGISTER,
};

/// One registration. Raises 1 event.
pub async fn register_customer<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    user.call(STRESS_REGISTER)
        .body(&bodies.short_registrations)
        .or_abort()
        .await
}

/// One product. Raises 1 event.
pub async fn create_product<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.catalogue;
    user.call(STRESS_CREATE_PRODUCT)
        .body(&bodies.products)
        .or_abort()
        .await
}

/// One category. Raises 1 event.
pub async fn create_category<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.catalogue;
    user.call(STRESS_CREATE_CATEGORY)
        .body(&bodies.categories)
        .or_abort()
        .await
}

/// One product and, once it is there, its variant. Raises 2 events.
pub async fn create_product_with_variant<L: Link>(
    user: &mut Session<L>,
    supplies: &Supplies,
) -> Journey {
    let bodies = &supplies.payloads.catalogue;
    let product = user
        .call(STRESS_CREATE_VARIANT_PRODUCT)
        .body(&bodies.products)
        .id()
        .await?;
    user.call(STRESS_ADD_VARIANT)
        .on(&product)
        .body(&bodies.variants)
        .at_once()
        .or_abort()
        .await
}

/// One order of two items. Raises 1 event.
pub async fn create_order<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.ordering;
    user.call(STRESS_CREATE_ORDER)
        .body(&bodies.orders)
        .or_abort()
        .await
}

/// One stock of 10 to 500 pieces. Raises 1 event.
pub async fn initialize_inventory<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.inventory;
    user.call(STRESS_INITIALIZE_STOCK)
        .body(&bodies.stocks)
        .or_abort()
        .await
}

/// One payment. Raises 1 event.
pub async fn create_payment<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.payments;
    user.call(STRESS_INITIATE_PAYMENT)
        .body(&bodies.payments)
        .or_abort()
        .await
}

/// One warehouse. Raises 1 event.
pub async fn create_warehouse<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.inventory;
    user.call(STRESS_CREATE_WAREHOUSE)
        .body(&bodies.warehouses)
        .or_abort()
        .await
}

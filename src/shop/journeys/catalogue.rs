//! Journeys of the Catalogue domain.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::{
    ACTIVATE_PRODUCT, ADD_IMAGE, ADD_VARIANT, ARCHIVE_PRODUCT, CREATE_CATEGORY, CREATE_PRODUCT,
    DEACTIVATE_CATEGORY, DISCONTINUE_PRODUCT, REORDER_CATEGORY, UPDATE_CATEGORY,
};

/// Create a product with two variants and two images, and activate it. Raises 6 events.
pub async fn product_catalog<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.catalogue;
    let product = user
        .call(CREATE_PRODUCT)
        .body(&bodies.products)
        .id()
        .await?;
    user.call(ADD_VARIANT)
        .on(&product)
        .body(&bodies.variants)
        .or_continue()
        .await?;
    user.call(ADD_VARIANT)
        .on(&product)
        .body(&bodies.variants)
        .or_continue()
        .await?;
    user.call(ADD_IMAGE)
        .on(&product)
        .body(&bodies.primary_images)
        .or_continue()
        .await?;
    user.call(ADD_IMAGE)
        .on(&product)
        .body(&bodies.secondary_images)
        .or_continue()
        .await?;
    user.call(ACTIVATE_PRODUCT)
        .on(&product)
        .or_continue()
        .await?;
    Ok(())
}

/// Create a product with a variant, activate, discontinue and archive it. Raises 5 events.
pub async fn product_lifecycle<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.catalogue;
    let product = user
        .call(CREATE_PRODUCT)
        .body(&bodies.products)
        .id()
        .await?;
    user.call(ADD_VARIANT)
        .on(&product)
        .body(&bodies.variants)
        .or_abort()
        .await?;
    user.call(ACTIVATE_PRODUCT).on(&product).or_abort().await?;
    user.call(DISCONTINUE_PRODUCT)
        .on(&product)
        .or_continue()
        .await?;
    user.call(ARCHIVE_PRODUCT)
        .on(&product)
        .or_continue()
        .await?;
    Ok(())
}

/// Create a category, its child and its grandchild; change the first, move and deactivate the
/// last. Raises 6 events.
///
/// A child that could not be created ends the journey: the Locust suite goes on and then stumbles
/// over the id that is not there.
pub async fn category_hierarchy<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.catalogue;
    let root = user
        .call(CREATE_CATEGORY)
        .body(&bodies.categories)
        .id()
        .await?;
    let child = user
        .call(CREATE_CATEGORY)
        .body(&bodies.child_categories)
        .with(&[root])
        .id()
        .await?;
    let leaf = user
        .call(CREATE_CATEGORY)
        .body(&bodies.leaf_categories)
        .with(&[child])
        .id_or_continue()
        .await?;
    let last = leaf.unwrap_or(child);
    user.call(UPDATE_CATEGORY)
        .on(&root)
        .body(&bodies.category_changes)
        .or_continue()
        .await?;
    user.call(REORDER_CATEGORY)
        .on(&last)
        .body(&bodies.category_orders)
        .or_continue()
        .await?;
    user.call(DEACTIVATE_CATEGORY)
        .on(&last)
        .or_continue()
        .await?;
    Ok(())
}

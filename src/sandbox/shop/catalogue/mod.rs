//! Catalogue: products with their variants and images, and the tree of categories.

mod attributes;
mod bodies;
mod category;
mod category_commands;
mod product;
mod product_commands;
mod product_rules;
mod views;

use super::{Endpoint, PARAMETER as ID, endpoint};
use bodies::{
    CATEGORY_CHANGE, CATEGORY_ORDER, NEW_CATEGORY, NEW_IMAGE, NEW_PRICE, NEW_PRODUCT, NEW_VARIANT,
    PRODUCT_DETAILS, TIER_PRICE, TODAYS_CATEGORY_CHANGE, TODAYS_NEW_CATEGORY, TODAYS_NEW_PRODUCT,
    TODAYS_NEW_VARIANT, TODAYS_PRODUCT_DETAILS,
};

pub use category::Category;
pub use product::Product;

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint(
        "POST",
        &["products"],
        Some(&NEW_PRODUCT),
        product_commands::create,
    )
    .today(&TODAYS_NEW_PRODUCT),
    endpoint(
        "PUT",
        &["products", ID, "details"],
        Some(&PRODUCT_DETAILS),
        product_commands::update_details,
    )
    .today(&TODAYS_PRODUCT_DETAILS),
    endpoint(
        "POST",
        &["products", ID, "variants"],
        Some(&NEW_VARIANT),
        product_commands::add_variant,
    )
    .today(&TODAYS_NEW_VARIANT),
    endpoint(
        "PUT",
        &["products", ID, "variants", ID, "price"],
        Some(&NEW_PRICE),
        product_commands::change_price,
    ),
    endpoint(
        "PUT",
        &["products", ID, "variants", ID, "tier-price"],
        Some(&TIER_PRICE),
        product_commands::set_tier_price,
    ),
    endpoint(
        "POST",
        &["products", ID, "images"],
        Some(&NEW_IMAGE),
        product_commands::add_image,
    ),
    endpoint(
        "DELETE",
        &["products", ID, "images", ID],
        None,
        product_commands::remove_image,
    ),
    endpoint(
        "PUT",
        &["products", ID, "activate"],
        None,
        product_commands::activate,
    ),
    endpoint(
        "PUT",
        &["products", ID, "discontinue"],
        None,
        product_commands::discontinue,
    ),
    endpoint(
        "PUT",
        &["products", ID, "archive"],
        None,
        product_commands::archive,
    ),
    endpoint(
        "POST",
        &["categories"],
        Some(&NEW_CATEGORY),
        category_commands::create,
    )
    .today(&TODAYS_NEW_CATEGORY),
    endpoint(
        "PUT",
        &["categories", ID],
        Some(&CATEGORY_CHANGE),
        category_commands::update,
    )
    .today(&TODAYS_CATEGORY_CHANGE),
    endpoint(
        "PUT",
        &["categories", ID, "reorder"],
        Some(&CATEGORY_ORDER),
        category_commands::reorder,
    ),
    endpoint(
        "PUT",
        &["categories", ID, "deactivate"],
        None,
        category_commands::deactivate,
    ),
];

/// What today's shop has besides.
pub const READS: &[Endpoint] = &[
    endpoint("GET", &["products"], None, views::list_products),
    endpoint("GET", &["products", ID], None, views::read_product),
    endpoint("GET", &["categories"], None, views::list_categories),
    endpoint(
        "GET",
        &["categories", ID, "products"],
        None,
        views::read_category_products,
    ),
];

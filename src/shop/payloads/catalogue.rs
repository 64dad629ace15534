//! Ready-made bodies of the Catalogue domain.

use super::source::{PayloadSource, each};
use crate::engine::Arena;
use crate::shop::FormField;
use crate::shop::generators::catalogue;

/// Largest place that the suite moves a category to.
const LAST_PLACE: u32 = 100;

/// Bodies of the Catalogue domain.
#[derive(Debug)]
pub struct CatalogueBodies {
    /// `POST /products`
    pub products: Arena,
    /// `POST /products/{id}/variants`
    pub variants: Arena,
    /// `POST /products/{id}/variants`; id 0 = `variant_sku`.
    pub named_variants: Arena,
    /// `POST /products/{id}/images`, the primary one.
    pub primary_images: Arena,
    /// `POST /products/{id}/images`, another one.
    pub secondary_images: Arena,
    /// `POST /categories`
    pub categories: Arena,
    /// `POST /categories`; id 0 = `parent_category_id`.
    pub child_categories: Arena,
    /// `POST /categories` with attributes; id 0 = `parent_category_id`.
    pub leaf_categories: Arena,
    /// `PUT /categories/{id}`
    pub category_changes: Arena,
    /// `PUT /categories/{id}/reorder`; body `i` moves to place `i + 1` of 100.
    pub category_orders: Arena,
}

impl CatalogueBodies {
    pub(super) fn new(source: PayloadSource<'_>) -> Self {
        let (run_id, dialect) = (source.run_id, source.dialect);
        let of_variant = dialect.form(FormField::Variant);
        let of_category = dialect.form(FormField::Category);
        let of_change = dialect.form(FormField::CategoryChange);
        let places: Vec<u32> = (1..=LAST_PLACE).collect();
        Self {
            products: source.drawn("products", |rng, body| {
                catalogue::product(rng, run_id, body);
            }),
            variants: source.drawn("variants", |rng, body| {
                catalogue::variant(of_variant, rng, run_id, body);
            }),
            named_variants: source.drawn("named_variants", |rng, body| {
                catalogue::named_variant(of_variant, rng, body);
            }),
            primary_images: source.drawn("primary_images", |rng, body| {
                catalogue::image(true, rng, run_id, body);
            }),
            secondary_images: source.drawn("secondary_images", |rng, body| {
                catalogue::image(false, rng, run_id, body);
            }),
            categories: source.drawn("categories", catalogue::category),
            child_categories: source.drawn("child_categories", catalogue::child_category),
            leaf_categories: source.drawn("leaf_categories", |rng, body| {
                catalogue::leaf_category(of_category, rng, body);
            }),
            category_changes: source.drawn("category_changes", |rng, body| {
                catalogue::category_change(of_change, rng, body);
            }),
            category_orders: each(&places, |place, body| {
                catalogue::category_order(*place, body);
            }),
        }
    }
}

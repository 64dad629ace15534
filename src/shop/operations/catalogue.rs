//! Operations of the Catalogue domain.

use super::{change, create, create_within};
use crate::engine::Operation;

/// Raises `Catalogue.ProductCreated`.
pub static CREATE_PRODUCT: Operation = create("/products", "product_id");
/// Raises `Catalogue.VariantAdded`. The variant's id stays in the shop.
pub static ADD_VARIANT: Operation = create_within("/products/{product_id}/variants");
/// Raises `Catalogue.ProductImageAdded`.
pub static ADD_IMAGE: Operation = create_within("/products/{product_id}/images");
/// Raises `Catalogue.ProductActivated`. Needs a variant.
pub static ACTIVATE_PRODUCT: Operation = change("/products/{product_id}/activate");
/// Raises `Catalogue.ProductDiscontinued`.
pub static DISCONTINUE_PRODUCT: Operation = change("/products/{product_id}/discontinue");
/// Raises `Catalogue.ProductArchived`.
pub static ARCHIVE_PRODUCT: Operation = change("/products/{product_id}/archive");
/// Raises `Catalogue.CategoryCreated`.
pub static CREATE_CATEGORY: Operation = create("/categories", "category_id");
/// Raises `Catalogue.CategoryDetailsUpdated`.
pub static UPDATE_CATEGORY: Operation = change("/categories/{category_id}");
/// Raises `Catalogue.CategoryReordered`.
pub static REORDER_CATEGORY: Operation = change("/categories/{category_id}/reorder");
/// Raises `Catalogue.CategoryDeactivated`.
pub static DEACTIVATE_CATEGORY: Operation = change("/categories/{category_id}/deactivate");

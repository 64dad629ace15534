//! Data generators, one file a domain: each writes one request body, within the limits of the shop.
//!
//! The generators of the original suite, and where they are here:
//!
//! | Original | Here |
//! |---|---|
//! | `unique_external_id`, `valid_email`, `customer_name` | [`identity::short_registration`] |
//! | `valid_phone`, `date_of_birth` | [`identity::registration`], [`identity::profile`] |
//! | `address_data` | [`identity::address`] |
//! | `valid_sku` | [`ids::unique_id_member`] |
//! | `product_data` | [`catalogue::product`] |
//! | `variant_data` | [`catalogue::variant`], [`catalogue::named_variant`] |
//! | `image_data` | [`catalogue::image`] |
//! | `category_name` | [`catalogue::category`], [`catalogue::child_category`] |
//! | `category_attributes` | [`catalogue::leaf_category`], [`catalogue::category_change`] |
//! | `order_address` | [`place::place_members`] |
//! | `order_item` | [`ordering::order_item`] |
//! | `order_data` | [`ordering::order`], of a [`ordering::Bill`] |
//! | `cart_data` | [`ordering::cart`] |
//! | `cart_item_data` | [`ordering::cart_item`] |
//! | `checkout_data` | [`ordering::checkout`] |
//! | `shipment_data` | [`fulfilment::shipment`] |
//! | `warehouse_data` | [`inventory::warehouse`] |
//! | `initialize_stock_data` | [`inventory::stock`] |
//! | `reserve_stock_data` | [`inventory::reservation`] |
//! | `payment_data` | [`payments::payment`] |
//! | `webhook_data_success` | [`payments::success`] |
//! | `webhook_data_failure` | [`payments::failure`] |
//! | `invoice_data` | [`payments::invoice`] |
//!
//! What a journey of the original writes itself (a tier, a reason, a receipt of goods) is here too.

pub mod catalogue;
pub mod fulfilment;
pub mod identity;
pub mod ids;
pub mod inventory;
pub mod money;
pub mod ordering;
pub mod payments;
pub mod place;

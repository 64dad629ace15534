//! The rules of a cart, and what is remembered of it.
//!
//! The wording of refusals is measured for items, checkout and abandonment; the others are the
//! shop's source's.

use super::bodies::{MAX_SKU_CHARS, MAX_TITLE_CHARS};
use crate::sandbox::refusal::Refusal;
use std::sync::Arc;
use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Cart status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CartStatus {
    Active,
    Converted,
    Abandoned,
}

/// What later requests can notice of a cart. Who owns it, and what its items are called, is only
/// kept where projections show it.
#[derive(Clone, Debug)]
pub struct Cart {
    status: CartStatus,
    customer: Option<Arc<str>>,
    placeholders: Placeholders,
    items: Vec<Item>,
    /// Hashes (XXH3) of the coupons' codes.
    coupons: Vec<u64>,
}

/// So much of one product variant.
#[derive(Clone, Debug)]
struct Item {
    /// Hash (XXH3) of product and variant.
    variant: u64,
    quantity: i32,
    name: Option<Arc<ItemName>>,
}

/// What an item is called.
#[derive(Debug)]
pub struct ItemName {
    /// Its identifier.
    pub id: Uuid,
    /// The product's.
    pub product: Box<str>,
    /// The variant's.
    pub variant: Box<str>,
}

fn variant_hash(product: &str, variant: &str) -> u64 {
    xxh3_64_with_seed(variant.as_bytes(), xxh3_64(product.as_bytes()))
}

/// Checkout makes up SKU and title of an order's items from the product ids: what becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholders {
    Fit,
    SkuTooLong,
    BothTooLong,
}

impl Placeholders {
    /// Of `SKU-<product>` and `Product <product>`.
    fn of(product: &str) -> Self {
        let chars = product.chars().count();
        if chars + "Product ".len() > MAX_TITLE_CHARS {
            Self::BothTooLong
        } else if chars + "SKU-".len() > MAX_SKU_CHARS {
            Self::SkuTooLong
        } else {
            Self::Fit
        }
    }
}

impl Cart {
    /// A new cart.
    pub const EMPTY: Self = Self {
        status: CartStatus::Active,
        customer: None,
        placeholders: Placeholders::Fit,
        items: Vec::new(),
        coupons: Vec::new(),
    };

    fn check_active(&self, refusal: &'static str) -> Result<(), Refusal> {
        if self.status == CartStatus::Active {
            return Ok(());
        }
        Err(Refusal::rule("status", refusal))
    }

    /// Adds `quantity` (at least 1) of a product's variant, to what is there of it.
    ///
    /// # Errors
    /// When the cart is not active. A quantity that the database's 32 bits do not hold is a crash
    /// (measured for 10¹²).
    pub fn add_item(&mut self, product: &str, variant: &str, quantity: i64) -> Result<(), Refusal> {
        self.check_active("Items can only be added to an active cart")?;
        let variant = variant_hash(product, variant);
        let known = self.items.iter_mut().find(|item| item.variant == variant);
        let before = known.as_ref().map_or(0, |item| item.quantity);
        let quantity = i64::from(before).saturating_add(quantity);
        let quantity = i32::try_from(quantity).map_err(|_| Refusal::Crash)?;
        match known {
            Some(item) => item.quantity = quantity,
            None => self.items.push(Item {
                variant,
                quantity,
                name: None,
            }),
        }
        // The first item that does not fit is the one that checkout complains of.
        if self.placeholders == Placeholders::Fit {
            self.placeholders = Placeholders::of(product);
        }
        Ok(())
    }

    /// The cart of a known customer.
    pub fn of(customer: Option<&str>) -> Self {
        Self {
            customer: customer.map(Into::into),
            ..Self::EMPTY
        }
    }

    /// Whose it is, where that is kept.
    pub fn customer(&self) -> Option<&str> {
        self.customer.as_deref()
    }

    /// Has the item of a product's variant keep its name; tells its identifier.
    pub fn name_item(&mut self, product: &str, variant: &str) -> Option<Uuid> {
        let hash = variant_hash(product, variant);
        let item = self.items.iter_mut().find(|item| item.variant == hash)?;
        let name = item.name.get_or_insert_with(|| {
            let random = fastrand::u128(..).to_be_bytes();
            Arc::new(ItemName {
                id: uuid::Builder::from_random_bytes(random).into_uuid(),
                product: product.into(),
                variant: variant.into(),
            })
        });
        Some(name.id)
    }

    /// The items whose names are kept, with their quantities.
    pub fn named_items(&self) -> impl Iterator<Item = (&ItemName, i64)> {
        let items = self.items.iter();
        items.filter_map(|item| Some((&**item.name.as_ref()?, i64::from(item.quantity))))
    }

    /// Changes the quantity of an item. Only projections tell item ids: where none is shown every
    /// one is unknown.
    ///
    /// # Errors
    /// When the cart is not active, or has no such item. A quantity that the database does not hold
    /// is a crash.
    pub fn update_quantity(&mut self, id: &str, quantity: i64) -> Result<(), Refusal> {
        let place = self.find_item(id, "Item quantities can only be updated in an active cart")?;
        self.items[place].quantity = i32::try_from(quantity).map_err(|_| Refusal::Crash)?;
        Ok(())
    }

    /// Removes an item; see [`Cart::update_quantity`].
    ///
    /// # Errors
    /// When the cart is not active, or has no such item.
    pub fn remove_item(&mut self, id: &str) -> Result<(), Refusal> {
        let place = self.find_item(id, "Items can only be removed from an active cart")?;
        self.items.remove(place);
        Ok(())
    }

    /// The state is looked at first (the shop's source; not measured).
    fn find_item(&self, id: &str, unless_active: &'static str) -> Result<usize, Refusal> {
        self.check_active(unless_active)?;
        let is_it = |item: &Item| {
            let name = item.name.as_ref();
            name.is_some_and(|name| name.id.hyphenated().encode_lower(&mut [0; 36]) == id)
        };
        let place = self.items.iter().position(is_it);
        place.ok_or_else(|| Refusal::rule("item_id", "Item not found in cart"))
    }

    /// Applies a coupon.
    ///
    /// # Errors
    /// When the cart is not active, or has that coupon already.
    pub fn apply_coupon(&mut self, code: &str) -> Result<(), Refusal> {
        self.check_active("Coupons can only be applied to an active cart")?;
        let code = xxh3_64(code.as_bytes());
        if self.coupons.contains(&code) {
            return Err(Refusal::rule("coupon_code", "Coupon already applied"));
        }
        self.coupons.push(code);
        Ok(())
    }

    /// Merges another cart into this one: always an empty one.
    ///
    /// # Errors
    /// When the cart is not active.
    pub fn merge(&self) -> Result<(), Refusal> {
        self.check_active("Can only merge into an active cart")
    }

    /// Checks that an order can hold the cart's items: it has limits that the cart has not. (As in
    /// the shop's source; not measured.)
    ///
    /// # Errors
    /// When a made-up SKU, or title, is too long.
    pub fn check_placeholders(&self) -> Result<(), Refusal> {
        let too_long = |field, max: usize| {
            let message = format!("String should have at most {max} characters");
            (field, message)
        };
        let sku = || too_long("sku", MAX_SKU_CHARS);
        match self.placeholders {
            Placeholders::Fit => Ok(()),
            Placeholders::SkuTooLong => Err(Refusal::Rules(vec![sku()])),
            Placeholders::BothTooLong => Err(Refusal::Rules(vec![
                sku(),
                too_long("title", MAX_TITLE_CHARS),
            ])),
        }
    }

    /// Closes the cart: its order has been made.
    ///
    /// # Errors
    /// When the cart is not active, or empty.
    pub fn convert(&mut self) -> Result<(), Refusal> {
        self.check_active("Only active carts can be converted")?;
        if self.items.is_empty() {
            return Err(Refusal::rule("cart", "Cannot convert an empty cart"));
        }
        self.status = CartStatus::Converted;
        Ok(())
    }

    /// Whether its order has been made.
    pub fn is_converted(&self) -> bool {
        self.status == CartStatus::Converted
    }

    /// Gives the cart up.
    ///
    /// # Errors
    /// When the cart is not active.
    pub fn abandon(&mut self) -> Result<(), Refusal> {
        self.check_active("Only active carts can be abandoned")?;
        self.status = CartStatus::Abandoned;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart_of(items: &[(&str, &str, i64)]) -> Cart {
        let mut cart = Cart::EMPTY;
        for &(product, variant, quantity) in items {
            cart.add_item(product, variant, quantity).unwrap();
        }
        cart
    }

    #[test]
    fn the_same_product_and_variant_is_one_item() {
        let cart = cart_of(&[("p", "v", 1), ("p", "w", 1), ("pv", "", 1), ("p", "v", 2)]);
        let quantities: Vec<i32> = cart.items.iter().map(|item| item.quantity).collect();
        assert_eq!(quantities, [3, 1, 1]);
    }

    #[test]
    fn named_items_are_changed_and_removed_by_their_ids() {
        let mut cart = cart_of(&[("p", "v", 1), ("p", "w", 1)]);
        let id = cart.name_item("p", "v").unwrap();
        assert_eq!(cart.name_item("p", "v"), Some(id));
        assert_eq!(cart.name_item("p", "x"), None);
        let id = id.to_string();
        assert_eq!(cart.update_quantity(&id, 5), Ok(()));
        assert_eq!(cart.update_quantity(&id, 1 << 31), Err(Refusal::Crash));
        let quantities: Vec<i64> = cart.named_items().map(|(_, quantity)| quantity).collect();
        assert_eq!(quantities, [5]);
        assert_eq!(cart.remove_item(&id), Ok(()));
        let gone = r#"{"error":{"item_id":["Item not found in cart"]}}"#;
        assert_eq!(cart.remove_item(&id).unwrap_err().body(), gone);
        assert_eq!(cart.items.len(), 1);
    }

    #[test]
    fn quantities_that_32_bits_do_not_hold_are_a_crash() {
        let most = i64::from(i32::MAX);
        let mut cart = cart_of(&[("p", "v", most - 1)]);
        assert_eq!(cart.add_item("p", "v", 2), Err(Refusal::Crash));
        assert_eq!(cart.add_item("p", "v", i64::MAX), Err(Refusal::Crash));
        assert_eq!(
            cart.add_item("q", "v", 1_000_000_000_000),
            Err(Refusal::Crash)
        );
        assert_eq!(cart.add_item("p", "v", 1), Ok(()));
        assert_eq!(cart.items.len(), 1);
    }

    #[test]
    fn an_order_cannot_hold_what_was_made_up_of_a_long_product_id() {
        for (chars, broken) in [(46, 0), (47, 1), (247, 1), (248, 2)] {
            let cart = cart_of(&[("p", "v", 1), (&"é".repeat(chars), "v", 1)]);
            let count = match cart.check_placeholders() {
                Ok(()) => 0,
                Err(Refusal::Rules(rules)) => rules.len(),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(count, broken, "{chars}");
        }
    }

    #[test]
    fn a_closed_cart_refuses_everything() {
        let mut converted = cart_of(&[("p", "v", 1)]);
        converted.convert().unwrap();
        let mut abandoned = Cart::EMPTY;
        abandoned.abandon().unwrap();
        for mut cart in [converted, abandoned] {
            let before = format!("{cart:?}");
            assert!(cart.add_item("p", "v", 1).is_err());
            assert!(cart.apply_coupon("c").is_err());
            assert!(cart.merge().is_err());
            assert!(cart.convert().is_err());
            assert!(cart.abandon().is_err());
            assert_eq!(format!("{cart:?}"), before);
        }
    }
}

//! The rules of a cart, and what is remembered of it.
//!
//! The wording of refusals is measured for items, checkout and abandonment; the others are the
//! shop's source's.

use super::bodies::{MAX_SKU_CHARS, MAX_TITLE_CHARS};
use crate::sandbox::refusal::Refusal;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Cart status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Active,
    Converted,
    Abandoned,
}

/// What later requests can notice of a cart. Who owns it is not among it, and as item ids are
/// never given out, items only grow.
#[derive(Clone, Debug)]
pub struct Cart {
    status: Status,
    placeholders: Placeholders,
    items: Vec<Item>,
    /// Hashes (XXH3) of the coupons' codes.
    coupons: Vec<u64>,
}

/// So much of one product variant.
#[derive(Clone, Copy, Debug)]
struct Item {
    /// Hash (XXH3) of product and variant.
    variant: u64,
    quantity: i32,
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
        status: Status::Active,
        placeholders: Placeholders::Fit,
        items: Vec::new(),
        coupons: Vec::new(),
    };

    fn check_active(&self, refusal: &'static str) -> Result<(), Refusal> {
        if self.status == Status::Active {
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
        let variant = xxh3_64_with_seed(variant.as_bytes(), xxh3_64(product.as_bytes()));
        let known = self.items.iter_mut().find(|item| item.variant == variant);
        let before = known.as_ref().map_or(0, |item| item.quantity);
        let quantity = i64::from(before).saturating_add(quantity);
        let quantity = i32::try_from(quantity).map_err(|_| Refusal::Crash)?;
        match known {
            Some(item) => item.quantity = quantity,
            None => self.items.push(Item { variant, quantity }),
        }
        // The first item that does not fit is the one that checkout complains of.
        if self.placeholders == Placeholders::Fit {
            self.placeholders = Placeholders::of(product);
        }
        Ok(())
    }

    /// What changing the quantity of an item comes to: no client can know an item's id, so that
    /// every one is unknown.
    pub fn update_quantity(&self) -> Refusal {
        self.find_item("Item quantities can only be updated in an active cart")
    }

    /// What removing an item comes to; see [`Cart::update_quantity`].
    pub fn remove_item(&self) -> Refusal {
        self.find_item("Items can only be removed from an active cart")
    }

    /// The state is looked at first (the shop's source; not measured).
    fn find_item(&self, unless_active: &'static str) -> Refusal {
        match self.check_active(unless_active) {
            Ok(()) => Refusal::rule("item_id", "Item not found in cart"),
            Err(refusal) => refusal,
        }
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
        self.status = Status::Converted;
        Ok(())
    }

    /// Whether its order has been made.
    pub fn is_converted(&self) -> bool {
        self.status == Status::Converted
    }

    /// Gives the cart up.
    ///
    /// # Errors
    /// When the cart is not active.
    pub fn abandon(&mut self) -> Result<(), Refusal> {
        self.check_active("Only active carts can be abandoned")?;
        self.status = Status::Abandoned;
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

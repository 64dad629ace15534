//! A part of what the shop remembers, and where in it things of each kind are kept.

use super::RingStore;
use super::catalogue::{Category, Product};
use super::customers::{CustomerAccount, Customers};
use super::fulfillment::Fulfillment;
use super::inventory::{StockItem, Warehouse};
use super::notifications::{Notification, NotificationPreference, ScheduledNotifications};
use super::ordering::{Cart, Order};
use super::payments::{Invoice, Payment};
use super::recent::Recent;
use super::reviews::Review;
use super::ring_store::ThingKey;
use super::text_digest::TextDigest;

/// A part of what the shop remembers.
pub struct Shard {
    pub(super) customers: Customers,
    pub(super) products: RingStore<Product>,
    pub(super) categories: RingStore<Category>,
    pub(super) carts: RingStore<Cart>,
    pub(super) orders: RingStore<Order>,
    pub(super) stock: RingStore<StockItem>,
    pub(super) warehouses: RingStore<Warehouse>,
    pub(super) payments: RingStore<Payment>,
    pub(super) invoices: RingStore<Invoice>,
    pub(super) fulfillments: RingStore<Fulfillment>,
    /// The first fulfillment of an order.
    pub(super) fulfillment_of: Recent<TextDigest, ThingKey>,
    pub(super) reviews: RingStore<Review>,
    /// How many reviews stand that a customer wrote of a product.
    pub(super) reviewed: Recent<TextDigest, u32>,
    pub(super) preferences: RingStore<NotificationPreference>,
    /// The preferences of a customer.
    pub(super) preference_of: Recent<TextDigest, ThingKey>,
    pub(super) notifications: RingStore<Notification>,
    pub(super) scheduled: ScheduledNotifications,
}

impl Shard {
    pub(super) fn new(retain: usize, shard: u16) -> Self {
        let rng = fastrand::Rng::new;
        Self {
            customers: Customers::new(retain, shard, rng()),
            products: RingStore::new(retain, shard, rng()),
            categories: RingStore::new(retain, shard, rng()),
            carts: RingStore::new(retain, shard, rng()),
            orders: RingStore::new(retain, shard, rng()),
            stock: RingStore::new(retain, shard, rng()),
            warehouses: RingStore::new(retain, shard, rng()),
            payments: RingStore::new(retain, shard, rng()),
            invoices: RingStore::new(retain, shard, rng()),
            fulfillments: RingStore::new(retain, shard, rng()),
            fulfillment_of: Recent::new(retain),
            reviews: RingStore::new(retain, shard, rng()),
            reviewed: Recent::new(retain),
            preferences: RingStore::new(retain, shard, rng()),
            preference_of: Recent::new(retain),
            notifications: RingStore::new(retain, shard, rng()),
            scheduled: ScheduledNotifications::new(retain),
        }
    }
}

/// A kind of thing that the shop remembers. Copies of it are cheap.
pub trait Aggregate: Clone + Send + 'static {
    /// As refusals name it, for example `Customer`.
    const NAME: &'static str;

    /// Where a shard keeps things of this kind.
    fn store(shard: &mut Shard) -> &mut RingStore<Self>;

    /// Whether it is kept in tables, which a change overwrites before its event is appended; those
    /// that are made of their events (orders, stock, payments) are not.
    const IN_TABLES: bool;

    /// What the loser of a version race leaves behind all the same: the event that loses is written
    /// after the relational rows. Nothing, for most.
    fn lose(_stored: &mut Self, _late: &Self) {}

    /// The same where whatever the loser has written stays: its row in place of the winner's. What
    /// stands in rows of its own, such as votes, the real shop adds to the winner's; here it is
    /// replaced with the rest, which no read tells apart.
    fn lose_written(stored: &mut Self, late: &Self) {
        if Self::IN_TABLES {
            *stored = late.clone();
        }
    }
}

impl Aggregate for CustomerAccount {
    const NAME: &'static str = "Customer";
    const IN_TABLES: bool = true;

    fn store(shard: &mut Shard) -> &mut RingStore<Self> {
        &mut shard.customers.accounts
    }

    /// The loser's address is stored, marked as the default one like the winner's, when both were
    /// the first.
    fn lose(stored: &mut Self, late: &Self) {
        if late.is_first_address() && stored.addresses() >= 1 {
            stored.add_second_default();
        }
    }

    /// Addresses are rows of their own: first ones stay both, as ever.
    fn lose_written(stored: &mut Self, late: &Self) {
        if late.is_first_address() && stored.addresses() >= 1 {
            stored.add_second_default();
        } else {
            *stored = *late;
        }
    }
}

/// Says where things of each other kind are kept.
macro_rules! kept {
    ($($kind:ident = $name:literal, $store:ident, $in_tables:literal;)+) => {
        $(impl Aggregate for $kind {
            const NAME: &'static str = $name;
            const IN_TABLES: bool = $in_tables;

            fn store(shard: &mut Shard) -> &mut RingStore<Self> {
                &mut shard.$store
            }
        })+
    };
}

kept! {
    Product = "Product", products, true;
    Category = "Category", categories, true;
    Cart = "ShoppingCart", carts, true;
    Order = "Order", orders, false;
    StockItem = "InventoryItem", stock, false;
    Warehouse = "Warehouse", warehouses, true;
    Payment = "Payment", payments, false;
    Invoice = "Invoice", invoices, true;
    Fulfillment = "Fulfillment", fulfillments, true;
    Review = "Review", reviews, true;
    NotificationPreference = "NotificationPreference", preferences, true;
    Notification = "Notification", notifications, true;
}

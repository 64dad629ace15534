//! A part of what the shop remembers, and where in it things of each kind are kept.

use super::Shelf;
use super::catalogue::{Category, Product};
use super::customers::{Account, Customers};
use super::inventory::{StockItem, Warehouse};
use super::ordering::{Cart, Order};
use super::payments::{Invoice, Payment};

/// A part of what the shop remembers.
pub struct Shard {
    pub(super) customers: Customers,
    pub(super) products: Shelf<Product>,
    pub(super) categories: Shelf<Category>,
    pub(super) carts: Shelf<Cart>,
    pub(super) orders: Shelf<Order>,
    pub(super) stock: Shelf<StockItem>,
    pub(super) warehouses: Shelf<Warehouse>,
    pub(super) payments: Shelf<Payment>,
    pub(super) invoices: Shelf<Invoice>,
}

impl Shard {
    pub(super) fn new(retain: usize, shard: u16) -> Self {
        let rng = fastrand::Rng::new;
        Self {
            customers: Customers::new(retain, shard, rng()),
            products: Shelf::new(retain, shard, rng()),
            categories: Shelf::new(retain, shard, rng()),
            carts: Shelf::new(retain, shard, rng()),
            orders: Shelf::new(retain, shard, rng()),
            stock: Shelf::new(retain, shard, rng()),
            warehouses: Shelf::new(retain, shard, rng()),
            payments: Shelf::new(retain, shard, rng()),
            invoices: Shelf::new(retain, shard, rng()),
        }
    }
}

/// A kind of thing that the shop remembers. Copies of it are cheap.
pub trait Aggregate: Clone + Send + 'static {
    /// As refusals name it, for example `Customer`.
    const NAME: &'static str;

    /// Where a shard keeps things of this kind.
    fn shelf(shard: &mut Shard) -> &mut Shelf<Self>;

    /// What the loser of a version race leaves behind all the same: the event that loses is written
    /// after the relational rows. Nothing, for most.
    fn lose(_stored: &mut Self, _late: &Self) {}
}

impl Aggregate for Account {
    const NAME: &'static str = "Customer";

    fn shelf(shard: &mut Shard) -> &mut Shelf<Self> {
        &mut shard.customers.accounts
    }

    /// The loser's address is stored, marked as the default one like the winner's, when both were
    /// the first.
    fn lose(stored: &mut Self, late: &Self) {
        if late.is_first_address() && stored.addresses() >= 1 {
            stored.add_second_default();
        }
    }
}

/// Says where things of each other kind are kept.
macro_rules! kept {
    ($($kind:ident = $name:literal, $shelf:ident;)+) => {
        $(impl Aggregate for $kind {
            const NAME: &'static str = $name;

            fn shelf(shard: &mut Shard) -> &mut Shelf<Self> {
                &mut shard.$shelf
            }
        })+
    };
}

kept! {
    Product = "Product", products;
    Category = "Category", categories;
    Cart = "ShoppingCart", carts;
    Order = "Order", orders;
    StockItem = "InventoryItem", stock;
    Warehouse = "Warehouse", warehouses;
    Payment = "Payment", payments;
    Invoice = "Invoice", invoices;
}

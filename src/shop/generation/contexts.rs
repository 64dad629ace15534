//! The bounded contexts of the shop: the one list of its domains.

/// A bounded context of the shop: it has an outbox, engines and a database of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// As addresses, streams and the Observatory spell it: `identity`.
    pub name: &'static str,
    /// As types of events spell it: `Identity`.
    pub title: &'static str,
    /// The variable that tells ShopStream where the context's database is.
    pub database_variable: &'static str,
}

/// Writes the list of contexts, and the domains, which are their places in it.
macro_rules! contexts {
    ($($domain:ident = $name:literal, $database:literal, $what:literal;)+) => {
        /// A domain of the shop, of any generation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Domain {
            $(#[doc = $what] $domain),+
        }

        impl Domain {
            /// All of them, in the order of [`CONTEXTS`].
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$domain),+];
        }

        /// Every context of any generation, in the order in which the Observatory lists them: those of
        /// an older generation are a prefix.
        pub const CONTEXTS: [Context; [$($name),+].len()] = [
            $(Context {
                name: $name,
                title: stringify!($domain),
                database_variable: $database,
            }),+
        ];
    };
}

contexts! {
    Identity = "identity", "DATABASE_URL", "Customers.";
    Catalogue = "catalogue", "CATALOGUE_DATABASE_URL", "Products and categories.";
    Ordering = "ordering", "ORDERING_DATABASE_URL", "Carts and orders.";
    Inventory = "inventory", "INVENTORY_DATABASE_URL", "Warehouses and stock.";
    Payments = "payments", "PAYMENTS_DATABASE_URL", "Invoices and payments.";
    Fulfillment = "fulfillment", "FULFILLMENT_DATABASE_URL", "Picking, packing and shipments.";
    Reviews = "reviews", "REVIEWS_DATABASE_URL", "Reviews of products.";
    Notifications = "notifications", "NOTIFICATIONS_DATABASE_URL", "Messages to customers.";
}

impl Domain {
    /// As streams, stores and the Observatory spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        CONTEXTS[self as usize].name
    }

    /// As events spell it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        CONTEXTS[self as usize].title
    }
}

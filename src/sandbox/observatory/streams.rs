//! The streams that messages are published to, and the projectors that read each of them.

use crate::sandbox::pipeline::Domain;
use crate::stats::Event;

/// A stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    pub domain: Domain,
    /// `<domain>::<aggregate>`.
    pub name: &'static str,
    /// Field of a payload that holds the aggregate's identifier.
    pub id_field: &'static str,
    /// In the order in which they read. Those of customers, and the last of products, are measured;
    /// the others are named after the source's projections.
    pub projectors: &'static [&'static str],
}

/// The streams that the shop of five contexts publishes to.
pub const STREAMS: &[Stream] = &[
    Stream {
        domain: Domain::Identity,
        name: "identity::customer",
        id_field: "customer_id",
        projectors: &[
            "CustomerCardProjector",
            "AddressBookProjector",
            "CustomerLookupProjector",
            "CustomerSegmentsProjector",
        ],
    },
    Stream {
        domain: Domain::Catalogue,
        name: "catalogue::product",
        id_field: "product_id",
        projectors: &[
            "ProductDetailProjector",
            "PriceHistoryProjector",
            "SellerCatalogueProjector",
            "ProductCardProjector",
        ],
    },
    Stream {
        domain: Domain::Catalogue,
        name: "catalogue::category",
        id_field: "category_id",
        projectors: &["CategoryTreeProjector"],
    },
    Stream {
        domain: Domain::Ordering,
        name: "ordering::shopping_cart",
        id_field: "cart_id",
        projectors: &["CartViewProjector"],
    },
    Stream {
        domain: Domain::Inventory,
        name: "inventory::warehouse",
        id_field: "warehouse_id",
        projectors: &["WarehouseStockProjector"],
    },
    Stream {
        domain: Domain::Payments,
        name: "payments::invoice",
        id_field: "invoice_id",
        projectors: &["InvoiceStatusProjector"],
    },
];

/// The streams that today's shop publishes to: those of event-sourced aggregates, too. Their readers
/// are in `subscriptions`.
pub const TODAYS_STREAMS: &[Stream] = &[
    STREAMS[0],
    STREAMS[1],
    STREAMS[2],
    stream(Domain::Ordering, "ordering::order", "order_id"),
    STREAMS[3],
    stream(
        Domain::Inventory,
        "inventory::inventory_item",
        "inventory_item_id",
    ),
    STREAMS[4],
    stream(Domain::Payments, "payments::payment", "payment_id"),
    STREAMS[5],
    stream(
        Domain::Fulfillment,
        "fulfillment::fulfillment",
        "fulfillment_id",
    ),
    stream(Domain::Reviews, "reviews::review", "review_id"),
    stream(
        Domain::Notifications,
        "notifications::notification",
        "notification_id",
    ),
    stream(
        Domain::Notifications,
        "notifications::notification_preference",
        "preference_id",
    ),
];

/// What happens to a customer's preferences, and not to a message.
const OF_PREFERENCES: [&str; 6] = [
    "PreferencesCreated",
    "ChannelsUpdated",
    "QuietHoursSet",
    "QuietHoursCleared",
    "TypeUnsubscribed",
    "TypeResubscribed",
];

const fn stream(domain: Domain, name: &'static str, id_field: &'static str) -> Stream {
    Stream {
        domain,
        name,
        id_field,
        projectors: &[],
    }
}

/// The stream that `event` of `domain` is published to.
pub fn stream_of(domain: Domain, event: &Event) -> &'static Stream {
    match domain {
        Domain::Identity => &STREAMS[0],
        Domain::Catalogue if event.name.starts_with("Category") => &STREAMS[2],
        Domain::Catalogue => &STREAMS[1],
        Domain::Ordering if event.outbox => &STREAMS[3],
        Domain::Ordering => &TODAYS_STREAMS[3],
        Domain::Inventory if event.outbox => &STREAMS[4],
        Domain::Inventory => &TODAYS_STREAMS[5],
        Domain::Payments if event.outbox => &STREAMS[5],
        Domain::Payments => &TODAYS_STREAMS[7],
        Domain::Fulfillment => &TODAYS_STREAMS[9],
        Domain::Reviews => &TODAYS_STREAMS[10],
        Domain::Notifications if OF_PREFERENCES.contains(&event.name) => &TODAYS_STREAMS[12],
        Domain::Notifications => &TODAYS_STREAMS[11],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::events;

    #[test]
    fn streams_belong_to_their_domains() {
        for domain in Domain::ALL {
            let stream = stream_of(domain, &events::PRODUCT_CREATED);
            assert_eq!(stream.domain, domain);
            assert!(stream.name.starts_with(&format!("{}::", domain.name())));
        }
        let category = stream_of(Domain::Catalogue, &events::CATEGORY_REORDERED);
        assert_eq!(category.name, "catalogue::category");
        for (domain, event, name) in [
            (Domain::Ordering, &events::ORDER_CREATED, "ordering::order"),
            (
                Domain::Ordering,
                &events::CART_CONVERTED,
                "ordering::shopping_cart",
            ),
            (
                Domain::Inventory,
                &events::STOCK_RESERVED,
                "inventory::inventory_item",
            ),
            (
                Domain::Payments,
                &events::PAYMENT_INITIATED,
                "payments::payment",
            ),
            (
                Domain::Notifications,
                &events::QUIET_HOURS_SET,
                "notifications::notification_preference",
            ),
            (
                Domain::Notifications,
                &events::NOTIFICATION_SENT,
                "notifications::notification",
            ),
        ] {
            assert_eq!(stream_of(domain, event).name, name);
        }
    }
}

//! The streams that messages are published to, and the projectors that read each of them.

use crate::sandbox::pipeline::Domain;
use crate::stats::Event;

/// A stream.
#[derive(Debug, PartialEq, Eq)]
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

/// The streams that the shop publishes to.
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

/// The stream that `event` of `domain` is published to.
pub fn stream_of(domain: Domain, event: &Event) -> &'static Stream {
    match domain {
        Domain::Identity => &STREAMS[0],
        Domain::Catalogue if event.name.starts_with("Category") => &STREAMS[2],
        Domain::Catalogue => &STREAMS[1],
        Domain::Ordering => &STREAMS[3],
        Domain::Inventory => &STREAMS[4],
        Domain::Payments => &STREAMS[5],
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
    }
}

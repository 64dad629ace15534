//! The domain events that the shop raises: 77 kinds, and 32 more of the contexts that
//! [`super::Generation::Today`] has besides. The type of the message is
//! `<domain>.<name>.v1`. The outbox column is that of
//! [`super::Generation::Five`].

use super::Domain;
use crate::stats::Event;

/// Of a relational aggregate: written to the outbox and published.
const fn published(domain: Domain, name: &'static str) -> Event {
    Event {
        domain: domain.title(),
        name,
        outbox: true,
    }
}

/// Of an event-sourced aggregate: kept in the event store; not published by [`super::Generation::Five`].
const fn stored(domain: Domain, name: &'static str) -> Event {
    Event {
        domain: domain.title(),
        name,
        outbox: false,
    }
}

/// Writes the constants, and the list of them.
macro_rules! events {
    ($($event:ident = $store:ident($domain:ident, $name:literal);)+) => {
        $(#[doc = concat!("`", stringify!($domain), ".", $name, "`")] pub const $event: Event = $store(Domain::$domain, $name);)+

        /// Every event that the shop knows.
        pub static EVENTS: &[Event] = &[$($event),+];
    };
}

events! {
    CUSTOMER_REGISTERED = published(Identity, "CustomerRegistered");
    PROFILE_UPDATED = published(Identity, "ProfileUpdated");
    ADDRESS_ADDED = published(Identity, "AddressAdded");
    ADDRESS_UPDATED = published(Identity, "AddressUpdated");
    ADDRESS_REMOVED = published(Identity, "AddressRemoved");
    DEFAULT_ADDRESS_CHANGED = published(Identity, "DefaultAddressChanged");
    TIER_UPGRADED = published(Identity, "TierUpgraded");
    ACCOUNT_SUSPENDED = published(Identity, "AccountSuspended");
    ACCOUNT_REACTIVATED = published(Identity, "AccountReactivated");
    ACCOUNT_CLOSED = published(Identity, "AccountClosed");
    PRODUCT_CREATED = published(Catalogue, "ProductCreated");
    PRODUCT_DETAILS_UPDATED = published(Catalogue, "ProductDetailsUpdated");
    VARIANT_ADDED = published(Catalogue, "VariantAdded");
    VARIANT_PRICE_CHANGED = published(Catalogue, "VariantPriceChanged");
    TIER_PRICE_SET = published(Catalogue, "TierPriceSet");
    PRODUCT_IMAGE_ADDED = published(Catalogue, "ProductImageAdded");
    PRODUCT_IMAGE_REMOVED = published(Catalogue, "ProductImageRemoved");
    PRODUCT_ACTIVATED = published(Catalogue, "ProductActivated");
    PRODUCT_DISCONTINUED = published(Catalogue, "ProductDiscontinued");
    PRODUCT_ARCHIVED = published(Catalogue, "ProductArchived");
    CATEGORY_CREATED = published(Catalogue, "CategoryCreated");
    CATEGORY_DETAILS_UPDATED = published(Catalogue, "CategoryDetailsUpdated");
    CATEGORY_REORDERED = published(Catalogue, "CategoryReordered");
    CATEGORY_DEACTIVATED = published(Catalogue, "CategoryDeactivated");
    CART_ITEM_ADDED = published(Ordering, "CartItemAdded");
    CART_QUANTITY_UPDATED = published(Ordering, "CartQuantityUpdated");
    CART_ITEM_REMOVED = published(Ordering, "CartItemRemoved");
    CART_COUPON_APPLIED = published(Ordering, "CartCouponApplied");
    CARTS_MERGED = published(Ordering, "CartsMerged");
    CART_CONVERTED = published(Ordering, "CartConverted");
    CART_ABANDONED = published(Ordering, "CartAbandoned");
    ORDER_CREATED = stored(Ordering, "OrderCreated");
    ITEM_ADDED = stored(Ordering, "ItemAdded");
    ITEM_REMOVED = stored(Ordering, "ItemRemoved");
    ITEM_QUANTITY_UPDATED = stored(Ordering, "ItemQuantityUpdated");
    COUPON_APPLIED = stored(Ordering, "CouponApplied");
    ORDER_CONFIRMED = stored(Ordering, "OrderConfirmed");
    ORDER_PAYMENT_PENDING = stored(Ordering, "PaymentPending");
    ORDER_PAYMENT_SUCCEEDED = stored(Ordering, "PaymentSucceeded");
    ORDER_PAYMENT_FAILED = stored(Ordering, "PaymentFailed");
    ORDER_PROCESSING = stored(Ordering, "OrderProcessing");
    ORDER_SHIPPED = stored(Ordering, "OrderShipped");
    ORDER_PARTIALLY_SHIPPED = stored(Ordering, "OrderPartiallyShipped");
    ORDER_DELIVERED = stored(Ordering, "OrderDelivered");
    ORDER_COMPLETED = stored(Ordering, "OrderCompleted");
    RETURN_REQUESTED = stored(Ordering, "ReturnRequested");
    RETURN_APPROVED = stored(Ordering, "ReturnApproved");
    ORDER_RETURNED = stored(Ordering, "OrderReturned");
    ORDER_CANCELLED = stored(Ordering, "OrderCancelled");
    ORDER_REFUNDED = stored(Ordering, "OrderRefunded");
    WAREHOUSE_CREATED = published(Inventory, "WarehouseCreated");
    WAREHOUSE_UPDATED = published(Inventory, "WarehouseUpdated");
    ZONE_ADDED = published(Inventory, "ZoneAdded");
    ZONE_REMOVED = published(Inventory, "ZoneRemoved");
    WAREHOUSE_DEACTIVATED = published(Inventory, "WarehouseDeactivated");
    STOCK_INITIALIZED = stored(Inventory, "StockInitialized");
    STOCK_RECEIVED = stored(Inventory, "StockReceived");
    STOCK_RESERVED = stored(Inventory, "StockReserved");
    RESERVATION_RELEASED = stored(Inventory, "ReservationReleased");
    RESERVATION_CONFIRMED = stored(Inventory, "ReservationConfirmed");
    STOCK_COMMITTED = stored(Inventory, "StockCommitted");
    STOCK_ADJUSTED = stored(Inventory, "StockAdjusted");
    STOCK_MARKED_DAMAGED = stored(Inventory, "StockMarkedDamaged");
    DAMAGED_STOCK_WRITTEN_OFF = stored(Inventory, "DamagedStockWrittenOff");
    STOCK_RETURNED = stored(Inventory, "StockReturned");
    STOCK_CHECK_RECORDED = stored(Inventory, "StockCheckRecorded");
    LOW_STOCK_DETECTED = stored(Inventory, "LowStockDetected");
    PAYMENT_INITIATED = stored(Payments, "PaymentInitiated");
    PAYMENT_SUCCEEDED = stored(Payments, "PaymentSucceeded");
    PAYMENT_FAILED = stored(Payments, "PaymentFailed");
    PAYMENT_RETRY_INITIATED = stored(Payments, "PaymentRetryInitiated");
    REFUND_REQUESTED = stored(Payments, "RefundRequested");
    REFUND_COMPLETED = stored(Payments, "RefundCompleted");
    INVOICE_GENERATED = published(Payments, "InvoiceGenerated");
    INVOICE_ISSUED = published(Payments, "InvoiceIssued");
    INVOICE_PAID = published(Payments, "InvoicePaid");
    INVOICE_VOIDED = published(Payments, "InvoiceVoided");
    FULFILLMENT_CREATED = published(Fulfillment, "FulfillmentCreated");
    PICKER_ASSIGNED = published(Fulfillment, "PickerAssigned");
    ITEM_PICKED = published(Fulfillment, "ItemPicked");
    PICKING_COMPLETED = published(Fulfillment, "PickingCompleted");
    PACKING_COMPLETED = published(Fulfillment, "PackingCompleted");
    SHIPPING_LABEL_GENERATED = published(Fulfillment, "ShippingLabelGenerated");
    SHIPMENT_HANDED_OFF = published(Fulfillment, "ShipmentHandedOff");
    TRACKING_EVENT_RECEIVED = published(Fulfillment, "TrackingEventReceived");
    DELIVERY_CONFIRMED = published(Fulfillment, "DeliveryConfirmed");
    DELIVERY_EXCEPTION = published(Fulfillment, "DeliveryException");
    FULFILLMENT_CANCELLED = published(Fulfillment, "FulfillmentCancelled");
    REVIEW_SUBMITTED = published(Reviews, "ReviewSubmitted");
    REVIEW_EDITED = published(Reviews, "ReviewEdited");
    REVIEW_APPROVED = published(Reviews, "ReviewApproved");
    REVIEW_REJECTED = published(Reviews, "ReviewRejected");
    HELPFUL_VOTE_RECORDED = published(Reviews, "HelpfulVoteRecorded");
    REVIEW_REPORTED = published(Reviews, "ReviewReported");
    REVIEW_REMOVED = published(Reviews, "ReviewRemoved");
    SELLER_REPLY_ADDED = published(Reviews, "SellerReplyAdded");
    PREFERENCES_CREATED = published(Notifications, "PreferencesCreated");
    CHANNELS_UPDATED = published(Notifications, "ChannelsUpdated");
    QUIET_HOURS_SET = published(Notifications, "QuietHoursSet");
    QUIET_HOURS_CLEARED = published(Notifications, "QuietHoursCleared");
    TYPE_UNSUBSCRIBED = published(Notifications, "TypeUnsubscribed");
    TYPE_RESUBSCRIBED = published(Notifications, "TypeResubscribed");
    NOTIFICATION_CREATED = published(Notifications, "NotificationCreated");
    NOTIFICATION_SENT = published(Notifications, "NotificationSent");
    NOTIFICATION_DELIVERED = published(Notifications, "NotificationDelivered");
    NOTIFICATION_FAILED = published(Notifications, "NotificationFailed");
    NOTIFICATION_BOUNCED = published(Notifications, "NotificationBounced");
    NOTIFICATION_RETRIED = published(Notifications, "NotificationRetried");
    NOTIFICATION_CANCELLED = published(Notifications, "NotificationCancelled");
}

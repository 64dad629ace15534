//! The journeys, one file a domain or race, and the table that names them. Direct tasks of the stress
//! classes are journeys too, named after their class.

mod catalogue;
mod cross_flood;
mod customer_races;
mod end_to_end;
mod event_flood;
pub(super) mod flash_sale;
mod identity;
mod inventory;
mod order_races;
mod ordering;
mod passes;
mod payment_races;
mod payments;
mod raced;
mod races;
mod refund_races;
mod run_races;
mod saga;
mod spike;
mod stock_race;
mod taken;

pub use taken::TakenStep;

use super::Supplies;
use crate::engine::{Journey, Link, Session};

/// Writes the table of journeys: kind, name in reports, summary, function, and every step that it
/// may take with its number in a pass that goes well.
macro_rules! journeys {
    ($($kind:ident = $name:literal, $file:ident::$function:ident, $summary:literal, [$($taken:expr),+];)+) => {
        /// A journey that user classes can be made of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum JourneyKind {
            $(#[doc = concat!("`", $name, "`: ", $summary, ".")] $kind),+
        }

        impl JourneyKind {
            /// Every journey.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Name as in the Locust suite; direct tasks have their class before it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name),+
                }
            }

            /// One line for lists.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$kind => $summary),+
                }
            }

            /// Every step that the journey may take, each once, whatever the options.
            #[must_use]
            pub const fn steps(self) -> &'static [TakenStep] {
                #[allow(clippy::wildcard_imports, reason = "all steps, each named in the table")]
                use super::steps::*;
                use crate::shop::JourneyOption;
                use raced::{ADDRESSES, CHECKOUTS, REFUNDS, REGISTRATIONS, RESERVATIONS};
                use taken::{before, contended, in_vain, once, times, with};
                match self {
                    $(Self::$kind => const { &[$($taken),+] }),+
                }
            }

            /// Carries the journey out once, from start to end.
            ///
            /// # Errors
            /// When a step that it depends on did not succeed, or the run is over.
            #[inline]
            pub async fn carry_out<L: Link>(
                self,
                user: &mut Session<L>,
                supplies: &Supplies,
            ) -> Journey {
                match self {
                    $(Self::$kind => $file::$function(user, supplies).await),+
                }
            }
        }
    };
}

journeys! {
    NewCustomer = "NewCustomerJourney", identity::new_customer,
        "register, complete the profile, add two addresses, reach Silver",
        [once(REGISTER), once(UPDATE_PROFILE), times(2.0, ADD_ADDRESS), once(UPGRADE_TIER)];
    AccountLifecycle = "AccountLifecycleJourney", identity::account_lifecycle,
        "register, suspend, reactivate, close",
        [once(REGISTER), once(SUSPEND), once(REACTIVATE), once(CLOSE)];
    TierProgression = "TierProgressionJourney", identity::tier_progression,
        "register, rise to Silver, Gold and Platinum",
        [once(REGISTER), times(3.0, UPGRADE_TIER)];
    ProductCatalog = "ProductCatalogBuilder", catalogue::product_catalog,
        "create a product with two variants and two images, activate it",
        [once(CREATE_PRODUCT), times(2.0, ADD_VARIANT), times(2.0, ADD_IMAGE),
         once(ACTIVATE_PRODUCT)];
    ProductLifecycle = "ProductLifecycleJourney", catalogue::product_lifecycle,
        "create a product with a variant, activate, discontinue and archive it",
        [once(CREATE_PRODUCT), once(ADD_VARIANT), once(ACTIVATE_PRODUCT),
         once(DISCONTINUE_PRODUCT), once(ARCHIVE_PRODUCT)];
    CategoryHierarchy = "CategoryHierarchyBuilder", catalogue::category_hierarchy,
        "create a category, its child and grandchild, change, move and deactivate",
        [times(3.0, CREATE_CATEGORY), once(UPDATE_CATEGORY), once(REORDER_CATEGORY),
         once(DEACTIVATE_CATEGORY)];
    CartLifecycle = "CartLifecycleJourney", ordering::cart_lifecycle,
        "create a cart, put three items in, abandon it",
        [once(CREATE_CART), times(3.0, ADD_CART_ITEM), once(ABANDON_CART)];
    OrderFullLifecycle = "OrderFullLifecycleJourney", ordering::order_full_lifecycle,
        "create, confirm, pay, process, ship, deliver and complete an order",
        [once(CREATE_ORDER), once(CONFIRM_ORDER), once(RECORD_PAYMENT_PENDING),
         once(RECORD_PAYMENT_SUCCESS), once(PROCESS_ORDER), once(SHIP_ORDER), once(DELIVER_ORDER),
         once(COMPLETE_ORDER)];
    OrderCancellation = "OrderCancellationJourney", ordering::order_cancellation,
        "create and confirm an order, cancel and refund it",
        [once(CREATE_ORDER), once(CONFIRM_ORDER), once(RECORD_PAYMENT_PENDING),
         once(CANCEL_ORDER), once(REFUND_ORDER)];
    CartToCheckout = "CartToCheckoutJourney", ordering::cart_to_checkout,
        "create a cart, put one to three items in, check it out",
        [once(CREATE_CART), times(2.0, ADD_CART_ITEM), once(CHECK_OUT_CART)];
    OrderReturn = "OrderReturnJourney", ordering::order_return,
        "create, confirm, pay, ship and deliver an order, take it back",
        [once(CREATE_ORDER), once(CONFIRM_ORDER), once(RECORD_PAYMENT_PENDING),
         once(RECORD_PAYMENT_SUCCESS), once(SHIP_ORDER), once(DELIVER_ORDER), once(REQUEST_RETURN),
         once(APPROVE_RETURN), once(RECORD_RETURN)];
    StockInitAndReceive = "StockInitAndReceiveJourney", inventory::stock_init_and_receive,
        "create a warehouse, put stock in, receive more, lose some, count",
        [once(CREATE_WAREHOUSE), once(INITIALIZE_STOCK), once(RECEIVE_STOCK), once(ADJUST_STOCK),
         once(CHECK_STOCK)];
    ReservationLifecycle = "ReservationLifecycleJourney", inventory::reservation_lifecycle,
        "put stock in, reserve 1 to 5 pieces",
        [once(INITIALIZE_STOCK), once(RESERVE_STOCK)];
    ReservationRelease = "ReservationReleaseJourney", inventory::reservation_release,
        "put stock in, reserve 3 pieces; nothing is released",
        [once(INITIALIZE_STOCK), once(RESERVE_STOCK), with(JourneyOption::ReleaseProbe,
         RELEASE_UNKNOWN_RESERVATION)];
    DamageWriteOff = "DamageWriteOffJourney", inventory::damage_write_off,
        "put stock in, find 5 pieces damaged, write them off",
        [once(INITIALIZE_STOCK), once(MARK_DAMAGED), once(WRITE_OFF)];
    PaymentSuccess = "PaymentSuccessJourney", payments::payment_success,
        "initiate a payment, confirm it",
        [once(INITIATE_PAYMENT), with(JourneyOption::RepeatedKey, REPEAT_PAYMENT),
         once(CONFIRM_PAYMENT)];
    PaymentFailureRetry = "PaymentFailureRetryJourney", payments::payment_failure_retry,
        "initiate a payment, refuse it, retry, confirm it",
        [once(INITIATE_PAYMENT), once(REFUSE_PAYMENT), once(RETRY_PAYMENT),
         once(CONFIRM_RETRIED_PAYMENT)];
    PaymentRefund = "PaymentRefundJourney", payments::payment_refund,
        "initiate and confirm a payment, refund all of it",
        [once(INITIATE_PAYMENT), once(CONFIRM_PAYMENT), once(REQUEST_REFUND),
         once(CONFIRM_REFUND)];
    Invoice = "InvoiceJourney", payments::invoice,
        "generate an invoice, void it",
        [once(GENERATE_INVOICE), once(VOID_INVOICE)];
    EndToEndOrder = "EndToEndOrderJourney", end_to_end::end_to_end_order,
        "from registration to invoice, through all five domains",
        [once(E2E_REGISTER), once(E2E_CREATE_PRODUCT), once(E2E_ADD_VARIANT),
         once(E2E_ACTIVATE_PRODUCT), once(E2E_CREATE_WAREHOUSE), once(E2E_INITIALIZE_STOCK),
         once(E2E_CREATE_ORDER), once(E2E_RESERVE_STOCK), once(E2E_CONFIRM_ORDER),
         once(E2E_INITIATE_PAYMENT), once(E2E_RECORD_PAYMENT_PENDING), once(E2E_CONFIRM_PAYMENT),
         once(E2E_RECORD_PAYMENT_SUCCESS), once(E2E_SHIP_ORDER), once(E2E_DELIVER_ORDER),
         once(E2E_GENERATE_INVOICE)];
    FlashSaleStampede = "FlashSaleStampede", flash_sale::stampede,
        "reserve 1 to 3 of the 10 pieces that all users share",
        [before(FLASH_CREATE_WAREHOUSE), before(FLASH_INITIALIZE_STOCK), in_vain(FLASH_RESERVE)];
    CancelDuringPayment = "CancelDuringPaymentJourney", races::cancel_during_payment,
        "cancel an order while its payment is being confirmed",
        [once(CANCEL_CREATE_ORDER), once(CANCEL_CONFIRM_ORDER), once(CANCEL_INITIATE_PAYMENT),
         once(CANCEL_RECORD_PAYMENT_PENDING), once(CANCEL_RACE_CANCEL), once(CANCEL_RACE_PAYMENT)];
    ConcurrentOrderModification = "ConcurrentOrderModificationJourney", races::concurrent_order_modification,
        "add an item to an order, confirm it, add another",
        [once(MODIFY_CREATE_ORDER), once(MODIFY_RACE_ITEM), once(MODIFY_RACE_CONFIRM),
         in_vain(MODIFY_RACE_LATE_ITEM)];
    SagaOrderCheckout = "SagaOrderCheckoutJourney", saga::order_checkout,
        "order, reserve, confirm and pay; 3 of 10 payments fail, and the order is cancelled",
        [once(SAGA_CREATE_WAREHOUSE), once(SAGA_INITIALIZE_STOCK), once(SAGA_CREATE_ORDER),
         once(SAGA_RESERVE_STOCK), once(SAGA_CONFIRM_ORDER), once(SAGA_INITIATE_PAYMENT),
         once(SAGA_RECORD_PAYMENT_PENDING), times(0.7, SAGA_CONFIRM_PAYMENT), times(0.7,
         SAGA_RECORD_PAYMENT_SUCCESS), times(0.3, SAGA_REFUSE_PAYMENT), times(0.3,
         SAGA_RECORD_PAYMENT_FAILURE), times(0.3, SAGA_CANCEL_ORDER)];
    LastPieces = "LastPiecesRace", stock_race::last_pieces,
        "12 reservations of 1 to 3 pieces at once, of the last 3 pieces",
        [once(LAST_INITIALIZE_STOCK), contended(RESERVATIONS, 2.0, LAST_RACE_RESERVE)];
    CancelAgainstPaid = "CancelAgainstPaidRace", order_races::cancel_against_paid,
        "cancel an order while the order itself learns that it is paid",
        [once(PAID_CREATE_ORDER), once(PAID_CONFIRM_ORDER), once(PAID_RECORD_PENDING),
         once(PAID_RACE_CANCEL), contended(1, 0.5, PAID_RACE_SUCCESS)];
    DuplicateWebhook = "DuplicateWebhookRace", payment_races::duplicate_webhook,
        "the gateway's word of a success comes twice at once",
        [once(WEBHOOK_INITIATE), contended(2, 1.0, WEBHOOK_RACE_SUCCESS)];
    ContradictingWebhooks = "ContradictingWebhooksRace", payment_races::contradicting_webhooks,
        "the gateway tells success and failure at once, then failure and a refund too early",
        [once(CONTRADICT_INITIATE), contended(1, 0.5, CONTRADICT_RACE_SUCCESS), contended(1, 0.5,
         CONTRADICT_RACE_FAILURE)];
    ConcurrentRefunds = "ConcurrentRefundsRace", refund_races::concurrent_refunds,
        "3 refunds of the whole payment at once, then all that were accepted are done",
        [once(REFUNDS_INITIATE), once(REFUNDS_CONFIRM), contended(REFUNDS, 3.0,
         REFUNDS_RACE_REQUEST), times(3.0, REFUNDS_COMPLETE)];
    DuplicateRefundWebhook = "DuplicateRefundWebhookRace", refund_races::duplicate_refund_webhook,
        "the gateway's word that a refund is done comes twice at once",
        [once(TWICE_INITIATE), once(TWICE_CONFIRM), once(TWICE_REQUEST), contended(2, 1.0,
         TWICE_RACE_COMPLETE)];
    SameIdempotencyKey = "SameIdempotencyKeyRace", payment_races::same_idempotency_key,
        "2 payments with one idempotency key at once",
        [contended(2, 2.0, KEY_RACE_INITIATE)];
    SameExternalId = "SameExternalIdRace", customer_races::same_external_id,
        "4 registrations with one external id at once",
        [contended(REGISTRATIONS, 1.0, EXTERNAL_RACE_REGISTER)];
    ConcurrentCheckout = "ConcurrentCheckoutRace", order_races::concurrent_checkout,
        "3 checkouts of one cart at once",
        [once(CHECKOUT_CREATE_CART), once(CHECKOUT_ADD_ITEM), contended(CHECKOUTS, 1.0,
         CHECKOUT_RACE)];
    ElevenAddresses = "ElevenAddressesRace", customer_races::eleven_addresses,
        "11 addresses at once for a customer that may have 10",
        [once(ADDRESSES_REGISTER), contended(ADDRESSES, 10.0, ADDRESSES_RACE_ADD)];
    DoubleSuspend = "DoubleSuspendRace", customer_races::double_suspend,
        "an account is suspended twice at once",
        [once(SUSPEND_REGISTER), contended(2, 1.0, SUSPEND_RACE)];
    FloodCustomer = "EventFloodUser.register_customer", event_flood::register_customer,
        "register a customer",
        [once(STRESS_REGISTER)];
    FloodProduct = "EventFloodUser.create_product", event_flood::create_product,
        "create a product",
        [once(STRESS_CREATE_PRODUCT)];
    FloodCategory = "EventFloodUser.create_category", event_flood::create_category,
        "create a category",
        [once(STRESS_CREATE_CATEGORY)];
    FloodProductVariant = "EventFloodUser.create_product_with_variant", event_flood::create_product_with_variant,
        "create a product and its variant",
        [once(STRESS_CREATE_VARIANT_PRODUCT), once(STRESS_ADD_VARIANT)];
    FloodOrder = "EventFloodUser.create_order", event_flood::create_order,
        "create an order",
        [once(STRESS_CREATE_ORDER)];
    FloodStock = "EventFloodUser.initialize_inventory", event_flood::initialize_inventory,
        "put stock in",
        [once(STRESS_INITIALIZE_STOCK)];
    FloodPayment = "EventFloodUser.create_payment", event_flood::create_payment,
        "initiate a payment",
        [once(STRESS_INITIATE_PAYMENT)];
    FloodWarehouse = "EventFloodUser.create_warehouse", event_flood::create_warehouse,
        "create a warehouse",
        [once(STRESS_CREATE_WAREHOUSE)];
    RapidRegistration = "SpikeUser.rapid_registration", spike::rapid_registration,
        "register a customer",
        [once(SPIKE_REGISTER)];
    CrossFloodCustomer = "CrossDomainFloodUser.register_customer", cross_flood::register_customer,
        "register a customer",
        [once(CROSS_FLOOD_REGISTER)];
    CrossFloodProduct = "CrossDomainFloodUser.create_product_variant", cross_flood::create_product_variant,
        "create a product and its variant",
        [once(CROSS_FLOOD_CREATE_PRODUCT), once(CROSS_FLOOD_ADD_VARIANT)];
    CrossFloodOrder = "CrossDomainFloodUser.create_order_confirm", cross_flood::create_order_confirm,
        "create an order, confirm it",
        [once(CROSS_FLOOD_CREATE_ORDER), once(CROSS_FLOOD_CONFIRM_ORDER)];
    CrossFloodStock = "CrossDomainFloodUser.inventory_init_receive", cross_flood::inventory_init_receive,
        "put stock in, receive more",
        [once(CROSS_FLOOD_INITIALIZE_STOCK), once(CROSS_FLOOD_RECEIVE_STOCK)];
    CrossFloodPayment = "CrossDomainFloodUser.payment_initiate_webhook", cross_flood::payment_initiate_webhook,
        "initiate a payment, confirm it",
        [once(CROSS_FLOOD_INITIATE_PAYMENT), once(CROSS_FLOOD_CONFIRM_PAYMENT)];
}

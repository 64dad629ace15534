//! The journey through all five domains.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::{
    E2E_ACTIVATE_PRODUCT, E2E_ADD_VARIANT, E2E_CONFIRM_ORDER, E2E_CONFIRM_PAYMENT,
    E2E_CREATE_ORDER, E2E_CREATE_PRODUCT, E2E_CREATE_WAREHOUSE, E2E_DELIVER_ORDER,
    E2E_GENERATE_INVOICE, E2E_INITIALIZE_STOCK, E2E_INITIATE_PAYMENT, E2E_RECORD_PAYMENT_PENDING,
    E2E_RECORD_PAYMENT_SUCCESS, E2E_REGISTER, E2E_RESERVE_STOCK, E2E_SHIP_ORDER,
};
use crate::stats::Outcome;

/// From registration to invoice: 16 requests, 16 events.
///
/// Unlike in the Locust suite the order's items are of the product that was created, under its
/// variant's SKU, and what is paid is the order's total; the shop checks neither.
pub async fn end_to_end_order<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let Supplies {
        payloads, prefixes, ..
    } = supplies;
    let (catalogue, inventory) = (&payloads.catalogue, &payloads.inventory);
    let (ordering, payments) = (&payloads.ordering, &payloads.payments);

    let customer = user
        .call(E2E_REGISTER)
        .body(&payloads.identity.phone_registrations)
        .id()
        .await?;
    let product = user
        .call(E2E_CREATE_PRODUCT)
        .body(&catalogue.products)
        .id()
        .await?;
    let sku = user.local_id(&prefixes.sku);
    let added = user
        .call(E2E_ADD_VARIANT)
        .on(&product)
        .body(&catalogue.named_variants)
        .with(&[sku])
        .or_continue()
        .await?;
    // The shop does not tell the variant's id; its SKU stands for it.
    let variant = match added {
        Outcome::Success => sku,
        _ => user.local_id(&prefixes.variant),
    };
    user.call(E2E_ACTIVATE_PRODUCT)
        .on(&product)
        .or_continue()
        .await?;
    let warehouse = user
        .call(E2E_CREATE_WAREHOUSE)
        .body(&inventory.warehouses)
        .id_or_continue()
        .await?;
    let warehouse = warehouse.unwrap_or_else(|| user.local_id(&prefixes.warehouse));
    let item = user
        .call(E2E_INITIALIZE_STOCK)
        .body(&inventory.product_stocks_of_100)
        .with(&[product, variant, warehouse])
        .id_or_continue()
        .await?;

    let bill = ordering.customer_orders.pick(user.rng());
    let order = user
        .call(E2E_CREATE_ORDER)
        .body_at(&ordering.customer_orders, bill)
        .with(&[customer, product, variant])
        .id()
        .await?;
    if let Some(item) = item {
        user.call(E2E_RESERVE_STOCK)
            .on(&item)
            .body(&inventory.order_reservations_of_2)
            .with(&[order])
            .or_continue()
            .await?;
    }
    user.call(E2E_CONFIRM_ORDER).on(&order).or_abort().await?;
    let payment = user
        .call(E2E_INITIATE_PAYMENT)
        .body_at(&payments.order_total_payments, bill)
        .with(&[order, customer])
        .id()
        .await?;
    user.call(E2E_RECORD_PAYMENT_PENDING)
        .on(&order)
        .body(&ordering.payment_pendings)
        .with(&[payment])
        .or_continue()
        .await?;
    user.call(E2E_CONFIRM_PAYMENT)
        .body(&payments.successes)
        .with(&[payment])
        .or_continue()
        .await?;
    user.call(E2E_RECORD_PAYMENT_SUCCESS)
        .on(&order)
        .body_at(&ordering.customer_order_payments, bill)
        .with(&[payment])
        .or_continue()
        .await?;
    user.call(E2E_SHIP_ORDER)
        .on(&order)
        .body(&ordering.shipments)
        .or_continue()
        .await?;
    user.call(E2E_DELIVER_ORDER)
        .on(&order)
        .or_continue()
        .await?;
    user.call(E2E_GENERATE_INVOICE)
        .body(&payments.order_invoices)
        .with(&[order, customer])
        .or_continue()
        .await?;
    Ok(())
}

//! The data generators by the names of the Locust suite: what each makes here, and what the shop
//! allows. For documentation; the generators themselves are in `generators`.

use super::Domain;

/// A data generator.
#[derive(Clone, Copy, Debug)]
pub struct DataGenerator {
    /// Name in the Locust suite.
    pub name: &'static str,
    /// The domain that it belongs to.
    pub domain: &'static str,
    /// What it makes here.
    pub makes: &'static str,
    /// What the shop enforces.
    pub limits: &'static str,
}

const fn generator(
    domain: Domain,
    name: &'static str,
    makes: &'static str,
    limits: &'static str,
) -> DataGenerator {
    DataGenerator {
        name,
        domain: domain.title(),
        makes,
        limits,
    }
}

/// Every generator of the suite.
pub static GENERATORS: &[DataGenerator] = &[
    generator(
        Domain::Identity,
        "unique_external_id",
        "`EXT-LT-`, run id, counter: never twice",
        "1–255 characters, unique",
    ),
    generator(
        Domain::Identity,
        "valid_email",
        "letters of the name, `.`, run id and counter, at gmail.com, yahoo.com or hotmail.com: never twice",
        "≤ 254 characters, one @, dotted domain",
    ),
    generator(
        Domain::Identity,
        "valid_phone",
        "`+1-984-271-3550`",
        "≤ 20: optional +, digits, blanks, hyphens, parentheses",
    ),
    generator(
        Domain::Identity,
        "customer_name",
        "first and last name, some 3,000 and 470 of them",
        "1–100 each",
    ),
    generator(
        Domain::Identity,
        "date_of_birth",
        "a day from 1955 to 2005",
        "ISO date, ≤ 10",
    ),
    generator(
        Domain::Identity,
        "address_data",
        "label Home, Work or Other; street, city, state code, ZIP, US; coordinates with 4 decimals",
        "label ≤ 20, street ≤ 255, city, state and country ≤ 100, postal code ≤ 20; at most 10 addresses",
    ),
    generator(
        Domain::Catalogue,
        "valid_sku",
        "`PROD-`, `VAR-`, `ORD-` or `INV-`, run id, counter: never twice",
        "3–50 letters, digits and hyphens, none at the edges or twice",
    ),
    generator(
        Domain::Catalogue,
        "product_data",
        "SKU, seller, two-word title, description of 1–4 sentences, company as brand, visibility, meta texts, slug (never twice)",
        "title, description ≤ 255, brand ≤ 100, meta title ≤ 70, meta description ≤ 160, slug ≤ 200 lower-case letters, digits, hyphens",
    ),
    generator(
        Domain::Catalogue,
        "variant_data",
        "SKU, size (JSON text or an object, as the shop asks), price 9.99–299.99 USD, weight 0.1–5 kg, measures in cm",
        "price ≥ 0.01, currency ≤ 3, kg/lb/g/oz, cm/in",
    ),
    generator(
        Domain::Catalogue,
        "image_data",
        "address of a picture (never twice), a sentence, primary or not",
        "address ≤ 500, text ≤ 255; at most 10 images",
    ),
    generator(
        Domain::Catalogue,
        "category_attributes",
        "season and gender",
        "JSON text or an object, as the shop asks",
    ),
    generator(Domain::Catalogue, "category_name", "two words", "1–100"),
    generator(
        Domain::Ordering,
        "order_address",
        "street, city, state code, ZIP, US",
        "as address_data",
    ),
    generator(
        Domain::Ordering,
        "order_item",
        "product and variant (given or made up), SKU, title, 1–5 pieces at 9.99–199.99",
        "sku ≤ 50, title ≤ 255, quantity ≥ 1, price ≥ 0",
    ),
    generator(
        Domain::Ordering,
        "order_data",
        "customer (given or made up), 2 or 3 items, two addresses, shipping 0–15.99, tax 0–25, no discount, USD",
        "currency ≤ 3",
    ),
    generator(
        Domain::Ordering,
        "cart_data",
        "a made-up customer",
        "optional",
    ),
    generator(
        Domain::Ordering,
        "cart_item_data",
        "product (never twice) and variant, 1–3 pieces",
        "quantity ≥ 1; equal pairs are merged",
    ),
    generator(
        Domain::Ordering,
        "checkout_data",
        "two addresses, credit_card, debit_card or wallet",
        "as order_address",
    ),
    generator(
        Domain::Ordering,
        "shipment_data",
        "`ship-` and `TRK` with run id and counter, FedEx, UPS, USPS or DHL, 1–13 days ahead",
        "ids ≤ 255, carrier ≤ 100, date ≤ 10",
    ),
    generator(
        Domain::Inventory,
        "warehouse_data",
        "`<city> Warehouse <1–99>`, address, capacity 1,000–50,000",
        "name ≤ 255, capacity ≥ 0",
    ),
    generator(
        Domain::Inventory,
        "initialize_stock_data",
        "product, variant and warehouse (given or made up), SKU, quantity (given, or 10–500), reorder at 10, 50 pieces",
        "quantities ≥ 0",
    ),
    generator(
        Domain::Inventory,
        "reserve_stock_data",
        "order (given or made up), quantity, 15 minutes",
        "quantity ≥ 1 and ≤ available",
    ),
    generator(
        Domain::Payments,
        "payment_data",
        "order and customer (given or made up), amount (given, or 19.99–499.99) USD, kind of card, last four digits, `idem-` key (never twice)",
        "amount > 0, currency ≤ 3, last4 ≤ 4, key 1–255",
    ),
    generator(
        Domain::Payments,
        "webhook_data_success",
        "the payment, `gtx-` id (never twice), `succeeded`",
        "transaction ≤ 255 and needed",
    ),
    generator(
        Domain::Payments,
        "webhook_data_failure",
        "the payment, `gtx-` id (never twice), `failed`, one of four reasons",
        "reason ≤ 500",
    ),
    generator(
        Domain::Payments,
        "invoice_data",
        "order and customer (given or made up), 1–4 lines of 1–5 pieces at 9.99–99.99, tax 0–30",
        "quantity and price ≥ 0",
    ),
    generator(
        Domain::Ordering,
        "saga_cart_item_data",
        "the product and variant of a stock, 1–3 pieces, which are reserved and paid at 19.99–99.99",
        "as cart_item_data",
    ),
    generator(
        Domain::Fulfillment,
        "fulfillment_item_data",
        "`oi-` and `prod-` ids, SKU `FUL-`, 1–3 pieces",
        "ids ≥ 1, sku 1–100, quantity ≥ 1",
    ),
    generator(
        Domain::Fulfillment,
        "fulfillment_data",
        "order (never twice), customer, 1–4 items, one, or none",
        "ids ≥ 1",
    ),
    generator(
        Domain::Reviews,
        "review_data",
        "product and customer (given or made up), rating 1–5 (5, 10, 15, 35, 35 %), a sentence as title, three and more as body, 1–3 of 8 pros, 0–2 of 7 cons",
        "rating 1–5, title ≤ 200, body ≥ 20; one review a product and customer",
    ),
    generator(
        Domain::Reviews,
        "edit_review_data",
        "the author, title and body as above, rating 1–5",
        "as review_data; the author's only",
    ),
    generator(
        Domain::Notifications,
        "notification_preferences_data",
        "e-mail, SMS and push on or off, each for itself",
        "one of them given",
    ),
    generator(
        Domain::Notifications,
        "quiet_hours_data",
        "from 20:00–23:00 to 06:00–09:00, full hours",
        "HH:MM",
    ),
    generator(
        Domain::Notifications,
        "notification_type",
        "one of 8, of which the shop knows 4",
        "1–100 characters",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn all_34_are_there_once() {
        let names: HashSet<&str> = GENERATORS.iter().map(|generator| generator.name).collect();
        assert_eq!((names.len(), GENERATORS.len()), (34, 34));
    }
}

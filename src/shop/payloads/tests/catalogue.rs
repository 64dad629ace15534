//! Bodies of the Catalogue domain keep the contract.

use super::limits::{Field, Fields, Limit};
use super::{Kind, PAYLOADS, bodies, kind, run_id, text_of};
use crate::shop::payloads::CatalogueBodies;
use crate::shop::{Domain, Generation, Payloads};
use serde_json::Value;
use std::collections::HashSet;

const PRODUCT: Fields = &[
    ("sku", Limit::Sku("PROD-")),
    ("seller_id", Limit::Hex("seller-", 6)),
    ("title", Limit::UpTo(255)),
    ("description", Limit::UpTo(255)),
    ("brand", Limit::UpTo(100)),
    (
        "visibility",
        Limit::OneOf(&["Public", "Unlisted", "Tier_Restricted"]),
    ),
    ("meta_title", Limit::UpTo(70)),
    ("meta_description", Limit::UpTo(160)),
    ("slug", Limit::UniqueThat(200, is_slug)),
];

const VARIANT: Fields = &[
    ("variant_sku", Limit::Sku("VAR-")),
    VARIANT_ATTRIBUTES,
    BASE_PRICE,
    CURRENCY,
    WEIGHT,
    WEIGHT_UNIT,
    LENGTH,
    WIDTH,
    HEIGHT,
    DIMENSION_UNIT,
];
const NAMED_VARIANT: Fields = &[
    ("variant_sku", Limit::Given(0)),
    VARIANT_ATTRIBUTES,
    BASE_PRICE,
    CURRENCY,
    WEIGHT,
    WEIGHT_UNIT,
    LENGTH,
    WIDTH,
    HEIGHT,
    DIMENSION_UNIT,
];
const VARIANT_ATTRIBUTES: Field = (
    "attributes",
    Limit::JsonText(&[("size", Limit::OneOf(&["S", "M", "L", "XL"]))]),
);
const BASE_PRICE: Field = ("base_price", Limit::Decimal(9.99, 299.99, 2));
const CURRENCY: Field = ("currency", Limit::Is("USD"));
const WEIGHT: Field = ("weight_value", Limit::Decimal(0.1, 5.0, 2));
const WEIGHT_UNIT: Field = ("weight_unit", Limit::Is("kg"));
const LENGTH: Field = ("length", Limit::Decimal(5.0, 50.0, 1));
const WIDTH: Field = ("width", Limit::Decimal(5.0, 40.0, 1));
const HEIGHT: Field = ("height", Limit::Decimal(1.0, 30.0, 1));
const DIMENSION_UNIT: Field = ("dimension_unit", Limit::Is("cm"));

const PRIMARY_IMAGE: Fields = &[IMAGE_URL, ALT_TEXT, ("is_primary", Limit::Flag(true))];
const SECONDARY_IMAGE: Fields = &[IMAGE_URL, ALT_TEXT, ("is_primary", Limit::Flag(false))];
/// At most 500 characters.
const IMAGE_URL: Field = (
    "url",
    Limit::Unique("https://cdn.example.com/images/", ".jpg"),
);
const ALT_TEXT: Field = ("alt_text", Limit::UpTo(255));

const NAME: Field = ("name", Limit::UpTo(100));
const PARENT: Field = ("parent_category_id", Limit::Given(0));
const CATEGORY_ATTRIBUTES: Field = (
    "attributes",
    Limit::JsonText(&[
        (
            "season",
            Limit::OneOf(&["spring", "summer", "fall", "winter", "all"]),
        ),
        ("gender", Limit::OneOf(&["men", "women", "unisex", "kids"])),
    ]),
);

fn is_slug(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Every kind of body and its limits.
pub fn kinds(catalogue: &CatalogueBodies) -> Vec<Kind<'_>> {
    let CatalogueBodies {
        products,
        variants,
        named_variants,
        primary_images,
        secondary_images,
        categories,
        child_categories,
        leaf_categories,
        category_changes,
        category_orders,
    } = catalogue;
    vec![
        kind("products", products, PRODUCT),
        kind("variants", variants, VARIANT),
        kind("named_variants", named_variants, NAMED_VARIANT),
        kind("primary_images", primary_images, PRIMARY_IMAGE),
        kind("secondary_images", secondary_images, SECONDARY_IMAGE),
        kind("categories", categories, &[NAME]),
        kind("child_categories", child_categories, &[NAME, PARENT]),
        kind(
            "leaf_categories",
            leaf_categories,
            &[NAME, PARENT, CATEGORY_ATTRIBUTES],
        ),
        kind(
            "category_changes",
            category_changes,
            &[NAME, CATEGORY_ATTRIBUTES],
        ),
        kind(
            "category_orders",
            category_orders,
            &[("new_display_order", Limit::Whole(1, 100))],
        ),
    ]
}

/// The same values in either form, and nothing else differs.
#[test]
fn attributes_are_in_the_form_that_the_shop_asks_for() {
    let objects = Payloads::new(1, &run_id(1), Generation::Today, &Domain::ALL);
    let (texts, objects) = (kinds(&PAYLOADS.catalogue), kinds(&objects.catalogue));
    let mut with_attributes = 0;
    for (text, object) in texts.iter().zip(&objects) {
        for (mut text, mut object) in bodies(text.arena).zip(bodies(object.arena)) {
            let (Some(of_text), Some(of_object)) =
                (text.remove("attributes"), object.remove("attributes"))
            else {
                assert_eq!(text, object);
                continue;
            };
            let within: Value = serde_json::from_str(of_text.as_str().unwrap()).unwrap();
            assert!(of_object.is_object());
            assert_eq!(within, of_object);
            assert_eq!(text, object);
            with_attributes += 1;
        }
    }
    assert!(with_attributes > 4_000, "{with_attributes}");
}

#[test]
fn every_place_of_a_category_is_there() {
    for (index, fields) in bodies(&PAYLOADS.catalogue.category_orders).enumerate() {
        assert_eq!(fields["new_display_order"], index + 1);
    }
    assert_eq!(PAYLOADS.catalogue.category_orders.len(), 100);
}

#[test]
fn texts_look_like_a_crowd() {
    let products: Vec<_> = bodies(&PAYLOADS.catalogue.products).collect();
    for field in ["title", "description", "brand", "meta_description"] {
        let distinct: HashSet<&str> = products.iter().map(|body| text_of(body, field)).collect();
        let share = distinct.len() as f64 / products.len() as f64;
        assert!(share > 0.8, "{field}: {share}");
    }
    for body in &products {
        assert!(text_of(body, "title").ends_with(" Product"));
        assert!(text_of(body, "meta_title").ends_with(" Product"));
    }
    let names: HashSet<String> = bodies(&PAYLOADS.catalogue.categories)
        .map(|body| text_of(&body, "name").to_owned())
        .collect();
    assert!(names.len() > 1_900, "{}", names.len());
}

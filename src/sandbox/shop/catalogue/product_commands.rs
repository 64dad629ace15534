//! Products: Draft → Active → Discontinued → Archived, with variants and images at any time.

use super::attributes::check_attributes;
use super::product::{Product, ProductStatus, is_spelled};
use super::product_rules::{check_measure, check_price, check_sku, check_slug, check_tier_price};
use super::views;
use crate::sandbox::pipeline::Domain::Catalogue;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::message_store::check_storable;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use crate::shop::events;
use crate::stats::Event;
use std::sync::Arc;
use uuid::Uuid;

const MAX_IMAGES: u8 = 10;
const VISIBILITIES: [&str; 3] = ["Public", "Unlisted", "Tier_Restricted"];

/// Most tiers of a variant.
const MOST_TIERS: usize = 20;

pub fn create(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    // Meta texts without a slug are dropped, unchecked.
    if let Some(slug) = fields.filled_text(10) {
        check_slug(slug)?;
    }
    check_sku(fields.required_text(0))?;
    if let Some(visibility) = fields.filled_text(7)
        && !VISIBILITIES.contains(&visibility)
    {
        return Err(Refusal::rule(
            "visibility",
            "Input should be 'Public', 'Unlisted' or 'Tier_Restricted'",
        ));
    }
    let id = work.create(Product {
        status: ProductStatus::Draft,
        has_variants: false,
        images: 0,
        parts: None,
    });
    work.raise(&events::PRODUCT_CREATED);
    views::create_product(work, id, fields);
    Ok(EndpointAnswer::Created("product_id", id))
}

/// Loads the product, lets `rule` change it, and saves it. Tells its key.
fn change(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut Product) -> Result<(), Refusal>,
) -> Result<ThingKey, Refusal> {
    let mut product = work.load::<Product>(call.id())?;
    let key = product.key();
    rule(&mut product)?;
    work.save(product);
    work.raise(event);
    Ok(key)
}

/// A new identifier of a part.
fn new_id() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

pub fn update_details(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let key = change(work, call, &events::PRODUCT_DETAILS_UPDATED, |_| {
        check_slug(fields.text(6).unwrap_or_default())?;
        match fields.text(0) {
            Some("") => Err(Refusal::rule("title", Refusal::EMPTY_TEXT)),
            _ => Ok(()),
        }
    })?;
    views::update_product(work, key, fields);
    Ok(EndpointAnswer::DONE)
}

pub fn add_variant(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let numbers = [2, 4, 6, 7, 8].map(|index| fields.number(index).unwrap_or_default());
    check_storable(&numbers)?;
    let id = work.shows(Catalogue).then(new_id);
    let key = change(work, call, &events::VARIANT_ADDED, |product| {
        let price = fields.required_number(2);
        check_price(price)?;
        check_weight(fields)?;
        check_dimensions(fields)?;
        check_attributes(fields.filled_text(1))?;
        check_sku(fields.required_text(0))?;
        product.has_variants = true;
        if let Some(id) = id {
            product.parts().add_variant(id, price);
        }
        Ok(())
    })?;
    if let Some(id) = id {
        views::add_variant(work, key, id, fields);
    }
    Ok(EndpointAnswer::ADDED)
}

/// A unit without a weight is dropped, unchecked.
fn check_weight(fields: &Fields<'_>) -> Result<(), Refusal> {
    let Some(weight) = fields.number(4) else {
        return Ok(());
    };
    check_measure(
        &[("value", weight)],
        fields.filled_text(5).unwrap_or("kg"),
        &["kg", "lb", "g", "oz"],
        "Weight unit must be 'kg', 'lb', 'g', or 'oz'",
    )
}

/// Without a length the other two and the unit are dropped, unchecked.
fn check_dimensions(fields: &Fields<'_>) -> Result<(), Refusal> {
    let Some(length) = fields.number(6) else {
        return Ok(());
    };
    let measures = [
        ("length", length),
        ("width", fields.number(7).unwrap_or_default()),
        ("height", fields.number(8).unwrap_or_default()),
    ];
    check_measure(
        &measures,
        fields.filled_text(9).unwrap_or("cm"),
        &["cm", "in"],
        "Dimension unit must be 'cm' or 'in'",
    )
}

/// Tiers' prices are forgotten with the old price.
pub fn change_price(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let price = call.fields.required_number(0);
    check_storable(&[price])?;
    let key = change(work, call, &events::VARIANT_PRICE_CHANGED, |product| {
        check_price(price)?;
        let variant = product.variant(call)?;
        variant.price = price;
        variant.tiers.clear();
        Ok(())
    })?;
    views::change_price(work, key, call);
    Ok(EndpointAnswer::DONE)
}

pub fn set_tier_price(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let price = call.fields.required_number(1);
    check_storable(&[price])?;
    let tier = call.fields.required_text(0);
    let key = change(work, call, &events::TIER_PRICE_SET, |product| {
        let variant = product.variant(call)?;
        check_tier_price(tier, price, variant.price)?;
        variant.tiers.retain(|(known, _)| known != tier);
        if variant.tiers.len() < MOST_TIERS {
            variant.tiers.push((tier.into(), price));
        }
        Ok(())
    })?;
    views::set_tier_price(work, key, call);
    Ok(EndpointAnswer::DONE)
}

pub fn add_image(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let id = work.shows(Catalogue).then(new_id);
    let mut is_first = false;
    let key = change(work, call, &events::PRODUCT_IMAGE_ADDED, |product| {
        if product.images >= MAX_IMAGES {
            return Err(Refusal::rule("images", "Cannot have more than 10 images"));
        }
        is_first = product.images == 0;
        product.images += 1;
        if let Some(id) = id {
            product.parts().images.push(id);
        }
        Ok(())
    })?;
    if let Some(id) = id {
        views::add_image(work, key, id, is_first, call.fields);
    }
    Ok(EndpointAnswer::ADDED)
}

/// (The refusal's wording is measured on today's shop; in the shop of five contexts no client can
/// know an image's id.)
pub fn remove_image(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let id = call.parameters[1];
    let key = change(work, call, &events::PRODUCT_IMAGE_REMOVED, |product| {
        let unknown = || Refusal::rule("images", format!("Image {id} not found"));
        let parts = product.parts.as_mut().ok_or_else(unknown)?;
        let place = parts.images.iter().position(|image| is_spelled(*image, id));
        Arc::make_mut(parts)
            .images
            .remove(place.ok_or_else(unknown)?);
        product.images = product.images.saturating_sub(1);
        Ok(())
    })?;
    views::remove_image(work, key, call);
    Ok(EndpointAnswer::DONE)
}

pub fn activate(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let key = change(work, call, &events::PRODUCT_ACTIVATED, |product| {
        product.go(
            ProductStatus::Draft,
            ProductStatus::Active,
            "Only draft products can be activated",
        )?;
        if product.has_variants {
            return Ok(());
        }
        Err(Refusal::rule(
            "variants",
            "Product must have at least one variant to be activated",
        ))
    })?;
    views::set_status(work, key, "Active");
    Ok(EndpointAnswer::DONE)
}

pub fn discontinue(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let key = change(work, call, &events::PRODUCT_DISCONTINUED, |product| {
        product.go(
            ProductStatus::Active,
            ProductStatus::Discontinued,
            "Only active products can be discontinued",
        )
    })?;
    views::set_status(work, key, "Discontinued");
    Ok(EndpointAnswer::DONE)
}

pub fn archive(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let key = change(work, call, &events::PRODUCT_ARCHIVED, |product| {
        product.go(
            ProductStatus::Discontinued,
            ProductStatus::Archived,
            "Only discontinued products can be archived",
        )
    })?;
    views::set_status(work, key, "Archived");
    Ok(EndpointAnswer::DONE)
}

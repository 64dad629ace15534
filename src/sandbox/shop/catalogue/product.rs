//! Products: Draft → Active → Discontinued → Archived, with variants and images at any time.

use super::attributes::check_attributes;
use super::product_rules::{check_measure, check_price, check_sku, check_slug};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::message_store::check_storable;
use crate::sandbox::shop::{Answer, Call, Work};
use crate::shop::events;
use crate::stats::Event;

const MAX_IMAGES: u8 = 10;
const VISIBILITIES: [&str; 3] = ["Public", "Unlisted", "Tier_Restricted"];

/// What later requests can notice of a product. Variant and image ids are never given out, so that
/// neither can be changed or removed; which image is the primary one shows nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    status: Status,
    has_variants: bool,
    images: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Draft,
    Active,
    Discontinued,
    Archived,
}

pub fn create(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
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
        status: Status::Draft,
        has_variants: false,
        images: 0,
    });
    work.raise(&events::PRODUCT_CREATED);
    Ok(Answer::Created("product_id", id))
}

/// Loads the product, lets `rule` change it, and saves it.
fn change(
    work: &mut Work<'_>,
    call: &Call<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut Product) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut product = work.load::<Product>(call.id())?;
    rule(&mut product)?;
    work.save(product);
    work.raise(event);
    Ok(())
}

pub fn update_details(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let fields = call.fields;
    change(work, call, &events::PRODUCT_DETAILS_UPDATED, |_| {
        check_slug(fields.text(6).unwrap_or_default())?;
        match fields.text(0) {
            Some("") => Err(Refusal::rule("title", Refusal::EMPTY_TEXT)),
            _ => Ok(()),
        }
    })?;
    Ok(Answer::DONE)
}

pub fn add_variant(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let fields = call.fields;
    let numbers = [2, 4, 6, 7, 8].map(|index| fields.number(index).unwrap_or_default());
    check_storable(&numbers)?;
    change(work, call, &events::VARIANT_ADDED, |product| {
        check_price(fields.required_number(2))?;
        check_weight(fields)?;
        check_dimensions(fields)?;
        check_attributes(fields.filled_text(1))?;
        check_sku(fields.required_text(0))?;
        product.has_variants = true;
        Ok(())
    })?;
    Ok(Answer::ADDED)
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

fn unknown_variant(call: &Call<'_>) -> Refusal {
    let id = call.parameters[1];
    Refusal::rule("variants", format!("Variant {id} not found"))
}

/// No client can know a variant's id, so that every one is unknown. (The wording is the source's.)
pub fn change_price(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let price = call.fields.required_number(0);
    check_storable(&[price])?;
    work.load::<Product>(call.id())?;
    check_price(price)?;
    Err(unknown_variant(call))
}

/// See [`change_price`].
pub fn set_tier_price(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    check_storable(&[call.fields.required_number(1)])?;
    work.load::<Product>(call.id())?;
    Err(unknown_variant(call))
}

pub fn add_image(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::PRODUCT_IMAGE_ADDED, |product| {
        if product.images >= MAX_IMAGES {
            return Err(Refusal::rule("images", "Cannot have more than 10 images"));
        }
        product.images += 1;
        Ok(())
    })?;
    Ok(Answer::ADDED)
}

/// Removing an image: no client can know its id, so that every one is unknown. (The wording is the
/// source's.)
pub fn find_image(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    work.load::<Product>(call.id())?;
    let id = call.parameters[1];
    Err(Refusal::rule("images", format!("Image {id} not found")))
}

pub fn activate(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::PRODUCT_ACTIVATED, |product| {
        product.go(
            Status::Draft,
            Status::Active,
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
    Ok(Answer::DONE)
}

pub fn discontinue(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::PRODUCT_DISCONTINUED, |product| {
        product.go(
            Status::Active,
            Status::Discontinued,
            "Only active products can be discontinued",
        )
    })?;
    Ok(Answer::DONE)
}

pub fn archive(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::PRODUCT_ARCHIVED, |product| {
        product.go(
            Status::Discontinued,
            Status::Archived,
            "Only discontinued products can be archived",
        )
    })?;
    Ok(Answer::DONE)
}

impl Product {
    fn go(&mut self, from: Status, to: Status, otherwise: &str) -> Result<(), Refusal> {
        if self.status != from {
            return Err(Refusal::rule("status", otherwise));
        }
        self.status = to;
        Ok(())
    }
}

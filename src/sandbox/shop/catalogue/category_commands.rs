//! Categories: a tree of five levels, whose members can be renamed, reordered and deactivated.

use super::Category;
use super::attributes::check_attributes;
use super::views;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use crate::shop::events;

/// Deepest level; roots are on level 0.
const MAX_LEVEL: u8 = 4;

/// An inactive parent is one all the same.
pub fn create(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let level = match fields.filled_text(1) {
        None => 0,
        Some(parent) => work.load::<Category>(parent)?.level + 1,
    };
    if level > MAX_LEVEL {
        return Err(Refusal::rule(
            "level",
            "Category hierarchy cannot exceed 5 levels (depth 0-4)",
        ));
    }
    check_attributes(fields.filled_text(2))?;
    let id = work.create(Category {
        level,
        is_active: true,
    });
    work.raise(&events::CATEGORY_CREATED);
    views::create_category(work, id, level, fields);
    Ok(EndpointAnswer::Created("category_id", id))
}

/// Allowed for inactive ones, too.
pub fn update(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let category = work.load::<Category>(call.id())?;
    check_attributes(fields.filled_text(1))?;
    if fields.text(0) == Some("") {
        return Err(Refusal::rule("name", Refusal::EMPTY_TEXT));
    }
    let key = category.key();
    work.save(category);
    work.raise(&events::CATEGORY_DETAILS_UPDATED);
    views::rename_category(work, key, fields);
    Ok(EndpointAnswer::DONE)
}

/// Any number that fits the database's 32-bit column; nothing handles its complaint about others.
/// (Not measured for this column.)
pub fn reorder(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let category = work.load::<Category>(call.id())?;
    let order = call.fields.required_integer(0);
    if i32::try_from(order).is_err() {
        return Err(Refusal::Crash);
    }
    let key = category.key();
    work.save(category);
    work.raise(&events::CATEGORY_REORDERED);
    views::set_category(work, key, "display_order", order);
    Ok(EndpointAnswer::DONE)
}

pub fn deactivate(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut category = work.load::<Category>(call.id())?;
    if !category.is_active {
        return Err(Refusal::rule("status", "Category is already inactive"));
    }
    category.is_active = false;
    let key = category.key();
    work.save(category);
    work.raise(&events::CATEGORY_DEACTIVATED);
    views::set_category(work, key, "is_active", false);
    Ok(EndpointAnswer::DONE)
}

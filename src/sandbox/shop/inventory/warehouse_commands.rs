//! Warehouses: created, changed, given zones, and closed for good.

use super::Warehouse;
use crate::sandbox::bugs::Bug;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::ordering::ADDRESS;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use crate::shop::events;

const ZONE_TYPES: [&str; 3] = ["Regular", "Cold", "Hazmat"];

pub fn create(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    if let Some(address) = call.fields.object(1) {
        ADDRESS.check_command(address)?;
    }
    check_capacity(call.fields.integer(2))?;
    let id = work.create(Warehouse { is_active: true });
    work.raise(&events::WAREHOUSE_CREATED);
    Ok(EndpointAnswer::Created("warehouse_id", id))
}

/// The column is a 32-bit integer, and nothing handles the database's complaint. (Not measured for
/// this column.)
fn check_capacity(capacity: Option<i64>) -> Result<(), Refusal> {
    match capacity.map(i32::try_from) {
        Some(Err(_)) => Err(Refusal::Crash),
        _ => Ok(()),
    }
}

/// Allowed after the warehouse was closed, too.
pub fn update(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let warehouse = work.load::<Warehouse>(call.id())?;
    if call.fields.text(0) == Some("") {
        return Err(Refusal::rule("name", Refusal::EMPTY_TEXT));
    }
    check_capacity(call.fields.integer(1))?;
    work.save(warehouse);
    work.raise(&events::WAREHOUSE_UPDATED);
    Ok(EndpointAnswer::DONE)
}

/// (The refusal's wording is pydantic's for a choice, not measured here.)
pub fn add_zone(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let warehouse = work.load::<Warehouse>(call.id())?;
    if let Some(kind) = call.fields.filled_text(1)
        && !ZONE_TYPES.contains(&kind)
    {
        return Err(Refusal::rule(
            "zone_type",
            "Input should be 'Regular', 'Cold' or 'Hazmat'",
        ));
    }
    work.save(warehouse);
    work.raise(&events::ZONE_ADDED);
    Ok(EndpointAnswer::ADDED)
}

/// Removing a zone: no client can know its id, so that every one is unknown. (The wording is the
/// source's.)
pub fn find_zone(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    work.load::<Warehouse>(call.id())?;
    Err(Refusal::rule("zone_id", "Zone not found"))
}

pub fn deactivate(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut warehouse = work.load::<Warehouse>(call.id())?;
    if !warehouse.is_active && !work.strikes(Bug::DoubleDeactivation) {
        return Err(Refusal::rule("warehouse", "Warehouse is already inactive"));
    }
    warehouse.is_active = false;
    work.save(warehouse);
    work.raise(&events::WAREHOUSE_DEACTIVATED);
    Ok(EndpointAnswer::DONE)
}

//! Journeys of the Identity domain.

use crate::engine::{Journey, Link, Session};
use crate::shop::Supplies;
use crate::shop::steps::{
    ADD_ADDRESS, CLOSE, REACTIVATE, REGISTER, SUSPEND, UPDATE_PROFILE, UPGRADE_TIER,
};

/// Register, complete the profile, add two addresses, reach Silver. Raises 5 events.
pub async fn new_customer<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    let customer = user.call(REGISTER).body(&bodies.registrations).id().await?;
    user.call(UPDATE_PROFILE)
        .on(&customer)
        .body(&bodies.profiles)
        .or_continue()
        .await?;
    user.call(ADD_ADDRESS)
        .on(&customer)
        .body(&bodies.addresses)
        .or_continue()
        .await?;
    user.call(ADD_ADDRESS)
        .on(&customer)
        .body(&bodies.addresses)
        .or_continue()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&bodies.silver_tier)
        .or_continue()
        .await?;
    Ok(())
}

/// Register, suspend, reactivate, close. Raises 4 events.
pub async fn account_lifecycle<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    let customer = user
        .call(REGISTER)
        .body(&bodies.short_registrations)
        .id()
        .await?;
    user.call(SUSPEND)
        .on(&customer)
        .body(&bodies.suspension)
        .or_continue()
        .await?;
    user.call(REACTIVATE).on(&customer).or_continue().await?;
    user.call(CLOSE).on(&customer).or_continue().await?;
    Ok(())
}

/// Register, rise to Silver, Gold and Platinum. Raises 4 events.
pub async fn tier_progression<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    let customer = user
        .call(REGISTER)
        .body(&bodies.short_registrations)
        .id()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&bodies.silver_tier)
        .or_continue()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&bodies.gold_tier)
        .or_continue()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&bodies.platinum_tier)
        .or_continue()
        .await?;
    Ok(())
}

//! Journeys of the Identity domain.

use crate::engine::{Journey, Link, Session};
use crate::shop::payloads::Payloads;
use crate::shop::steps::{
    ADD_ADDRESS, CLOSE, REACTIVATE, REGISTER, SUSPEND, UPDATE_PROFILE, UPGRADE_TIER,
};

/// Register, complete the profile, add two addresses, reach Silver. Raises 5 events.
pub async fn new_customer<L: Link>(user: &mut Session<L>, payloads: &Payloads) -> Journey {
    let customer = user
        .call(REGISTER)
        .body(&payloads.identity.registrations)
        .id()
        .await?;
    user.call(UPDATE_PROFILE)
        .on(&customer)
        .body(&payloads.identity.profiles)
        .or_continue()
        .await?;
    user.call(ADD_ADDRESS)
        .on(&customer)
        .body(&payloads.identity.addresses)
        .or_continue()
        .await?;
    user.call(ADD_ADDRESS)
        .on(&customer)
        .body(&payloads.identity.addresses)
        .or_continue()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&payloads.identity.silver_tier)
        .or_continue()
        .await?;
    Ok(())
}

/// Register, suspend, reactivate, close. Raises 4 events.
pub async fn account_lifecycle<L: Link>(user: &mut Session<L>, payloads: &Payloads) -> Journey {
    let customer = user
        .call(REGISTER)
        .body(&payloads.identity.short_registrations)
        .id()
        .await?;
    user.call(SUSPEND)
        .on(&customer)
        .body(&payloads.identity.suspension)
        .or_continue()
        .await?;
    user.call(REACTIVATE).on(&customer).or_continue().await?;
    user.call(CLOSE).on(&customer).or_continue().await?;
    Ok(())
}

/// Register, rise to Silver, Gold and Platinum. Raises 4 events.
pub async fn tier_progression<L: Link>(user: &mut Session<L>, payloads: &Payloads) -> Journey {
    let customer = user
        .call(REGISTER)
        .body(&payloads.identity.short_registrations)
        .id()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&payloads.identity.silver_tier)
        .or_continue()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&payloads.identity.gold_tier)
        .or_continue()
        .await?;
    user.call(UPGRADE_TIER)
        .on(&customer)
        .body(&payloads.identity.platinum_tier)
        .or_continue()
        .await?;
    Ok(())
}

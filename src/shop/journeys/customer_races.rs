//! Races over customers.

use super::raced::{ADDRESSES, REGISTRATIONS};
use crate::engine::{Journey, Link, Racer, Session};
use crate::shop::Supplies;
use crate::shop::ledger::{
    ADDRESS_LIMIT, LOSER_LEAVES_NOTHING, ONE_CUSTOMER_AN_ID, SUSPENDED_ONCE, at_most, at_most_one,
    loser_leaves_nothing,
};
use crate::shop::races::{DOUBLE_SUSPEND, ELEVEN_ADDRESSES, SAME_EXTERNAL_ID};
use crate::shop::steps::{
    ADDRESSES_RACE_ADD, ADDRESSES_REGISTER, EXTERNAL_RACE_REGISTER, SUSPEND_RACE, SUSPEND_REGISTER,
};

/// Addresses that a customer may have.
const ADDRESS_MAX: usize = 10;

/// 4 registrations with one external id at once.
pub async fn same_external_id<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let external_id = user.local_id(&supplies.prefixes.external_id);
    let ids = [external_id];
    let register = Racer::of(EXTERNAL_RACE_REGISTER)
        .body(&supplies.payloads.identity.known_registrations)
        .with(&ids)
        .times(REGISTRATIONS);
    let racers = user.race(SAME_EXTERNAL_ID, &[register]).await?;
    let found = at_most_one(user.log(), &racers, "a registration under one external id");
    user.settle(ONE_CUSTOMER_AN_ID, found);
    Ok(())
}

/// 11 addresses at once for a customer that may have 10.
pub async fn eleven_addresses<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    user.begin_log();
    let customer = user
        .call(ADDRESSES_REGISTER)
        .body(&bodies.short_registrations)
        .id()
        .await?;
    let add = Racer::of(ADDRESSES_RACE_ADD)
        .on(&customer)
        .body(&bodies.addresses)
        .times(ADDRESSES);
    let racers = user.race(ELEVEN_ADDRESSES, &[add]).await?;
    let limit = at_most(ADDRESS_MAX, user.log(), &racers, "adding an address");
    let nothing_left = loser_leaves_nothing(user.log(), &racers);
    user.settle(ADDRESS_LIMIT, limit);
    user.settle(LOSER_LEAVES_NOTHING, nothing_left);
    Ok(())
}

/// An account is suspended twice at once.
pub async fn double_suspend<L: Link>(user: &mut Session<L>, supplies: &Supplies) -> Journey {
    let bodies = &supplies.payloads.identity;
    user.begin_log();
    let customer = user
        .call(SUSPEND_REGISTER)
        .body(&bodies.short_registrations)
        .id()
        .await?;
    let suspend = Racer::of(SUSPEND_RACE)
        .on(&customer)
        .body(&bodies.suspension)
        .times(2);
    let racers = user.race(DOUBLE_SUSPEND, &[suspend]).await?;
    let found = at_most_one(user.log(), &racers, "suspending the account");
    user.settle(SUSPENDED_ONCE, found);
    Ok(())
}

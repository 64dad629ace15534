//! Identity: customers, their status, tier and address book.

mod views;

use super::customers::{CustomerAccount, CustomerStatus, ExternalId, Taken, Tier, address_id};
use super::person_rules::{check_coordinates, check_date, check_email, check_phone};
use super::ring_store::ThingKey;
use super::work::Loaded;
use super::{
    Endpoint, EndpointAnswer, EndpointCall, LostRaceFault, PARAMETER as ID, Work, endpoint,
};
use crate::sandbox::bugs::Bug;
use crate::sandbox::python_text::repr;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::{Schema, SchemaField};
use crate::shop::events;
use crate::stats::Event;

const MAX_ADDRESSES: u32 = 10;
const LABELS: [&str; 3] = ["Home", "Work", "Other"];
const TIERS: [(&str, Tier); 4] = [
    ("Standard", Tier::Standard),
    ("Silver", Tier::Silver),
    ("Gold", Tier::Gold),
    ("Platinum", Tier::Platinum),
];

static REGISTRATION: Schema = Schema(&[
    SchemaField::text("external_id", 255),
    SchemaField::text("email", 254),
    SchemaField::text("first_name", 100),
    SchemaField::text("last_name", 100),
    SchemaField::optional_text("phone", 20),
    SchemaField::optional_text("date_of_birth", 10),
]);
static PROFILE: Schema = Schema(&[
    SchemaField::optional_text("first_name", 100),
    SchemaField::optional_text("last_name", 100),
    SchemaField::optional_text("phone", 20),
    SchemaField::optional_text("date_of_birth", 10),
]);
static NEW_ADDRESS: Schema = Schema(&[
    SchemaField::optional_text("label", 20),
    SchemaField::text("street", 255),
    SchemaField::text("city", 100),
    SchemaField::optional_text("state", 100),
    SchemaField::text("postal_code", 20),
    SchemaField::text("country", 100),
    SchemaField::optional_text_without_limit("geo_lat"),
    SchemaField::optional_text_without_limit("geo_lng"),
]);
static CHANGED_ADDRESS: Schema = Schema(&[
    SchemaField::optional_text("label", 20),
    SchemaField::optional_text("street", 255),
    SchemaField::optional_text("city", 100),
    SchemaField::optional_text("state", 100),
    SchemaField::optional_text("postal_code", 20),
    SchemaField::optional_text("country", 100),
]);
static SUSPENSION: Schema = Schema(&[SchemaField::text("reason", 500)]);
static NEW_TIER: Schema = Schema(&[SchemaField::text("new_tier", 20)]);

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("POST", &["customers"], Some(&REGISTRATION), register),
    endpoint(
        "PUT",
        &["customers", ID, "profile"],
        Some(&PROFILE),
        update_profile,
    ),
    endpoint(
        "POST",
        &["customers", ID, "addresses"],
        Some(&NEW_ADDRESS),
        add_address,
    ),
    endpoint(
        "PUT",
        &["customers", ID, "addresses", ID],
        Some(&CHANGED_ADDRESS),
        update_address,
    ),
    endpoint(
        "DELETE",
        &["customers", ID, "addresses", ID],
        None,
        remove_address,
    ),
    endpoint(
        "PUT",
        &["customers", ID, "addresses", ID, "default"],
        None,
        prefer_address,
    ),
    endpoint(
        "PUT",
        &["customers", ID, "suspend"],
        Some(&SUSPENSION),
        suspend,
    ),
    endpoint("PUT", &["customers", ID, "reactivate"], None, reactivate),
    endpoint("PUT", &["customers", ID, "close"], None, close),
    endpoint(
        "PUT",
        &["customers", ID, "tier"],
        Some(&NEW_TIER),
        upgrade_tier,
    ),
];

/// What today's shop has besides.
pub const READS: &[Endpoint] = &[
    endpoint("GET", &["customers", ID], None, views::read_customer),
    endpoint(
        "GET",
        &["customers", ID, "addresses"],
        None,
        views::read_addresses,
    ),
];

fn register(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    if let Some(date) = fields.filled_text(5) {
        check_date(date)?;
    }
    if let Some(phone) = fields.filled_text(4) {
        check_phone(phone)?;
    }
    check_email(fields.required_text(1))?;
    let external_id = fields.required_text(0);
    match work.shop().register_customer(ExternalId::of(external_id)) {
        Ok(id) => {
            work.touch(id);
            work.raise(&events::CUSTOMER_REGISTERED);
            views::register(work, id, fields);
            Ok(EndpointAnswer::Created("customer_id", id))
        }
        Err(Taken) => Err(Refusal::rule(
            "external_id",
            format!("Customer with external_id '{external_id}' is already present."),
        )),
    }
}

/// Loads the customer, lets `rule` change it, and saves it. A customer with two default addresses
/// refuses every change. Tells its key, and what `rule` told.
fn change<T>(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut CustomerAccount, ThingKey) -> Result<T, Refusal>,
) -> Result<(ThingKey, T), Refusal> {
    let mut account: Loaded<CustomerAccount> = work.load(call.id())?;
    let key = account.key();
    let status = account.status;
    let told = rule(&mut account, key)?;
    if account.has_two_defaults() {
        return Err(Refusal::rule(
            "_entity",
            "Exactly one address must be marked as default",
        ));
    }
    // Only of the status: addresses that are lost would break another rule.
    match account.status == status {
        true => work.save(account),
        false => work.save_with_fault(account, LostRaceFault::unchecked(Bug::LostUpdate)),
    }
    work.raise(event);
    Ok((key, told))
}

fn update_profile(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    // The date is read before the customer is loaded, and here even an empty one.
    if let Some(date) = fields.text(3) {
        check_date(date)?;
    }
    let (key, ()) = change(work, call, &events::PROFILE_UPDATED, |_, _| {
        if let Some(phone) = fields.filled_text(2) {
            check_phone(phone)?;
        }
        let empty: Vec<_> = [(0, "first_name"), (1, "last_name")]
            .into_iter()
            .filter(|&(index, _)| fields.text(index) == Some(""))
            .map(|(_, name)| (name, Refusal::EMPTY_TEXT.into()))
            .collect();
        if empty.is_empty() {
            return Ok(());
        }
        Err(Refusal::Rules(empty))
    })?;
    views::update_profile(work, key, fields);
    Ok(EndpointAnswer::DONE)
}

fn add_address(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let (key, (number, is_first)) = change(work, call, &events::ADDRESS_ADDED, |account, _| {
        check_coordinates(fields.filled_text(6), fields.filled_text(7))?;
        check_label(fields.filled_text(0))?;
        if account.addresses() >= MAX_ADDRESSES {
            return Err(Refusal::rule(
                "addresses",
                "Cannot have more than 10 addresses",
            ));
        }
        let is_first = account.addresses() == 0;
        Ok((account.add_address(), is_first))
    })?;
    views::add_address(work, key, address_id(key, number), is_first, fields);
    Ok(EndpointAnswer::ADDED)
}

fn check_label(label: Option<&str>) -> Result<(), Refusal> {
    if label.is_none_or(|label| LABELS.contains(&label)) {
        return Ok(());
    }
    Err(Refusal::rule(
        "label",
        "Input should be 'Home', 'Work' or 'Other'",
    ))
}

/// The number of the address that the path names. Only today's shop tells address ids, by a
/// projection: where none is shown every one is unknown. (The message is measured on today's shop.)
fn find_address(
    account: &CustomerAccount,
    key: ThingKey,
    call: &EndpointCall<'_>,
) -> Result<u8, Refusal> {
    let id = call.parameters[1];
    account
        .find_address(key, id)
        .ok_or_else(|| Refusal::rule("addresses", format!("Address {id} not found")))
}

/// (What an empty field comes to is pydantic's rule, not measured here.)
fn update_address(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let (key, ()) = change(work, call, &events::ADDRESS_UPDATED, |account, key| {
        find_address(account, key, call)?;
        check_label(fields.text(0))?;
        let required = [
            (1, "street"),
            (2, "city"),
            (4, "postal_code"),
            (5, "country"),
        ];
        match required
            .iter()
            .find(|(index, _)| fields.text(*index) == Some(""))
        {
            Some((_, name)) => Err(Refusal::rule(name, Refusal::EMPTY_TEXT)),
            None => Ok(()),
        }
    })?;
    views::update_address(work, key, call);
    Ok(EndpointAnswer::DONE)
}

fn remove_address(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, &events::ADDRESS_REMOVED, |account, key| {
        let number = find_address(account, key, call)?;
        if account.addresses() <= 1 {
            return Err(Refusal::rule("addresses", "Cannot remove the last address"));
        }
        account.remove_address(number);
        Ok(())
    })?;
    views::remove_address(work, key, call);
    Ok(EndpointAnswer::DONE)
}

fn prefer_address(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(
        work,
        call,
        &events::DEFAULT_ADDRESS_CHANGED,
        |account, key| {
            let number = find_address(account, key, call)?;
            account.prefer_address(number);
            Ok(())
        },
    )?;
    views::prefer_address(work, key, call);
    Ok(EndpointAnswer::DONE)
}

fn suspend(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, &events::ACCOUNT_SUSPENDED, |account, _| {
        if account.status != CustomerStatus::Active {
            return Err(Refusal::rule(
                "status",
                "Only active accounts can be suspended",
            ));
        }
        account.status = CustomerStatus::Suspended;
        Ok(())
    })?;
    views::set(work, key, "status", "Suspended");
    Ok(EndpointAnswer::DONE)
}

fn reactivate(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, &events::ACCOUNT_REACTIVATED, |account, _| {
        if account.status != CustomerStatus::Suspended {
            return Err(Refusal::rule(
                "status",
                "Only suspended accounts can be reactivated",
            ));
        }
        account.status = CustomerStatus::Active;
        Ok(())
    })?;
    views::set(work, key, "status", "Active");
    Ok(EndpointAnswer::DONE)
}

fn close(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, &events::ACCOUNT_CLOSED, |account, _| {
        if account.status == CustomerStatus::Closed {
            return Err(Refusal::rule("status", "Account is already closed"));
        }
        account.status = CustomerStatus::Closed;
        Ok(())
    })?;
    views::set(work, key, "status", "Closed");
    Ok(EndpointAnswer::DONE)
}

fn upgrade_tier(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let word = call.fields.required_text(0);
    let (key, ()) = change(work, call, &events::TIER_UPGRADED, |account, _| {
        let Some(&(_, tier)) = TIERS.iter().find(|(name, _)| *name == word) else {
            return Err(Refusal::Value(format!("{} is not in list", repr(word))));
        };
        if tier <= account.tier {
            let current = account.tier;
            return Err(Refusal::rule(
                "tier",
                format!("Cannot downgrade from {current:?} to {tier:?}"),
            ));
        }
        account.tier = tier;
        Ok(())
    })?;
    views::set(work, key, "tier", word);
    Ok(EndpointAnswer::DONE)
}

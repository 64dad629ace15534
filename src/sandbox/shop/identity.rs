//! Identity: customers, their status, tier and address book.

use super::customers::{Account, ExternalId, Status, Taken, Tier};
use super::person_rules::{check_coordinates, check_date, check_email, check_phone};
use super::work::Loaded;
use super::{Answer, Call, Endpoint, Fault, PARAMETER as ID, Work, endpoint};
use crate::sandbox::bugs::Bug;
use crate::sandbox::python_text::repr;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::{Field, Schema};
use crate::shop::events;
use crate::stats::Event;

const MAX_ADDRESSES: u8 = 10;
const LABELS: [&str; 3] = ["Home", "Work", "Other"];
const TIERS: [(&str, Tier); 4] = [
    ("Standard", Tier::Standard),
    ("Silver", Tier::Silver),
    ("Gold", Tier::Gold),
    ("Platinum", Tier::Platinum),
];

static REGISTRATION: Schema = Schema(&[
    Field::text("external_id", 255),
    Field::text("email", 254),
    Field::text("first_name", 100),
    Field::text("last_name", 100),
    Field::optional_text("phone", 20),
    Field::optional_text("date_of_birth", 10),
]);
static PROFILE: Schema = Schema(&[
    Field::optional_text("first_name", 100),
    Field::optional_text("last_name", 100),
    Field::optional_text("phone", 20),
    Field::optional_text("date_of_birth", 10),
]);
static NEW_ADDRESS: Schema = Schema(&[
    Field::optional_text("label", 20),
    Field::text("street", 255),
    Field::text("city", 100),
    Field::optional_text("state", 100),
    Field::text("postal_code", 20),
    Field::text("country", 100),
    Field::optional_text_without_limit("geo_lat"),
    Field::optional_text_without_limit("geo_lng"),
]);
static CHANGED_ADDRESS: Schema = Schema(&[
    Field::optional_text("label", 20),
    Field::optional_text("street", 255),
    Field::optional_text("city", 100),
    Field::optional_text("state", 100),
    Field::optional_text("postal_code", 20),
    Field::optional_text("country", 100),
]);
static SUSPENSION: Schema = Schema(&[Field::text("reason", 500)]);
static NEW_TIER: Schema = Schema(&[Field::text("new_tier", 20)]);

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
        find_address,
    ),
    endpoint(
        "DELETE",
        &["customers", ID, "addresses", ID],
        None,
        find_address,
    ),
    endpoint(
        "PUT",
        &["customers", ID, "addresses", ID, "default"],
        None,
        find_address,
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

fn register(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
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
            work.raise(&events::CUSTOMER_REGISTERED);
            Ok(Answer::Created("customer_id", id))
        }
        Err(Taken) => Err(Refusal::rule(
            "external_id",
            format!("Customer with external_id '{external_id}' is already present."),
        )),
    }
}

/// Loads the customer, lets `rule` change it, and saves it. A customer with two default addresses
/// refuses every change.
fn change(
    work: &mut Work<'_>,
    call: &Call<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut Account) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut account: Loaded<Account> = work.load(call.id())?;
    let status = account.status;
    rule(&mut account)?;
    if account.defaults > 1 {
        return Err(Refusal::rule(
            "_entity",
            "Exactly one address must be marked as default",
        ));
    }
    // Only of the status: addresses that are lost would break another rule.
    match account.status == status {
        true => work.save(account),
        false => work.save_with_fault(account, Fault::unchecked(Bug::LostUpdate)),
    }
    work.raise(event);
    Ok(())
}

fn update_profile(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let fields = call.fields;
    // The date is read before the customer is loaded, and here even an empty one.
    if let Some(date) = fields.text(3) {
        check_date(date)?;
    }
    change(work, call, &events::PROFILE_UPDATED, |_| {
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
    Ok(Answer::DONE)
}

fn add_address(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let fields = call.fields;
    change(work, call, &events::ADDRESS_ADDED, |account| {
        check_coordinates(fields.filled_text(6), fields.filled_text(7))?;
        if let Some(label) = fields.filled_text(0)
            && !LABELS.contains(&label)
        {
            return Err(Refusal::rule(
                "label",
                "Input should be 'Home', 'Work' or 'Other'",
            ));
        }
        if account.addresses >= MAX_ADDRESSES {
            return Err(Refusal::rule(
                "addresses",
                "Cannot have more than 10 addresses",
            ));
        }
        account.addresses += 1;
        account.defaults = account.defaults.max(1);
        Ok(())
    })?;
    Ok(Answer::ADDED)
}

/// Changing, removing or preferring an address: no client can know an address id, so that every
/// one is unknown. (The message is the source's, not a measured one.)
fn find_address(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    work.load::<Account>(call.id())?;
    Err(Refusal::rule(
        "addresses",
        format!("Address {} not found", call.parameters[1]),
    ))
}

fn suspend(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::ACCOUNT_SUSPENDED, |account| {
        if account.status != Status::Active {
            return Err(Refusal::rule(
                "status",
                "Only active accounts can be suspended",
            ));
        }
        account.status = Status::Suspended;
        Ok(())
    })?;
    Ok(Answer::DONE)
}

fn reactivate(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::ACCOUNT_REACTIVATED, |account| {
        if account.status != Status::Suspended {
            return Err(Refusal::rule(
                "status",
                "Only suspended accounts can be reactivated",
            ));
        }
        account.status = Status::Active;
        Ok(())
    })?;
    Ok(Answer::DONE)
}

fn close(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::ACCOUNT_CLOSED, |account| {
        if account.status == Status::Closed {
            return Err(Refusal::rule("status", "Account is already closed"));
        }
        account.status = Status::Closed;
        Ok(())
    })?;
    Ok(Answer::DONE)
}

fn upgrade_tier(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let word = call.fields.required_text(0);
    change(work, call, &events::TIER_UPGRADED, |account| {
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
    Ok(Answer::DONE)
}

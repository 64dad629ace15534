//! What reads show of customers: the card, and the book of addresses.

use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::{Identity, Notifications};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::{Notice, ProjectionRow, has, member, object};
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use uuid::Uuid;

pub fn read_customer(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "CustomerCard", |views| &mut views.customer_card)
}

pub fn read_addresses(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    work.read_row(call.id(), "AddressBook", |views| &mut views.address_book)
}

/// The card has no phone before the profile is changed, although the customer has.
pub fn register(work: &mut Work<'_>, id: Uuid, fields: &Fields<'_>) {
    if !work.shows(Identity) {
        return;
    }
    let texts = [0, 1, 2, 3].map(|index| fields.required_text(index).to_owned());
    let phone: Json = fields.filled_text(4).into();
    let key = ThingKey::of(id);
    work.show(key, move |views, moment| {
        let [external_id, email, first_name, last_name] = texts;
        if views.notices(Notifications) {
            views.tell(Notice::CustomerRegistered {
                customer: id.to_string(),
                first_name: first_name.clone(),
            });
        }
        let row = ProjectionRow(vec![
            ("customer_id", id.into()),
            ("external_id", external_id.into()),
            ("email", email.into()),
            ("first_name", first_name.into()),
            ("last_name", last_name.into()),
            ("phone", Json::Null),
            ("status", "Active".into()),
            ("tier", "Standard".into()),
            ("registered_at", moment.raised()),
            ("_phone", phone),
        ]);
        views.customer_card.put(key, row);
    });
}

pub fn update_profile(work: &mut Work<'_>, key: ThingKey, fields: &Fields<'_>) {
    if !work.shows(Identity) {
        return;
    }
    let [first_name, last_name, phone] =
        [0, 1, 2].map(|index| fields.text(index).map(str::to_owned));
    work.show(key, move |views, _| {
        let Some(card) = views.customer_card.row(key) else {
            return;
        };
        for (column, name) in [("first_name", first_name), ("last_name", last_name)] {
            if let Some(name) = name {
                card.set(column, name);
            }
        }
        if let Some(phone) = phone {
            card.set("_phone", Some(phone).filter(|phone| !phone.is_empty()));
        }
        let known = card.get("_phone").clone();
        if known != Json::Null {
            card.set("phone", known);
        }
    });
}

/// Has a column of the card say `word`.
pub fn set(work: &mut Work<'_>, key: ThingKey, column: &'static str, word: &str) {
    if !work.shows(Identity) {
        return;
    }
    let word = word.to_owned();
    work.show(key, move |views, _| {
        if let Some(card) = views.customer_card.row(key) {
            card.set(column, word);
        }
    });
}

/// Names of an address's fields, in the order of the request.
const ADDRESS: [&str; 6] = ["label", "street", "city", "state", "postal_code", "country"];

/// Truth is told as a text here, as in the real projection.
fn python_bool(truth: bool) -> Json {
    if truth { "True" } else { "False" }.into()
}

pub fn add_address(
    work: &mut Work<'_>,
    key: ThingKey,
    id: Uuid,
    is_default: bool,
    fields: &Fields<'_>,
) {
    if !work.shows(Identity) {
        return;
    }
    let texts = [0, 1, 2, 3, 4, 5].map(|index| fields.filled_text(index).map(str::to_owned));
    work.show(key, move |views, _| {
        let [label, street, city, state, postal_code, country] = texts;
        let entry = object([
            ("address_id", id.into()),
            ("label", label.unwrap_or_else(|| "Home".into()).into()),
            ("street", street.into()),
            ("city", city.into()),
            ("state", state.into()),
            ("postal_code", postal_code.into()),
            ("country", country.into()),
            ("is_default", python_bool(is_default)),
        ]);
        if views.address_book.row(key).is_none() {
            let row = ProjectionRow(vec![("customer_id", key.uuid().into())]);
            views.address_book.put(key, row);
        }
        if let Some(book) = views.address_book.row(key) {
            book.list("addresses").push(entry);
        }
    });
}

/// Has `change` applied to the entries of the book, with the id of the address in the path.
fn change_book(
    work: &mut Work<'_>,
    key: ThingKey,
    call: &EndpointCall<'_>,
    change: impl FnOnce(&mut Vec<Json>, &str) + Send + 'static,
) {
    let id = call.parameters[1].to_owned();
    work.show(key, move |views, _| {
        if let Some(book) = views.address_book.row(key) {
            change(book.list("addresses"), &id);
        }
    });
}

pub fn update_address(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    if !work.shows(Identity) {
        return;
    }
    let texts = [0, 1, 2, 3, 4, 5].map(|index| call.fields.text(index).map(str::to_owned));
    change_book(work, key, call, move |entries, id| {
        let ours = |entry: &&mut Json| has(entry, "address_id", id);
        let Some(entry) = entries.iter_mut().find(ours) else {
            return;
        };
        for (name, text) in ADDRESS.into_iter().zip(texts) {
            if let (Some(text), Some(held)) = (text, member(entry, name)) {
                *held = text.into();
            }
        }
    });
}

pub fn remove_address(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    if !work.shows(Identity) {
        return;
    }
    change_book(work, key, call, |entries, id| {
        entries.retain(|entry| !has(entry, "address_id", id));
    });
}

pub fn prefer_address(work: &mut Work<'_>, key: ThingKey, call: &EndpointCall<'_>) {
    if !work.shows(Identity) {
        return;
    }
    change_book(work, key, call, |entries, id| {
        for entry in entries {
            let is_default = has(entry, "address_id", id);
            if let Some(held) = member(entry, "is_default") {
                *held = python_bool(is_default);
            }
        }
    });
}

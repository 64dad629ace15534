//! What engines do: they make a new customer's preferences, messages when something has happened, and
//! send them.

use super::channels::Channel;
use super::{Notification, NotificationPreference, preference_commands, views};
use crate::sandbox::shop::Work;
use crate::sandbox::shop::projections::Message;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::text_digest::TextDigest;
use crate::shop::events;

/// A new customer has the usual preferences, unless there are some.
pub fn begin_preferences(work: &mut Work<'_>, customer: &str) {
    if preference_commands::find(work, customer).is_some() {
        return;
    }
    let key = ThingKey::of(work.create(NotificationPreference::NEW));
    let customer = TextDigest::of(customer);
    work.at_commit(move |shop| {
        shop.shard_of(customer)
            .preference_of
            .or_insert(customer, key);
    });
    work.raise(&events::PREFERENCES_CREATED);
}

/// Makes a message for every channel that the recipient wants to be told by; customers without
/// preferences are told by e-mail.
pub fn tell(work: &mut Work<'_>, message: &Message) {
    let kind = message.kind;
    let preference = match kind.is_internal() {
        true => None,
        false => preference_commands::find(work, &message.recipient),
    };
    let is_wanted = |channel: Channel| match &preference {
        _ if kind.is_internal() => true,
        Some(preference) => preference.allows(channel) && !preference.is_unsubscribed(kind.name()),
        None => channel == Channel::Email,
    };
    for &channel in kind.channels() {
        if is_wanted(channel) {
            make(work, message, channel);
        }
    }
}

fn make(work: &mut Work<'_>, message: &Message, channel: Channel) {
    let kind = message.kind;
    let list = (!kind.is_internal()).then(|| TextDigest::of(&message.recipient).key());
    let key = ThingKey::of(work.create(Notification::new(list)));
    let due_ns = kind.waits_ns().map(|waits_ns| {
        let now_ns = u64::try_from(work.now_ns()).unwrap_or_default();
        now_ns.saturating_add(waits_ns)
    });
    if let Some(due_ns) = due_ns {
        work.at_commit(move |shop| {
            if let Some(mut shard) = shop.shard(key.shard()) {
                shard.scheduled.add(due_ns, key);
            }
        });
    }
    work.raise(&events::NOTIFICATION_CREATED);
    views::create(work, key, list, message, channel.name());
}

/// Sends a message that is not to wait, unless it was cancelled meanwhile.
pub fn dispatch(work: &mut Work<'_>, key: ThingKey) {
    let Ok(mut one) = work.load::<Notification>(&key.uuid().to_string()) else {
        return;
    };
    if one.is_pending() {
        one.send();
        let list = one.list;
        work.save(one);
        work.raise(&events::NOTIFICATION_SENT);
        views::send(work, key, list);
    }
}

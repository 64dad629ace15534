//! What clients can do with preferences. There are some as soon as an engine has made them: before, a
//! change is refused, in ways that nobody meant (measured).

use super::NotificationPreference;
use super::preference::check_time;
use crate::sandbox::bugs::Bug;
use crate::sandbox::json_text::write_text;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::text_digest::TextDigest;
use crate::sandbox::shop::work::Loaded;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::events;
use crate::stats::Event;
use std::fmt::Write as _;

/// The preferences of a customer, if an engine has made some.
pub fn find(work: &Work<'_>, customer: &str) -> Option<Loaded<NotificationPreference>> {
    let customer = TextDigest::of(customer);
    let key = work
        .shop()
        .shard_of(customer)
        .preference_of
        .get(customer)
        .copied()?;
    work.load(&key.uuid().to_string()).ok()
}

/// The table itself is read, so that a change shows at once. Whoever has none has the usual ones.
pub fn read(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let found = find(work, call.id());
    let id = found.as_ref().map(|found| found.key().uuid().to_string());
    let usual = NotificationPreference::NEW;
    let shown = found.as_deref().unwrap_or(&usual);
    let mut body = format!(
        r#"{{"preference_id":"{}","customer_id":"#,
        id.unwrap_or_default()
    );
    write_text(call.id(), &mut body);
    let [email, sms, push] = shown.enabled;
    // Writing to a String cannot fail.
    let _ = write!(
        body,
        r#","email_enabled":{email},"sms_enabled":{sms},"push_enabled":{push}"#
    );
    let hours = shown.quiet_hours.as_ref();
    for (index, name) in ["quiet_hours_start", "quiet_hours_end"]
        .into_iter()
        .enumerate()
    {
        let _ = write!(body, ",\"{name}\":");
        match hours {
            Some(hours) => write_text(&hours[index], &mut body),
            None => body.push_str("null"),
        }
    }
    body.push_str(",\"unsubscribed_types\":[");
    for (index, kind) in shown.unsubscribed().iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        write_text(kind, &mut body);
    }
    body.push_str("]}");
    Ok(EndpointAnswer::Told(body))
}

/// Loads the customer's preferences, lets `rule` change them, and saves them. What is wrong with a
/// request is told before that there are none: the shop makes some, changes them, and cannot store
/// them.
fn change(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    fault: Option<LostRaceFault<NotificationPreference>>,
    rule: impl FnOnce(&mut NotificationPreference) -> Result<(), Refusal>,
) -> Result<EndpointAnswer, Refusal> {
    let Some(mut found) = find(work, call.id()) else {
        rule(&mut NotificationPreference::NEW.clone())?;
        let random = fastrand::u128(..).to_be_bytes();
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        return Err(Refusal::Unknown {
            aggregate: "NotificationPreference",
            id: id.to_string(),
        });
    };
    rule(&mut found)?;
    match fault {
        Some(fault) => work.save_with_fault(found, fault),
        None => work.save(found),
    }
    work.raise(event);
    Ok(EndpointAnswer::DONE)
}

pub fn update_channels(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let wanted = [0, 1, 2].map(|index| call.fields.optional_boolean(index));
    let fault = LostRaceFault {
        bug: Bug::LostQuietHours,
        act: |stored: &mut NotificationPreference, late| {
            let overwrites = stored.quiet_hours != late.quiet_hours;
            if overwrites {
                *stored = late.clone();
            }
            overwrites
        },
    };
    let event = &events::CHANNELS_UPDATED;
    change(work, call, event, Some(fault), |preference| {
        if wanted == [None; 3] {
            let told = "At least one channel preference must be provided";
            return Err(Refusal::rule("channels", told));
        }
        for (enabled, wanted) in preference.enabled.iter_mut().zip(wanted) {
            *enabled = wanted.unwrap_or(*enabled);
        }
        Ok(())
    })
}

pub fn set_quiet_hours(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let [start, end] = [0, 1].map(|index| call.fields.required_text(index));
    let fault = LostRaceFault {
        bug: Bug::LostChannels,
        act: |stored: &mut NotificationPreference, late| {
            let overwrites = stored.enabled != late.enabled;
            if overwrites {
                *stored = late.clone();
            }
            overwrites
        },
    };
    let event = &events::QUIET_HOURS_SET;
    change(work, call, event, Some(fault), |preference| {
        check_time("quiet_hours_start", start)?;
        check_time("quiet_hours_end", end)?;
        preference.quiet_hours = Some([start.into(), end.into()]);
        Ok(())
    })
}

pub fn clear_quiet_hours(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    change(
        work,
        call,
        &events::QUIET_HOURS_CLEARED,
        None,
        |preference| {
            preference.quiet_hours = None;
            Ok(())
        },
    )
}

/// The shop takes the first of no preferences, which crashes it.
pub fn unsubscribe(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let kind = call.fields.required_text(0);
    let mut found = find(work, call.id()).ok_or(Refusal::Crash)?;
    let again = found.is_unsubscribed(kind) && work.strikes(Bug::DoubleUnsubscribe);
    found.unsubscribe(kind, again)?;
    work.save_with_fault(found, LostRaceFault::unchecked(Bug::DoubleUnsubscribe));
    work.raise(&events::TYPE_UNSUBSCRIBED);
    Ok(EndpointAnswer::ADDED)
}

/// See [`unsubscribe`].
pub fn resubscribe(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let mut found = find(work, call.id()).ok_or(Refusal::Crash)?;
    let kind = call.fields.required_text(0);
    let fault = (!found.is_unsubscribed(kind)).then_some(Bug::DoubleResubscribe);
    work.unless_overlooked(found.resubscribe(kind), fault)?;
    work.save(found);
    work.raise(&events::TYPE_RESUBSCRIBED);
    Ok(EndpointAnswer::ADDED)
}

//! What clients can do with messages.

use super::Notification;
use crate::sandbox::bugs::Bug;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::events;
use jiff::Timestamp;

/// None has ever failed.
pub fn retry(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let one = work.load::<Notification>(call.id())?;
    let told = "Only failed notifications can be retried";
    let fault = one.is_cancelled().then_some(Bug::RetriedAfterCancel);
    work.unless_overlooked(Err(Refusal::rule("status", told)), fault)?;
    work.save(one);
    work.raise(&events::NOTIFICATION_RETRIED);
    Ok(EndpointAnswer::ADDED)
}

/// No read ever shows it (measured).
pub fn cancel(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut one = work.load::<Notification>(call.id())?;
    let again = one.is_cancelled() && work.strikes(Bug::DoubleCancel);
    one.cancel(again)?;
    work.save_with_fault(one, LostRaceFault::unchecked(Bug::DoubleCancel));
    work.raise(&events::NOTIFICATION_CANCELLED);
    Ok(EndpointAnswer::DONE)
}

/// Sends what is due. What it raises waits in a lane of the streams that is never read, so that no read
/// ever shows it (measured).
pub fn process_scheduled(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let pipeline = work.shop().pipeline();
    let now = pipeline.time_of(u64::try_from(work.now_ns()).unwrap_or_default());
    let asked = call.fields.integer(0);
    let as_of = asked.map_or(now, |us| {
        let last = match us < 0 {
            true => Timestamp::MIN,
            false => Timestamp::MAX,
        };
        Timestamp::from_microsecond(us).unwrap_or(last)
    });
    let mut due: Vec<ThingKey> = Vec::new();
    for index in 0..work.shop().shards() {
        if let Some(mut shard) = work.shop().shard(index) {
            due.extend(
                shard
                    .scheduled
                    .take(|due_ns| pipeline.time_of(due_ns) <= as_of),
            );
        }
    }
    for key in due {
        // One that was forgotten or cancelled meanwhile is left out.
        let _ = work.apart(|work| {
            let mut one = work.load::<Notification>(&key.uuid().to_string())?;
            if one.is_pending() {
                one.send();
                work.save(one);
                work.raise(&events::NOTIFICATION_SENT);
            }
            Ok(())
        });
    }
    Ok(EndpointAnswer::DONE)
}

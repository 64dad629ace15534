//! What reads show of messages: a customer's list.

use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::Domain::Notifications;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::projections::{Message, Notice, ProjectionRow};
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::text_digest::TextDigest;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};

/// Of a customer that nobody knows nothing, and no refusal.
pub fn read(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let list = TextDigest::of(call.id()).key();
    let mut body = String::from("{\"notifications\":[");
    work.read(|views| {
        for (index, row) in views.customer_notifications.rows(list).enumerate() {
            if index > 0 {
                body.push(',');
            }
            row.write(&mut body);
        }
    });
    body.push_str("]}");
    Ok(EndpointAnswer::Told(body))
}

/// One that is not to wait is sent as soon as it is seen.
pub fn create(
    work: &mut Work<'_>,
    key: ThingKey,
    list: Option<ThingKey>,
    message: &Message,
    channel: &'static str,
) {
    if !work.shows(Notifications) {
        return;
    }
    let (kind, subject) = (message.kind, message.subject.clone());
    work.show(key, move |views, moment| {
        if let Some(list) = list {
            let row = ProjectionRow(vec![
                ("notification_id", key.uuid().into()),
                ("notification_type", kind.name().into()),
                ("channel", channel.into()),
                ("subject", Json::Text(subject)),
                ("status", "Pending".into()),
                ("created_at", moment.raised()),
            ]);
            views.customer_notifications.put(list, key, row);
        }
        if kind.waits_ns().is_none() {
            views.tell(Notice::NotificationCreated(key));
        }
    });
}

pub fn send(work: &mut Work<'_>, key: ThingKey, list: Option<ThingKey>) {
    let (Some(list), true) = (list, work.shows(Notifications)) else {
        return;
    };
    work.show(key, move |views, _| {
        if let Some(row) = views.customer_notifications.row(list, key) {
            row.set("status", "Sent");
        }
    });
}

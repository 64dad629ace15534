//! Notifications: what customers want to hear of, and what they are told. Messages are made by engines
//! alone, and so are the preferences of a new customer.

mod bodies;
mod channels;
mod engine_commands;
mod message_commands;
mod notification;
mod preference;
mod preference_commands;
mod scheduled;
mod views;

use super::{Endpoint, PARAMETER as ID, endpoint};
use bodies::{CANCELLATION, CHANNELS, DUE, QUIET_HOURS, TYPE};

pub use engine_commands::{begin_preferences, dispatch, tell};
pub use notification::Notification;
pub use preference::NotificationPreference;
pub use scheduled::ScheduledNotifications;

/// The endpoints, in the order of the shop's own routes: the first one on a path is what a 405
/// allows.
pub const ENDPOINTS: &[Endpoint] = &[
    endpoint(
        "GET",
        &["notifications", "preferences", ID],
        None,
        preference_commands::read,
    ),
    endpoint(
        "PUT",
        &["notifications", "preferences", ID],
        Some(&CHANNELS),
        preference_commands::update_channels,
    ),
    endpoint(
        "PUT",
        &["notifications", "preferences", ID, "quiet-hours"],
        Some(&QUIET_HOURS),
        preference_commands::set_quiet_hours,
    ),
    endpoint(
        "DELETE",
        &["notifications", "preferences", ID, "quiet-hours"],
        None,
        preference_commands::clear_quiet_hours,
    ),
    endpoint(
        "POST",
        &["notifications", "preferences", ID, "unsubscribe"],
        Some(&TYPE),
        preference_commands::unsubscribe,
    ),
    endpoint(
        "POST",
        &["notifications", "preferences", ID, "resubscribe"],
        Some(&TYPE),
        preference_commands::resubscribe,
    ),
    endpoint("GET", &["notifications", ID], None, views::read),
    endpoint(
        "POST",
        &["notifications", ID, "retry"],
        None,
        message_commands::retry,
    ),
    endpoint(
        "PUT",
        &["notifications", ID, "cancel"],
        Some(&CANCELLATION),
        message_commands::cancel,
    ),
    Endpoint {
        body_is_optional: true,
        ..endpoint(
            "POST",
            &["notifications", "maintenance", "process-scheduled"],
            Some(&DUE),
            message_commands::process_scheduled,
        )
    },
];

//! What a customer wants to hear of, and how.

use super::channels::Channel;
use crate::sandbox::refusal::Refusal;
use std::sync::Arc;

/// Most types of messages given up that are remembered of a customer.
const MOST_TYPES: usize = 1_000;

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct NotificationPreference {
    /// By e-mail, by text message, by push message.
    pub enabled: [bool; 3],
    /// Begin and end, as they were sent.
    pub quiet_hours: Option<[Arc<str>; 2]>,
    unsubscribed: Option<Arc<Vec<String>>>,
}

impl NotificationPreference {
    /// Of a new customer.
    pub const NEW: Self = Self {
        enabled: [true, false, false],
        quiet_hours: None,
        unsubscribed: None,
    };

    /// Whether messages may go over `channel`.
    pub fn allows(&self, channel: Channel) -> bool {
        let [email, _, push] = self.enabled;
        match channel {
            Channel::Email => email,
            Channel::Push => push,
            Channel::Slack => false,
        }
    }

    /// The types that were given up, in their order.
    pub fn unsubscribed(&self) -> &[String] {
        self.unsubscribed.as_ref().map_or(&[], |types| types)
    }

    /// Whether messages of this type were given up.
    pub fn is_unsubscribed(&self, kind: &str) -> bool {
        self.unsubscribed().iter().any(|known| known == kind)
    }

    /// Gives up messages of a type; `again` without a look at whether that has happened.
    ///
    /// # Errors
    /// When they were given up.
    pub fn unsubscribe(&mut self, kind: &str, again: bool) -> Result<(), Refusal> {
        if self.is_unsubscribed(kind) && !again {
            let told = format!("Already unsubscribed from {kind}");
            return Err(Refusal::rule("unsubscribed_types", told));
        }
        let types = Arc::make_mut(self.unsubscribed.get_or_insert_default());
        if types.len() < MOST_TYPES {
            types.push(kind.to_owned());
        }
        Ok(())
    }

    /// Wants messages of a type again.
    ///
    /// # Errors
    /// When they were not given up.
    pub fn resubscribe(&mut self, kind: &str) -> Result<(), Refusal> {
        let mut types = self.unsubscribed().iter();
        let Some(place) = types.position(|known| known == kind) else {
            let told = format!("Not currently unsubscribed from {kind}");
            return Err(Refusal::rule("unsubscribed_types", told));
        };
        Arc::make_mut(self.unsubscribed.get_or_insert_default()).remove(place);
        Ok(())
    }
}

/// Whether a time of day of the right form is one.
///
/// # Errors
/// When it is none; `field` is the rule's.
pub fn check_time(field: &'static str, time: &str) -> Result<(), Refusal> {
    let number = |text: &str| text.parse::<u32>().ok();
    let is_time = time.split_once(':').is_some_and(|(hour, minute)| {
        number(hour).is_some_and(|hour| hour <= 23)
            && number(minute).is_some_and(|minute| minute <= 59)
    });
    if is_time {
        return Ok(());
    }
    let told = format!("Invalid time format: {time}. Use HH:MM");
    Err(Refusal::rule(field, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_given_up_once_and_wanted_again_once() {
        let mut one = NotificationPreference::NEW;
        assert!(one.resubscribe("a").is_err());
        one.unsubscribe("a", false).unwrap();
        one.unsubscribe("b", false).unwrap();
        assert!(one.unsubscribe("a", false).is_err());
        assert!(one.is_unsubscribed("a") && !one.is_unsubscribed("A"));
        one.resubscribe("a").unwrap();
        assert_eq!(one.unsubscribed(), ["b"]);
        assert!(one.resubscribe("a").is_err());
    }

    #[test]
    fn days_have_24_hours_of_60_minutes() {
        for fine in ["00:00", "23:59"] {
            assert_eq!(check_time("f", fine), Ok(()), "{fine}");
        }
        for wrong in ["24:00", "12:60", "99:99"] {
            assert!(check_time("f", wrong).is_err(), "{wrong}");
        }
    }
}

//! Which traces somebody wants to see.

use crate::sandbox::request_target::parameter;
use glob::Pattern;

/// A wanted text, or everything.
#[derive(Clone, Debug, Default)]
pub enum WantedText {
    #[default]
    Everything,
    Exactly(String),
    Like(Pattern),
}

impl WantedText {
    /// An empty text filters nothing.
    fn exactly(text: Option<String>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => Self::Exactly(text),
            None => Self::Everything,
        }
    }

    /// As [`WantedText::exactly`], with `*`, `?` and `[…]`.
    fn like(text: Option<String>) -> Self {
        match Self::exactly(text) {
            Self::Exactly(text) => Pattern::new(&text).map_or(Self::Exactly(text), Self::Like),
            other => other,
        }
    }

    pub fn is_met_by(&self, text: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Exactly(wanted) => wanted == text,
            Self::Like(pattern) => pattern.matches(text),
        }
    }
}

/// What each part of a trace has to be.
#[derive(Clone, Debug, Default)]
pub struct TraceFilter {
    pub domain: WantedText,
    pub stream: WantedText,
    pub event: WantedText,
    pub message_type: WantedText,
    pub message_id: WantedText,
}

impl TraceFilter {
    /// As `GET /api/traces` reads them: exact words.
    pub fn of_list(query: Option<&str>) -> Self {
        let wanted = |name| WantedText::exactly(parameter(query, name));
        Self {
            domain: wanted("domain"),
            stream: wanted("stream"),
            event: wanted("event"),
            message_type: WantedText::Everything,
            message_id: wanted("message_id"),
        }
    }

    /// As `GET /stream` reads them: patterns for the kinds of traces and of messages.
    pub fn of_stream(query: Option<&str>) -> Self {
        Self {
            domain: WantedText::exactly(parameter(query, "domain")),
            stream: WantedText::exactly(parameter(query, "stream")),
            event: WantedText::like(parameter(query, "event")),
            message_type: WantedText::like(parameter(query, "type")),
            message_id: WantedText::Everything,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let filter =
            TraceFilter::of_stream(Some("event=handler.*&type=Identity.C[u]?tomer*&domain="));
        assert!(filter.event.is_met_by("handler.started"));
        assert!(!filter.event.is_met_by("message.acked"));
        assert!(
            filter
                .message_type
                .is_met_by("Identity.CustomerRegistered.v1")
        );
        assert!(!filter.message_type.is_met_by("Identity.ProfileUpdated.v1"));
        assert!(filter.domain.is_met_by("payments"));
        // What is no pattern is a word.
        let odd = TraceFilter::of_stream(Some("event=[handler"));
        assert!(odd.event.is_met_by("[handler") && !odd.event.is_met_by("handler"));
    }

    #[test]
    fn lists_are_filtered_by_words() {
        let filter = TraceFilter::of_list(Some("event=handler.*&domain=identity"));
        assert!(!filter.event.is_met_by("handler.started"));
        assert!(filter.domain.is_met_by("identity") && !filter.domain.is_met_by("ordering"));
    }
}

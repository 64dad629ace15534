//! What became of connections on which nothing was asked, in words.

use crate::pieces::counted;
use crate::record::Connections;

/// How many connections ended, or had to, while no request was on them; empty when none did.
pub fn ended_text(connections: &Connections) -> String {
    let closed = match connections.closed_between_requests {
        0 => String::new(),
        count => format!(", {count} closed by the server between requests"),
    };
    let unsolicited = match connections.unsolicited {
        0 => String::new(),
        count => format!(
            ", {} with bytes that nothing asked for",
            counted(count, "connection")
        ),
    };
    format!("{closed}{unsolicited}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let text = |closed_between_requests, unsolicited| {
            ended_text(&Connections {
                closed_between_requests,
                unsolicited,
                ..Connections::default()
            })
        };
        assert_eq!(text(0, 0), "");
        assert_eq!(text(7, 0), ", 7 closed by the server between requests");
        assert_eq!(
            text(0, 1),
            ", 1 connection with bytes that nothing asked for"
        );
        assert_eq!(
            text(1, 2),
            ", 1 closed by the server between requests, 2 connections with bytes that nothing asked for"
        );
    }
}

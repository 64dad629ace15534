//! What became of connections, and where they were, in words.

use crate::pieces::{counted, duration_text, grouped, percent_text};
use crate::record::{Connections, RunRecord};

/// Addresses that are named.
const SHOWN: usize = 8;

/// What went to which address of the target, and which of them refused; `None` when all went to one.
pub fn addresses_text(record: &RunRecord) -> Option<String> {
    let used = &record.target.as_ref()?.addresses;
    if used.len() < 2 {
        return None;
    }
    let mut parts: Vec<String> = used
        .iter()
        .take(SHOWN)
        .map(|address| {
            format!(
                "{} {} of the requests on {}",
                address.address,
                percent_text(address.share),
                counted(address.connections, "connection")
            )
        })
        .collect();
    if used.len() > SHOWN {
        parts.push(format!("and {} more", used.len() - SHOWN));
    }
    let refused = &record.connections.refused_addresses;
    parts.extend(
        refused
            .iter()
            .take(SHOWN)
            .map(|refused| format!("{} refused {}", refused.address, times(refused.count))),
    );
    Some(parts.join("; "))
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{} times", grouped(count)),
    }
}

/// How many connections ended, or had to, while no request was on them; empty when none did.
pub fn ended_text(connections: &Connections) -> String {
    let closed = match connections.closed_between_requests {
        0 => String::new(),
        count => format!(", {} closed by the server between requests", grouped(count)),
    };
    let unsolicited = match connections.unsolicited {
        0 => String::new(),
        count => format!(
            ", {} with bytes that nothing asked for",
            counted(count, "connection")
        ),
    };
    let early = match connections.answered_early {
        0 => String::new(),
        count => format!(
            ", {} answered before the request had left",
            counted(count, "connection")
        ),
    };
    format!("{closed}{unsolicited}{early}")
}

/// TLS handshakes, and how many of them were short; empty where there was none.
pub fn handshakes_text(connections: &Connections) -> String {
    let Some(handshake) = &connections.handshake_us else {
        return String::new();
    };
    let all = connections.handshakes_full + connections.handshakes_resumed;
    format!(
        "; {}, {} of them resumed, p50 {} max {}",
        counted(all, "TLS handshake"),
        grouped(connections.handshakes_resumed),
        duration_text(handshake.p50),
        duration_text(handshake.max)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{AddressRecord, RefusedAddress, TargetRecord, made_up};

    #[test]
    fn several_addresses_are_told_and_one_is_not() {
        let at = |last: u8, share| AddressRecord {
            address: format!("127.0.0.{last}:80"),
            connections: last.into(),
            requests: 0,
            share,
        };
        let mut record = made_up::record();
        let mut text = |addresses, refused: &[u64]| {
            let target = TargetRecord::default();
            record.target = Some(TargetRecord {
                addresses,
                ..target
            });
            let refused = refused.iter().map(|&count| RefusedAddress {
                address: "127.0.0.9:80".to_owned(),
                count,
            });
            record.connections.refused_addresses = refused.collect();
            addresses_text(&record)
        };
        assert_eq!(text(vec![at(1, 1.0)], &[3]), None);
        assert_eq!(
            text(vec![at(1, 0.5), at(2, 0.5)], &[2, 1]).as_deref(),
            Some(
                "127.0.0.1:80 50 % of the requests on 1 connection; 127.0.0.2:80 50 % of the requests on 2 connections; 127.0.0.9:80 refused 2 times; 127.0.0.9:80 refused once"
            )
        );
        let many = (1..=10).map(|last| at(last, 0.1)).collect();
        assert!(text(many, &[]).unwrap().ends_with("; and 2 more"));
    }

    #[test]
    fn handshakes_are_told_where_there_were_any() {
        let mut connections = Connections {
            handshakes_full: 2,
            handshakes_resumed: 1_200,
            ..Connections::default()
        };
        assert_eq!(handshakes_text(&connections), "");
        let mut handshake = connections.connect_us.clone();
        (handshake.p50, handshake.max) = (850, 2_400);
        connections.handshake_us = Some(handshake);
        assert_eq!(
            handshakes_text(&connections),
            "; 1,202 TLS handshakes, 1,200 of them resumed, p50 850 µs max 2.40 ms"
        );
    }

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

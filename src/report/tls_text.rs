//! How TLS was spoken with the target, in words.

use crate::pieces::{counted, duration_text, grouped};
use crate::record::{HandshakesRecord, RunRecord, TlsRecord};

/// What is said of figures whose target nobody has proved to be the one that was meant.
const UNCHECKED: &str = "who answered was not checked (--insecure): these are the figures of whoever \
                         answered at the target's address";

/// What was shown and agreed on, and how handshakes went; `None` where TLS was not spoken, or not seen.
pub fn tls_text(record: &RunRecord) -> Option<String> {
    record.target_tls()?;
    let target = record.target.as_ref();
    let seen = target.and_then(|target| target.tls.as_ref());
    let handshakes = &record.connections.handshakes;
    match (seen.map(TlsRecord::says), handshakes.count()) {
        (seen, 0) => seen,
        (None, _) => Some(handshakes_text(handshakes)),
        (Some(seen), _) => Some(format!("{seen}; {}", handshakes_text(handshakes))),
    }
}

fn handshakes_text(handshakes: &HandshakesRecord) -> String {
    let HandshakesRecord {
        full,
        resumed,
        took_us,
    } = handshakes;
    format!(
        "{} in full, {} resumed, p50 {}, max {}",
        counted(*full, "handshake"),
        grouped(*resumed),
        duration_text(took_us.p50),
        duration_text(took_us.max)
    )
}

/// That the target's identity was not checked, where it was not.
pub fn unchecked_text(record: &RunRecord) -> Option<&'static str> {
    record.is_target_unchecked().then_some(UNCHECKED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TargetRecord, made_up};
    use crate::stats::LatencySummary;

    #[test]
    fn only_an_https_target_has_anything_to_tell() {
        let mut record = made_up::record();
        assert_eq!((tls_text(&record), unchecked_text(&record)), (None, None));
        let tls = serde_json::json!({"authority": "shop.test", "tls": {"roots": "platform"}});
        record.plan.insert("target".to_owned(), tls);
        record.target = Some(TargetRecord {
            tls: Some(TlsRecord {
                version: "TLS 1.2".to_owned(),
                ..TlsRecord::default()
            }),
            ..TargetRecord::default()
        });
        assert!(tls_text(&record).is_some_and(|text| text.starts_with("TLS 1.2")));
        record.connections.handshakes = HandshakesRecord {
            full: 1,
            resumed: 1_234,
            took_us: LatencySummary {
                p50: 500,
                max: 2_000,
                ..LatencySummary::default()
            },
        };
        let text = tls_text(&record).unwrap();
        let counts = "; 1 handshake in full, 1,234 resumed, p50 ";
        assert!(
            text.starts_with("TLS 1.2") && text.contains(counts),
            "{text}"
        );
        record.target = None;
        let text = tls_text(&record).unwrap();
        assert!(text.starts_with("1 handshake in full"), "{text}");
        assert_eq!(unchecked_text(&record), None);
        let tls = serde_json::json!({"tls": {"roots": "platform", "is_insecure": true}});
        record.plan.insert("target".to_owned(), tls);
        assert!(unchecked_text(&record).is_some_and(|text| text.contains("--insecure")));
    }
}

//! How TLS was spoken with the target, in words.

use crate::record::RunRecord;

/// What is said of figures whose target nobody has proved to be the one that was meant.
const UNCHECKED: &str = "who answered was not checked (--insecure): these are the figures of whoever \
                         answered at the target's address";

/// What was shown and agreed on; `None` where TLS was not spoken, or not seen.
pub fn tls_text(record: &RunRecord) -> Option<String> {
    record.target_tls()?;
    let seen = record.target.as_ref()?.tls.as_ref()?;
    Some(seen.says())
}

/// That the target's identity was not checked, where it was not.
pub fn unchecked_text(record: &RunRecord) -> Option<&'static str> {
    record.is_target_unchecked().then_some(UNCHECKED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TargetRecord, TlsRecord, made_up};

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
        assert_eq!(unchecked_text(&record), None);
        let tls = serde_json::json!({"tls": {"roots": "platform", "is_insecure": true}});
        record.plan.insert("target".to_owned(), tls);
        assert!(unchecked_text(&record).is_some_and(|text| text.contains("--insecure")));
    }
}

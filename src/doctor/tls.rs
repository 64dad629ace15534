//! How TLS is spoken with the shop: what is agreed on, who it says it is, and for how long.

use super::DoctorFinding;
use crate::plan::{Route, Target};
use crate::record::TlsRecord;
use crate::run::look_at_tls;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A certificate that ends sooner is told of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Shakes hands once; nothing where TLS is not spoken.
pub fn look_at(target: &Target, addresses: &[Route], timeout: Duration) -> Vec<DoctorFinding> {
    let Some(settings) = &target.tls else {
        return Vec::new();
    };
    let Some(facts) = look_at_tls(target, addresses, timeout) else {
        // Whoever asked for something has told why.
        return Vec::new();
    };
    let record = TlsRecord::of(facts);
    let mut findings = vec![DoctorFinding::ok(format!("tls: {}", record.says()))];
    if settings.is_insecure {
        findings.push(DoctorFinding::hint(
            "tls: who answers is not checked (--insecure)".to_owned(),
        ));
    }
    let ends = record.certificate.map(|certificate| certificate.not_after);
    findings.extend(ends.and_then(|ends| ending(&ends, Timestamp::now())));
    findings
}

/// What is said of a certificate that holds until `ends`.
fn ending(ends: &str, now: Timestamp) -> Option<DoctorFinding> {
    let left = ends.parse::<Timestamp>().ok()?.duration_since(now);
    let day = ends.split('T').next().unwrap_or_default();
    if left.is_negative() {
        return Some(DoctorFinding::hint(format!(
            "tls: the certificate has expired on {day}; browsers refuse it"
        )));
    }
    (left < SOON).then(|| {
        let days = left.as_hours() / 24;
        DoctorFinding::hint(format!(
            "tls: the certificate expires on {day}, in {days} days"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_ends_soon_is_told_of() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let said = |ends: &str| ending(ends, now).map(|finding| finding.says);
        assert_eq!(said("2027-11-29T12:00:00Z"), None);
        let soon = said("2026-12-03T12:00:00Z").unwrap();
        assert!(soon.contains("expires on 2026-12-03, in 4 days"), "{soon}");
        let past = said("2026-11-01T00:00:00Z").unwrap();
        assert!(past.contains("has expired on 2026-11-01"), "{past}");
        assert_eq!(said("nonsense"), None);
    }
}

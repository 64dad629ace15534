//! How TLS was spoken with a run's target, as its record says it.

use crate::engine::tls::{CertificateFacts, TlsFacts};
use crate::plan::shown_start;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of a name that are kept.
const MOST_CHARACTERS: usize = 100;

/// What the target showed and agreed on in a handshake of its own before the load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsRecord {
    /// Version of the protocol, like `TLS 1.3`.
    pub version: String,
    /// Cipher suite, like `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// What was agreed to be spoken (ALPN), like `http/1.1` or `h2`; null when nothing was.
    pub protocol: Option<String>,
    /// The target's certificate; null when it cannot be read.
    pub certificate: Option<CertificateRecord>,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateRecord {
    /// Whose it is; empty when it does not say beside its names.
    pub subject: String,
    /// Who vouches for it.
    pub issuer: String,
    /// The names and addresses that it is for, at most 16.
    pub names: Vec<String>,
    /// From when it holds, in RFC 3339.
    pub not_before: String,
    /// Until when it holds, in RFC 3339.
    pub not_after: String,
}

impl TlsRecord {
    /// The record of these facts.
    #[must_use]
    pub fn of(facts: TlsFacts) -> Self {
        let protocol = kept(&facts.protocol);
        Self {
            version: facts.version,
            cipher_suite: facts.cipher_suite,
            protocol: Some(protocol).filter(|protocol| !protocol.is_empty()),
            certificate: facts.certificate.map(CertificateRecord::of),
        }
    }

    /// All of it in one line, like `TLS 1.3, TLS_AES_128_GCM_SHA256, http/1.1, certificate of shop.test by
    /// Shop CA until 2027-01-31`.
    #[must_use]
    pub fn says(&self) -> String {
        let protocol = self.protocol.as_deref().unwrap_or("no ALPN");
        let agreed = format!("{}, {}, {protocol}", self.version, self.cipher_suite);
        match &self.certificate {
            None => agreed,
            Some(certificate) => format!("{agreed}, {}", certificate.says()),
        }
    }
}

impl CertificateRecord {
    fn of(facts: CertificateFacts) -> Self {
        Self {
            subject: kept(&facts.subject),
            issuer: kept(&facts.issuer),
            names: facts.names.iter().map(|name| kept(name)).collect(),
            not_before: facts.not_before,
            not_after: facts.not_after,
        }
    }

    fn says(&self) -> String {
        let of = match (self.names.first(), &*self.subject) {
            (Some(name), _) => format!(" of {name}"),
            (None, "") => String::new(),
            (None, subject) => format!(" of {subject}"),
        };
        let by = match &*self.issuer {
            "" => String::new(),
            issuer => format!(" by {issuer}"),
        };
        let until = self.not_after.split('T').next().unwrap_or_default();
        format!("certificate{of}{by} until {until}")
    }
}

/// What a server wrote, as far as it is looked at.
fn kept(text: &str) -> String {
    shown_start(text, MOST_CHARACTERS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> TlsFacts {
        TlsFacts {
            version: "TLS 1.3".to_owned(),
            cipher_suite: "TLS_AES_128_GCM_SHA256".to_owned(),
            protocol: String::new(),
            certificate: Some(CertificateFacts {
                subject: "shop \u{1b}[2J".to_owned(),
                issuer: "Shop CA".to_owned(),
                names: Vec::new(),
                not_before: "2026-01-31T00:00:00Z".to_owned(),
                not_after: "2027-01-31T00:00:00Z".to_owned(),
            }),
        }
    }

    #[test]
    fn a_handshake_is_one_line_that_steers_no_screen() {
        let mut record = TlsRecord::of(facts());
        assert_eq!(
            record.says(),
            "TLS 1.3, TLS_AES_128_GCM_SHA256, no ALPN, certificate of shop ·[2J by Shop CA until 2027-01-31"
        );
        record.protocol = Some("h2".to_owned());
        let certificate = record.certificate.as_mut().unwrap();
        certificate.names = vec!["shop.test".to_owned()];
        certificate.issuer.clear();
        assert_eq!(
            record.says(),
            "TLS 1.3, TLS_AES_128_GCM_SHA256, h2, certificate of shop.test until 2027-01-31"
        );
        record.certificate = None;
        assert_eq!(record.says(), "TLS 1.3, TLS_AES_128_GCM_SHA256, h2");
    }
}

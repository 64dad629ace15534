//! How TLS is spoken with a server: whom it has to be, and as whom one asks.

use serde::Serialize;
use std::fmt;

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TlsSettings {
    /// Who may vouch for the server.
    pub roots: TlsRoots,
    /// Whether any certificate is taken, whatever is wrong with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_insecure: bool,
    /// What one shows a server that wants a certificate; of it nothing is told but that it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<TlsIdentity>,
    /// Whether every connection makes a full handshake, and none resumes an earlier one's session.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_without_resumption: bool,
    /// Where the texts above came from, for commands that say the same to others.
    #[serde(skip_serializing_if = "TlsFiles::is_empty")]
    pub files: TlsFiles,
}

/// Names of files, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TlsFiles {
    /// Certificates of the authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The certificate that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
    /// Its private key, where that is not in the same file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl TlsFiles {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Who may vouch for a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsRoots {
    /// Those that the machine trusts.
    #[default]
    Platform,
    /// Those of a PEM text, and nobody else.
    #[serde(serialize_with = "untold")]
    Pem(Vec<u8>),
}

/// A certificate and the key that proves whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// PEM text: the certificate, followed by those that vouch for it.
    pub chain_pem: Vec<u8>,
    /// PEM text of the private key.
    pub key_pem: Vec<u8>,
}

fn untold<S: serde::Serializer>(_: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("given")
}

/// Shows no key.
impl fmt::Debug for TlsIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TlsIdentity")
    }
}

/// Tells that it is there.
impl Serialize for TlsIdentity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("given")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_keys_nor_certificates_are_told() {
        let settings = TlsSettings {
            roots: TlsRoots::Pem(b"geheim".to_vec()),
            is_insecure: false,
            identity: Some(TlsIdentity {
                chain_pem: b"geheim".to_vec(),
                key_pem: b"geheim".to_vec(),
            }),
            is_without_resumption: true,
            files: TlsFiles {
                ca: Some("ca.pem".to_owned()),
                ..TlsFiles::default()
            },
        };
        assert_eq!(
            serde_json::to_string(&settings).unwrap(),
            r#"{"roots":{"pem":"given"},"identity":"given","is_without_resumption":true,"files":{"ca":"ca.pem"}}"#
        );
        assert!(!format!("{:?}", settings.identity).contains("geheim"));
        let usual = serde_json::to_string(&TlsSettings::default()).unwrap();
        assert_eq!(usual, r#"{"roots":"platform"}"#);
    }
}

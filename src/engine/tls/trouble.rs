//! What went wrong between two that speak TLS, in words and by kind: whose fault it is decides what is
//! done about it.

use super::breakage::AlertName;
use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Names of a foreign certificate that are told.
const MOST_NAMES: usize = 5;

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsTrouble {
    /// Nobody who is trusted vouches for the server's certificate.
    UnknownAuthority,
    /// The server's certificate is one of an authority that vouches for itself, and was not named.
    VouchesForItself,
    /// The server's certificate is of these names, and not of the one that was asked for.
    WrongName(Vec<String>),
    /// The server's certificate is past its time, since then if that is known.
    Expired(Option<Timestamp>),
    /// The server's certificate is before its time.
    NotYetValid,
    /// Something else is wrong with the server's certificate.
    Unusable(String),
    /// The server wants a certificate of ours.
    WantsCertificate,
    /// The server does not take the certificate that we showed, and says so with this alert.
    RefusesCertificate(AlertDescription),
    /// What answers does not speak TLS.
    NoTls,
    /// There is no version or cipher in common.
    NothingInCommon(String),
    /// There is no protocol in common that could be spoken over the connection (ALPN).
    NoProtocol,
    /// The server does not know the name that it was asked for (SNI).
    UnknownName,
    /// The server finds nothing in common, or wants a certificate of ours: older ones tell no more.
    Unclear,
    /// Anything else.
    Other(String),
}

impl TlsTrouble {
    /// What `error` tells.
    #[must_use]
    pub fn of(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(why) => Self::of_certificate(why),
            rustls::Error::AlertReceived(alert) => Self::of_alert(*alert),
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::InvalidEmptyPayload,
            ) => Self::NoTls,
            rustls::Error::PeerIncompatible(why) => Self::NothingInCommon(lacking(why)),
            rustls::Error::NoApplicationProtocol => Self::NoProtocol,
            rustls::Error::NoCertificatesPresented => {
                Self::Other("it shows no certificate".to_owned())
            }
            other => Self::Other(other.to_string()),
        }
    }

    /// What the error of TLS that is behind `error` tells; `None` when there is none.
    #[must_use]
    pub fn found_in(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<rustls::Error>() {
                return Some(Self::of(found));
            }
            next = match held_by(error) {
                Some(held) => Some(held),
                None => error.source(),
            };
        }
        None
    }

    fn of_certificate(why: &CertificateError) -> Self {
        match why {
            // The second is one whose authority has the name of another that is trusted.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Self::UnknownAuthority
            }
            CertificateError::NotValidForName => Self::WrongName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = presented.iter().take(MOST_NAMES).map(|name| bare(name));
                Self::WrongName(names.collect())
            }
            CertificateError::Expired => Self::Expired(None),
            CertificateError::ExpiredContext { not_after, .. } => {
                let seconds = not_after.as_secs().cast_signed();
                Self::Expired(Timestamp::from_second(seconds).ok())
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            // There is no other word for it in the interface.
            CertificateError::Other(why) if format!("{why:?}").contains("CaUsedAsEndEntity") => {
                Self::VouchesForItself
            }
            CertificateError::Other(why) => Self::Unusable(why.to_string()),
            other => Self::Unusable(other.to_string()),
        }
    }

    /// What the server means that ends the connection with `alert`, in the handshake or right after it.
    #[must_use]
    pub fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                Self::WantsCertificate
            }
            AlertDescription::HandshakeFailure => Self::Unclear,
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied => Self::RefusesCertificate(alert),
            AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity => {
                Self::NothingInCommon(format!("it says {}", AlertName(alert.into())))
            }
            AlertDescription::NoApplicationProtocol => Self::NoProtocol,
            AlertDescription::UnrecognisedName => Self::UnknownName,
            other => {
                let name = AlertName(other.into());
                Self::Other(format!("it ends the handshake with {name}"))
            }
        }
    }
}

/// What there is none of in common.
fn lacking(why: &PeerIncompatible) -> String {
    let what = match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::SupportedVersionsExtensionRequired => "no version",
        PeerIncompatible::NoCipherSuitesInCommon => "no cipher suite",
        PeerIncompatible::NoKxGroupsInCommon => "no group for the key exchange",
        other => return format!("{other:?}"),
    };
    what.to_owned()
}

/// What an error holds that is not its source, but stands for it.
fn held_by<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**shared);
    }
    let held = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(held)
}

/// A name of a certificate without the word for its kind: `DnsName("a.test")`.
fn bare(name: &str) -> String {
    let inside = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"').to_owned()
}

impl fmt::Display for TlsTrouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority | Self::VouchesForItself => {
                formatter.write_str("nobody who is trusted vouches for its certificate")
            }
            Self::WrongName(names) if names.is_empty() => {
                formatter.write_str("its certificate is of another name, or of none")
            }
            Self::WrongName(names) => {
                write!(formatter, "its certificate is of {} only", names.join(", "))
            }
            Self::Expired(since) => {
                formatter.write_str("its certificate has expired")?;
                since.map_or(Ok(()), |since| write!(formatter, " on {since}"))
            }
            Self::NotYetValid => {
                formatter.write_str("its certificate is not valid yet, by this machine's clock")
            }
            Self::Unusable(why) => write!(formatter, "its certificate is not taken: {why}"),
            Self::WantsCertificate => formatter.write_str("it wants to be shown a certificate"),
            Self::RefusesCertificate(alert) => write!(
                formatter,
                "it does not take the certificate that it is shown ({})",
                AlertName(u8::from(*alert))
            ),
            Self::NoTls => formatter.write_str("what answers does not speak TLS"),
            Self::NothingInCommon(why) => write!(
                formatter,
                "it speaks no version or cipher of TLS in common with us, 1.2 and 1.3 ({why})"
            ),
            Self::NoProtocol => formatter
                .write_str("it has no application protocol in common with what is offered (ALPN)"),
            Self::UnknownName => formatter.write_str("it does not know the name it was asked for"),
            Self::Unclear => formatter.write_str(
                "it finds nothing in common with us, or wants to be shown a certificate",
            ),
            Self::Other(why) => write!(formatter, "TLS: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::ServerName;

    #[test]
    fn errors_are_told_by_kind_however_deep_they_are() {
        let name = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("shop.test").unwrap(),
            presented: vec![
                "DnsName(\"a.test\")".to_owned(),
                "IpAddress(127.0.0.1)".to_owned(),
            ],
        };
        for (error, says) in [
            (
                rustls::Error::InvalidCertificate(name),
                "its certificate is of a.test, 127.0.0.1 only",
            ),
            (
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer),
                "nobody who is trusted vouches",
            ),
            (
                rustls::Error::InvalidCertificate(CertificateError::Expired),
                "has expired",
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::CertificateRequired),
                "wants to be shown",
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::UnknownCA),
                "does not take the certificate",
            ),
            (
                rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType),
                "does not speak TLS",
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
                "no version or cipher",
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol),
                "no application protocol in common",
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::UnrecognisedName),
                "does not know the name",
            ),
            (
                rustls::Error::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon),
                "(no group for the key exchange)",
            ),
        ] {
            let inside = io::Error::new(io::ErrorKind::InvalidData, error);
            let outside = io::Error::other(inside);
            let said = TlsTrouble::found_in(&outside).map(|trouble| trouble.to_string());
            assert!(
                said.as_ref().is_some_and(|said| said.contains(says)),
                "{said:?}"
            );
        }
        assert_eq!(TlsTrouble::found_in(&io::Error::other("x")), None);
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(TlsTrouble::found_in(&refused), None);
    }
}

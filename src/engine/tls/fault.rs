//! What is wrong with a server that TLS cannot be spoken with, as far as there is something to be done.

use super::{HandshakeError, VisitError};
use rustls::{AlertDescription, CertificateError, Error};

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Its certificate is past its time, or before it.
    Time,
    /// Its certificate is for other names.
    Name,
    /// Nobody who is trusted vouches for it.
    Authority,
    /// Its certificate is one of an authority, and no server's.
    OfAuthority,
    /// Something else about its certificate.
    Certificate,
    /// It wants a certificate of the client, which was not shown, or not one that it takes.
    ClientCertificate,
    /// It finds nothing in common, or wants a certificate: older servers tell no more.
    NothingInCommon,
    /// Plain HTTP is spoken there.
    PlainHttp,
    /// It hung up, or broke the connection.
    HungUp,
    /// It says nothing.
    Silence,
    /// Anything else.
    Other,
}

impl VisitError {
    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> TlsFault {
        match self {
            Self::Handshake(error) => error.fault(),
            Self::Broken(_) => TlsFault::HungUp,
            Self::Late(_) => TlsFault::Silence,
            Self::SetUp(_) => TlsFault::Other,
        }
    }
}

impl HandshakeError {
    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> TlsFault {
        match self {
            Self::Tls(Error::InvalidCertificate(why)) => of_certificate(why),
            Self::Tls(Error::AlertReceived(alert)) => of_alert(*alert),
            Self::PlainHttp => TlsFault::PlainHttp,
            Self::Closed => TlsFault::HungUp,
            Self::Late => TlsFault::Silence,
            _ => TlsFault::Other,
        }
    }
}

fn of_certificate(why: &CertificateError) -> TlsFault {
    match why {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => TlsFault::Time,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::Name
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::Authority,
        // There is no other word for it in the interface.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            TlsFault::OfAuthority
        }
        _ => TlsFault::Certificate,
    }
}

fn of_alert(alert: AlertDescription) -> TlsFault {
    match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::NoCertificate
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => TlsFault::ClientCertificate,
        AlertDescription::HandshakeFailure => TlsFault::NothingInCommon,
        _ => TlsFault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_mended_is_told_from_the_rest() {
        let of = |error: Error| HandshakeError::Tls(error).fault();
        for (why, fault) in [
            (CertificateError::Expired, TlsFault::Time),
            (CertificateError::NotValidForName, TlsFault::Name),
            (CertificateError::UnknownIssuer, TlsFault::Authority),
            (CertificateError::Revoked, TlsFault::Certificate),
        ] {
            assert_eq!(of(why.into()), fault);
        }
        for (alert, fault) in [
            (
                AlertDescription::CertificateRequired,
                TlsFault::ClientCertificate,
            ),
            (AlertDescription::UnknownCA, TlsFault::ClientCertificate),
            (
                AlertDescription::HandshakeFailure,
                TlsFault::NothingInCommon,
            ),
            (AlertDescription::ProtocolVersion, TlsFault::Other),
        ] {
            assert_eq!(of(Error::AlertReceived(alert)), fault);
        }
        assert_eq!(HandshakeError::Closed.fault(), TlsFault::HungUp);
    }
}

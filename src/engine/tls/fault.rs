//! What is wrong with a server that TLS cannot be spoken with, as far as there is something to be done.

use super::{HandshakeError, TlsTrouble, VisitError};

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
    /// It speaks none of the protocols that it is offered.
    Protocol,
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
            Self::Tls(error) => TlsTrouble::of(error).into(),
            Self::PlainHttp => TlsFault::PlainHttp,
            Self::Closed => TlsFault::HungUp,
            Self::Late => TlsFault::Silence,
            _ => TlsFault::Other,
        }
    }
}

impl From<TlsTrouble> for TlsFault {
    fn from(trouble: TlsTrouble) -> Self {
        match trouble {
            TlsTrouble::Expired(_) | TlsTrouble::NotYetValid => Self::Time,
            TlsTrouble::WrongName(_) => Self::Name,
            TlsTrouble::UnknownAuthority => Self::Authority,
            TlsTrouble::VouchesForItself => Self::OfAuthority,
            TlsTrouble::Unusable(_) => Self::Certificate,
            TlsTrouble::WantsCertificate | TlsTrouble::RefusesCertificate(_) => {
                Self::ClientCertificate
            }
            TlsTrouble::Unclear => Self::NothingInCommon,
            TlsTrouble::NoProtocol => Self::Protocol,
            TlsTrouble::NoTls
            | TlsTrouble::NothingInCommon(_)
            | TlsTrouble::UnknownName
            | TlsTrouble::Other(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{AlertDescription, CertificateError, Error};

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
            (AlertDescription::NoApplicationProtocol, TlsFault::Protocol),
        ] {
            assert_eq!(of(Error::AlertReceived(alert)), fault);
        }
        assert_eq!(HandshakeError::Closed.fault(), TlsFault::HungUp);
    }
}

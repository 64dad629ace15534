//! What a client looks at in a server's certificate. Trusted is who somebody trusted vouches for, and a server
//! whose own certificate was named: what `openssl req -x509` makes names itself an authority, which by the
//! rules (RFC 5280) is no server's, and is what most people have for a shop of their own.
//!
//! Signatures of the handshake are checked in any case, so that a broken server shows.

use super::CertificateFacts;
use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing: what `--insecure` asks for.
    Nothing,
    /// Who vouches for it, whatever its name: what PostgreSQL calls `sslmode=verify-ca`.
    Authority,
    /// That, and whether it is for the name that was asked for.
    Name,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Verifier {
    pub provider: Arc<CryptoProvider>,
    pub check: Check,
    /// Who may vouch for a server.
    pub roots: RootCertStore,
    /// The certificates that were named.
    pub named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.check == Check::Nothing {
            return Ok(ServerCertVerified::assertion());
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        if self.named.iter().any(|named| named == certificate) {
            holds(certificate, now)?;
        } else {
            let known = self.provider.signature_verification_algorithms.all;
            let (roots, between) = (&self.roots, intermediates);
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, between, now, known)?;
        }
        if self.check == Check::Name {
            verify_server_name(&parsed, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = &self.provider.signature_verification_algorithms;
        known.supported_schemes()
    }
}

/// Whether its time has come, and is not past.
fn holds(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), CertificateError> {
    let facts = CertificateFacts::read(certificate).ok_or(CertificateError::BadEncoding)?;
    let seconds = |text: &str| {
        let moment: Result<Timestamp, _> = text.parse();
        let moment = moment.map_err(|_| CertificateError::BadEncoding)?;
        Ok(moment.as_second())
    };
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < seconds(&facts.not_before)? {
        return Err(CertificateError::NotValidYet);
    }
    if now > seconds(&facts.not_after)? {
        return Err(CertificateError::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    fn made(change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["shop.test".to_owned()]).unwrap();
        // As `openssl req -x509` does.
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn verdict(
        named: &CertificateDer<'static>,
        shown: &CertificateDer<'static>,
        name: &'static str,
    ) -> Result<(), Error> {
        checked(Check::Name, named, shown, name)
    }

    fn checked(
        check: Check,
        named: &CertificateDer<'static>,
        shown: &CertificateDer<'static>,
        name: &'static str,
    ) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(named.clone()).unwrap();
        let verifier = Verifier {
            provider: super::super::provider(),
            check,
            roots,
            named: vec![named.clone()],
        };
        let name = ServerName::try_from(name).unwrap();
        let shown = verifier.verify_server_cert(shown, &[], &name, &[], UnixTime::now());
        shown.map(|_| ())
    }

    #[test]
    fn a_server_that_vouches_for_itself_is_trusted_when_it_was_named() {
        let own = made(|_| {});
        assert_eq!(verdict(&own, &own, "shop.test"), Ok(()));
        let other = made(|_| {});
        assert!(verdict(&own, &other, "shop.test").is_err(), "not named");
        assert!(verdict(&own, &own, "other.test").is_err(), "another name");
        let past = made(|params| params.not_after = date_time_ymd(2001, 1, 1));
        assert_eq!(
            verdict(&past, &past, "shop.test"),
            Err(CertificateError::Expired.into())
        );
        let coming = made(|params| {
            params.not_before = date_time_ymd(3000, 1, 1);
            params.not_after = date_time_ymd(3001, 1, 1);
        });
        assert_eq!(
            verdict(&coming, &coming, "shop.test"),
            Err(CertificateError::NotValidYet.into())
        );
    }
    #[test]
    fn a_name_matters_only_where_it_is_checked_and_nothing_where_nothing_is() {
        let own = made(|_| {});
        let other = made(|_| {});
        let past = made(|params| params.not_after = date_time_ymd(2001, 1, 1));
        let by = |check, shown, name| checked(check, &own, shown, name).is_ok();
        assert!(by(Check::Authority, &own, "other.test"));
        assert!(!by(Check::Authority, &other, "shop.test"));
        assert!(by(Check::Nothing, &past, "other.test"));
    }
}

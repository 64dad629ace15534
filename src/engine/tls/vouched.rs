//! Trusts what authorities that were named vouch for, and a server whose own certificate is among them: what
//! `openssl req -x509` makes names itself an authority, which by the rules (RFC 5280) is no server's, and is
//! what most people have for a shop of their own.

use super::CertificateFacts;
use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Vouched {
    pub authorities: Arc<WebPkiServerVerifier>,
    /// The certificates that were named.
    pub named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Vouched {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.iter().any(|named| named == certificate) {
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            holds(certificate, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        self.authorities
            .verify_server_cert(certificate, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Whether its time has come, and is not past.
pub(super) fn holds(
    certificate: &CertificateDer<'_>,
    now: UnixTime,
) -> Result<(), CertificateError> {
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
    use rustls::RootCertStore;

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
        let mut roots = RootCertStore::empty();
        roots.add(named.clone()).unwrap();
        let provider = super::super::provider();
        let authorities = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
        let vouched = Vouched {
            authorities: authorities.build().unwrap(),
            named: vec![named.clone()],
        };
        let name = ServerName::try_from(name).unwrap();
        let shown = vouched.verify_server_cert(shown, &[], &name, &[], UnixTime::now());
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
}

//! A client's configuration of rustls: from what the user trusts.

use super::verifier::{Check, Verifier};
use super::{TlsError, provider};
use crate::plan::{TlsIdentity, TlsRoots, TlsSettings};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

const AUTHORITIES: &str = "the certificates of the authorities";

/// A client that speaks as `settings` say, and offers the protocols `alpn` (RFC 7301) in this order.
///
/// # Errors
/// When nobody is trusted, or what is given is no certificate or key.
pub fn client_config(settings: &TlsSettings, alpn: &[&[u8]]) -> Result<ClientConfig, TlsError> {
    client_config_checking(Check::Name, settings, alpn)
}

/// As [`client_config`], but the name in the server's certificate does not matter.
///
/// # Errors
/// As [`client_config`].
pub fn client_config_of_any_name(
    settings: &TlsSettings,
    alpn: &[&[u8]],
) -> Result<ClientConfig, TlsError> {
    client_config_checking(Check::Authority, settings, alpn)
}

fn client_config_checking(
    check: Check,
    settings: &TlsSettings,
    alpn: &[&[u8]],
) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::SetUp)?;
    let (check, roots, named) = match &settings.roots {
        _ if settings.is_insecure => (Check::Nothing, RootCertStore::empty(), Vec::new()),
        TlsRoots::Platform => (check, platform()?, Vec::new()),
        TlsRoots::Pem(text) => (check, authorities(text)?, certificates(AUTHORITIES, text)?),
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier {
            provider,
            check,
            roots,
            named,
        }));
    let mut config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = parsed(identity)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(TlsError::Identity)?
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    if settings.is_without_resumption {
        config.resumption = Resumption::disabled();
    }
    Ok(config)
}

/// The name that a server's certificate has to hold: `host` without brackets.
///
/// # Errors
/// When it is neither a name nor an address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))
}

/// The authorities that the machine trusts.
fn platform() -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        let why = found.errors.first().map(ToString::to_string);
        return Err(TlsError::NoRoots(
            why.unwrap_or_else(|| "none found".to_owned()),
        ));
    }
    Ok(store)
}

/// The authorities of a PEM text.
pub(super) fn authorities(text: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(AUTHORITIES, text)? {
        store
            .add(certificate)
            .map_err(|error| malformed(AUTHORITIES, error.to_string()))?;
    }
    Ok(store)
}

/// A certificate with those that vouch for it, and its key.
pub(super) fn parsed(
    identity: &TlsIdentity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates("the certificate", &identity.chain_pem)?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key_pem)
        .map_err(|error| malformed("the private key", error.to_string()))?;
    Ok((chain, key))
}

fn certificates(what: &'static str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| malformed(what, error.to_string()))?;
    match all.is_empty() {
        true => Err(malformed(
            what,
            "there is no PEM certificate in it".to_owned(),
        )),
        false => Ok(all),
    }
}

fn malformed(what: &'static str, why: String) -> TlsError {
    TlsError::Pem { what, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_or_key_is_told() {
        let pem = |text: &[u8]| TlsSettings {
            roots: TlsRoots::Pem(text.to_vec()),
            ..TlsSettings::default()
        };
        let said = |settings: &TlsSettings| client_config(settings, &[]).unwrap_err().to_string();
        assert!(said(&pem(b"")).contains("no PEM certificate"));
        assert!(said(&pem(b"-----BEGIN CERTIFICATE-----\nnonsense\n")).contains("authorities"));
    }

    #[test]
    fn a_server_is_a_name_or_an_address() {
        for host in ["shop.test", "127.0.0.1", "::1", "localhost"] {
            assert!(server_name(host).is_ok(), "{host}");
        }
        assert!(server_name("a b").is_err());
    }
}

//! A client's configuration of rustls: from what the user trusts.

use super::any_name::AnyName;
use super::unverified::Unverified;
use super::vouched::Vouched;
use super::{TlsError, provider};
use crate::plan::{TlsIdentity, TlsRoots, TlsSettings};
use rustls::client::{Resumption, WebPkiServerVerifier};
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
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::SetUp)?;
    let builder = if settings.is_insecure {
        let any = Arc::new(Unverified(provider));
        builder.dangerous().with_custom_certificate_verifier(any)
    } else {
        match &settings.roots {
            TlsRoots::Platform => builder.with_root_certificates(roots(&settings.roots)?),
            TlsRoots::Pem(text) => builder
                .dangerous()
                .with_custom_certificate_verifier(vouched(text, &settings.roots)?),
        }
    };
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

/// As [`client_config`], but the name in the server's certificate does not matter.
///
/// # Errors
/// As [`client_config`].
pub fn client_config_of_any_name(
    settings: &TlsSettings,
    alpn: &[&[u8]],
) -> Result<ClientConfig, TlsError> {
    let mut config = client_config(settings, alpn)?;
    if !settings.is_insecure {
        let named = match &settings.roots {
            TlsRoots::Platform => Vec::new(),
            TlsRoots::Pem(text) => certificates(AUTHORITIES, text)?,
        };
        let any_name = Arc::new(AnyName {
            provider: provider(),
            roots: roots(&settings.roots)?,
            named,
        });
        config.dangerous().set_certificate_verifier(any_name);
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

/// Trusts the certificates of this text, and whom they vouch for.
fn vouched(text: &[u8], named: &TlsRoots) -> Result<Arc<Vouched>, TlsError> {
    let authorities =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(named)?), provider());
    let authorities = authorities
        .build()
        .map_err(|error| malformed(AUTHORITIES, error.to_string()))?;
    Ok(Arc::new(Vouched {
        authorities,
        named: certificates(AUTHORITIES, text)?,
    }))
}

fn roots(roots: &TlsRoots) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    match roots {
        TlsRoots::Platform => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                let why = found.errors.first().map(ToString::to_string);
                return Err(TlsError::NoRoots(
                    why.unwrap_or_else(|| "none found".to_owned()),
                ));
            }
        }
        TlsRoots::Pem(text) => return authorities(text),
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

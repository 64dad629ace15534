//! Configurations of rustls: a client's from what the user trusts, a server's from a certificate.

use super::unverified::Unverified;
use super::{TlsError, provider};
use crate::plan::{TlsIdentity, TlsRoots, TlsSettings};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

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
        builder.with_root_certificates(roots(&settings.roots)?)
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

/// A server that shows `identity` and takes one of the protocols `alpn`.
///
/// # Errors
/// When what is given is no certificate or key.
pub fn server_config(identity: &TlsIdentity, alpn: &[&[u8]]) -> Result<ServerConfig, TlsError> {
    let (chain, key) = parsed(identity)?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::SetUp)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Identity)?;
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// The name that a server's certificate has to hold: `host` without brackets.
///
/// # Errors
/// When it is neither a name nor an address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))
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
        TlsRoots::Pem(text) => {
            const WHAT: &str = "the certificates of the authorities";
            for certificate in certificates(WHAT, text)? {
                store
                    .add(certificate)
                    .map_err(|error| malformed(WHAT, error.to_string()))?;
            }
        }
    }
    Ok(store)
}

fn parsed(
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
        let identity = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let shown = |chain: &rcgen::CertifiedKey<rcgen::KeyPair>, key: &str| TlsIdentity {
            chain_pem: chain.cert.pem().into_bytes(),
            key_pem: key.as_bytes().to_vec(),
        };
        let key = identity.signing_key.serialize_pem();
        assert!(server_config(&shown(&identity, &key), &[b"h2"]).is_ok());
        let broken = server_config(&shown(&identity, "no key"), &[]);
        assert!(broken.unwrap_err().to_string().contains("the private key"));
        let foreign = server_config(&shown(&other, &key), &[]).unwrap_err();
        assert!(foreign.to_string().contains("cannot be used"), "{foreign}");
    }

    #[test]
    fn a_server_is_a_name_or_an_address() {
        for host in ["shop.test", "127.0.0.1", "::1", "localhost"] {
            assert!(server_name(host).is_ok(), "{host}");
        }
        assert!(server_name("a b").is_err());
    }
}

//! A server's configuration of rustls: from a certificate, and from who may come in.

use super::config::{authorities, parsed};
use super::{TlsError, provider};
use crate::plan::TlsIdentity;
use rustls::ServerConfig;
use rustls::crypto::ring::Ticketer;
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;

/// A server that shows `identity` and takes one of the protocols `alpn`.
///
/// # Errors
/// When what is given is no certificate or key.
pub fn server_config(identity: &TlsIdentity, alpn: &[&[u8]]) -> Result<ServerConfig, TlsError> {
    server_config_for(identity, None, alpn)
}

/// The same, but only for clients that somebody of `client_ca` (PEM) vouches for, if it is given.
///
/// # Errors
/// As of [`server_config`]; when there is no certificate in `client_ca`.
pub fn server_config_for(
    identity: &TlsIdentity,
    client_ca: Option<&[u8]>,
    alpn: &[&[u8]],
) -> Result<ServerConfig, TlsError> {
    let (chain, key) = parsed(identity)?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::SetUp)?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let roots = Arc::new(authorities(pem)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                .build()
                .map_err(|error| TlsError::Pem {
                    what: "the certificates of the clients' authorities",
                    why: error.to_string(),
                })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(TlsError::Identity)?;
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    // Tickets hold the sessions themselves, so that any number of clients can come back to any thread.
    config.ticketer = Ticketer::new().map_err(TlsError::SetUp)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_or_key_of_a_server_is_told() {
        let identity = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let shown = |chain: &rcgen::CertifiedKey<rcgen::KeyPair>, key: &str| TlsIdentity {
            chain_pem: chain.cert.pem().into_bytes(),
            key_pem: key.as_bytes().to_vec(),
        };
        let key = identity.signing_key.serialize_pem();
        let own = shown(&identity, &key);
        assert!(server_config(&own, &[b"h2"]).is_ok());
        let broken = server_config(&shown(&identity, "no key"), &[]);
        assert!(broken.unwrap_err().to_string().contains("the private key"));
        let foreign = server_config(&shown(&other, &key), &[]).unwrap_err();
        assert!(foreign.to_string().contains("cannot be used"), "{foreign}");
        assert!(server_config_for(&own, Some(&own.chain_pem), &[]).is_ok());
        let nobody = server_config_for(&own, Some(b""), &[]).unwrap_err();
        assert!(nobody.to_string().contains("authorities"), "{nobody}");
    }
}

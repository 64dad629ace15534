//! How the sandbox speaks TLS: as whom, and with whom.

use super::tls_session::{ALPN_HTTP_2, ALPN_HTTP_11};
use crate::engine::tls::{TlsError, server_config_for};
use crate::plan::TlsIdentity;
use rustls::ServerConfig;
use std::sync::Arc;

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsServing {
    /// What is shown to clients.
    pub identity: TlsIdentity,
    /// Who has to vouch for clients (PEM); `None` lets everybody in.
    pub client_ca_pem: Option<Vec<u8>>,
}

impl TlsServing {
    /// For the shop, over HTTP/2 or HTTP/1.1 as the client chooses.
    ///
    /// # Errors
    /// When what is given is no certificate or key.
    pub fn of_shop(&self) -> Result<Arc<ServerConfig>, TlsError> {
        self.config(&[ALPN_HTTP_2, ALPN_HTTP_11])
    }

    /// For the Observatory, over HTTP/1.1.
    ///
    /// # Errors
    /// As of the shop's.
    pub fn of_observatory(&self) -> Result<Arc<ServerConfig>, TlsError> {
        self.config(&[ALPN_HTTP_11])
    }

    fn config(&self, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>, TlsError> {
        let client_ca = self.client_ca_pem.as_deref();
        server_config_for(&self.identity, client_ca, alpn).map(Arc::new)
    }
}

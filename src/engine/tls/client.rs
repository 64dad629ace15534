//! Whom connections speak TLS with: a prepared configuration, and the name that the server has to prove.

use super::sessions::CoreSessions;
use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, Error};
use std::sync::Arc;

/// See the module's documentation. Clones share what they resume.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsClient {
    /// A client as `config` says (see [`super::client_config`]), of the server `name` (see
    /// [`super::server_name`]).
    #[must_use]
    pub fn new(config: ClientConfig, name: ServerName<'static>) -> Self {
        Self {
            config: Arc::new(config),
            name,
        }
        .with_own_sessions()
    }

    /// The same, which resumes nobody's sessions but its own: one for each core.
    #[must_use]
    pub fn with_own_sessions(&self) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        // Whoever wants none says so by another kind of store, which nobody does yet.
        config.resumption = Resumption::store(Arc::new(CoreSessions::default()));
        config.enable_secret_extraction = true;
        Self {
            config: Arc::new(config),
            name: self.name.clone(),
        }
    }

    /// The name that the server has to prove.
    #[must_use]
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    pub(super) fn begin(&self) -> Result<UnbufferedClientConnection, Error> {
        UnbufferedClientConnection::new(Arc::clone(&self.config), self.name.clone())
    }
}

//! Whom connections speak TLS with: a prepared configuration, and the name that the server has to prove.

use super::sessions::CoreSessions;
use super::{TlsError, client_config, server_name};
use crate::plan::TlsSettings;
use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, Error};
use std::sync::Arc;

/// What is offered (ALPN, RFC 7301) where HTTP/1.1 alone is spoken.
pub const OFFERS_HTTP1: &[&[u8]] = &[b"http/1.1"];
/// The same where HTTP/2 alone is.
pub const OFFERS_HTTP2: &[&[u8]] = &[b"h2"];
/// The same where the server is to choose: what is preferred comes first.
pub const OFFERS_EITHER: &[&[u8]] = &[b"h2", b"http/1.1"];

/// See the module's documentation. Clones share what they resume.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    resumes: bool,
}

impl TlsClient {
    /// A client of the server `host` as `settings` say, which offers the protocols `alpn`.
    ///
    /// # Errors
    /// As of [`client_config`] and [`server_name`].
    pub fn of(settings: &TlsSettings, host: &str, alpn: &[&[u8]]) -> Result<Self, TlsError> {
        let client = Self::new(client_config(settings, alpn)?, server_name(host)?);
        match settings.is_without_resumption {
            true => Ok(Self {
                resumes: false,
                ..client
            }
            .with_own_sessions()),
            false => Ok(client),
        }
    }

    /// A client as `config` says (see [`super::client_config`]), of the server `name` (see
    /// [`super::server_name`]).
    #[must_use]
    pub fn new(config: ClientConfig, name: ServerName<'static>) -> Self {
        Self {
            config: Arc::new(config),
            name,
            resumes: true,
        }
        .with_own_sessions()
    }

    /// The same, which resumes nobody's sessions but its own: one for each core.
    #[must_use]
    pub fn with_own_sessions(&self) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = match self.resumes {
            true => Resumption::store(Arc::new(CoreSessions::default())),
            false => Resumption::disabled(),
        };
        config.enable_secret_extraction = true;
        Self {
            config: Arc::new(config),
            name: self.name.clone(),
            resumes: self.resumes,
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

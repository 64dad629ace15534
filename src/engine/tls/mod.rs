//! TLS (RFC 8446, RFC 5246) by rustls: who is trusted, and as whom one speaks.

mod config;
mod error;
mod serving;
mod unverified;

pub use config::{client_config, server_name};
pub use error::TlsError;
pub use serving::{server_config, server_config_for};

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The one implementation of the cryptography that the program uses.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

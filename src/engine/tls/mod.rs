//! TLS (RFC 8446, RFC 5246): who is trusted, and as whom one speaks; handshakes by rustls, and the records
//! after them opened and sealed where they stand.
//!
//! A connection is opened, a [`Handshake`] driven over it (or all of it by [`TlsTcp`]), which gives a
//! [`TlsLayer`] and what was [`Agreed`] on. From then on [`TlsLayer::seal`] turns what is to be sent into
//! records within its own buffer, and [`TlsLayer::open`] what came into plain text.

mod breakage;
mod certificate;
mod client;
mod config;
mod error;
mod fault;
mod handshake;
mod layer;
mod record_key;
mod rooms;
mod serving;
mod sessions;
mod stream;
#[cfg(test)]
pub(super) mod testing;
mod trouble;
mod verifier;
mod visit;

pub use breakage::TlsBreak;
pub use certificate::CertificateFacts;
pub use client::{OFFERS_EITHER, OFFERS_HTTP1, OFFERS_HTTP2, TlsClient};
pub use config::{client_config, client_config_of_any_name, server_name};
pub use error::TlsError;
pub use fault::TlsFault;
pub use handshake::{
    Agreed, Handshake, HandshakeError, HandshakeStep, Secured, SpokenProtocol, refusal,
};
pub use layer::{Afterwards, TlsEnd, TlsLayer};
pub use record_key::MOST_PLAIN_BYTES;
pub use rooms::prepare_rooms;
pub(super) use rooms::{keep_room, take_room};
pub use serving::{server_config, server_config_for};
pub(super) use stream::shake_hands;
pub use stream::{TlsTcp, shake_hands_within};
pub use trouble::TlsTrouble;
pub use visit::{TlsFacts, TlsVisit, VisitError};

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The one implementation of the cryptography that the program uses.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

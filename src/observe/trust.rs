//! Whom the observers' connections in TLS trust, and what is done where that is not enough.

use crate::engine::tls::{TlsError, TlsTrouble};
use rustls::ClientConfig;
use std::error::Error;
use std::sync::{Arc, OnceLock};

/// A configuration that is made when it is first needed, and kept: to read whom the machine trusts takes
/// some milliseconds.
#[derive(Debug, Default)]
pub(super) struct KeptConfig(OnceLock<Arc<ClientConfig>>);

impl KeptConfig {
    /// The one that is kept, or that `make` makes.
    pub fn get(
        &self,
        make: impl FnOnce() -> Result<ClientConfig, TlsError>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(kept) = self.0.get() {
            return Ok(Arc::clone(kept));
        }
        let made = Arc::new(make()?);
        Ok(Arc::clone(self.0.get_or_init(|| made)))
    }
}

/// What is spoken in TLS: remedies differ in how addresses are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpokenInTls {
    /// HTTP.
    Http,
    /// Redis' protocol.
    Redis,
    /// PostgreSQL's protocol.
    Postgres,
}

impl SpokenInTls {
    /// What went wrong with TLS, if `error` is about that, and what to do.
    #[must_use]
    pub fn told(self, error: &(dyn Error + 'static)) -> Option<String> {
        if let Some(error) = error.downcast_ref::<TlsError>() {
            return Some(not_set_up(error));
        }
        let trouble = TlsTrouble::found_in(error)?;
        Some(format!("{trouble}{}", self.remedy(&trouble)))
    }

    fn remedy(self, trouble: &TlsTrouble) -> &'static str {
        match (trouble, self) {
            (
                TlsTrouble::UnknownAuthority
                | TlsTrouble::VouchesForItself
                | TlsTrouble::Unusable(_),
                Self::Postgres,
            ) => {
                "; name its authority's certificate with sslrootcert=FILE in the address or with --observer-ca FILE, or ask for no check with sslmode=require"
            }
            (
                TlsTrouble::UnknownAuthority
                | TlsTrouble::VouchesForItself
                | TlsTrouble::Unusable(_),
                Self::Redis,
            ) => {
                "; name its authority's certificate with --observer-ca FILE, or ask for no check with #insecure at the end of the address"
            }
            (
                TlsTrouble::UnknownAuthority
                | TlsTrouble::VouchesForItself
                | TlsTrouble::Unusable(_),
                Self::Http,
            ) => {
                "; name its authority's certificate with --observer-ca FILE, or ask for no check with --observer-insecure"
            }
            (TlsTrouble::WrongName(_), Self::Postgres) => {
                "; write that name in the address (hostaddr=ADDRESS says where it is), or ask for no check of names with sslmode=verify-ca"
            }
            (TlsTrouble::WrongName(_), _) => "; write that name in the address",
            (TlsTrouble::Expired(_) | TlsTrouble::NotYetValid, _) => {
                "; have it renewed, or set the clock"
            }
            (
                TlsTrouble::WantsCertificate
                | TlsTrouble::RefusesCertificate(_)
                | TlsTrouble::Unclear,
                Self::Postgres,
            ) => {
                "; name one that it takes with sslcert=FILE and sslkey=FILE in the address, or with --observer-cert and --observer-key"
            }
            (
                TlsTrouble::WantsCertificate
                | TlsTrouble::RefusesCertificate(_)
                | TlsTrouble::Unclear,
                _,
            ) => "; name one that it takes with --observer-cert FILE and --observer-key FILE",
            (TlsTrouble::NoTls, Self::Http) => "; without TLS the address begins with http://",
            (TlsTrouble::NoTls, Self::Redis) => "; without TLS the address begins with redis://",
            (TlsTrouble::NoTls, Self::Postgres) => "; is this the port of PostgreSQL?",
            (
                TlsTrouble::NothingInCommon(_)
                | TlsTrouble::NoProtocol
                | TlsTrouble::UnknownName
                | TlsTrouble::Other(_),
                _,
            ) => "",
        }
    }
}

/// Why TLS was not begun at all.
pub(super) fn not_set_up(error: &TlsError) -> String {
    match error {
        TlsError::NoRoots(why) => format!(
            "this machine has no certificates of authorities ({why}): install ca-certificates, or name a file with --observer-ca"
        ),
        other => other.to_string(),
    }
}

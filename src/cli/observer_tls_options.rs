//! The flags that say how TLS is spoken with what is beside the shop: its Observatory, Redis, databases,
//! and a collector of figures.

use super::{CliError, pem_files};
use crate::plan::{TlsRoots, TlsSettings};
use clap::Args;
use std::path::PathBuf;

/// The flags as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(super) struct ObserverTlsFlags {
    /// Take the word of these authorities (PEM) for Observatory, stores and --otlp
    ///
    /// And of nobody else. Without it those of --ca count, or those that the machine trusts. A database's
    /// address may name others (sslrootcert).
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Back end",
        hide_short_help = true
    )]
    pub observer_ca: Option<PathBuf>,

    /// Take Observatory, Redis and --otlp in TLS for what they say they are
    ///
    /// Of databases sslmode says how far they are checked.
    #[arg(long, help_heading = "Back end", hide_short_help = true)]
    pub observer_insecure: bool,

    /// Show this certificate (PEM) to Observatory, stores and --otlp where they want one
    ///
    /// The file may hold the private key, too.
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Back end",
        hide_short_help = true
    )]
    pub observer_cert: Option<PathBuf>,

    /// The private key of --observer-cert (PEM, without a password)
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Back end",
        hide_short_help = true
    )]
    pub observer_key: Option<PathBuf>,
}

impl ObserverTlsFlags {
    /// What they ask for, with what is in the files, beside a shop for which those of `of_shop` vouch.
    ///
    /// # Errors
    /// When a file cannot be read, or does not hold what it should.
    pub fn settings(&self, of_shop: Option<&TlsSettings>) -> Result<TlsSettings, CliError> {
        let roots = match (&self.observer_ca, of_shop.map(|tls| &tls.roots)) {
            (Some(path), _) => TlsRoots::Pem(pem_files::authorities("--observer-ca", path)?),
            (None, Some(of_shop)) => of_shop.clone(),
            (None, None) => TlsRoots::Platform,
        };
        let names = ["--observer-cert", "--observer-key"];
        let (cert, key) = (self.observer_cert.as_deref(), self.observer_key.as_deref());
        Ok(TlsSettings {
            roots,
            is_insecure: self.observer_insecure,
            identity: pem_files::identity(names, cert, key)?,
            ..TlsSettings::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_vouch_for_the_shop_vouch_for_what_is_beside_it() {
        let of_shop = TlsSettings {
            roots: TlsRoots::Pem(b"pem".to_vec()),
            is_insecure: true,
            ..TlsSettings::default()
        };
        let flags = ObserverTlsFlags::default();
        let settings = flags.settings(Some(&of_shop)).unwrap();
        assert_eq!(settings.roots, of_shop.roots);
        assert!(!settings.is_insecure, "passwords go there");
        assert_eq!(flags.settings(None).unwrap(), TlsSettings::default());
        let own = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, own.cert.pem()).unwrap();
        let flags = ObserverTlsFlags {
            observer_ca: Some(path),
            observer_insecure: true,
            ..ObserverTlsFlags::default()
        };
        let settings = flags.settings(Some(&of_shop)).unwrap();
        assert_eq!(settings.roots, TlsRoots::Pem(own.cert.pem().into_bytes()));
        assert!(settings.is_insecure);
    }
}

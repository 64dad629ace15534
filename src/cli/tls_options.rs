//! The flags that say how TLS is spoken with the target: who may vouch for it, and as whom one asks.

use super::{CliError, pem_files};
use crate::plan::{TlsRoots, TlsSettings};
use clap::Args;
use std::path::{Path, PathBuf};

/// How TLS is spoken with the target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(super) struct TlsFlags {
    /// Take the word of these authorities (PEM) for who an https target is, and of nobody else
    #[arg(
        long,
        value_name = "FILE",
        alias = "cacert",
        help_heading = "Target",
        hide_short_help = true
    )]
    pub ca: Option<PathBuf>,

    /// Take an https target for what it says it is; said in the report
    #[arg(long, help_heading = "Target", hide_short_help = true)]
    pub insecure: bool,

    /// Show this certificate (PEM, with those that vouch for it) to a target that wants one
    ///
    /// The file may hold the private key, too.
    #[arg(
        long,
        value_name = "FILE",
        alias = "cert",
        help_heading = "Target",
        hide_short_help = true
    )]
    pub client_cert: Option<PathBuf>,

    /// The private key of --client-cert (PEM, without a password)
    #[arg(
        long,
        value_name = "FILE",
        alias = "key",
        help_heading = "Target",
        hide_short_help = true
    )]
    pub client_key: Option<PathBuf>,

    /// Make a full TLS handshake for every connection, as if each were a newcomer's
    #[arg(long, help_heading = "Target", hide_short_help = true)]
    pub no_session_resumption: bool,
}

impl TlsFlags {
    /// The first flag of these that was given, as it is typed.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--ca", self.ca.is_some()),
            ("--insecure", self.insecure),
            ("--client-cert", self.client_cert.is_some()),
            ("--client-key", self.client_key.is_some()),
            ("--no-session-resumption", self.no_session_resumption),
        ];
        given
            .into_iter()
            .find_map(|(name, given)| given.then_some(name))
    }

    /// What they ask for, with what is in the files.
    ///
    /// # Errors
    /// When a file cannot be read, or does not hold what it should.
    pub fn settings(&self) -> Result<TlsSettings, CliError> {
        let mut settings = TlsSettings {
            is_insecure: self.insecure,
            is_without_resumption: self.no_session_resumption,
            ..TlsSettings::default()
        };
        if let Some(path) = &self.ca {
            settings.roots = TlsRoots::Pem(pem_files::authorities("--ca", path)?);
            settings.files.ca = Some(path.display().to_string());
        }
        let (cert, key) = (self.client_cert.as_deref(), self.client_key.as_deref());
        settings.identity = pem_files::identity(["--client-cert", "--client-key"], cert, key)?;
        let shown = |path: &Path| path.display().to_string();
        settings.files.cert = cert.map(shown);
        settings.files.key = key.map(shown);
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

    fn made() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap()
    }

    #[test]
    fn what_is_in_the_files_becomes_the_settings() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let own = made();
        std::fs::write(at("cert.pem"), own.cert.pem()).unwrap();
        std::fs::write(at("key.pem"), own.signing_key.serialize_pem()).unwrap();
        let both = format!("{}{}", own.cert.pem(), own.signing_key.serialize_pem());
        std::fs::write(at("both.pem"), both).unwrap();
        let flags = TlsFlags {
            ca: Some(at("cert.pem")),
            client_cert: Some(at("cert.pem")),
            client_key: Some(at("key.pem")),
            ..TlsFlags::default()
        };
        let settings = flags.settings().unwrap();
        assert_eq!(settings.roots, TlsRoots::Pem(own.cert.pem().into_bytes()));
        assert_eq!(
            settings.files.ca,
            Some(at("cert.pem").display().to_string())
        );
        assert_eq!(
            settings.files.key,
            Some(at("key.pem").display().to_string())
        );
        assert!(settings.identity.is_some() && !settings.is_insecure);
        let flags = TlsFlags {
            client_cert: Some(at("both.pem")),
            insecure: true,
            no_session_resumption: true,
            ..TlsFlags::default()
        };
        let settings = flags.settings().unwrap();
        assert!(settings.is_insecure && settings.is_without_resumption);
        assert_eq!(settings.files.key, None);
        assert_eq!(flags.first_given(), Some("--insecure"));
        assert_eq!(TlsFlags::default().first_given(), None);
    }

    #[test]
    fn a_file_that_is_not_what_was_asked_for_is_told_with_how_it_becomes_that() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let (own, other) = (made(), made());
        std::fs::write(at("cert.pem"), own.cert.pem()).unwrap();
        std::fs::write(at("cert.der"), own.cert.der()).unwrap();
        std::fs::write(at("other.pem"), other.signing_key.serialize_pem()).unwrap();
        let locked =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
        std::fs::write(at("locked.pem"), locked).unwrap();
        let ca = |name: &str| TlsFlags {
            ca: Some(at(name)),
            ..TlsFlags::default()
        };
        let shown = |cert: &str, key: Option<&str>| TlsFlags {
            client_cert: Some(at(cert)),
            client_key: key.map(at),
            ..TlsFlags::default()
        };
        for (flags, says) in [
            (ca("none.pem"), "No such file"),
            (ca("other.pem"), "there is no PEM certificate in it"),
            (ca("cert.der"), "openssl x509 -inform der"),
            (shown("cert.pem", None), "the private key: no items found"),
            (shown("cert.pem", Some("other.pem")), "cannot be used"),
            (
                shown("cert.pem", Some("locked.pem")),
                "openssl pkey -in FILE",
            ),
            (
                shown("cert.pem", Some("none.pem")),
                "none.pem: No such file",
            ),
            (shown("cert.der", None), "openssl pkcs12"),
        ] {
            let said = flags.settings().unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
            assert!(said.starts_with("--"), "{said}");
        }
    }
}

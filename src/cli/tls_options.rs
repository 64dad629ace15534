//! The flags that say how TLS is spoken with the target: who may vouch for it, and as whom one asks.

use super::CliError;
use crate::engine::tls::client_config;
use crate::plan::{TlsIdentity, TlsRoots, TlsSettings};
use crate::record::read_bounded;
use clap::Args;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Largest file of certificates: what a system trusts has a quarter of a MiB.
const MOST_PEM_BYTES: u64 = 16 << 20;

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
        hide_short_help = true,
        requires = "client_cert"
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
            let flag = format!("--ca {}", path.display());
            let pem = read(&flag, path)?;
            let hint = hint(&pem);
            settings.roots = TlsRoots::Pem(pem);
            settings.files.ca = Some(path.display().to_string());
            client_config(&settings, &[]).map_err(|error| refused(&flag, &error, hint))?;
        }
        if let Some(path) = &self.client_cert {
            let mut flag = format!("--client-cert {}", path.display());
            let chain_pem = read(&flag, path)?;
            let key_pem = match &self.client_key {
                None => chain_pem.clone(),
                Some(path) => {
                    let of_key = format!("--client-key {}", path.display());
                    flag = format!("{flag} {of_key}");
                    read(&of_key, path)?
                }
            };
            let hint = [&chain_pem, &key_pem].map(|pem| hint(pem)).concat();
            settings.identity = Some(TlsIdentity { chain_pem, key_pem });
            settings.files.cert = Some(path.display().to_string());
            let key = self.client_key.as_ref();
            settings.files.key = key.map(|path| path.display().to_string());
            // Whom the machine trusts is another matter.
            let alone = TlsSettings {
                is_insecure: true,
                ..settings.clone()
            };
            client_config(&alone, &[]).map_err(|error| refused(&flag, &error, &hint))?;
        }
        Ok(settings)
    }
}

fn read(flag: &str, path: &Path) -> Result<Vec<u8>, CliError> {
    read_bounded(path, MOST_PEM_BYTES).map_err(|error| refused(flag, &error, ""))
}

fn refused(flag: &str, error: &dyn Display, hint: &str) -> CliError {
    CliError::Arguments(format!("{flag}: {error}{hint}"))
}

/// How a file that is not what was asked for becomes it.
fn hint(pem: &[u8]) -> &'static str {
    const ENCRYPTED: &[u8] = b"ENCRYPTED";
    /// A sequence (X.690), which DER begins with and no text does.
    const DER: u8 = 0x30;
    if pem.first() == Some(&DER) {
        "; it is in DER or PKCS #12, which `openssl x509 -inform der` and `openssl pkcs12` write as PEM"
    } else if pem.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) {
        "; the key has a password: `openssl pkey -in FILE -out OTHER` writes it without"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

    fn identity() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap()
    }

    #[test]
    fn what_is_in_the_files_becomes_the_settings() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let own = identity();
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
        let (own, other) = (identity(), identity());
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

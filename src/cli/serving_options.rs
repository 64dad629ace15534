//! The flags that say how `shopblast sandbox` speaks TLS.

use super::CliError;
use crate::plan::TlsIdentity;
use crate::record::read_bounded;
use crate::sandbox::TlsServing;
use clap::Args;
use std::path::{Path, PathBuf};

/// Largest file of certificates.
const MOST_PEM_BYTES: u64 = 16 << 20;

/// The flags as typed.
#[derive(Debug, Default, Args)]
pub(super) struct ServingFlags {
    /// Serve https with this certificate (PEM, with those that vouch for it): HTTP/2 or HTTP/1.1, as
    /// the client chooses; the Observatory too
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of --tls-cert (PEM, without a password)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Let only clients in whose certificate one of these authorities (PEM) vouches for
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
}

impl ServingFlags {
    /// How TLS is spoken, if it is.
    ///
    /// # Errors
    /// When a file cannot be read, or what is in it is of no use.
    pub fn tls(&self) -> Result<Option<TlsServing>, CliError> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            return Ok(None);
        };
        let client_ca = self.tls_client_ca.as_ref();
        let tls = TlsServing {
            identity: TlsIdentity {
                chain_pem: read("--tls-cert", cert)?,
                key_pem: read("--tls-key", key)?,
            },
            client_ca_pem: client_ca
                .map(|path| read("--tls-client-ca", path))
                .transpose()?,
        };
        tls.of_shop().map_err(|error| {
            let flags = match self.tls_client_ca {
                None => "--tls-cert, --tls-key",
                Some(_) => "--tls-cert, --tls-key, --tls-client-ca",
            };
            CliError::Arguments(format!("{flags}: {error}"))
        })?;
        Ok(Some(tls))
    }
}

fn read(flag: &str, path: &Path) -> Result<Vec<u8>, CliError> {
    read_bounded(path, MOST_PEM_BYTES)
        .map_err(|error| CliError::Arguments(format!("{flag} {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_key_are_read_and_looked_at() {
        let directory = tempfile::tempdir().unwrap();
        let identity = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let at = |name: &str| Some(directory.path().join(name));
        let write = |name: &str, text: &str| {
            std::fs::write(directory.path().join(name), text).unwrap();
        };
        write("cert.pem", &identity.cert.pem());
        write("key.pem", &identity.signing_key.serialize_pem());
        let flags = |cert: &str, key: &str, client_ca: Option<&str>| ServingFlags {
            tls_cert: at(cert),
            tls_key: at(key),
            tls_client_ca: client_ca.and_then(&at),
        };
        let tls = flags("cert.pem", "key.pem", Some("cert.pem"))
            .tls()
            .unwrap();
        assert!(tls.unwrap().client_ca_pem.is_some());
        assert_eq!(ServingFlags::default().tls().unwrap(), None);
        for (flags, says) in [
            (flags("none.pem", "key.pem", None), "--tls-cert "),
            (
                flags("cert.pem", "none.pem", None),
                "none.pem: No such file",
            ),
            (flags("key.pem", "key.pem", None), "no PEM certificate"),
            (flags("cert.pem", "cert.pem", None), "the private key"),
            (
                flags("cert.pem", "key.pem", Some("key.pem")),
                "--tls-client-ca: ",
            ),
        ] {
            let said = flags.tls().unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}

//! Files of certificates and keys that flags name: read, and tried before anything else is done.

use super::CliError;
use crate::engine::tls::client_config;
use crate::plan::{TlsIdentity, TlsRoots, TlsSettings};
use crate::record::read_bounded;
use std::fmt::Display;
use std::path::Path;

/// Largest file of certificates: what a system trusts has a quarter of a MiB.
const MOST_PEM_BYTES: u64 = 16 << 20;

/// Certificates of authorities, from the file that `flag` names.
///
/// # Errors
/// When it cannot be read, or holds none.
pub(super) fn authorities(flag: &str, path: &Path) -> Result<Vec<u8>, CliError> {
    let flag = format!("{flag} {}", path.display());
    let pem = read(&flag, path)?;
    let settings = TlsSettings {
        roots: TlsRoots::Pem(pem.clone()),
        ..TlsSettings::default()
    };
    client_config(&settings, &[]).map_err(|error| refused(&flag, &error, hint(&pem)))?;
    Ok(pem)
}

/// A certificate with its private key, from the files that two flags name; both may be in one. `None`
/// without either.
///
/// # Errors
/// When a file cannot be read, or does not hold what it should; when there is a key alone.
pub(super) fn identity(
    [of_cert, of_key]: [&str; 2],
    cert: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<TlsIdentity>, CliError> {
    let cert = match (cert, key) {
        (Some(cert), _) => cert,
        (None, None) => return Ok(None),
        // Each may be a variable, which the parser looks at alone.
        (None, Some(_)) => {
            let says = format!("{of_key} is the key of a certificate: add {of_cert} <FILE>");
            return Err(CliError::Arguments(says));
        }
    };
    let mut flag = format!("{of_cert} {}", cert.display());
    let chain_pem = read(&flag, cert)?;
    let key_pem = match key {
        None => chain_pem.clone(),
        Some(path) => {
            let of_key = format!("{of_key} {}", path.display());
            flag = format!("{flag} {of_key}");
            read(&of_key, path)?
        }
    };
    let hint = [&chain_pem, &key_pem].map(|pem| hint(pem)).concat();
    let identity = TlsIdentity { chain_pem, key_pem };
    // Whom the machine trusts is another matter.
    let settings = TlsSettings {
        is_insecure: true,
        identity: Some(identity.clone()),
        ..TlsSettings::default()
    };
    client_config(&settings, &[]).map_err(|error| refused(&flag, &error, &hint))?;
    Ok(Some(identity))
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

    const NAMES: [&str; 2] = ["--web-cert", "--web-key"];

    #[test]
    fn files_are_tried_before_anything_is_served_or_asked() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let own = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap();
        let (cert, key) = (own.cert.pem(), own.signing_key.serialize_pem());
        let locked =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
        for (name, text) in [
            ("cert.pem", cert.as_bytes()),
            ("key.pem", key.as_bytes()),
            ("both.pem", format!("{cert}{key}").as_bytes()),
            ("other.pem", other.signing_key.serialize_pem().as_bytes()),
            ("locked.pem", locked.as_bytes()),
            ("cert.der", own.cert.der()),
        ] {
            std::fs::write(at(name), text).unwrap();
        }
        let shown = |cert: &str, key: Option<&str>| {
            identity(NAMES, Some(&at(cert)), key.map(at).as_deref())
                .map_err(|error| error.to_string())
        };
        assert!(shown("cert.pem", Some("key.pem")).is_ok());
        assert!(shown("both.pem", None).is_ok());
        for (cert, key, says) in [
            ("cert.pem", None, "the private key"),
            ("cert.pem", Some("other.pem"), "cannot be used"),
            ("cert.pem", Some("locked.pem"), "openssl pkey -in FILE"),
            ("cert.pem", Some("none.pem"), "--web-key"),
            ("cert.der", None, "openssl pkcs12"),
        ] {
            let said = shown(cert, key).unwrap_err();
            assert!(said.contains(says) && said.starts_with("--web-"), "{said}");
        }
        let alone = identity(NAMES, None, Some(&at("key.pem"))).unwrap_err();
        assert!(
            alone.to_string().contains("add --web-cert <FILE>"),
            "{alone}"
        );
        assert_eq!(identity(NAMES, None, None).unwrap(), None);
        let trusted = |name: &str| authorities("--observer-ca", &at(name));
        assert_eq!(trusted("cert.pem").unwrap(), cert.as_bytes());
        let said = trusted("key.pem").unwrap_err().to_string();
        assert!(said.contains("there is no PEM certificate in it"), "{said}");
    }
}

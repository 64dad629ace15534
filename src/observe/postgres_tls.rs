//! How the address of a PostgreSQL database asks for TLS, in the words of PostgreSQL's own clients:
//! `sslmode`, `sslrootcert`, `sslcert` and `sslkey`.
//!
//! See <https://www.postgresql.org/docs/current/libpq-ssl.html>.

use super::address_error::AddressError;
use crate::engine::tls::{TlsError, client_config, client_config_of_any_name};
use crate::plan::{TlsIdentity, TlsRoots, TlsSettings};
use rustls::ClientConfig;
use std::fs::File;
use std::io::Read;

/// What a server takes for the protocol in TLS (ALPN), since version 17.
const PROTOCOL: &[u8] = b"postgresql";
/// Largest file of certificates or of a key.
const MOST_BYTES: u64 = 16 << 20;
/// The word for those that the machine trusts, in place of a file.
const SYSTEM: &str = "system";

/// How much TLS is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TlsMode {
    /// `disable`.
    Never,
    /// `prefer`, and `allow`: where the server offers it. Whose certificate that is does not matter.
    #[default]
    Offered,
    /// `require`: the same, and nothing goes without it.
    Required,
    /// `verify-ca`: somebody who is trusted has to vouch for the server's certificate.
    Vouched,
    /// `verify-full`: it has to be of the server's name, too.
    Named,
}

/// What an address says about TLS.
#[derive(Clone, Debug, Default)]
pub(super) struct PostgresTls {
    pub mode: TlsMode,
    roots: Option<TlsRoots>,
    identity: Option<TlsIdentity>,
}

impl PostgresTls {
    /// Takes what is about TLS out of an address: gives the rest of that, too.
    pub fn taken_from(address: &str) -> Result<(Self, String), AddressError> {
        let Some((place, query)) = place_and_query(address) else {
            return Ok((Self::default(), address.to_owned()));
        };
        let (mut mode, mut root_file, mut chain_file, mut key_file) = (None, None, None, None);
        let mut others = Vec::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "sslmode" => mode = Some(mode_called(value)?),
                "sslrootcert" => root_file = Some(decoded(value)),
                "sslcert" => chain_file = Some(decoded(value)),
                "sslkey" => key_file = Some(decoded(value)),
                _ => others.push(pair),
            }
        }
        let of_system = root_file.as_deref() == Some(SYSTEM);
        let mode = match mode {
            // As PostgreSQL's own clients do.
            None if of_system => TlsMode::Named,
            Some(TlsMode::Required) if root_file.is_some() => TlsMode::Vouched,
            mode => mode.unwrap_or_default(),
        };
        let roots = match root_file {
            None => None,
            Some(_) if of_system => Some(TlsRoots::Platform),
            Some(path) => Some(TlsRoots::Pem(read("sslrootcert", &path)?)),
        };
        let identity = match (chain_file, key_file) {
            (None, None) => None,
            (Some(chain), Some(key)) => Some(TlsIdentity {
                chain_pem: read("sslcert", &chain)?,
                key_pem: read("sslkey", &key)?,
            }),
            _ => return Err(AddressError::HalfIdentity),
        };
        let tls = Self {
            mode,
            roots,
            identity,
        };
        tls.check()?;
        let rest = match others.is_empty() {
            true => place.to_owned(),
            false => format!("{place}?{}", others.join("&")),
        };
        Ok((tls, rest))
    }

    /// That what is in the files is of use.
    fn check(&self) -> Result<(), AddressError> {
        let given = TlsSettings {
            roots: self.roots.clone().unwrap_or_default(),
            is_insecure: !matches!(self.roots, Some(TlsRoots::Pem(_))),
            identity: self.identity.clone(),
            ..TlsSettings::default()
        };
        let made = client_config(&given, &[]).map(drop);
        made.map_err(|error| AddressError::TlsFile(error.to_string()))
    }

    /// How the server is spoken to, where observers trust as `usual` says.
    ///
    /// # Errors
    /// When nobody is trusted.
    pub fn config(&self, usual: &TlsSettings) -> Result<ClientConfig, TlsError> {
        let settings = TlsSettings {
            roots: self.roots.clone().unwrap_or_else(|| usual.roots.clone()),
            is_insecure: !matches!(self.mode, TlsMode::Vouched | TlsMode::Named),
            identity: self.identity.clone().or_else(|| usual.identity.clone()),
            ..TlsSettings::default()
        };
        match self.mode {
            TlsMode::Vouched => client_config_of_any_name(&settings, &[PROTOCOL]),
            _ => client_config(&settings, &[PROTOCOL]),
        }
    }
}

/// What stands before the `?` of an address without its scheme, and behind it. A password may hold one.
fn place_and_query(address: &str) -> Option<(&str, &str)> {
    let after_login = address.find('@').map_or(0, |at| at + 1);
    let slash = after_login + address[after_login..].find('/')?;
    let mark = slash + address[slash..].find('?')?;
    Some((&address[..mark], &address[mark + 1..]))
}

fn mode_called(word: &str) -> Result<TlsMode, AddressError> {
    match word {
        "disable" => Ok(TlsMode::Never),
        "allow" | "prefer" => Ok(TlsMode::Offered),
        "require" => Ok(TlsMode::Required),
        "verify-ca" => Ok(TlsMode::Vouched),
        "verify-full" => Ok(TlsMode::Named),
        _ => Err(AddressError::SslMode),
    }
}

fn decoded(text: &str) -> String {
    // A plus is a plus here.
    let pair = format!("={}", text.replace('+', "%2B"));
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

fn read(what: &str, path: &str) -> Result<Vec<u8>, AddressError> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text));
    read.map_err(|error| AddressError::TlsFile(format!("{what} {path}: {error}")))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_tls_is_taken_out_of_the_address() {
        for (address, mode, rest) in [
            ("u:p@h/d", TlsMode::Offered, "u:p@h/d"),
            ("u:p@h/d?sslmode=disable", TlsMode::Never, "u:p@h/d"),
            (
                "h/d?connect_timeout=1&sslmode=require&options=-c%20x",
                TlsMode::Required,
                "h/d?connect_timeout=1&options=-c%20x",
            ),
            ("h/d?sslmode=allow", TlsMode::Offered, "h/d"),
            ("h/d?sslmode=verify-ca", TlsMode::Vouched, "h/d"),
            ("h/d?sslrootcert=system", TlsMode::Named, "h/d"),
            (
                "h/d?sslrootcert=system&sslmode=require",
                TlsMode::Vouched,
                "h/d",
            ),
            ("u:p?sslmode=x@h/d", TlsMode::Offered, "u:p?sslmode=x@h/d"),
        ] {
            let (tls, left) = PostgresTls::taken_from(address).unwrap();
            assert_eq!((tls.mode, left.as_str()), (mode, rest), "{address}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let refused = |address: &str| PostgresTls::taken_from(address).unwrap_err().to_string();
        assert!(refused("h/d?sslmode=verify_full").contains("verify-full"));
        let said = refused("h/d?sslmode=verify-full&sslrootcert=/no/such%20file");
        assert!(
            said.contains("sslrootcert /no/such file: No such file"),
            "{said}"
        );
        assert!(refused("h/d?sslcert=a.pem").contains("sslkey"));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, "nothing").unwrap();
        let said = refused(&format!("h/d?sslrootcert={}", path.display()));
        assert!(said.contains("no PEM certificate"), "{said}");
    }
}

//! What leader and joins of a run know, and nobody else who can write to their Redis: it signs what they
//! say to each other.

use ring::hmac;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// The variable that holds it, where no other source is named.
pub const SECRET_VARIABLE: &str = "SHOPBLAST_FLEET_SECRET";
/// Fewest bytes of a secret: below, it could be guessed from one message.
pub const FEWEST_SECRET_BYTES: usize = 16;
/// Most bytes of a secret, or of a file that holds one.
pub const MOST_SECRET_BYTES: usize = 4_096;
/// Bytes of a signature: HMAC-SHA256.
pub const SIGNATURE_BYTES: usize = 32;

/// The shared secret of a run. It is printed nowhere.
#[derive(Clone)]
pub struct FleetSecret(hmac::Key);

/// Why there is no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// None was given.
    #[error(
        "a run on several machines needs a secret that signs its orders: put the same 16 letters or more into {SECRET_VARIABLE} on every machine, like `openssl rand -hex 32` makes them, or name a variable or a file with --fleet-secret-from"
    )]
    Missing,
    /// What was named is neither a variable that is set nor a file that can be read.
    #[error("--fleet-secret-from {named}: neither a variable that is set nor a file: {why}")]
    Unreadable {
        /// What was named.
        named: String,
        /// What is wrong with the file.
        why: String,
    },
    /// One that can be guessed.
    #[error(
        "the fleet's secret has {bytes} bytes; it must have {FEWEST_SECRET_BYTES} to {MOST_SECRET_BYTES}, like `openssl rand -hex 32` makes them"
    )]
    Length {
        /// How many it has.
        bytes: usize,
    },
}

impl FleetSecret {
    /// Takes a secret, without the line's end that a file may have after it.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn parse(text: &[u8]) -> Result<Self, SecretError> {
        let secret = text.trim_ascii();
        if !(FEWEST_SECRET_BYTES..=MOST_SECRET_BYTES).contains(&secret.len()) {
            let bytes = secret.len();
            return Err(SecretError::Length { bytes });
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// The secret in the variable or file that `named` names, or else in [`SECRET_VARIABLE`]; `variable`
    /// gives the environment's.
    ///
    /// # Errors
    /// When there is none, or one that can be guessed.
    pub fn read(
        named: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SecretError> {
        let name = named.unwrap_or(SECRET_VARIABLE);
        match (variable(name).filter(|value| !value.is_empty()), named) {
            (Some(value), _) => Self::parse(value.as_bytes()),
            (None, None) => Err(SecretError::Missing),
            (None, Some(named)) => {
                let unreadable = |error: std::io::Error| SecretError::Unreadable {
                    named: named.to_owned(),
                    why: error.to_string(),
                };
                Self::parse(&start_of(Path::new(named)).map_err(unreadable)?)
            }
        }
    }

    /// Signs the parts, one after the other. What is signed has to tell where one ends.
    pub(super) fn sign(&self, parts: &[&[u8]]) -> [u8; SIGNATURE_BYTES] {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(context.sign().as_ref());
        signature
    }

    /// Whether `signature` is that of the parts, in a time that does not tell how much of it is right.
    pub(super) fn signed(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        hmac::verify(&self.0, &parts.concat(), signature).is_ok()
    }
}

/// At most one byte more of a file than a secret may have.
fn start_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MOST_SECRET_BYTES as u64 + 2)
        .read_to_end(&mut start)?;
    Ok(start)
}

impl fmt::Debug for FleetSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_a_variable_or_a_file_and_is_not_shown() {
        let set = |name: &str| (name == SECRET_VARIABLE).then(|| "0123456789abcdef".to_owned());
        let unset = |_: &str| None;
        let secret = FleetSecret::read(None, set).unwrap();
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(
            FleetSecret::read(None, unset).unwrap_err(),
            SecretError::Missing
        );
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let of_file = FleetSecret::read(path.to_str(), unset).unwrap();
        assert_eq!(secret.sign(&[b"a"]), of_file.sign(&[b"a"]));
        let error = FleetSecret::read(Some("NOT_SET"), unset)
            .unwrap_err()
            .to_string();
        assert!(error.contains("--fleet-secret-from NOT_SET"), "{error}");
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_none() {
        for (text, bytes) in [(&b""[..], 0), (b"0123456789abcde\n", 15)] {
            assert_eq!(
                FleetSecret::parse(text).unwrap_err(),
                SecretError::Length { bytes }
            );
        }
        let error = FleetSecret::parse(&[b'x'; 4_097]).unwrap_err().to_string();
        assert!(error.contains("4097 bytes"), "{error}");
        let short = FleetSecret::parse(b"hunter2").unwrap_err().to_string();
        assert!(!short.contains("hunter2"), "{short}");
    }

    /// <https://www.rfc-editor.org/rfc/rfc4231>, test case 6.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let secret = FleetSecret::parse(&[0xaa; 131]).unwrap();
        let parts: [&[u8]; 2] = [
            b"Test Using Larger Than Block-Size ",
            b"Key - Hash Key First",
        ];
        let signature = secret.sign(&parts);
        let shown: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            shown,
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert!(secret.signed(&parts, &signature));
        assert!(!secret.signed(&parts, &signature[..31]));
        let other = FleetSecret::parse(&[0xab; 131]).unwrap();
        assert!(!other.signed(&parts, &signature));
    }
}

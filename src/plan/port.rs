//! Ports in addresses.

/// Why a text is no port that can be connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Nothing comes after the colon.
    #[error("the port is missing after the colon")]
    Missing,
    /// Anything but a number from 1 to 65535.
    #[error("the port `{0}` is not a number from 1 to 65535")]
    OutOfRange(String),
}

/// The port that `authority` names after its host; `None` when it names none. The host may be a
/// bracketed IPv6 address.
///
/// # Errors
/// When there is a colon and no port after it that can be connected to.
pub fn port_of(authority: &str) -> Result<Option<u16>, PortError> {
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some((_, port)) = authority[after_host..].split_once(':') else {
        return Ok(None);
    };
    if port.is_empty() {
        return Err(PortError::Missing);
    }
    // `u16` reads a sign, too.
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number @ 1..) if is_number => Ok(Some(number)),
        _ => Err(PortError::OutOfRange(port.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_that_can_be_connected_to() {
        for (authority, port) in [
            ("h", None),
            ("h:1", Some(1)),
            ("h:080", Some(80)),
            ("127.0.0.1:65535", Some(65_535)),
            ("[::1]", None),
            ("[::1]:8000", Some(8_000)),
        ] {
            assert_eq!(port_of(authority), Ok(port), "{authority}");
        }
        for text in ["h:", "[::1]:"] {
            assert_eq!(port_of(text), Err(PortError::Missing), "{text}");
        }
        for port in [
            "0", "00", "65536", "99999", "1e3", "+80", "-1", " 80", "8:0",
        ] {
            for host in ["h", "[::1]"] {
                let refused = port_of(&format!("{host}:{port}"));
                assert_eq!(refused, Err(PortError::OutOfRange(port.to_owned())));
            }
        }
    }
}

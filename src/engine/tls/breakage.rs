//! What ends a connection that spoke TLS, in words.

use std::fmt;

/// What the peer's records broke the connection with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsBreak {
    /// An alert that ends the connection.
    #[error("TLS: the server ended the connection: {}", AlertName(*.0))]
    Alert(u8),
    /// A record that is not the peer's, or was changed on its way.
    #[error("TLS: a record that cannot be opened (forged or damaged)")]
    Forged,
    /// More bytes than a record may have.
    #[error("TLS: a record that is too long")]
    TooLong,
    /// Fewer bytes than it must have.
    #[error("TLS: a record that is too short")]
    TooShort,
    /// Something of a kind that has no place after the handshake.
    #[error("TLS: a record that has no place here (type {0})")]
    Unexpected(u8),
    /// A message that cannot be read, or is not allowed.
    #[error("TLS: a message that makes no sense (type {0})")]
    Message(u8),
    /// Data that had begun to come before anything was asked.
    #[error("TLS: data that nobody asked for")]
    Unasked,
    /// Records without end that bring nothing.
    #[error("TLS: records without end that bring nothing")]
    Idle,
    /// The connection was closed without being ended, so that a part of the reply may be missing.
    #[error(
        "TLS: the connection was closed without a word (close_notify); the reply may be cut short"
    )]
    Truncated,
    /// A key that cannot be used.
    #[error("TLS: no key to go on with")]
    NoKey,
}

impl TlsBreak {
    /// Whether it tells, as the first thing after our side of the handshake, that the server did not take
    /// that: nothing that was sent after it was looked at.
    pub(super) const fn refuses_handshake(self) -> bool {
        matches!(
            self,
            // handshake_failure, bad_certificate to illegal_parameter, unknown_ca, access_denied,
            // decode_error, decrypt_error, certificate_required.
            Self::Alert(40 | 42..=51 | 116)
        )
    }
}

/// An alert by its name in RFC 8446 §6.
pub(super) struct AlertName(pub(super) u8);

impl fmt::Display for AlertName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            40 => "handshake_failure",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            116 => "certificate_required",
            120 => "no_application_protocol",
            other => return write!(formatter, "alert {other}"),
        };
        write!(formatter, "{name}")
    }
}

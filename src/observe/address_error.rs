//! Why a text is no address of a store.

use crate::plan::PublicAddress;

/// See the module's documentation. The text itself is not repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No address of a PostgreSQL database.
    #[error(
        "this is no address of a PostgreSQL database; write it like postgres://user:password@host:5432/database (letters like @ and / in a password as %40 and %2F)"
    )]
    Postgres,
    /// No address of Redis.
    #[error("this is no address of Redis; write it like redis://host:6379/0")]
    Redis,
    /// A port that nothing listens on.
    #[error("the port of a store is a number from 1 to 65535")]
    Port,
    /// A `sslmode` that there is not.
    #[error(
        "sslmode is disable, prefer, require, verify-ca (somebody trusted vouches for the server's certificate) or verify-full (and it is of the server's name)"
    )]
    SslMode,
    /// A certificate without its key, or a key without its certificate.
    #[error("a certificate and its key belong together: give both sslcert=FILE and sslkey=FILE")]
    HalfIdentity,
    /// A file that is named in it is not what it should be.
    #[error("{0}")]
    TlsFile(String),
    /// A host that no certificate can name.
    #[error("the host is neither a name nor an address that a certificate could hold")]
    TlsName,
    /// A public address that was not allowed.
    #[error(transparent)]
    Public(#[from] PublicAddress),
}

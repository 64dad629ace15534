//! What keeps TLS from being spoken before anything was sent.

/// See the module's documentation.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM text without what is wanted, or with something broken.
    #[error("{what}: {why}")]
    Pem {
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The machine trusts nobody.
    #[error(
        "this machine has no certificates of authorities ({0}): install ca-certificates, or name a file with --ca"
    )]
    NoRoots(String),
    /// A host that no certificate can name.
    #[error("`{0}` is no name or address that a certificate could hold")]
    Name(String),
    /// A key that does not belong to its certificate, or that is of no use.
    #[error("the certificate and its key cannot be used: {0}")]
    Identity(rustls::Error),
    /// Something that rustls refuses.
    #[error("TLS cannot be set up: {0}")]
    SetUp(rustls::Error),
}

//! The embedded shop over TLS, where clients choose between HTTP/2 and HTTP/1.1.

use crate::certificates::Authority;
use shopblast::plan::TlsIdentity;
use shopblast::sandbox::{Sandbox, SandboxConfig, SandboxMode, TlsServing};

pub struct Served {
    pub ca: String,
    pub shop: Sandbox,
    _directory: tempfile::TempDir,
}

impl Served {
    pub fn start(mode: SandboxMode) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        let identity = authority.issue(&["localhost"]);
        let shop = Sandbox::start(&SandboxConfig {
            address: "127.0.0.1:0".parse().expect("an address"),
            mode,
            tls: Some(TlsServing {
                identity: TlsIdentity {
                    chain_pem: identity.chain_pem.into_bytes(),
                    key_pem: identity.key_pem.into_bytes(),
                },
                client_ca_pem: None,
            }),
            ..SandboxConfig::default()
        });
        Self {
            ca: authority.write(directory.path()).display().to_string(),
            shop: shop.expect("a shop"),
            _directory: directory,
        }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.shop.address().port())
    }

    /// The flags of a run against it.
    pub fn flags(&self) -> String {
        format!("-H {} --ca {}", self.url(), self.ca)
    }
}

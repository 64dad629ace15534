//! A server of rustls in memory, and keys that a test chooses.

use super::{
    Afterwards, Agreed, Handshake, HandshakeError, HandshakeStep, Secured, TlsClient, TlsLayer,
};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::cipher::{AeadKey, Iv};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    ClientConfig, ConnectionTrafficSecrets, Error, ExtractedSecrets, RootCertStore, ServerConfig,
    ServerConnection, SupportedCipherSuite, SupportedProtocolVersion,
};
use std::io::{Read, Write};
use std::sync::Arc;

/// The name that the certificates of tests are for.
pub const NAME: &str = "shop.test";

/// A certificate that vouches for itself.
pub fn own() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(vec![NAME.to_owned()]).unwrap()
}

/// A server that shows `own`, and speaks `versions` with `suites` only.
pub fn server(
    own: &CertifiedKey<KeyPair>,
    versions: &[&'static SupportedProtocolVersion],
    suites: &[SupportedCipherSuite],
) -> ServerConfig {
    let mut provider = super::provider().as_ref().clone();
    if !suites.is_empty() {
        provider.cipher_suites = suites.to_vec();
    }
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap()
}

/// A client that trusts `certificate`.
pub fn client(certificate: &CertificateDer<'static>, alpn: &[&[u8]]) -> TlsClient {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(super::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsClient::new(config, super::server_name(NAME).unwrap())
}

/// A client's layer and its server, whose handshake is done.
pub struct Pair {
    pub layer: TlsLayer,
    pub server: ServerConnection,
    pub agreed: Agreed,
}

impl Pair {
    /// Has them shake hands; what the server then sends is left to be sent.
    pub fn shake(client: &TlsClient, server: &Arc<ServerConfig>) -> Result<Self, HandshakeError> {
        let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
        let mut handshake = Handshake::new(client)?;
        loop {
            let step = handshake.advance();
            give(&mut server, &std::mem::take(&mut handshake.to_send));
            match step? {
                HandshakeStep::Receive => handshake.received.extend(sent(&mut server)),
                HandshakeStep::Done(Secured { layer, agreed, .. }) => {
                    let layer = *layer;
                    return Ok(Self {
                        layer,
                        server,
                        agreed,
                    });
                }
            }
        }
    }

    /// What the server sends when it writes `text`.
    pub fn written(&mut self, text: &[u8]) -> Vec<u8> {
        self.server.writer().write_all(text).unwrap();
        sent(&mut self.server)
    }

    /// What the server reads of `records`.
    pub fn read(&mut self, records: &[u8]) -> Vec<u8> {
        give(&mut self.server, records);
        let mut text = Vec::new();
        // An end that is not there yet.
        let _ = self.server.reader().read_to_end(&mut text);
        text
    }
}

/// Gives `bytes` to a server, whatever it makes of them.
pub fn give(server: &mut ServerConnection, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        server.read_tls(&mut bytes).unwrap();
        // It tells by an alert.
        let _ = server.process_new_packets();
    }
}

/// What a server sends.
pub fn sent(server: &mut ServerConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// A key of the number `name`.
pub fn secrets(name: u8) -> ConnectionTrafficSecrets {
    ConnectionTrafficSecrets::Aes256Gcm {
        key: AeadKey::from([name; 32]),
        iv: Iv::new([name; 12]),
    }
}

/// Keys that follow each other by number, and tickets that are counted.
pub struct Numbered {
    pub own: u8,
    pub peers: u8,
}

impl Afterwards for Numbered {
    fn ticket(&mut self, message: &[u8]) -> Result<(), Error> {
        match message.is_empty() {
            true => Err(Error::HandshakeNotComplete),
            false => Ok(()),
        }
    }

    fn next_own(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        self.own += 2;
        Ok((0, secrets(self.own)))
    }

    fn next_peers(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        self.peers += 2;
        Ok((0, secrets(self.peers)))
    }
}

/// A layer whose next record has the number `sequence`, and the keys of its peer the other way round.
pub fn numbered(sequence: u64, is_13: bool) -> (TlsLayer, TlsLayer) {
    let layer = |own, peers| {
        let secrets = ExtractedSecrets {
            tx: (sequence, secrets(own)),
            rx: (sequence, secrets(peers)),
        };
        TlsLayer::new(&secrets, is_13, Box::new(Numbered { own, peers })).unwrap()
    };
    (layer(1, 2), layer(2, 1))
}

//! The records of a TLS connection after its handshake, from a peer that has the keys and says anything, and
//! from whoever changes what is on its way.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::crypto::cipher::{AeadKey, Iv};
use rustls::{ConnectionTrafficSecrets, Error, ExtractedSecrets};
use shopblast::engine::tls::{Afterwards, MOST_PLAIN_BYTES, TlsEnd, TlsLayer};

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
const KEY_UPDATE: u8 = 24;
const TAG_BYTES: usize = 16;
/// Records of up to a whole room that one script may ask for.
const MOST_LARGE: u32 = 4;

/// Keys by number.
fn secrets(number: u8) -> ConnectionTrafficSecrets {
    ConnectionTrafficSecrets::Aes256Gcm {
        key: AeadKey::from([number; 32]),
        iv: Iv::new([number; 12]),
    }
}

/// Keys that follow each other by number.
struct Numbered(u8);

impl Afterwards for Numbered {
    fn ticket(&mut self, message: &[u8]) -> Result<(), Error> {
        match message.first() {
            Some(0..128) => Ok(()),
            _ => Err(Error::HandshakeNotComplete),
        }
    }

    fn next_own(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        Ok((0, secrets(99)))
    }

    fn next_peers(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        self.0 = self.0.wrapping_add(1);
        Ok((0, secrets(self.0)))
    }
}

/// A peer that seals whatever it is told to.
struct Peer {
    is_13: bool,
    key: u8,
    sequence: u64,
}

impl Peer {
    fn say(&mut self, kind: u8, text: &[u8], padding: usize) -> Vec<u8> {
        let key = UnboundKey::new(&AES_256_GCM, &[self.key; 32]).expect("a key");
        let key = LessSafeKey::new(key);
        let mut nonce = [self.key; 12];
        for (byte, number) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= number;
        }
        let mut sealed = text.to_vec();
        let mut head = vec![if self.is_13 { DATA } else { kind }, 3, 3, 0, 0];
        if self.is_13 {
            sealed.push(kind);
            sealed.resize(sealed.len() + padding, 0);
            let length = ((sealed.len() + TAG_BYTES) as u16).to_be_bytes();
            head[3..].copy_from_slice(&length);
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, Aad::from(&head), &mut sealed)
                .expect("room");
        } else {
            let mut beside = self.sequence.to_be_bytes().to_vec();
            beside.extend([kind, 3, 3]);
            beside.extend((sealed.len() as u16).to_be_bytes());
            let length = ((8 + sealed.len() + TAG_BYTES) as u16).to_be_bytes();
            head[3..].copy_from_slice(&length);
            head.extend(&nonce[4..]);
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, Aad::from(&beside), &mut sealed)
                .expect("room");
        }
        self.sequence += 1;
        head.append(&mut sealed);
        head
    }
}

/// What comes out is a beginning of what the peer said, in the order in which it did; all of it when nothing
/// was changed; and nothing more after an end.
pub fn records(bytes: &[u8]) {
    let Some((&manner, mut script)) = bytes.split_first() else {
        return;
    };
    let is_13 = manner & 1 == 0;
    let keys = ExtractedSecrets {
        tx: (0, secrets(1)),
        rx: (0, secrets(2)),
    };
    let mut layer = TlsLayer::new(&keys, is_13, Box::new(Numbered(2))).expect("a known cipher");
    let mut peer = Peer {
        is_13,
        key: 2,
        sequence: 0,
    };
    let (mut wire, mut said, mut got) = (Vec::new(), Vec::new(), Vec::new());
    // Whether nobody has changed anything, and whether all of it has to come out.
    let (mut is_true, mut is_whole) = (true, true);
    let mut large = 0;
    let mut take = |count: usize| {
        let (taken, rest) = script.split_at(count.min(script.len()));
        script = rest;
        taken
    };
    while let &[op, size] = take(2) {
        let size = usize::from(size);
        match op % 8 {
            0 | 1 => {
                let text = take(size).to_vec();
                said.extend_from_slice(&text);
                wire.extend(peer.say(DATA, &text, usize::from(op >> 4)));
            }
            2 => {
                // A few that fill their record will do: what is said, on its way and heard is kept here.
                large += 1;
                let bytes = if large <= MOST_LARGE { size << 6 } else { size };
                let text = vec![op; bytes.min(MOST_PLAIN_BYTES)];
                said.extend_from_slice(&text);
                wire.extend(peer.say(DATA, &text, 0));
            }
            3 => {
                // Whatever it means, what follows may be of another key, or come too late.
                is_whole = false;
                let kind = [ALERT, HANDSHAKE, 20, 0, 24, op][usize::from(op >> 3) % 6];
                let text = take(size).to_vec();
                wire.extend(peer.say(kind, &text, 0));
            }
            4 if is_13 => {
                wire.extend(peer.say(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, op >> 7], 0));
                peer.key = peer.key.wrapping_add(1);
                peer.sequence = 0;
            }
            5 => {
                is_true = false;
                wire.extend_from_slice(take(size));
            }
            6 => {
                if let Some(byte) = wire.get_mut(size) {
                    is_true = false;
                    *byte ^= (op >> 3).max(1);
                }
            }
            _ => hear(&mut layer, &mut wire, size * 9, manner & 2 == 0, &mut got),
        }
        assert!(said.starts_with(&got), "what nobody said");
    }
    while !wire.is_empty() {
        hear(&mut layer, &mut wire, 4_096, manner & 2 == 0, &mut got);
    }
    assert!(said.starts_with(&got), "what nobody said");
    if is_true && is_whole {
        // Too many records without anything in them are no way to go on.
        let is_over = layer.end().is_some();
        assert!(got == said || is_over, "{} of {}", got.len(), said.len());
    }
    if let Some(TlsEnd::Broken(broken)) = layer.end() {
        assert!(!broken.to_string().is_empty());
    }
    let mut request = bytes.to_vec();
    if layer.seal(&mut request, 0).is_ok() {
        assert!(request.len() > bytes.len() + TAG_BYTES);
    }
}

/// Gives the next `count` bytes to the layer.
fn hear(layer: &mut TlsLayer, wire: &mut Vec<u8>, count: usize, in_place: bool, got: &mut Vec<u8>) {
    let rest = wire.split_off(count.min(wire.len()));
    let mut arrived = std::mem::replace(wire, rest);
    let ended = layer.end();
    let before = got.len();
    if in_place && !layer.is_within_record() {
        let plain = layer.open(&mut arrived);
        got.extend_from_slice(&arrived[plain]);
    } else {
        layer.open_onto(&mut arrived, got);
    }
    if ended.is_some() {
        assert!(got.len() == before && layer.end() == ended, "after the end");
    }
}

//! One direction's key: seals and opens single records where they stand (RFC 8446 §5.2, RFC 5246 §6.2.3,
//! RFC 5288, RFC 7905). Pure, and without allocation.

use super::TlsBreak;
use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, Tag,
    UnboundKey,
};
use rustls::ConnectionTrafficSecrets;
use std::ops::Range;

/// A record begins with its type, version and length.
pub(super) const HEADER_BYTES: usize = 5;
/// What records say their version is, that of TLS 1.2; in TLS 1.3 as well.
const VERSION: [u8; 2] = [3, 3];
/// Most plain text of one record.
pub const MOST_PLAIN_BYTES: usize = 1 << 14;
/// Most bytes that may follow a header: RFC 8446 §5.2 allows 256 more than plain text, RFC 5246 2,048, of
/// which no cipher that is spoken here needs more.
const MOST_SEALED_BYTES: usize = MOST_PLAIN_BYTES + 256;
/// Most bytes of a record, its header included.
pub(super) const MOST_RECORD_BYTES: usize = HEADER_BYTES + MOST_SEALED_BYTES;
/// All ciphers have a tag of this length.
const TAG_BYTES: usize = 16;
/// TLS 1.2 with GCM tells a part of each nonce.
const EXPLICIT_BYTES: usize = 8;
/// A key of AES-GCM may seal 2^24.5 records (RFC 8446 §5.5); it is renewed well before.
const MOST_RECORDS: u64 = 1 << 24;

/// What is in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ContentType {
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

impl ContentType {
    fn read(byte: u8) -> Result<Self, TlsBreak> {
        match byte {
            21 => Ok(Self::Alert),
            22 => Ok(Self::Handshake),
            23 => Ok(Self::ApplicationData),
            other => Err(TlsBreak::Unexpected(other)),
        }
    }
}

/// How records look under a version and a cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordForm {
    /// TLS 1.3: the type stands behind the plain text, and is sealed with it.
    Tls13,
    /// TLS 1.2 with a nonce that is told in part.
    Tls12Explicit,
    /// TLS 1.2 with ChaCha20-Poly1305, whose nonce is not told.
    Tls12,
}

impl RecordForm {
    /// Bytes before the plain text.
    pub(super) const fn before(self) -> usize {
        match self {
            Self::Tls13 | Self::Tls12 => HEADER_BYTES,
            Self::Tls12Explicit => HEADER_BYTES + EXPLICIT_BYTES,
        }
    }

    /// Bytes behind it.
    pub(super) const fn behind(self) -> usize {
        match self {
            Self::Tls13 => 1 + TAG_BYTES,
            Self::Tls12 | Self::Tls12Explicit => TAG_BYTES,
        }
    }
}

/// The length of the record at the start of `bytes`, its header included; `None` when the header is not
/// whole.
pub(super) fn record_bytes(bytes: &[u8]) -> Result<Option<usize>, TlsBreak> {
    let Some(&[kind, major, _, high, low]) = bytes.first_chunk::<HEADER_BYTES>() else {
        return Ok(None);
    };
    // 20, a change of the cipher, may stand in a handshake only.
    if !(21..=23).contains(&kind) || major != 3 {
        return Err(TlsBreak::Unexpected(kind));
    }
    let sealed = usize::from(u16::from_be_bytes([high, low]));
    match sealed <= MOST_SEALED_BYTES {
        true => Ok(Some(HEADER_BYTES + sealed)),
        false => Err(TlsBreak::TooLong),
    }
}

/// See the module's documentation.
pub(super) struct RecordKey {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    /// Number of the next record.
    sequence: u64,
    pub(super) form: RecordForm,
}

impl RecordKey {
    /// The key of `secrets`, whose next record has this number.
    pub(super) fn new(
        (sequence, secrets): (u64, &ConnectionTrafficSecrets),
        is_13: bool,
    ) -> Result<Self, TlsBreak> {
        let (algorithm, key, iv) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => return Err(TlsBreak::NoKey),
        };
        let form = match (is_13, algorithm == &CHACHA20_POLY1305) {
            (true, _) => RecordForm::Tls13,
            (false, true) => RecordForm::Tls12,
            (false, false) => RecordForm::Tls12Explicit,
        };
        let key = UnboundKey::new(algorithm, key.as_ref()).map_err(|_| TlsBreak::NoKey)?;
        let iv = iv.as_ref().try_into().map_err(|_| TlsBreak::NoKey)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            iv,
            sequence,
            form,
        })
    }

    /// Whether it has sealed as many records as it may, but for a few.
    #[inline]
    pub(super) fn is_worn(&self) -> bool {
        self.sequence >= MOST_RECORDS
    }

    fn nonce(&self) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let number = self.sequence.to_be_bytes();
        for (byte, number) in nonce[NONCE_LEN - number.len()..].iter_mut().zip(number) {
            *byte ^= number;
        }
        nonce
    }

    /// What TLS 1.2 seals beside `plain_bytes`: the version is the record's own (RFC 5246, section 6.2.3.3).
    fn beside(&self, kind: u8, version: [u8; 2], plain_bytes: usize) -> [u8; 13] {
        let mut beside = [0; 13];
        beside[..8].copy_from_slice(&self.sequence.to_be_bytes());
        beside[8] = kind;
        beside[9..11].copy_from_slice(&version);
        beside[11..].copy_from_slice(&(plain_bytes as u16).to_be_bytes());
        beside
    }

    /// Seals `record`, in which the plain text stands with the room that [`RecordForm`] says around it.
    pub(super) fn seal(&mut self, kind: ContentType, record: &mut [u8]) -> Result<(), TlsBreak> {
        self.seal_as(kind as u8, record)
    }

    /// The same with a type of any number.
    pub(super) fn seal_as(&mut self, kind: u8, record: &mut [u8]) -> Result<(), TlsBreak> {
        let (before, behind) = (self.form.before(), self.form.behind());
        let plain_bytes = record.len() - before - behind;
        let sealed_bytes = (record.len() - HEADER_BYTES) as u16;
        let nonce = self.nonce();
        let is_13 = self.form == RecordForm::Tls13;
        record[0] = if is_13 {
            ContentType::ApplicationData as u8
        } else {
            kind
        };
        record[1..3].copy_from_slice(&VERSION);
        record[3..HEADER_BYTES].copy_from_slice(&sealed_bytes.to_be_bytes());
        if self.form == RecordForm::Tls12Explicit {
            record[HEADER_BYTES..before].copy_from_slice(&nonce[NONCE_LEN - EXPLICIT_BYTES..]);
        }
        let (head, text) = record.split_at_mut(before);
        let (text, tag_room) = text.split_at_mut(plain_bytes + behind - TAG_BYTES);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag: Result<Tag, _> = if is_13 {
            text[plain_bytes] = kind;
            self.key
                .seal_in_place_separate_tag(nonce, Aad::from(&head[..HEADER_BYTES]), text)
        } else {
            let beside = self.beside(kind, VERSION, plain_bytes);
            self.key
                .seal_in_place_separate_tag(nonce, Aad::from(beside), text)
        };
        tag_room.copy_from_slice(tag.map_err(|_| TlsBreak::NoKey)?.as_ref());
        self.sequence += 1;
        Ok(())
    }

    /// Opens `record`, which is whole: what is in it, and where.
    pub(super) fn open(
        &mut self,
        record: &mut [u8],
    ) -> Result<(ContentType, Range<usize>), TlsBreak> {
        let before = self.form.before();
        if record.len() < before + self.form.behind() {
            return Err(TlsBreak::TooShort);
        }
        let (head, sealed) = record.split_at_mut(before);
        let outer = head[0];
        let opened = match self.form {
            RecordForm::Tls13 if outer != ContentType::ApplicationData as u8 => {
                return Err(TlsBreak::Unexpected(outer));
            }
            RecordForm::Tls13 => {
                let nonce = Nonce::assume_unique_for_key(self.nonce());
                self.key
                    .open_in_place(nonce, Aad::from(&head[..HEADER_BYTES]), sealed)
            }
            RecordForm::Tls12 | RecordForm::Tls12Explicit => {
                let mut nonce = self.nonce();
                if self.form == RecordForm::Tls12Explicit {
                    let explicit = NONCE_LEN - EXPLICIT_BYTES;
                    nonce[..explicit].copy_from_slice(&self.iv[..explicit]);
                    nonce[explicit..].copy_from_slice(&head[HEADER_BYTES..]);
                }
                // As it came: a version that was changed on the way belongs to another record.
                let version = [head[1], head[2]];
                let beside = self.beside(outer, version, sealed.len() - TAG_BYTES);
                let nonce = Nonce::assume_unique_for_key(nonce);
                self.key.open_in_place(nonce, Aad::from(beside), sealed)
            }
        };
        let plain = opened.map_err(|_| TlsBreak::Forged)?;
        self.sequence += 1;
        let (kind, plain_bytes) = match self.form {
            // Zeros may follow the type.
            RecordForm::Tls13 => {
                let end = plain.iter().rposition(|&byte| byte != 0);
                let end = end.ok_or(TlsBreak::Unexpected(0))?;
                (plain[end], end)
            }
            RecordForm::Tls12 | RecordForm::Tls12Explicit => (outer, plain.len()),
        };
        if plain_bytes > MOST_PLAIN_BYTES {
            return Err(TlsBreak::TooLong);
        }
        Ok((ContentType::read(kind)?, before..before + plain_bytes))
    }
}

//! The record layer of a connection after its handshake: opens what came and seals what goes, where it
//! stands.
//!
//! The handshake is done by rustls, which hands over the keys; from then on nothing is copied but what
//! a record's parts have to be put together for, and nothing is allocated. What the peer says beside its
//! data is heard here: tickets go to the store of sessions, keys are renewed when it asks for that, alerts
//! end the connection.

use super::TlsBreak;
use super::record_key::{ContentType, HEADER_BYTES, MOST_PLAIN_BYTES, RecordKey, record_bytes};
use super::rooms::{keep_room, take_room};
use crate::engine::allocations::uncounted;
use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;
use rustls::{ConnectionTrafficSecrets, Error, ExtractedSecrets};
use std::ops::Range;

/// Records in a row that bring no data. Servers send some tickets after a handshake.
const MOST_IDLE_RECORDS: u16 = 256;
/// What servers send of tickets after a handshake, at most: two in OpenSSL, rustls and nginx.
const TICKETS_OF_A_HANDSHAKE: u8 = 4;
/// The largest ticket, and the head of its message.
const MOST_MESSAGE_BYTES: usize = (1 << 16) + 512;
const MESSAGE_HEAD_BYTES: usize = 4;

const HELLO_REQUEST: u8 = 0;
const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;

const CLOSE_NOTIFY: u8 = 0;
const USER_CANCELED: u8 = 90;
const WARNING: u8 = 1;

/// How the peer's side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsEnd {
    /// It said so: nothing is missing.
    Notified,
    /// It broke.
    Broken(TlsBreak),
}

/// What goes on of a handshake after its end.
pub trait Afterwards: Send {
    /// A ticket to resume the session with.
    ///
    /// # Errors
    /// When it is none.
    fn ticket(&mut self, message: &[u8]) -> Result<(), Error>;

    /// The next key of what we send, and the number of its first record.
    ///
    /// # Errors
    /// When there is none.
    fn next_own(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error>;

    /// The next key of what the peer sends.
    ///
    /// # Errors
    /// When there is none.
    fn next_peers(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error>;
}

impl Afterwards for KernelConnection<ClientConnectionData> {
    fn ticket(&mut self, message: &[u8]) -> Result<(), Error> {
        self.handle_new_session_ticket(message)
    }

    fn next_own(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        self.update_tx_secret()
    }

    fn next_peers(&mut self) -> Result<(u64, ConnectionTrafficSecrets), Error> {
        self.update_rx_secret()
    }
}

/// See the module's documentation.
pub struct TlsLayer {
    sealer: RecordKey,
    opener: RecordKey,
    is_13: bool,
    /// Whether our key is to be renewed before anything else is sent.
    owes_update: bool,
    /// Whether the peer has shown that it takes our side of the handshake.
    is_accepted: bool,
    /// Whether data came that nobody asked for.
    is_unsolicited: bool,
    /// Whether the record whose beginning has come began before the request in flight, so that it cannot
    /// answer that.
    is_stale: bool,
    idle_records: u16,
    /// How many tickets came, up to those that servers send after a handshake.
    tickets: u8,
    end: Option<TlsEnd>,
    /// The beginning of a record whose rest has not come; without room while there is none.
    partial: Vec<u8>,
    /// The beginning of a message whose rest is in records to come.
    message: Vec<u8>,
    afterwards: Box<dyn Afterwards>,
}

impl TlsLayer {
    /// The layer with the keys of a handshake that is over, of TLS 1.3 or 1.2.
    ///
    /// # Errors
    /// When a cipher was agreed on that is not known here.
    pub fn new(
        secrets: &ExtractedSecrets,
        is_13: bool,
        afterwards: Box<dyn Afterwards>,
    ) -> Result<Self, TlsBreak> {
        Ok(Self {
            sealer: RecordKey::new((secrets.tx.0, &secrets.tx.1), is_13)?,
            opener: RecordKey::new((secrets.rx.0, &secrets.rx.1), is_13)?,
            is_13,
            owes_update: false,
            // Under TLS 1.2 its last word tells so.
            is_accepted: !is_13,
            is_unsolicited: false,
            is_stale: false,
            idle_records: 0,
            tickets: 0,
            end: None,
            partial: Vec::new(),
            message: Vec::new(),
            afterwards,
        })
    }

    /// How the peer's side ended; `None` while it goes on.
    #[inline]
    #[must_use]
    pub fn end(&self) -> Option<TlsEnd> {
        self.end
    }

    /// Whether the beginning of a record has come, and not yet its rest.
    #[inline]
    #[must_use]
    pub fn is_within_record(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Whether data came while nobody had asked for any.
    #[must_use]
    pub fn is_unsolicited(&self) -> bool {
        self.is_unsolicited
    }

    /// Whether nothing more can be sent: the peer's side has ended, or the key has sealed as much as it may
    /// and cannot be renewed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.end.is_some() || (!self.is_13 && self.sealer.is_worn())
    }

    /// Whether the peer, instead of anything else, told that it does not take our side of the handshake:
    /// what was sent since was not looked at.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        match self.end {
            Some(TlsEnd::Broken(broken)) => !self.is_accepted && broken.refuses_handshake(),
            _ => false,
        }
    }

    /// A request is sent from now on, whose reply begins with a record that has not begun.
    #[inline]
    pub fn begin(&mut self) {
        self.is_stale = self.is_within_record();
    }

    /// Opens what came next, between two records: all whole ones, and keeps the beginning of the one that is
    /// not. Gives where the plain text stands then. What follows an end is ignored.
    ///
    /// To be called unless [`TlsLayer::is_within_record`].
    pub fn open(&mut self, arrived: &mut [u8]) -> Range<usize> {
        debug_assert!(!self.is_within_record());
        let (plain, taken) = self.open_whole(arrived);
        let rest = &arrived[taken..];
        if !rest.is_empty() && self.end.is_none() {
            if self.partial.capacity() == 0 {
                self.partial = take_room();
            }
            self.partial.extend_from_slice(rest);
        }
        plain
    }

    /// Opens what came next, and appends its plain text to `text`. What follows an end is ignored.
    pub fn open_onto(&mut self, arrived: &mut [u8], text: &mut Vec<u8>) {
        let taken = if self.is_within_record() {
            self.complete(arrived, text)
        } else {
            0
        };
        if taken < arrived.len() {
            let rest = &mut arrived[taken..];
            let plain = self.open(rest);
            text.extend_from_slice(&rest[plain]);
        }
    }

    /// The same for what came while nobody had asked for anything.
    pub fn open_idle(&mut self, arrived: &mut [u8]) {
        let mut text = take_room();
        self.open_onto(arrived, &mut text);
        self.is_unsolicited |= !text.is_empty();
        keep_room(text);
    }

    /// Adds to the record that is not whole what it lacks of `arrived`, and opens it once it is. Gives how
    /// many bytes that took.
    fn complete(&mut self, arrived: &[u8], text: &mut Vec<u8>) -> usize {
        let mut taken = 0;
        loop {
            let wanted = match record_bytes(&self.partial) {
                Ok(wanted) => wanted.unwrap_or(HEADER_BYTES),
                Err(broken) => {
                    self.break_off(broken);
                    return arrived.len();
                }
            };
            let lacks = wanted - self.partial.len();
            if lacks == 0 {
                break;
            }
            let rest = &arrived[taken..];
            if rest.is_empty() {
                return taken;
            }
            let piece = &rest[..lacks.min(rest.len())];
            self.partial.extend_from_slice(piece);
            taken += piece.len();
        }
        let mut record = std::mem::take(&mut self.partial);
        let (plain, _) = self.open_whole(&mut record);
        if std::mem::take(&mut self.is_stale) && !plain.is_empty() {
            self.break_off(TlsBreak::Unasked);
        } else {
            text.extend_from_slice(&record[plain]);
        }
        keep_room(record);
        taken
    }

    /// Opens the whole records at the start of `bytes`: where the plain text of all of them stands then, and
    /// how many bytes were taken.
    fn open_whole(&mut self, bytes: &mut [u8]) -> (Range<usize>, usize) {
        let mut plain = 0..0;
        let mut at = 0;
        while self.end.is_none() {
            let record = match record_bytes(&bytes[at..]) {
                Ok(Some(length)) if length <= bytes.len() - at => at..at + length,
                Ok(_) => return (plain, at),
                Err(broken) => {
                    self.break_off(broken);
                    break;
                }
            };
            let opened = self.opener.open(&mut bytes[record.clone()]);
            let (kind, within) = match opened {
                Ok(opened) => opened,
                Err(broken) => {
                    self.break_off(broken);
                    break;
                }
            };
            let text = at + within.start..at + within.end;
            at = record.end;
            if kind == ContentType::ApplicationData && !text.is_empty() {
                self.idle_records = 0;
                self.is_accepted = true;
                if !self.message.is_empty() {
                    // A message may not be parted by anything else.
                    self.break_off(TlsBreak::Unexpected(kind as u8));
                    break;
                }
                plain = match plain.is_empty() {
                    true => text,
                    false => {
                        let end = plain.end + text.len();
                        bytes.copy_within(text, plain.end);
                        plain.start..end
                    }
                };
                continue;
            }
            if let Err(broken) = self.hear(kind, &bytes[text]) {
                self.break_off(broken);
            }
        }
        (plain, bytes.len())
    }

    #[cold]
    fn break_off(&mut self, broken: TlsBreak) {
        self.end = self.end.or(Some(TlsEnd::Broken(broken)));
        keep_room(std::mem::take(&mut self.partial));
    }

    /// Something that is no data.
    #[cold]
    fn hear(&mut self, kind: ContentType, text: &[u8]) -> Result<(), TlsBreak> {
        self.idle_records += 1;
        if self.idle_records > MOST_IDLE_RECORDS {
            return Err(TlsBreak::Idle);
        }
        match kind {
            ContentType::ApplicationData => Ok(()),
            ContentType::Alert => self.hear_alert(text),
            // Nothing may be sent as a part of a message (RFC 8446 §5.1).
            ContentType::Handshake if text.is_empty() => {
                Err(TlsBreak::Message(ContentType::Handshake as u8))
            }
            ContentType::Handshake => self.hear_messages(text),
        }
    }

    fn hear_alert(&mut self, text: &[u8]) -> Result<(), TlsBreak> {
        let &[level, alert] = text else {
            return Err(TlsBreak::Message(ContentType::Alert as u8));
        };
        match alert {
            CLOSE_NOTIFY => self.end = Some(TlsEnd::Notified),
            USER_CANCELED => {}
            _ if level == WARNING && !self.is_13 => {}
            alert => return Err(TlsBreak::Alert(alert)),
        }
        Ok(())
    }

    fn hear_messages(&mut self, text: &[u8]) -> Result<(), TlsBreak> {
        if self.message.is_empty() {
            let taken = self.hear_whole_messages(text)?;
            self.message.extend_from_slice(&text[taken..]);
        } else {
            let mut message = std::mem::take(&mut self.message);
            message.extend_from_slice(text);
            let taken = self.hear_whole_messages(&message)?;
            message.drain(..taken);
            self.message = message;
        }
        match self.message.len() <= MOST_MESSAGE_BYTES {
            true => Ok(()),
            false => Err(TlsBreak::TooLong),
        }
    }

    fn hear_whole_messages(&mut self, text: &[u8]) -> Result<usize, TlsBreak> {
        let mut at = 0;
        while let Some(&[kind, high, middle, low]) = text[at..].first_chunk::<MESSAGE_HEAD_BYTES>()
        {
            let length = u32::from_be_bytes([0, high, middle, low]) as usize;
            if length > MOST_MESSAGE_BYTES {
                return Err(TlsBreak::TooLong);
            }
            let start = at + MESSAGE_HEAD_BYTES;
            let Some(message) = text.get(start..start + length) else {
                break;
            };
            at = start + length;
            self.hear_message(kind, message, at == text.len())?;
        }
        Ok(at)
    }

    fn hear_message(&mut self, kind: u8, message: &[u8], is_last: bool) -> Result<(), TlsBreak> {
        let broken = TlsBreak::Message(kind);
        match (kind, message) {
            // What it asks for is not wanted, which one may keep to oneself (RFC 5246 §7.4.1.1).
            (HELLO_REQUEST, []) if !self.is_13 => Ok(()),
            (NEW_SESSION_TICKET, ticket) if self.is_13 => {
                self.is_accepted = true;
                // The first ones belong to the handshake, though a connection may be read late.
                let taken = if self.tickets < TICKETS_OF_A_HANDSHAKE {
                    self.tickets += 1;
                    uncounted(|| self.afterwards.ticket(ticket))
                } else {
                    self.afterwards.ticket(ticket)
                };
                taken.map_err(|_| broken)
            }
            // Nothing may follow it under the old key.
            (KEY_UPDATE, &[asks @ (0 | 1)]) if self.is_13 && is_last => {
                let (sequence, secrets) = self.afterwards.next_peers().map_err(|_| broken)?;
                self.opener = RecordKey::new((sequence, &secrets), true)?;
                self.owes_update |= asks == 1;
                Ok(())
            }
            _ => Err(broken),
        }
    }

    /// Seals what stands in `text` from `start` on, where it stands, in as many records as it takes.
    ///
    /// # Errors
    /// When there is no key to do it with: the connection is of no further use.
    #[inline]
    pub fn seal(&mut self, text: &mut Vec<u8>, start: usize) -> Result<(), TlsBreak> {
        let start = if self.owes_update || self.sealer.is_worn() {
            self.renew(text, start)?
        } else {
            start
        };
        let (before, behind) = (self.sealer.form.before(), self.sealer.form.behind());
        let end = text.len();
        let plain_bytes = end - start;
        if plain_bytes > MOST_PLAIN_BYTES {
            return self.seal_long(text, start);
        }
        text.resize(end + before + behind, 0);
        text.copy_within(start..end, start + before);
        self.sealer
            .seal(ContentType::ApplicationData, &mut text[start..])
    }

    /// More than one record can hold.
    #[cold]
    fn seal_long(&mut self, text: &mut Vec<u8>, start: usize) -> Result<(), TlsBreak> {
        let (before, behind) = (self.sealer.form.before(), self.sealer.form.behind());
        let plain_bytes = text.len() - start;
        let records = plain_bytes.div_ceil(MOST_PLAIN_BYTES);
        let stride = before + MOST_PLAIN_BYTES + behind;
        text.resize(text.len() + records * (before + behind), 0);
        for record in (0..records).rev() {
            let from = start + record * MOST_PLAIN_BYTES;
            let to = (from + MOST_PLAIN_BYTES).min(start + plain_bytes);
            text.copy_within(from..to, start + record * stride + before);
        }
        for record in text[start..].chunks_mut(stride) {
            self.sealer.seal(ContentType::ApplicationData, record)?;
        }
        Ok(())
    }

    /// Puts before what stands in `text` from `start` on that our key is renewed, and renews it. Gives where
    /// that then starts.
    #[cold]
    fn renew(&mut self, text: &mut Vec<u8>, start: usize) -> Result<usize, TlsBreak> {
        if !self.is_13 {
            return Err(TlsBreak::NoKey);
        }
        let (before, behind) = (self.sealer.form.before(), self.sealer.form.behind());
        // It asks for nothing in return.
        let message = [KEY_UPDATE, 0, 0, 1, 0];
        let mut record = vec![0; before + message.len() + behind];
        record[before..before + message.len()].copy_from_slice(&message);
        self.sealer.seal(ContentType::Handshake, &mut record)?;
        let broken = |_| TlsBreak::NoKey;
        let (sequence, secrets) = self.afterwards.next_own().map_err(broken)?;
        self.sealer = RecordKey::new((sequence, &secrets), true)?;
        self.owes_update = false;
        let length = record.len();
        text.splice(start..start, record);
        Ok(start + length)
    }

    /// Appends `request` to `sealed` in two runs of records, the second of which holds its last
    /// `held_back` bytes. Gives where that starts.
    ///
    /// # Errors
    /// As of [`TlsLayer::seal`].
    pub fn seal_parted(
        &mut self,
        request: &[u8],
        held_back: usize,
        sealed: &mut Vec<u8>,
    ) -> Result<usize, TlsBreak> {
        let (head, rest) = request.split_at(request.len() - held_back);
        self.append(head, sealed)?;
        let start = sealed.len();
        self.append(rest, sealed)?;
        Ok(start)
    }

    fn append(&mut self, text: &[u8], sealed: &mut Vec<u8>) -> Result<(), TlsBreak> {
        let start = sealed.len();
        sealed.extend_from_slice(text);
        match text.is_empty() {
            true => Ok(()),
            false => self.seal(sealed, start),
        }
    }
}

impl Drop for TlsLayer {
    fn drop(&mut self) {
        keep_room(std::mem::take(&mut self.partial));
    }
}

#[cfg(test)]
mod tests;

//! What everything lies in that goes over the bus: who says it in which run, in which order, and a
//! signature. What is not signed by the run's secret, for this place, is not opened.

use super::name::{MOST_NAME_CHARACTERS, RunName, TOKEN_BYTES, Token};
use super::secret::{FleetSecret, SIGNATURE_BYTES};
use std::fmt;

/// What an envelope begins with.
const MARK: &[u8; 7] = b"SBFLEET";
/// The format of envelopes and of what is in them. Another one is told, and never read.
pub const FORMAT: u8 = 1;
/// Most bytes of what is in an envelope: the plan is the largest.
pub const MOST_PAYLOAD_BYTES: usize = 5 << 20;
const LEADER: u32 = u32::MAX;
/// Mark, format, kind, sender, sequence, author, length of the name.
const HEAD_BYTES: usize = MARK.len() + 1 + 1 + 4 + 8 + TOKEN_BYTES + 1;

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sender {
    /// The leader of the run.
    Leader,
    /// The machine that has this shard, from 0 on.
    Shard(u32),
}

impl Sender {
    fn number(self) -> u32 {
        match self {
            Self::Leader => LEADER,
            Self::Shard(index) => index,
        }
    }

    fn of(number: u32) -> Self {
        match number {
            LEADER => Self::Leader,
            index => Self::Shard(index),
        }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leader => formatter.write_str("the leader"),
            Self::Shard(index) => write!(formatter, "shard {index}"),
        }
    }
}

/// What an envelope holds. Each is read in its own place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Who leads.
    Leader = 1,
    /// What is to be done.
    Plan = 2,
    /// That the run has begun.
    Begun = 3,
    /// Whose a shard's number is.
    Claim = 4,
    /// That the leader is there.
    Beat = 5,
    /// What members are told.
    Order = 6,
    /// What a member tells.
    Report = 7,
}

impl Kind {
    fn of(number: u8) -> Option<Self> {
        use Kind::{Beat, Begun, Claim, Leader, Order, Plan, Report};
        let all = [Leader, Plan, Begun, Claim, Beat, Order, Report];
        all.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// What is said, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The process that says it: the leader's session, or the member.
    pub author: Token,
    /// What that process is in the run.
    pub sender: Sender,
    /// What it holds.
    pub kind: Kind,
    /// Which one of this sender's in this place it is, from 1 on.
    pub sequence: u64,
    /// What is said.
    pub payload: Vec<u8>,
}

/// Why an envelope is dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No envelope of ours.
    #[error("it is no message of shopblast")]
    Garbled,
    /// One of another shopblast.
    #[error("its format is {theirs}, and that of this shopblast is {FORMAT}")]
    OtherFormat {
        /// What it says.
        theirs: u8,
    },
    /// Not signed by this run's secret, for this place; or changed since.
    #[error("its signature is not that of this run's secret")]
    Forged,
    /// One of another run.
    #[error("it is of another run")]
    OtherRun,
    /// Signed, by a process that has not this part in the run.
    #[error("it is of a process that has no such part in this run")]
    OtherAuthor,
    /// Not what is read in this place.
    #[error("it has no place here")]
    Misplaced,
    /// One that was there already.
    #[error("it was said before (number {0})")]
    Replayed(u64),
    /// Larger than anything that is said.
    #[error("it has {0} bytes, more than are read")]
    TooLarge(usize),
    /// Signed, and still not readable.
    #[error("what it holds cannot be read: {0}")]
    Unreadable(String),
}

/// The run, the place in Redis and the secret that an envelope is made or opened with.
#[derive(Clone, Copy)]
pub struct Seal<'a> {
    /// What signs.
    pub secret: &'a FleetSecret,
    /// The run.
    pub run: &'a RunName,
    /// The key in Redis: an envelope that was moved is not opened.
    pub place: &'a str,
}

impl Seal<'_> {
    /// The envelope as bytes.
    #[must_use]
    pub fn close(&self, envelope: &Envelope) -> Vec<u8> {
        let name = self.run.as_str().as_bytes();
        let length = HEAD_BYTES + name.len() + envelope.payload.len() + SIGNATURE_BYTES;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(MARK);
        bytes.push(FORMAT);
        bytes.push(envelope.kind as u8);
        bytes.extend_from_slice(&envelope.sender.number().to_be_bytes());
        bytes.extend_from_slice(&envelope.sequence.to_be_bytes());
        bytes.extend_from_slice(envelope.author.bytes());
        // A name is at most 64 bytes long.
        bytes.push(name.len() as u8);
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(&envelope.payload);
        let signature = self.secret.sign(&self.signed(&bytes));
        bytes.extend_from_slice(&signature);
        bytes
    }

    /// Opens what lies in this place: it is of this run, and signed by its secret.
    ///
    /// # Errors
    /// When it is not, or is none.
    pub fn open(&self, bytes: &[u8]) -> Result<Envelope, Fault> {
        let read = Read::of(bytes)?;
        if !self
            .secret
            .signed(&self.signed(read.signed), read.signature)
        {
            return Err(Fault::Forged);
        }
        if read.name != self.run.as_str().as_bytes() {
            return Err(Fault::OtherRun);
        }
        Ok(Envelope {
            author: read.author,
            sender: read.sender,
            kind: read.kind.ok_or(Fault::Misplaced)?,
            sequence: read.sequence,
            payload: read.payload.to_vec(),
        })
    }

    /// The place stands first, with its length: no two places and envelopes are signed alike.
    fn signed<'b>(&'b self, bytes: &'b [u8]) -> [&'b [u8]; 3] {
        [self.place.as_bytes(), b"\0", bytes]
    }
}

/// Who an envelope says that it is of, whether or not that is true.
#[must_use]
pub fn claimed_sender(bytes: &[u8]) -> Option<Sender> {
    Read::of(bytes).ok().map(|read| read.sender)
}

struct Read<'a> {
    signed: &'a [u8],
    signature: &'a [u8],
    kind: Option<Kind>,
    sender: Sender,
    sequence: u64,
    author: Token,
    name: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Read<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Fault> {
        let most = HEAD_BYTES + MOST_NAME_CHARACTERS + MOST_PAYLOAD_BYTES + SIGNATURE_BYTES;
        if bytes.len() > most {
            return Err(Fault::TooLarge(bytes.len()));
        }
        let rest = bytes.strip_prefix(MARK).ok_or(Fault::Garbled)?;
        let (&format, rest) = rest.split_first().ok_or(Fault::Garbled)?;
        if format != FORMAT {
            return Err(Fault::OtherFormat { theirs: format });
        }
        let (&kind, rest) = rest.split_first().ok_or(Fault::Garbled)?;
        let (sender, rest) = rest.split_first_chunk::<4>().ok_or(Fault::Garbled)?;
        let (sequence, rest) = rest.split_first_chunk::<8>().ok_or(Fault::Garbled)?;
        let (author, rest) = rest
            .split_first_chunk::<TOKEN_BYTES>()
            .ok_or(Fault::Garbled)?;
        let (&name_bytes, rest) = rest.split_first().ok_or(Fault::Garbled)?;
        let (name, rest) = rest
            .split_at_checked(name_bytes.into())
            .ok_or(Fault::Garbled)?;
        let payload_bytes = rest
            .len()
            .checked_sub(SIGNATURE_BYTES)
            .ok_or(Fault::Garbled)?;
        let (payload, signature) = rest.split_at(payload_bytes);
        Ok(Self {
            signed: &bytes[..bytes.len() - SIGNATURE_BYTES],
            signature,
            kind: Kind::of(kind),
            sender: Sender::of(u32::from_be_bytes(*sender)),
            sequence: u64::from_be_bytes(*sequence),
            author: Token::of(*author),
            name,
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: &str = "shopblast:{night}:0:orders";

    fn secret(text: &str) -> FleetSecret {
        FleetSecret::parse(text.as_bytes()).unwrap()
    }

    fn envelope(payload: &[u8]) -> Envelope {
        Envelope {
            author: Token::of([7; TOKEN_BYTES]),
            sender: Sender::Shard(3),
            kind: Kind::Report,
            sequence: 11,
            payload: payload.to_vec(),
        }
    }

    #[test]
    fn an_envelope_is_opened_in_its_place_by_its_secret_and_run_only() {
        let (own, other) = (
            secret("the secret of this run"),
            secret("that of another one"),
        );
        let (run, another) = (
            RunName::parse("night").unwrap(),
            RunName::parse("day").unwrap(),
        );
        let seal = Seal {
            secret: &own,
            run: &run,
            place: PLACE,
        };
        let bytes = seal.close(&envelope(b"said"));
        assert_eq!(seal.open(&bytes), Ok(envelope(b"said")));
        assert_eq!(
            Seal {
                secret: &other,
                ..seal
            }
            .open(&bytes),
            Err(Fault::Forged)
        );
        assert_eq!(
            Seal {
                place: "shopblast:{night}:0:up",
                ..seal
            }
            .open(&bytes),
            Err(Fault::Forged)
        );
        assert_eq!(
            Seal {
                run: &another,
                ..seal
            }
            .open(&bytes),
            Err(Fault::OtherRun)
        );
        assert_eq!(claimed_sender(&bytes), Some(Sender::Shard(3)));
        let mut newer = bytes.clone();
        newer[MARK.len()] = 2;
        let told = seal.open(&newer).unwrap_err();
        assert_eq!(told, Fault::OtherFormat { theirs: 2 });
        assert_eq!(
            told.to_string(),
            "its format is 2, and that of this shopblast is 1"
        );
        assert_eq!(seal.open(b"HTTP/1.1 200 OK"), Err(Fault::Garbled));
        let huge = vec![0; MOST_PAYLOAD_BYTES + 1_000];
        assert_eq!(seal.open(&huge), Err(Fault::TooLarge(huge.len())));
    }

    proptest! {
        #[test]
        fn whatever_is_changed_is_told(payload: Vec<u8>, at: prop::sample::Index, flip in 1_u8..) {
            let (secret, run) = (secret("the secret of this run"), RunName::parse("night").unwrap());
            let seal = Seal { secret: &secret, run: &run, place: PLACE };
            let envelope = envelope(&payload);
            let mut bytes = seal.close(&envelope);
            prop_assert_eq!(seal.open(&bytes), Ok(envelope));
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(seal.open(&bytes).is_err());
            prop_assert!(seal.open(&bytes[..at]).is_err());
        }

        #[test]
        fn garbage_is_never_opened(bytes: Vec<u8>) {
            let (secret, run) = (secret("the secret of this run"), RunName::parse("night").unwrap());
            let seal = Seal { secret: &secret, run: &run, place: PLACE };
            prop_assert!(seal.open(&bytes).is_err());
            let marked = [&MARK[..], &[FORMAT], &bytes].concat();
            prop_assert!(seal.open(&marked).is_err());
        }
    }
}

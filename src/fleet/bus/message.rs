//! What leader and members say to each other: a head in JSON, and behind it what is only carried.

use super::clock::ClockOffset;
use super::name::Token;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Most bytes of a head.
pub const MOST_HEAD_BYTES: usize = 64 << 10;
/// Most bytes of what is carried: the interval of a second, with the histograms of all names.
pub const MOST_BODY_BYTES: usize = 1 << 20;
/// Most bytes of a piece of a record.
pub const MOST_PIECE_BYTES: usize = 512 << 10;
/// Most bytes of a plan, with the texts of the files that it names.
pub const MOST_PLAN_BYTES: usize = 4 << 20;
/// Most characters of a sentence that one machine tells another.
const MOST_CHARACTERS: usize = 2_000;

/// Why something cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    /// More than one message carries.
    #[error("a message carries at most {most} bytes, and this one would have {bytes}")]
    TooLarge {
        /// How many it would have.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
}

/// A machine that takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// What it calls itself: its host's name.
    pub host: String,
    /// The id of its process.
    pub process: u32,
    /// Version of its shopblast.
    pub version: String,
}

impl Who {
    /// A process of a host. Names that would steer a screen are made fit to be shown.
    #[must_use]
    pub fn new(host: &str, process: u32, version: &str) -> Self {
        Self {
            host: shown(host),
            process,
            version: shown(version),
        }
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} (process {})", self.host, self.process)
    }
}

/// What the leader tells the members. All members hear all of it, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// This member is one of the run. The bus says it by itself.
    Welcome {
        /// Whom it is said to.
        member: Token,
    },
    /// This member is none, and goes. The bus says it by itself.
    Unwelcome {
        /// Whom it is said to.
        member: Token,
        /// Why.
        why: String,
    },
    /// Load begins at a common moment.
    Start {
        /// Which of the runs, from 0 on: those of a hunt are several.
        round: u32,
        /// The moment, on the server's clock, in microseconds since 1970.
        at_us: u64,
    },
    /// So many users over all shards, or so much of the rate, from a common moment on.
    Steer {
        /// Which of the runs.
        round: u32,
        /// The moment, on the server's clock, in microseconds since 1970.
        at_us: u64,
        /// Users over all shards, where they change.
        users: Option<u32>,
        /// What the rate of arrivals is multiplied by, where it changes.
        rate_factor: Option<f64>,
    },
    /// Load ends gently, as of a stop by hand.
    Stop {
        /// Which of the runs.
        round: u32,
        /// Why.
        why: String,
    },
    /// A shard was lost, and the others go on.
    GoOn {
        /// Which of the runs.
        round: u32,
        /// The shards that are lost.
        lost: Vec<u32>,
    },
    /// Another run with the same members; what it is differs by what is carried.
    Next {
        /// Which of the runs.
        round: u32,
        /// How it differs from the plan.
        #[serde(skip)]
        body: Vec<u8>,
    },
    /// A shard's record is wanted.
    SendRecord {
        /// Which of the runs.
        round: u32,
        /// Whose.
        shard: u32,
    },
    /// All is over; members end.
    End {
        /// Why.
        why: String,
    },
    /// Whatever the phases have to say besides.
    Other {
        /// What it is about.
        topic: String,
        /// What is carried.
        #[serde(skip)]
        body: Vec<u8>,
    },
}

/// What a member tells the leader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Report {
    /// It has taken a shard's number. The bus says it by itself.
    Joined {
        /// The member.
        member: Token,
        /// Who it is.
        who: Who,
    },
    /// It is there. The bus says it by itself.
    Beat {
        /// The last order that it has heard.
        heard: u64,
    },
    /// Arenas are filled and connections open: it waits for the start.
    Prepared {
        /// Which of the runs.
        round: u32,
        /// How its clock is to the server's.
        clock: ClockOffset,
        /// What the phases add, like the plan's hash.
        #[serde(skip)]
        body: Vec<u8>,
    },
    /// What one second brought, in the codec of intervals.
    Interval {
        /// Which of the runs.
        round: u32,
        /// Which second of it.
        second: u32,
        /// The interval.
        #[serde(skip)]
        body: Vec<u8>,
    },
    /// Its load is over, and its record is whole.
    Settled {
        /// Which of the runs.
        round: u32,
        /// How its clock is to the server's now.
        clock: Option<ClockOffset>,
        /// What the phases add, like where the record lies.
        #[serde(skip)]
        body: Vec<u8>,
    },
    /// A piece of its record.
    Piece {
        /// Which of the runs.
        round: u32,
        /// Which piece, from 0 on.
        number: u32,
        /// The bytes.
        #[serde(skip)]
        body: Vec<u8>,
    },
    /// All pieces were sent.
    RecordEnd {
        /// Which of the runs.
        round: u32,
        /// How many there were.
        pieces: u32,
        /// How many bytes.
        bytes: u64,
        /// SHA-256 of all bytes, in hexadecimal digits.
        sha256: String,
    },
    /// Something that people should know.
    Trouble {
        /// One sentence.
        says: String,
    },
    /// It goes, and takes no part any more.
    Leaving {
        /// Why.
        why: String,
    },
    /// Whatever the phases have to say besides.
    Other {
        /// What it is about.
        topic: String,
        /// What is carried.
        #[serde(skip)]
        body: Vec<u8>,
    },
}

/// What has a body beside its head.
pub trait Carrying: Serialize + DeserializeOwned {
    /// The body, where there is one.
    fn body(&self) -> &[u8];
    /// Its place, where there is one.
    fn body_mut(&mut self) -> Option<&mut Vec<u8>>;
    /// Every text of the head that a stranger may have written.
    fn texts_mut(&mut self) -> Vec<&mut String>;
    /// Most bytes that it carries.
    fn most_bytes(&self) -> usize {
        MOST_BODY_BYTES
    }
}

impl Carrying for Order {
    fn body(&self) -> &[u8] {
        match self {
            Self::Next { body, .. } | Self::Other { body, .. } => body,
            _ => &[],
        }
    }

    fn body_mut(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Next { body, .. } | Self::Other { body, .. } => Some(body),
            _ => None,
        }
    }

    fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Unwelcome { why, .. } | Self::Stop { why, .. } | Self::End { why } => vec![why],
            Self::Other { topic, .. } => vec![topic],
            _ => Vec::new(),
        }
    }
}

impl Carrying for Report {
    fn body(&self) -> &[u8] {
        match self {
            Self::Prepared { body, .. }
            | Self::Interval { body, .. }
            | Self::Settled { body, .. }
            | Self::Piece { body, .. }
            | Self::Other { body, .. } => body,
            _ => &[],
        }
    }

    fn body_mut(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Prepared { body, .. }
            | Self::Interval { body, .. }
            | Self::Settled { body, .. }
            | Self::Piece { body, .. }
            | Self::Other { body, .. } => Some(body),
            _ => None,
        }
    }

    fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Joined { who, .. } => vec![&mut who.host, &mut who.version],
            Self::Trouble { says } => vec![says],
            Self::Leaving { why } => vec![why],
            Self::Other { topic, .. } => vec![topic],
            _ => Vec::new(),
        }
    }

    fn most_bytes(&self) -> usize {
        match self {
            Self::Piece { .. } => MOST_PIECE_BYTES,
            _ => MOST_BODY_BYTES,
        }
    }
}

/// The message as bytes.
///
/// # Errors
/// When it is larger than may be.
pub fn encode<M: Carrying>(message: &M) -> Result<Vec<u8>, Unsayable> {
    let body = message.body();
    let within = |bytes: usize, most: usize| match bytes <= most {
        true => Ok(()),
        false => Err(Unsayable::TooLarge { bytes, most }),
    };
    within(body.len(), message.most_bytes())?;
    // Heads are plain data: there is always a JSON text of them.
    let head = serde_json::to_vec(message).unwrap_or_default();
    within(head.len(), MOST_HEAD_BYTES)?;
    let mut bytes = Vec::with_capacity(4 + head.len() + body.len());
    bytes.extend_from_slice(&(head.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(body);
    Ok(bytes)
}

/// Reads what [`encode`] wrote. Texts are made fit to be shown.
///
/// # Errors
/// In one sentence, when it is no such message.
pub fn decode<M: Carrying>(bytes: &[u8]) -> Result<M, String> {
    let no_head = || "its head is not whole".to_owned();
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(no_head)?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > MOST_HEAD_BYTES {
        return Err(format!("its head has {length} bytes"));
    }
    let (head, carried) = rest.split_at_checked(length).ok_or_else(no_head)?;
    let told = |error: serde_json::Error| shown(&error.to_string());
    let mut message: M = serde_json::from_slice(head).map_err(told)?;
    if carried.len() > message.most_bytes() {
        return Err(format!("it carries {} bytes", carried.len()));
    }
    match message.body_mut() {
        Some(body) => *body = carried.to_vec(),
        None if carried.is_empty() => {}
        None => return Err("it carries something that has no place".to_owned()),
    }
    for text in message.texts_mut() {
        *text = shown(text);
    }
    Ok(message)
}

fn shown(text: &str) -> String {
    crate::plan::shown_start(text, MOST_CHARACTERS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again<M: Carrying + PartialEq + std::fmt::Debug>(message: &M) {
        let bytes = encode(message).unwrap();
        assert_eq!(decode::<M>(&bytes).as_ref(), Ok(message));
        for end in 0..bytes.len() - message.body().len() {
            decode::<M>(&bytes[..end]).unwrap_err();
        }
    }

    #[test]
    fn what_is_said_is_what_is_heard() {
        let member = Token::of([9; 16]);
        let clock = ClockOffset {
            offset_ns: -5,
            bound_ns: 7,
            measured_ns: 9,
        };
        let body = vec![0, 1, 255];
        let text = || "because".to_owned();
        for order in [
            Order::Welcome { member },
            Order::Unwelcome {
                member,
                why: text(),
            },
            Order::Start {
                round: 1,
                at_us: u64::MAX,
            },
            Order::Steer {
                round: 0,
                at_us: 1,
                users: Some(9),
                rate_factor: Some(1.5),
            },
            Order::Stop {
                round: 0,
                why: text(),
            },
            Order::GoOn {
                round: 0,
                lost: vec![1, 2],
            },
            Order::Next {
                round: 1,
                body: body.clone(),
            },
            Order::SendRecord { round: 1, shard: 2 },
            Order::End { why: text() },
            Order::Other {
                topic: text(),
                body: body.clone(),
            },
        ] {
            again(&order);
        }
        for report in [
            Report::Joined {
                member,
                who: Who::new("host-1", 42, "0.1.0"),
            },
            Report::Beat { heard: 5 },
            Report::Prepared {
                round: 0,
                clock,
                body: body.clone(),
            },
            Report::Interval {
                round: 0,
                second: 1,
                body: body.clone(),
            },
            Report::Settled {
                round: 0,
                clock: Some(clock),
                body: body.clone(),
            },
            Report::Piece {
                round: 0,
                number: 1,
                body: body.clone(),
            },
            Report::RecordEnd {
                round: 0,
                pieces: 2,
                bytes: 3,
                sha256: text(),
            },
            Report::Trouble { says: text() },
            Report::Leaving { why: text() },
            Report::Other {
                topic: text(),
                body,
            },
        ] {
            again(&report);
        }
    }

    #[test]
    fn what_is_too_large_is_neither_said_nor_heard() {
        let piece = |bytes| Report::Piece {
            round: 0,
            number: 0,
            body: vec![0; bytes],
        };
        encode(&piece(MOST_PIECE_BYTES)).unwrap();
        let error = encode(&piece(MOST_PIECE_BYTES + 1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a message carries at most 524288 bytes, and this one would have 524289"
        );
        let mut bytes = encode(&piece(MOST_PIECE_BYTES)).unwrap();
        bytes.push(0);
        assert!(decode::<Report>(&bytes).is_err());
        let why = "x".repeat(MOST_HEAD_BYTES);
        encode(&Order::End { why }).unwrap_err();
        let mut bytes = encode(&Report::Beat { heard: 1 }).unwrap();
        bytes.push(0);
        assert!(decode::<Report>(&bytes).unwrap_err().contains("no place"));
    }

    #[test]
    fn what_another_machine_says_cannot_steer_a_screen() {
        let says = "\u{1b}[2J".to_owned() + &"x".repeat(5_000);
        let bytes = encode(&Report::Trouble { says }).unwrap();
        let Ok(Report::Trouble { says }) = decode(&bytes) else {
            panic!("it is heard");
        };
        assert!(
            says.starts_with("·[2J") && says.chars().count() <= 2_001,
            "{says}"
        );
    }
}

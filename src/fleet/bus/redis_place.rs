//! A real Redis, from version 6.2 on, or a Valkey: the commands that the bus needs, and no others.

use super::store::{Entry, EntryId, MeetingPlace, Store, StoreError};
use crate::engine::now_ns;
use crate::observe::{RedisAddress, RedisDoor, RedisLink};
use crate::plan::{AddressPolicy, TlsSettings, shown_start};
use redis::{Cmd, ConnectionLike, ErrorKind, Pipeline, RedisError, Value};
use std::sync::Arc;
use std::time::Duration;

/// Most bytes of all answers to one question: sixteen reports and sixteen pieces, and some.
const MOST_BYTES: u64 = 32 << 20;
/// The one field of an entry.
const FIELD: &str = "m";
/// Keys that one question names.
const KEYS_A_QUESTION: usize = 256;
/// A server that waits for longer is taken for one that is gone.
const LONGEST_BLOCK: Duration = Duration::from_secs(1);
/// Most characters of what a server says about itself.
const MOST_CHARACTERS: usize = 300;

/// Where all meet.
pub struct RedisPlace {
    door: Arc<RedisDoor>,
}

impl RedisPlace {
    /// The Redis at `address`, if `policy` allows to ask it; trusted as `tls` says where its address asks
    /// for that.
    #[must_use]
    pub fn new(address: RedisAddress, policy: AddressPolicy, tls: TlsSettings) -> Self {
        let door = RedisDoor::new(address, policy, tls).reading_up_to(MOST_BYTES);
        Self {
            door: Arc::new(door),
        }
    }

    /// Which of these keys are there. Nothing of them is read, and nothing is changed.
    ///
    /// # Errors
    /// When it cannot be asked, or this user may not ask for them.
    pub fn which_exist(&self, keys: &[&str]) -> Result<Vec<String>, StoreError> {
        let mut store = self.connected()?;
        let mut there = Vec::new();
        for key in keys {
            if store.ask(redis::cmd("EXISTS").arg(key))? == Value::Int(1) {
                there.push((*key).to_owned());
            }
        }
        Ok(there)
    }

    fn connected(&self) -> Result<RedisStore, StoreError> {
        let link = self.door.open();
        let link = link.map_err(|problem| StoreError::Away(problem.to_string()))?;
        Ok(RedisStore {
            link,
            door: Arc::clone(&self.door),
        })
    }
}

impl MeetingPlace for RedisPlace {
    fn open(&mut self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.connected()?))
    }

    fn shown(&self) -> String {
        self.door.address().to_string()
    }

    fn now_ns(&self) -> u64 {
        now_ns()
    }

    fn rest(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

struct RedisStore {
    link: RedisLink,
    door: Arc<RedisDoor>,
}

impl RedisStore {
    fn ask(&mut self, command: &Cmd) -> Result<Value, StoreError> {
        self.link.begin();
        let answer = self.link.req_packed_command(&command.get_packed_command());
        self.read(answer)
    }

    fn ask_all(&mut self, pipeline: &Pipeline) -> Result<Vec<Value>, StoreError> {
        self.link.begin();
        let packed = pipeline.get_packed_pipeline();
        let answers = self.link.req_packed_commands(&packed, 0, pipeline.len());
        let answers = answers.map_err(|error| self.told(&error))?;
        answers
            .into_iter()
            .map(|answer| self.read(Ok(answer)))
            .collect()
    }

    /// A server's refusal is an error like any other.
    fn read(&self, answer: Result<Value, RedisError>) -> Result<Value, StoreError> {
        let answer = answer.and_then(|answer| match answer {
            Value::ServerError(error) => Err(error.into()),
            answer => Ok(answer),
        });
        answer.map_err(|error| self.told(&error))
    }

    fn told(&self, error: &RedisError) -> StoreError {
        let says = self.door.told(error).to_string();
        match (error.kind(), error.code()) {
            // No memory, no disk, a copy: it can be read, and takes nothing.
            (_, Some("OOM" | "MISCONF" | "READONLY" | "NOREPLICAS")) => StoreError::Full(says),
            (_, Some("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY")) => {
                StoreError::Away(says)
            }
            (_, Some("NOPERM")) => StoreError::Refused(format!(
                "{says}; its user needs what docs/fleet.md names under \"Meeting at Redis\""
            )),
            (ErrorKind::Server(_) | ErrorKind::Extension, _) => StoreError::Refused(says),
            _ => StoreError::Away(says),
        }
    }

    fn odd(&self, answer: &Value) -> StoreError {
        let shown = format!("{answer:?}");
        StoreError::Away(format!(
            "{}: it answers what no Redis answers: {}",
            self.door.address(),
            shown_start(&shown, MOST_CHARACTERS)
        ))
    }

    fn number(&self, answer: &Value) -> Result<u64, StoreError> {
        match answer {
            Value::Int(number) => u64::try_from(*number).map_err(|_| self.odd(answer)),
            _ => Err(self.odd(answer)),
        }
    }

    fn id(&self, answer: &Value) -> Result<EntryId, StoreError> {
        let text = match answer {
            Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
            Value::SimpleString(text) => Some(text.as_str()),
            _ => None,
        };
        let id = text.and_then(|text| text.parse().ok());
        id.ok_or_else(|| self.odd(answer))
    }

    /// The entries of one stream: each an id, and its fields.
    fn entries(&self, stream: usize, answer: Value) -> Result<Vec<Entry>, StoreError> {
        let Value::Array(entries) = answer else {
            return Err(self.odd(&answer));
        };
        let read = entries.into_iter().map(|entry| {
            let Value::Array(parts) = entry else {
                return Err(self.odd(&entry));
            };
            let Ok([id, fields]) = <[Value; 2]>::try_from(parts) else {
                return Err(self.odd(&Value::Nil));
            };
            Ok(Entry {
                stream,
                id: self.id(&id)?,
                message: message(fields),
            })
        });
        read.collect()
    }
}

/// What the one field of an entry holds; nothing where somebody else added something else.
fn message(fields: Value) -> Vec<u8> {
    let Value::Array(fields) = fields else {
        return Vec::new();
    };
    match <[Value; 2]>::try_from(fields) {
        Ok([Value::BulkString(name), Value::BulkString(message)]) if name == FIELD.as_bytes() => {
            message
        }
        _ => Vec::new(),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl Store for RedisStore {
    fn put_new(&mut self, key: &str, value: &[u8], expiry: Duration) -> Result<bool, StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(key)
            .arg(value)
            .arg("NX")
            .arg("PX")
            .arg(millis(expiry));
        match self.ask(&set)? {
            Value::Okay => Ok(true),
            Value::Nil => Ok(false),
            other => Err(self.odd(&other)),
        }
    }

    fn put(&mut self, key: &str, value: &[u8], expiry: Duration) -> Result<(), StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(key).arg(value).arg("PX").arg(millis(expiry));
        match self.ask(&set)? {
            Value::Okay => Ok(()),
            other => Err(self.odd(&other)),
        }
    }

    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.ask(redis::cmd("GET").arg(key))? {
            Value::BulkString(value) => Ok(Some(value)),
            Value::Nil => Ok(None),
            other => Err(self.odd(&other)),
        }
    }

    fn keep(&mut self, keys: &[String], expiry: Duration) -> Result<usize, StoreError> {
        let mut there = 0;
        for keys in keys.chunks(KEYS_A_QUESTION) {
            let mut pipeline = redis::pipe();
            for key in keys {
                pipeline.cmd("PEXPIRE").arg(key).arg(millis(expiry));
            }
            let answers = self.ask_all(&pipeline)?;
            there += answers
                .iter()
                .filter(|answer| **answer == Value::Int(1))
                .count();
        }
        Ok(there)
    }

    fn forget(&mut self, keys: &[String]) -> Result<(), StoreError> {
        for keys in keys.chunks(KEYS_A_QUESTION) {
            self.ask(redis::cmd("DEL").arg(keys))?;
        }
        Ok(())
    }

    fn append(
        &mut self,
        key: &str,
        message: &[u8],
        expiry: Duration,
    ) -> Result<(EntryId, u64), StoreError> {
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("XADD")
            .arg(key)
            .arg("*")
            .arg(FIELD)
            .arg(message);
        pipeline.cmd("XLEN").arg(key);
        pipeline.cmd("PEXPIRE").arg(key).arg(millis(expiry));
        let answers = self.ask_all(&pipeline)?;
        match &answers[..] {
            [id, length, _] => Ok((self.id(id)?, self.number(length)?)),
            _ => Err(self.odd(&Value::Nil)),
        }
    }

    fn length(&mut self, key: &str) -> Result<u64, StoreError> {
        let answer = self.ask(redis::cmd("XLEN").arg(key))?;
        self.number(&answer)
    }

    fn read_after(
        &mut self,
        streams: &[(&str, EntryId)],
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(most);
        if !wait.is_zero() {
            read.arg("BLOCK").arg(millis(wait.min(LONGEST_BLOCK)));
        }
        read.arg("STREAMS");
        for (key, _) in streams {
            read.arg(key);
        }
        for (_, after) in streams {
            read.arg(after.to_string());
        }
        let answer = match self.ask(&read)? {
            Value::Nil => return Ok(Vec::new()),
            Value::Array(answer) => answer,
            other => return Err(self.odd(&other)),
        };
        let mut entries = Vec::new();
        for of_stream in answer {
            let Value::Array(parts) = of_stream else {
                return Err(self.odd(&of_stream));
            };
            let Ok([Value::BulkString(name), found]) = <[Value; 2]>::try_from(parts) else {
                return Err(self.odd(&Value::Nil));
            };
            let is_it = |(key, _): &(&str, EntryId)| key.as_bytes() == name;
            let Some(stream) = streams.iter().position(is_it) else {
                return Err(self.odd(&Value::BulkString(name)));
            };
            entries.extend(self.entries(stream, found)?);
        }
        Ok(entries)
    }

    fn trim_up_to(&mut self, key: &str, last: EntryId) -> Result<(), StoreError> {
        let mut trim = redis::cmd("XTRIM");
        trim.arg(key).arg("MINID").arg(last.next().to_string());
        let answer = self.ask(&trim)?;
        self.number(&answer).map(|_| ())
    }

    fn time_us(&mut self) -> Result<u64, StoreError> {
        let answer = self.ask(&redis::cmd("TIME"))?;
        let part = |value: &Value| match value {
            Value::BulkString(digits) => str::from_utf8(digits).ok()?.parse::<u64>().ok(),
            _ => None,
        };
        let time_us = match &answer {
            Value::Array(parts) if parts.len() == 2 => {
                let parts = part(&parts[0]).zip(part(&parts[1]));
                parts.and_then(|(s, us)| s.checked_mul(1_000_000)?.checked_add(us))
            }
            _ => None,
        };
        time_us.ok_or_else(|| self.odd(&answer))
    }
}

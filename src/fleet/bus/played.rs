//! A Redis that is played, in played time: it can be gone, full, forgetful, slow, and have a clock that is
//! wrong. For tests of everything that meets there.

use super::store::{Entry, EntryId, MeetingPlace, Store, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When played time begins: some time after the machines were switched on.
const BEGINNING_NS: u64 = 1_000_000_000_000;
/// What the server's clock says then, in microseconds since 1970.
const BEGINNING_US: u64 = 1_795_000_000_000_000;

/// The server. Copies are the same one.
#[derive(Clone, Default)]
pub struct PlayedRedis(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    passed_ns: u64,
    ahead_us: i64,
    way_ns: u64,
    gone: Option<String>,
    is_full: bool,
    /// Connections that were opened before this are broken.
    generation: u64,
    values: HashMap<String, Kept<Vec<u8>>>,
    streams: HashMap<String, Kept<Entries>>,
    last_id: EntryId,
    commands: u64,
    /// What happens after so many more commands.
    between: Option<(u64, Happening)>,
}

type Entries = Vec<(EntryId, Vec<u8>)>;
/// What happens between two commands.
type Happening = Box<dyn FnOnce(&PlayedRedis) + Send>;

struct Kept<T> {
    held: T,
    until_ns: u64,
}

impl PlayedRedis {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A machine that meets others there. Its own clock began so much earlier than that of another.
    #[must_use]
    pub fn place(&self, clock_ahead_ns: u64) -> PlayedPlace {
        PlayedPlace {
            redis: self.clone(),
            clock_ahead_ns,
        }
    }

    /// Lets time pass everywhere.
    pub fn pass(&self, time: Duration) {
        self.inside().passed_ns += time.as_nanos() as u64;
    }

    /// The time that has passed.
    #[must_use]
    pub fn passed(&self) -> Duration {
        Duration::from_nanos(self.inside().passed_ns)
    }

    /// Sets the server's clock ahead, or back.
    pub fn set_clock_ahead(&self, seconds: f64) {
        self.inside().ahead_us = (seconds * 1e6) as i64;
    }

    /// Every command takes so long there, and as long back.
    pub fn set_way(&self, time: Duration) {
        self.inside().way_ns = time.as_nanos() as u64;
    }

    /// It cannot be reached any more.
    pub fn goes(&self) {
        let mut inside = self.inside();
        inside.gone = Some("connection refused; is Redis up?".to_owned());
        inside.generation += 1;
    }

    /// It can be reached again, and has kept everything.
    pub fn comes_back(&self) {
        self.inside().gone = None;
    }

    /// It can be reached again, and has forgotten everything.
    pub fn comes_back_empty(&self) {
        let mut inside = self.inside();
        inside.gone = None;
        inside.values.clear();
        inside.streams.clear();
        inside.last_id = EntryId::START;
    }

    /// Whether it takes no more.
    pub fn set_full(&self, is_full: bool) {
        self.inside().is_full = is_full;
    }

    /// All keys that are there.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let mut inside = self.inside();
        inside.expire();
        let mut keys: Vec<String> = inside
            .values
            .keys()
            .chain(inside.streams.keys())
            .cloned()
            .collect();
        keys.sort_unstable();
        keys
    }

    /// What somebody else writes there, past the bus.
    pub fn forges(&self, stream: &str, message: &[u8]) {
        self.inside().add(stream, message, Duration::from_secs(600));
    }

    /// What lies in a stream.
    #[must_use]
    pub fn messages(&self, stream: &str) -> Vec<Vec<u8>> {
        let inside = self.inside();
        let entries = inside.streams.get(stream);
        entries.map_or_else(Vec::new, |stream| {
            stream
                .held
                .iter()
                .map(|(_, message)| message.clone())
                .collect()
        })
    }

    /// Has something happen between the command number `after` from now, and the next one.
    pub fn between(&self, after: u64, what: impl FnOnce(&PlayedRedis) + Send + 'static) {
        self.inside().between = Some((after, Box::new(what)));
    }

    /// Whether that is still to come.
    #[must_use]
    pub fn is_to_happen(&self) -> bool {
        self.inside().between.is_some()
    }

    fn let_happen(&self) {
        let mut inside = self.inside();
        let Some((after, what)) = inside.between.take() else {
            return;
        };
        match after {
            0 | 1 => {
                drop(inside);
                what(self);
            }
            _ => inside.between = Some((after - 1, what)),
        }
    }

    /// Commands that it was asked to carry out.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.inside().commands
    }
}

impl Inside {
    fn now_ns(&self) -> u64 {
        BEGINNING_NS + self.passed_ns
    }

    fn time_us(&self) -> u64 {
        (BEGINNING_US + self.passed_ns / 1_000).saturating_add_signed(self.ahead_us)
    }

    fn expire(&mut self) {
        let now_ns = self.now_ns();
        self.values.retain(|_, kept| kept.until_ns > now_ns);
        self.streams.retain(|_, kept| kept.until_ns > now_ns);
    }

    fn add(&mut self, stream: &str, message: &[u8], expiry: Duration) -> (EntryId, u64) {
        let now = EntryId {
            ms: self.time_us() / 1_000,
            number: 0,
        };
        let id = now.max(self.last_id.next());
        self.last_id = id;
        let until_ns = self.now_ns() + expiry.as_nanos() as u64;
        let kept = self.streams.entry(stream.to_owned()).or_insert(Kept {
            held: Vec::new(),
            until_ns,
        });
        kept.until_ns = until_ns;
        kept.held.push((id, message.to_vec()));
        (id, kept.held.len() as u64)
    }
}

/// A machine that meets others at a [`PlayedRedis`].
#[derive(Clone)]
pub struct PlayedPlace {
    redis: PlayedRedis,
    clock_ahead_ns: u64,
}

impl MeetingPlace for PlayedPlace {
    fn open(&mut self) -> Result<Box<dyn Store>, StoreError> {
        let mut inside = self.redis.inside();
        inside.passed_ns += 2 * inside.way_ns;
        match &inside.gone {
            Some(why) => Err(StoreError::Away(why.clone())),
            None => Ok(Box::new(PlayedStore {
                redis: self.redis.clone(),
                generation: inside.generation,
            })),
        }
    }

    fn shown(&self) -> String {
        "redis://played".to_owned()
    }

    fn now_ns(&self) -> u64 {
        self.redis.inside().now_ns() + self.clock_ahead_ns
    }

    fn rest(&mut self, time: Duration) {
        self.redis.pass(time);
    }
}

struct PlayedStore {
    redis: PlayedRedis,
    generation: u64,
}

impl PlayedStore {
    /// Carries something out half a round trip after it was asked.
    fn carry_out<T>(
        &self,
        writes: bool,
        what: impl FnOnce(&mut Inside) -> T,
    ) -> Result<T, StoreError> {
        let mut inside = self.redis.inside();
        inside.commands += 1;
        inside.passed_ns += inside.way_ns;
        if let Some(why) = &inside.gone {
            return Err(StoreError::Away(why.clone()));
        }
        if self.generation != inside.generation {
            return Err(StoreError::Away("the connection was closed".to_owned()));
        }
        if writes && inside.is_full {
            return Err(StoreError::Full(
                "OOM command not allowed when used memory > 'maxmemory'".to_owned(),
            ));
        }
        inside.expire();
        let done = what(&mut inside);
        inside.passed_ns += inside.way_ns;
        drop(inside);
        self.redis.let_happen();
        Ok(done)
    }
}

impl Store for PlayedStore {
    fn put_new(&mut self, key: &str, value: &[u8], expiry: Duration) -> Result<bool, StoreError> {
        self.carry_out(true, |inside| {
            let is_new = !inside.values.contains_key(key);
            if is_new {
                let until_ns = inside.now_ns() + expiry.as_nanos() as u64;
                let held = value.to_vec();
                inside
                    .values
                    .insert(key.to_owned(), Kept { held, until_ns });
            }
            is_new
        })
    }

    fn put(&mut self, key: &str, value: &[u8], expiry: Duration) -> Result<(), StoreError> {
        self.carry_out(true, |inside| {
            let until_ns = inside.now_ns() + expiry.as_nanos() as u64;
            let held = value.to_vec();
            inside
                .values
                .insert(key.to_owned(), Kept { held, until_ns });
        })
    }

    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.carry_out(false, |inside| {
            inside.values.get(key).map(|kept| kept.held.clone())
        })
    }

    fn keep(&mut self, keys: &[String], expiry: Duration) -> Result<usize, StoreError> {
        self.carry_out(false, |inside| {
            let until_ns = inside.now_ns() + expiry.as_nanos() as u64;
            let mut there = 0;
            for key in keys {
                let value = inside.values.get_mut(key).map(|kept| &mut kept.until_ns);
                let stream = inside.streams.get_mut(key).map(|kept| &mut kept.until_ns);
                for until in value.into_iter().chain(stream) {
                    *until = until_ns;
                    there += 1;
                }
            }
            there
        })
    }

    fn forget(&mut self, keys: &[String]) -> Result<(), StoreError> {
        self.carry_out(false, |inside| {
            for key in keys {
                inside.values.remove(key);
                inside.streams.remove(key);
            }
        })
    }

    fn append(
        &mut self,
        key: &str,
        message: &[u8],
        expiry: Duration,
    ) -> Result<(EntryId, u64), StoreError> {
        self.carry_out(true, |inside| inside.add(key, message, expiry))
    }

    fn length(&mut self, key: &str) -> Result<u64, StoreError> {
        self.carry_out(false, |inside| {
            inside
                .streams
                .get(key)
                .map_or(0, |kept| kept.held.len() as u64)
        })
    }

    fn read_after(
        &mut self,
        streams: &[(&str, EntryId)],
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, StoreError> {
        let found = self.carry_out(false, |inside| {
            let mut found = Vec::new();
            for (place, (key, after)) in streams.iter().enumerate() {
                let held = inside.streams.get(*key).map_or(&[][..], |kept| &kept.held);
                let new = held.iter().filter(|(id, _)| id > after).take(most);
                found.extend(new.map(|(id, message)| Entry {
                    stream: place,
                    id: *id,
                    message: message.clone(),
                }));
            }
            found
        })?;
        if found.is_empty() {
            self.redis.pass(wait);
        }
        Ok(found)
    }

    fn trim_up_to(&mut self, key: &str, last: EntryId) -> Result<(), StoreError> {
        self.carry_out(false, |inside| {
            if let Some(kept) = inside.streams.get_mut(key) {
                kept.held.retain(|(id, _)| *id > last);
            }
        })
    }

    fn time_us(&mut self) -> Result<u64, StoreError> {
        self.carry_out(false, |inside| inside.time_us())
    }
}

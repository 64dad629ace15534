//! The connection to where all meet: opened again after growing pauses when it was lost, with what happened
//! to it kept for those who want to know.

use super::clock::{ClockOffset, ClockSample, ROUND_TRIPS};
use super::store::{MeetingPlace, Store, StoreError};
use std::time::Duration;

/// First pause before a lost connection is opened again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause, without what is added at random.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Different refusals that are told.
const MOST_REFUSALS: usize = 8;

/// What became of the way to Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceNews {
    /// It cannot be reached. It is tried again and again.
    Away {
        /// Where it should be, and why it cannot be reached.
        why: String,
    },
    /// It can be reached again.
    Back {
        /// After so long.
        after: Duration,
    },
    /// It has no room: nothing can be said until it has.
    Full {
        /// What it says.
        why: String,
    },
    /// It has room again.
    Room {
        /// After so long.
        after: Duration,
    },
    /// It does not do something for us.
    Refused {
        /// What it says.
        why: String,
    },
}

/// Whether Redis can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceState {
    /// It can.
    Reachable,
    /// It can be read, and takes no more.
    Full,
    /// It cannot.
    Away,
}

pub(super) struct Link {
    place: Box<dyn MeetingPlace>,
    store: Option<Box<dyn Store>>,
    away_since_ns: Option<u64>,
    full_since_ns: Option<u64>,
    next_try_ns: u64,
    pause: Duration,
    random: fastrand::Rng,
    is_new: bool,
    refusals: Vec<String>,
    news: Vec<PlaceNews>,
}

impl Link {
    pub fn new(place: Box<dyn MeetingPlace>) -> Self {
        Self {
            place,
            store: None,
            away_since_ns: None,
            full_since_ns: None,
            next_try_ns: 0,
            pause: FIRST_PAUSE,
            random: fastrand::Rng::new(),
            is_new: false,
            refusals: Vec::new(),
            news: Vec::new(),
        }
    }

    pub fn now_ns(&self) -> u64 {
        self.place.now_ns()
    }

    pub fn shown(&self) -> String {
        self.place.shown()
    }

    pub fn state(&self) -> PlaceState {
        match (self.away_since_ns, self.full_since_ns) {
            (Some(_), _) => PlaceState::Away,
            (None, Some(_)) => PlaceState::Full,
            (None, None) => PlaceState::Reachable,
        }
    }

    /// How long it has been away; `None` when it is there.
    pub fn away_for(&self) -> Option<Duration> {
        let since_ns = self.away_since_ns?;
        Some(Duration::from_nanos(self.now_ns().saturating_sub(since_ns)))
    }

    pub fn take_news(&mut self) -> Vec<PlaceNews> {
        std::mem::take(&mut self.news)
    }

    /// Whether the connection was opened since this was asked before.
    pub fn take_is_new(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// Rests until there may be something to do, for at most so long.
    pub fn rest(&mut self, most: Duration) {
        let until_try = self.next_try_ns.saturating_sub(self.place.now_ns());
        let time = match self.store {
            Some(_) => most,
            None => most.min(Duration::from_nanos(until_try)),
        };
        if !time.is_zero() {
            self.place.rest(time);
        }
    }

    /// Lets time pass.
    pub fn pause(&mut self, time: Duration) {
        if !time.is_zero() {
            self.place.rest(time);
        }
    }

    /// Whether the connection is open, after an attempt to open it where one is due.
    pub fn is_open(&mut self) -> bool {
        if self.store.is_some() {
            return true;
        }
        if self.place.now_ns() < self.next_try_ns {
            return false;
        }
        match self.place.open() {
            Ok(store) => {
                self.store = Some(store);
                self.is_new = true;
                true
            }
            Err(error) => {
                self.lose(error.to_string());
                false
            }
        }
    }

    /// Opens it once, and tells why that cannot be.
    pub fn open(&mut self) -> Result<(), StoreError> {
        if self.store.is_none() {
            self.store = Some(self.place.open()?);
            self.is_new = true;
        }
        Ok(())
    }

    /// Asks for something that changes nothing.
    pub fn read<T>(
        &mut self,
        ask: impl FnOnce(&mut dyn Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ask(false, ask)
    }

    /// Asks for something that takes room.
    pub fn write<T>(
        &mut self,
        ask: impl FnOnce(&mut dyn Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ask(true, ask)
    }

    fn ask<T>(
        &mut self,
        writes: bool,
        ask: impl FnOnce(&mut dyn Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(store) = &mut self.store else {
            return Err(StoreError::Away(format!("{} is away", self.place.shown())));
        };
        let done = ask(store.as_mut());
        match &done {
            Ok(_) => self.went_well(writes),
            Err(StoreError::Away(why)) => self.lose(why.clone()),
            Err(StoreError::Full(why)) => {
                if self.full_since_ns.is_none() {
                    self.full_since_ns = Some(self.place.now_ns());
                    self.news.push(PlaceNews::Full { why: why.clone() });
                }
            }
            Err(StoreError::Refused(why)) => {
                if self.refusals.len() < MOST_REFUSALS && !self.refusals.contains(why) {
                    self.refusals.push(why.clone());
                    self.news.push(PlaceNews::Refused { why: why.clone() });
                }
            }
        }
        done
    }

    /// Answers come: only now it is back, since some that accept a connection answer nothing.
    fn went_well(&mut self, wrote: bool) {
        let now_ns = self.place.now_ns();
        let since = |then_ns: u64| Duration::from_nanos(now_ns.saturating_sub(then_ns));
        self.pause = FIRST_PAUSE;
        if let Some(then_ns) = self.away_since_ns.take() {
            let after = since(then_ns);
            self.news.push(PlaceNews::Back { after });
        }
        if wrote && let Some(then_ns) = self.full_since_ns.take() {
            let after = since(then_ns);
            self.news.push(PlaceNews::Room { after });
        }
    }

    fn lose(&mut self, why: String) {
        self.store = None;
        let now_ns = self.place.now_ns();
        if self.away_since_ns.is_none() {
            self.away_since_ns = Some(now_ns);
            self.news.push(PlaceNews::Away { why });
        }
        // Not all at the same moment.
        let pause = self.pause.mul_f64(0.75 + self.random.f64() / 2.0);
        self.next_try_ns = now_ns.saturating_add(pause.as_nanos() as u64);
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
    }

    /// How this machine's clock is to the server's.
    pub fn clock(&mut self) -> Result<ClockOffset, StoreError> {
        let mut samples = Vec::with_capacity(ROUND_TRIPS);
        for _ in 0..ROUND_TRIPS {
            let asked_ns = self.place.now_ns();
            let server_us = self.read(|store| store.time_us())?;
            let answered_ns = self.place.now_ns();
            samples.push(ClockSample {
                asked_ns,
                server_us,
                answered_ns,
            });
        }
        let told = || StoreError::Refused("its clock tells a time that cannot be".to_owned());
        ClockOffset::of_samples(&samples).ok_or_else(told)
    }
}

#[cfg(test)]
mod tests {
    use super::super::played::PlayedRedis;
    use super::*;

    #[test]
    fn a_lost_connection_is_tried_again_after_growing_pauses_and_told_once() {
        let redis = PlayedRedis::new();
        let mut link = Link::new(Box::new(redis.place(0)));
        assert!(link.is_open() && link.take_is_new());
        redis.goes();
        link.read(|store| store.time_us()).unwrap_err();
        assert_eq!(link.state(), PlaceState::Away);
        let (before, mut tries) = (redis.passed(), 0);
        while redis.passed() - before < Duration::from_secs(60) {
            tries += u32::from(link.place.now_ns() >= link.next_try_ns);
            assert!(!link.is_open());
            link.rest(Duration::from_secs(1));
        }
        assert!((24..60).contains(&tries), "{tries}");
        redis.comes_back();
        while !link.is_open() {
            link.rest(Duration::from_secs(1));
        }
        link.read(|store| store.time_us()).unwrap();
        let news = link.take_news();
        let [PlaceNews::Away { why }, PlaceNews::Back { after }] = &news[..] else {
            panic!("{news:?}");
        };
        assert!(why.contains("refused") && after.as_secs() >= 60, "{news:?}");
    }

    #[test]
    fn the_clock_of_a_slow_way_is_measured_within_its_bound() {
        let redis = PlayedRedis::new();
        redis.set_clock_ahead(3.0);
        redis.set_way(Duration::from_millis(10));
        let mut link = Link::new(Box::new(redis.place(777)));
        assert!(link.is_open());
        let clock = link.clock().unwrap();
        assert_eq!(clock.bound_ns, 10_001_000);
        let server_us = link.read(|store| store.time_us()).unwrap();
        let asked_ns = link.now_ns() - 10_000_000;
        assert!(
            clock.server_us(asked_ns).abs_diff(server_us) <= 1,
            "{clock:?}"
        );
    }
}

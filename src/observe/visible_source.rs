//! Reads of the target that tell when what replies named can be read: over a connection of its own, one
//! read after the other, while the load goes on.

use super::event_trail::EventTrail;
use super::http::{agent, get_with};
use super::source::{FigureSource, Readout};
use super::store_address::check_name;
use super::visible::Answer;
use super::{Account, Problem};
use crate::plan::{AddressPolicy, Target};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Time between two looks whether something has come to be asked for, in microseconds.
const LOOK_EVERY_US: i64 = 10_000;
/// Time without a read after one that got no answer.
const BACK_OFF: Duration = Duration::from_millis(250);

/// See the module's documentation.
pub(super) struct VisibleSource {
    target: Target,
    trail: Arc<EventTrail>,
    policy: AddressPolicy,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl VisibleSource {
    /// Reads of `target` about what `trail` follows.
    pub fn new(target: Target, trail: Arc<EventTrail>, policy: AddressPolicy) -> Self {
        Self {
            target,
            trail,
            policy,
            is_over: Arc::default(),
            thread: None,
        }
    }

    fn start(&mut self) -> Result<(), Problem> {
        if self.target.connect_to.is_some() {
            let why = "it is reached by another way than its address (--connect-to or a socket)";
            return Err(Problem::new(format!("nothing is read there: {why}")));
        }
        check_name(&self.target.host, &self.policy)
            .map_err(|error| Problem::new(error.to_string()))?;
        let (target, trail) = (self.target.clone(), Arc::clone(&self.trail));
        let is_over = Arc::clone(&self.is_over);
        let thread = thread::Builder::new().name("reads".to_owned());
        let thread = thread.spawn(move || read_until(&target, &trail, &is_over));
        let thread = thread.map_err(|error| Problem::new(format!("no thread for it: {error}")))?;
        self.thread = Some(thread);
        Ok(())
    }

    fn end(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Whatever it was, it has told what it saw.
            let _ = thread.join();
        }
    }
}

impl Drop for VisibleSource {
    fn drop(&mut self) {
        self.end();
    }
}

impl FigureSource for VisibleSource {
    fn name(&self) -> Arc<str> {
        super::event_trail::READS.into()
    }

    fn address(&self) -> String {
        self.target.url()
    }

    fn read(&mut self) -> Result<Readout, Problem> {
        if self.thread.is_none() {
            self.start()?;
        }
        let mut readout = Readout::default();
        let untold = self.trail.reads_untold();
        if untold > 0 {
            readout.caveat(
                "some reads got no answer that says whether a thing is there: times are later by that"
                    .to_owned(),
            );
        }
        Ok(readout)
    }

    fn account(&mut self) -> Option<Result<Account, Problem>> {
        self.end();
        None
    }
}

/// Reads what is due until it is over.
fn read_until(target: &Target, trail: &EventTrail, is_over: &AtomicBool) {
    let agent = agent(TIMEOUT, target.tls.as_ref());
    while !is_over.load(Ordering::Relaxed) {
        let read = match trail.read_due(LOOK_EVERY_US) {
            Ok(read) => read,
            Err(wait_us) => {
                thread::sleep(Duration::from_micros(wait_us.max(0) as u64));
                continue;
            }
        };
        let asked_us = trail.own().now_us();
        let reply = get_with(&agent, target, &read.path, &target.headers);
        let answer = match &reply {
            Ok(reply) => Answer::of_status(reply.status),
            Err(_) => Answer::Nothing,
        };
        trail.read_answered(read.key, (asked_us, trail.own().now_us()), answer);
        if reply.is_err() {
            thread::sleep(BACK_OFF);
        }
    }
}

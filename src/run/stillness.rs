//! Times in which nothing of this process ran, because it or its machine was stopped: found by a thread
//! that does nothing but wake up.

use crate::engine::now_ns;
use crate::record::PauseRecord;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two looks at the clock.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A look that is later than this was kept from the clock: no scheduler makes a thread wait so long that
/// sleeps nearly always.
const LEAST: Duration = Duration::from_secs(1);

/// The look-out of one run.
pub struct Stillness {
    /// Dropped to end it.
    ending: Sender<()>,
    watcher: JoinHandle<Vec<PauseRecord>>,
}

impl Stillness {
    /// Looks out from now on; moments count from `start_ns`. `None` without a thread for it.
    #[must_use]
    pub fn watch(start_ns: u64) -> Option<Self> {
        let (ending, ended) = bounded::<()>(0);
        let watcher = thread::Builder::new().name("stillness".to_owned());
        let watcher = watcher.spawn(move || {
            let mut pauses = Vec::new();
            let mut looked_ns = now_ns();
            while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                let now = now_ns();
                pauses.extend(pause(start_ns, looked_ns, now));
                looked_ns = now;
            }
            pauses
        });
        let watcher = watcher.ok()?;
        Some(Self { ending, watcher })
    }

    /// What was found.
    #[must_use]
    pub fn end(self) -> Vec<PauseRecord> {
        drop(self.ending);
        // It does not panic; without it nothing is known.
        self.watcher.join().unwrap_or_default()
    }
}

/// The pause between two looks, if there was one.
fn pause(start_ns: u64, before_ns: u64, now_ns: u64) -> Option<PauseRecord> {
    let length = Duration::from_nanos(now_ns.saturating_sub(before_ns));
    (length >= LEAST).then(|| PauseRecord {
        at_s: before_ns.saturating_sub(start_ns) as f64 / 1e9,
        length_s: length.as_secs_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_scheduler_is_a_pause() {
        let s = |s: f64| (s * 1e9) as u64;
        assert_eq!(pause(s(1.0), s(3.0), s(3.9)), None);
        let found = pause(s(1.0), s(3.0), s(8.0)).expect("a pause");
        assert_eq!((found.at_s, found.length_s), (2.0, 5.0));
    }

    #[test]
    fn without_a_pause_nothing_is_found() {
        let watch = Stillness::watch(now_ns()).expect("a thread");
        assert!(watch.end().is_empty());
    }
}

//! What may take long before the start, given up when the run is called off.

use super::RunError;
use super::worker_threads::WorkerStartError;
use crate::engine::Interruption;
use crate::report::Ticking;
use crossbeam_channel::{RecvTimeoutError, bounded};
use std::thread;
use std::time::Duration;

/// Time between two looks whether the run was called off.
const LOOK: Duration = Duration::from_millis(20);

/// Does `work`, which waits for others, on a thread of its own, and tells `what` that is when it takes
/// longer than a second, unless `quiet`. When the run is called off meanwhile
/// the thread is left alone: its own timeouts end it.
///
/// # Errors
/// When the run was called off, or there is no thread.
pub fn unless_called_off<T: Send + 'static>(
    interruption: &Interruption,
    (what, quiet): (&'static str, bool),
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RunError> {
    let _told = preparing(what.to_owned(), quiet);
    let (done, is_done) = bounded(1);
    thread::Builder::new()
        .name("preparing".to_owned())
        .spawn(move || {
            // Nobody waits any more when the run was called off.
            let _ = done.send(work());
        })
        .map_err(WorkerStartError::Thread)?;
    loop {
        match is_done.recv_timeout(LOOK) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => still_wanted(interruption)?,
            Err(RecvTimeoutError::Disconnected) => return Err(WorkerStartError::Vanished.into()),
        }
    }
}

/// Tells `what` is being prepared when that takes longer than a second, until the value is dropped.
#[must_use]
pub fn preparing(what: String, quiet: bool) -> Ticking {
    Ticking::start(quiet, move |so_far| preparing_text(&what, so_far))
}

fn preparing_text(what: &str, so_far: Duration) -> String {
    format!("preparing: {what}, for {} s", so_far.as_secs())
}

/// That the run was not called off before its start.
///
/// # Errors
/// When it was.
pub fn still_wanted(interruption: &Interruption) -> Result<(), RunError> {
    match interruption.ends_run() {
        true => Err(RunError::CalledOff),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc;

    const QUIETLY: (&str, bool) = ("waiting", true);

    #[test]
    fn what_is_prepared_is_told_with_its_time() {
        assert_eq!(
            preparing_text("asking what the target is", Duration::from_millis(3_900)),
            "preparing: asking what the target is, for 3 s"
        );
    }

    #[test]
    fn what_others_keep_waiting_is_given_up() {
        let interruption = Arc::new(Interruption::default());
        let (never, waits) = mpsc::channel::<()>();
        let caller = Arc::clone(&interruption);
        let given_up = unless_called_off(&interruption, QUIETLY, move || {
            caller.interrupt();
            waits.recv()
        });
        assert!(matches!(given_up, Err(RunError::CalledOff)));
        drop(never);
    }

    #[test]
    fn what_ends_is_handed_on_and_what_fails_is_told() {
        let interruption = Interruption::default();
        assert_eq!(
            unless_called_off(&interruption, QUIETLY, || 7).ok(),
            Some(7)
        );
        let failed = unless_called_off(&interruption, QUIETLY, || -> u8 {
            panic!("as a test wants it")
        });
        assert!(matches!(
            failed,
            Err(RunError::Workers(WorkerStartError::Vanished))
        ));
        assert!(still_wanted(&interruption).is_ok());
        interruption.stop();
        assert!(still_wanted(&interruption).is_err());
    }
}

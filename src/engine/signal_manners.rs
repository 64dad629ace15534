//! Signals that whoever started this process told it to ignore stay ignored, as after `nohup`.

use nix::sys::signal::{SigHandler, Signal, signal};

/// Signals that end a run.
const ENDING: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Whether this process ignores `asked`.
#[must_use]
pub fn is_ignored(asked: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (asked as i32 - 1) & 1 == 1)
}

/// Has `install` handle the signals that end a run, but for those that are ignored: they stay so.
pub fn keeping_ignored<T>(install: impl FnOnce() -> T) -> T {
    let ignored = ENDING.map(|ending| (ending, is_ignored(ending)));
    let installed = install();
    for (ending, _) in ignored.into_iter().filter(|(_, is_ignored)| *is_ignored) {
        ignore(ending);
    }
    installed
}

/// A file that may not grow any more (`ulimit -f`) is an error of writing it, and not the end of this
/// process.
pub fn ignore_size_limits() {
    ignore(Signal::SIGXFSZ);
}

fn ignore(ignored: Signal) {
    // SAFETY: `SIG_IGN` runs no code when the signal comes, so that nothing of this program has to be
    // safe to run then. A failure leaves what was there.
    let _ = unsafe { signal(ignored, SigHandler::SigIgn) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_known_and_stays_ignored() {
        assert!(!is_ignored(Signal::SIGXFSZ));
        ignore_size_limits();
        assert!(is_ignored(Signal::SIGXFSZ));
        ignore(Signal::SIGHUP);
        let was_heard = keeping_ignored(|| is_ignored(Signal::SIGHUP));
        assert!(was_heard && is_ignored(Signal::SIGHUP));
    }
}

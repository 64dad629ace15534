//! Ctrl-C and termination: the first stops gently, the second at once, the third without a record.
//!
//! One handler a process, installed once; whoever listens at the time is told.

use crate::engine::keeping_ignored;
use crate::pieces::{fall_silent_soon, tell};
use crate::plan::ExitCode;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

type InterruptListener = dyn Fn() + Send + Sync;

static INSTALLED: Once = Once::new();
static LISTENERS: Mutex<Vec<Weak<InterruptListener>>> = Mutex::new(Vec::new());
static BEFORE_EXIT: Mutex<Option<fn()>> = Mutex::new(None);

/// Somebody listens for as long as this lives.
pub struct Listening {
    _listener: Arc<InterruptListener>,
}

/// Calls `listener`, on a thread of its own, on every SIGINT, SIGTERM and SIGHUP for as long as the
/// result lives, but for those that this process was told to ignore. From the first call on a signal that nobody listens to ends the process with exit
/// code 105.
#[must_use]
pub fn listen(listener: impl Fn() + Send + Sync + 'static) -> Listening {
    let listener: Arc<InterruptListener> = Arc::new(listener);
    {
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|known| known.strong_count() > 0);
        listeners.push(Arc::downgrade(&listener));
    }
    INSTALLED.call_once(|| {
        if let Err(error) = keeping_ignored(|| ctrlc::set_handler(tell_listeners)) {
            tell(format!(
                "warning: Ctrl-C will end shopblast at once: {error}"
            ));
        }
    });
    Listening {
        _listener: listener,
    }
}

fn tell_listeners() {
    let listeners: Vec<Arc<InterruptListener>> = {
        let listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().filter_map(Weak::upgrade).collect()
    };
    if listeners.is_empty() {
        exit_at_once();
    }
    for listener in listeners {
        listener();
    }
}

/// What the user is told after `times` interruptions of a run whose clock `is_started` or not; the
/// third ends the process.
pub fn answer(times: u8, is_started: bool, quiet: bool) {
    let text = match times {
        1 if !is_started => "stopping before the start",
        2 if !is_started => "stopping before the start (again: exit at once)",
        1 => "stopping: waiting for requests in flight (again: cut them off and report at once)",
        2 => "cutting off requests in flight (again: exit without a report)",
        _ => exit_at_once(),
    };
    if !quiet {
        tell(format!("\n{text}"));
    }
}

/// Has `hook` called before the process ends without a report: it leaves the terminal in order.
pub fn before_exit(hook: fn()) {
    *BEFORE_EXIT.lock().unwrap_or_else(PoisonError::into_inner) = Some(hook);
}

/// Ends the process without a report, with the terminal in order.
pub fn exit_at_once() -> ! {
    let hook = *BEFORE_EXIT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hook) = hook {
        hook();
    }
    fall_silent_soon();
    std::process::exit(i32::from(ExitCode::Interrupted.value()))
}

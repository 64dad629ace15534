//! Ctrl-C and termination: the first stops gently, the second at once, the third without a record.

use crate::engine::Interruption;
use crate::plan::ExitCode;
use std::sync::Arc;

/// Listens for SIGINT, SIGTERM and SIGHUP from now on.
#[must_use]
pub fn listen() -> Arc<Interruption> {
    let interruption = Arc::new(Interruption::default());
    let heard = Arc::clone(&interruption);
    let handler = move || match heard.interrupt() {
        1 => eprintln!(
            "\nstopping: waiting for requests in flight (again: cut them off and report at once)"
        ),
        2 => eprintln!("\ncutting off requests in flight (again: exit without a report)"),
        _ => std::process::exit(i32::from(ExitCode::Interrupted.value())),
    };
    on_end(handler);
    interruption
}

/// Calls `handler` on every SIGINT, SIGTERM and SIGHUP from now on.
pub fn on_end(handler: impl FnMut() + Send + 'static) {
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will end shopblast at once: {error}");
    }
}

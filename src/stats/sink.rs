//! Where merged seconds are written: one sink an exporter.

use super::{MergedInterval, Totals};
use std::io;
use std::path::{Path, PathBuf};

/// Writes a run down as it goes.
pub trait IntervalSink: Send {
    /// The file (or their common prefix), for messages.
    fn path(&self) -> &Path;

    /// Writes a second; `totals` holds it already.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn second(&mut self, interval: &MergedInterval, totals: &Totals) -> io::Result<()>;

    /// Writes what is left. Called once, after the last second.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn finish(&mut self, totals: &Totals) -> io::Result<()>;
}

/// A sink that could not write. The run went on without it.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot write {}: {error}; it holds the run up to second {after_s:.0} only",
    path.display()
)]
pub struct SinkFailure {
    /// The file.
    pub path: PathBuf,
    /// End of the last second that was written.
    pub after_s: f64,
    /// What the system said.
    pub error: io::Error,
}

/// The sinks of a run; one that fails once is not asked again, so that no file has a hole.
pub(super) struct Sinks {
    working: Vec<Box<dyn IntervalSink>>,
    failures: Vec<SinkFailure>,
    after_s: f64,
}

impl Sinks {
    pub(super) fn new(working: Vec<Box<dyn IntervalSink>>) -> Self {
        Self {
            working,
            failures: Vec::new(),
            after_s: 0.0,
        }
    }

    pub(super) fn second(&mut self, interval: &MergedInterval, totals: &Totals) {
        self.each(|sink| sink.second(interval, totals));
        self.after_s = interval.end_s();
    }

    pub(super) fn finish(mut self, totals: &Totals) -> Vec<SinkFailure> {
        self.each(|sink| sink.finish(totals));
        self.failures
    }

    fn each(&mut self, mut write: impl FnMut(&mut dyn IntervalSink) -> io::Result<()>) {
        let (failures, after_s) = (&mut self.failures, self.after_s);
        self.working.retain_mut(|sink| match write(sink.as_mut()) {
            Ok(()) => true,
            Err(error) => {
                let path = sink.path().to_owned();
                failures.push(SinkFailure {
                    path,
                    after_s,
                    error,
                });
                false
            }
        });
    }
}

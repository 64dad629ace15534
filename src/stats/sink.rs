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

/// A sink that could not write in the end: what it holds is not the whole run.
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

/// The sinks of a run. One that fails is asked again with the next second: it keeps what found no room,
/// so that no file has a hole.
pub(super) struct Sinks {
    sinks: Vec<AskedSink>,
    /// Who is told of troubles while the run goes on.
    tell: Option<fn(String)>,
    after_s: f64,
}

struct AskedSink {
    sink: Box<dyn IntervalSink>,
    /// End of the last second that it wrote, once it has failed.
    failing_since_s: Option<f64>,
}

impl Sinks {
    pub(super) fn new(sinks: Vec<Box<dyn IntervalSink>>, tell: Option<fn(String)>) -> Self {
        let asked = sinks.into_iter().map(|sink| AskedSink {
            sink,
            failing_since_s: None,
        });
        Self {
            sinks: asked.collect(),
            tell,
            after_s: 0.0,
        }
    }

    pub(super) fn second(&mut self, interval: &MergedInterval, totals: &Totals) {
        let were_failing = self.is_failing();
        let failures = self.each(|sink| sink.second(interval, totals));
        self.after_s = interval.end_s();
        let told = match (were_failing, failures.first()) {
            // One is told of: most likely the others have the same trouble.
            (false, Some(SinkFailure { path, error, .. })) => format!(
                "warning: cannot write {}: {error}; the run goes on, and it is tried again each second",
                path.display()
            ),
            (true, None) => "the record is written again, with all that waited".to_owned(),
            _ => return,
        };
        if let Some(tell) = self.tell {
            tell(told);
        }
    }

    pub(super) fn finish(mut self, totals: &Totals) -> Vec<SinkFailure> {
        self.each(|sink| sink.finish(totals))
    }

    fn is_failing(&self) -> bool {
        self.sinks
            .iter()
            .any(|asked| asked.failing_since_s.is_some())
    }

    fn each(
        &mut self,
        mut write: impl FnMut(&mut dyn IntervalSink) -> io::Result<()>,
    ) -> Vec<SinkFailure> {
        let mut failures = Vec::new();
        for AskedSink {
            sink,
            failing_since_s,
        } in &mut self.sinks
        {
            match write(sink.as_mut()) {
                Ok(()) => *failing_since_s = None,
                Err(error) => failures.push(SinkFailure {
                    path: sink.path().to_owned(),
                    after_s: *failing_since_s.get_or_insert(self.after_s),
                    error,
                }),
            }
        }
        failures
    }
}

//! When requests arrived, for those who measure how close together they were.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Requests that one thread takes down; further ones are left out.
pub const MOST_ARRIVALS: usize = 2_000_000;

/// A request that has arrived in full.
pub struct ArrivedRequest {
    /// When its last byte was received, in nanoseconds on the monotonic clock.
    pub at_ns: u64,
    /// Method, comma, target.
    pub request: Box<str>,
}

/// A file of arrivals, written when the sandbox ends.
pub struct ArrivalLog(Mutex<BufWriter<File>>);

impl ArrivalLog {
    /// Makes the file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(b"arrived_ns,method,path\n")?;
        Ok(Self(Mutex::new(file)))
    }

    /// Writes the arrivals of one thread.
    pub fn write(&self, arrivals: Vec<ArrivedRequest>) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ArrivedRequest { at_ns, request } in arrivals {
            if let Err(error) = writeln!(file, "{at_ns},{request}") {
                warn(&error);
                return;
            }
        }
        if let Err(error) = file.flush() {
            warn(&error);
        }
    }
}

/// Who cannot be told is not.
fn warn(error: &io::Error) {
    let _ = writeln!(io::stderr(), "warning: the arrival log ends early: {error}");
}

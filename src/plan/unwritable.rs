//! What is said of a place that cannot be written, wherever it was asked for.

use std::fmt;
use std::io;
use std::path::Path;

/// `--html: cannot write /a.html: Permission denied (os error 13); choose another place`.
pub struct Unwritable<'a> {
    /// The flag that asked for the place, or would ask for another.
    pub flag: &'a str,
    /// The place.
    pub path: &'a Path,
    /// What the system said.
    pub error: &'a io::Error,
}

impl fmt::Display for Unwritable<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flag, path, error } = self;
        let path = path.display();
        write!(
            formatter,
            "{flag}: cannot write {path}: {error}; choose another place"
        )
    }
}

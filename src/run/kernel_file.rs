//! The small files in which the kernel tells of the machine.

use std::fs;
use std::io::Read;
use std::path::Path;

/// No file of the kernel that is read is longer.
const LONGEST_FILE: u64 = 64 << 10;

/// The first bytes of a regular file, trimmed; `None` for anything else.
#[must_use]
pub fn text(path: &Path) -> Option<String> {
    // What is no regular file might never end, or never begin.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    let file = fs::File::open(path).ok()?;
    file.take(LONGEST_FILE).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned())
}

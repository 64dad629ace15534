//! A directory with the files that an input consists of, for what is read from directories.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// It goes at its end.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Parts of `bytes`, parted by NUL, as the files of these names; an empty part is no file.
    pub fn new(names: &[&str], bytes: &[u8]) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("shopblast-fuzz-{}-{number}", std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&scratch.0).expect("a directory");
        for (name, part) in names.iter().zip(bytes.split(|byte| *byte == 0)) {
            if part.is_empty() {
                continue;
            }
            let path = scratch.0.join(name);
            let directory = path.parent().expect("it is in the directory");
            std::fs::create_dir_all(directory).expect("a directory");
            std::fs::write(path, part).expect("a file");
        }
        scratch
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

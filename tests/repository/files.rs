//! The files of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the repository.
pub struct File {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// Its text; `None` when it is not UTF-8.
    pub text: Option<String>,
}

impl File {
    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Its lines, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.iter().flat_map(|text| text.lines()))
    }
}

/// Every file that git knows or would add; without git, every file outside build directories.
pub fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = listed_by_git(root).unwrap_or_else(|| walked(root));
    let read = |path: String| match std::fs::read(root.join(&path)) {
        Ok(bytes) => Some(File {
            path,
            text: String::from_utf8(bytes).ok(),
        }),
        // Deleted, but git still lists it.
        Err(_) => None,
    };
    paths.into_iter().filter_map(read).collect()
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let list = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = list.split_terminator('\0').map(str::to_owned).collect();
    (!paths.is_empty()).then_some(paths)
}

fn walked(root: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = std::fs::read_dir(&directory).expect("a directory of the repository");
        for entry in entries {
            let path: PathBuf = entry.expect("an entry of the repository").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_built = ["target", "results", "corpus", "artifacts", ".git"].contains(&&*name);
            if path.is_dir() && !is_built {
                directories.push(path);
            } else if path.is_file() {
                let inside = path.strip_prefix(root).expect("below the root");
                paths.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    paths.sort();
    paths
}

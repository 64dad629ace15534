//! What `shopblast --version` names beside the version: the commit, and how the program was built.
//!
//! Runs when the commit, or a file that the program is made of, changes: then the program is built
//! anew anyway.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands for a thing that cannot be told.
const UNKNOWN: &str = "unknown";
/// Names the commit where there is no git: in a container, or in a package's build.
const COMMIT_VARIABLE: &str = "SOURCE_COMMIT";
/// What the program is made of, as far as it is there.
const SOURCES: [&str; 8] = [
    "src",
    "crates",
    "assets",
    "templates",
    "profiles",
    "build.rs",
    "Cargo.toml",
    "Cargo.lock",
];

fn main() {
    for source in sources() {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed={COMMIT_VARIABLE}");
    for (name, value) in [
        ("BUILD_COMMIT", commit()),
        ("BUILD_PROFILE", profile()),
        ("BUILD_TARGET", std::env::var("TARGET").ok()),
        ("BUILD_COMPILER", compiler()),
        ("BUILD_FEATURES", Some(features())),
    ] {
        let value = value.unwrap_or_else(|| UNKNOWN.to_owned());
        println!("cargo::rustc-env={name}={value}");
    }
}

/// A file that is not there would have cargo run this every time.
fn sources() -> impl Iterator<Item = &'static str> {
    SOURCES.into_iter().filter(|path| Path::new(path).exists())
}

/// The commit, with `-dirty` behind it when sources differ from it.
fn commit() -> Option<String> {
    if let Some(given) = std::env::var(COMMIT_VARIABLE)
        .ok()
        .filter(|text| is_plain(text))
    {
        return Some(given);
    }
    // Sources that were unpacked inside another repository are not of its commit.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    watch_commit();
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).filter(|text| is_plain(text))?;
    let mut status = vec!["status", "--porcelain", "--untracked-files=no", "--"];
    status.extend(sources());
    let is_dirty = git(&status).is_none_or(|changes| !changes.is_empty());
    Some(if is_dirty {
        format!("{commit}-dirty")
    } else {
        commit
    })
}

/// A value is one line for cargo, and one word for readers.
fn is_plain(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._+".contains(letter);
    !text.is_empty() && text.chars().all(is_plain)
}

/// Has cargo run this again after a commit or a checkout. The log of HEAD grows with each; without
/// one, the reference itself tells.
fn watch_commit() {
    let reference = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let names = ["HEAD", "logs/HEAD", "packed-refs"].map(str::to_owned);
    for name in names.into_iter().chain(reference) {
        let path = git(&["rev-parse", "--git-path", &name]).map(PathBuf::from);
        if let Some(path) = path.filter(|path| path.exists()) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("--no-optional-locks")
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim_end().to_owned())
}

/// The profile as it was asked for: `PROFILE` knows only those that it is made from, but cargo names
/// the directory above `build/<package>/out` after it.
fn profile() -> Option<String> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR")?);
    let directory = out.ancestors().nth(3)?.file_name()?;
    let name = directory
        .to_str()
        .map(str::to_owned)
        .filter(|text| is_plain(text));
    name.or_else(|| std::env::var("PROFILE").ok())
}

/// `rustc 1.95.0`.
fn compiler() -> Option<String> {
    let output = Command::new(std::env::var_os("RUSTC")?)
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    (words.len() == 2).then(|| words.join(" "))
}

/// The features that were asked for; cargo tells of each by a variable.
fn features() -> String {
    let names = std::env::vars().filter_map(|(name, _)| {
        let feature = name.strip_prefix("CARGO_FEATURE_")?;
        Some(feature.to_ascii_lowercase().replace('_', "-"))
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}

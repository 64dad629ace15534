//! The architecture document speaks of what there is: every term that its glossary sets as code is an
//! identifier of the program, and its rooms are those of `src`.

use super::{File, Finding, code_of};
use std::collections::{BTreeSet, HashSet};

/// The document, and what its chapters are called.
const DOCUMENT: &str = "docs/architecture.md";
const GLOSSARY: &str = "## Glossary";
const ROOMS: &str = "## Rooms";

/// The terms of the glossary are identifiers. Checked is the column *In the code*, the second one.
pub fn terms_exist(files: &[File]) -> Vec<Finding> {
    let Some(document) = files.iter().find(|file| file.path == DOCUMENT) else {
        return Vec::new();
    };
    let terms = code_in_column(document, GLOSSARY, 2);
    if terms.is_empty() {
        let says = format!("there is no term under `{GLOSSARY}`; its table names them as code");
        return vec![Finding::at(document, 1, says)];
    }
    let words = words(files);
    let is_known = |term: &str| term.split("::").all(|part| words.contains(part));
    terms
        .into_iter()
        .filter(|(_, term)| !is_known(term))
        .map(|(number, term)| {
            let says = format!(
                "the glossary's `{term}` is no identifier of src; call it what it is called"
            );
            Finding::at(document, number, says)
        })
        .collect()
}

/// The document's list of rooms, its first column, is that of the directories of `src`.
pub fn rooms_are_described(files: &[File]) -> Vec<Finding> {
    let Some(document) = files.iter().find(|file| file.path == DOCUMENT) else {
        return Vec::new();
    };
    let there: BTreeSet<&str> = sources(files)
        .filter_map(|file| room_of(&file.path))
        .collect();
    let described = code_in_column(document, ROOMS, 1);
    let mut findings: Vec<Finding> = described
        .iter()
        .filter(|(_, room)| !there.contains(room))
        .map(|&(number, room)| {
            Finding::at(
                document,
                number,
                format!("there is no room `{room}`; take it out"),
            )
        })
        .collect();
    let is_missing = |room: &&str| !described.iter().any(|(_, known)| known == room);
    let missing = there.into_iter().filter(is_missing);
    findings.extend(missing.map(|room| {
        let says = format!("the room `{room}` is not under `{ROOMS}`; say what it does");
        Finding::at(document, 1, says)
    }));
    findings
}

/// The files of the program.
fn sources(files: &[File]) -> impl Iterator<Item = &File> {
    files
        .iter()
        .filter(|file| file.is_rust() && inside_src(&file.path).is_some())
}

/// The path below `src/`, of the program or of a crate of it.
fn inside_src(path: &str) -> Option<&str> {
    let below = path.strip_prefix("src/");
    below.or_else(|| Some(path.strip_prefix("crates/")?.split_once("/src/")?.1))
}

fn room_of(path: &str) -> Option<&str> {
    Some(inside_src(path)?.split_once('/')?.0)
}

/// What stands as code in a column of the tables under a heading, with its line.
fn code_in_column<'a>(document: &'a File, heading: &str, column: usize) -> Vec<(usize, &'a str)> {
    document
        .lines()
        .skip_while(|(_, line)| *line != heading)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("# ") && !line.starts_with("## "))
        .filter(|(_, line)| line.starts_with('|'))
        .flat_map(|(number, line)| {
            let cell = line.split('|').nth(column).unwrap_or_default();
            let code = cell.split('`').skip(1).step_by(2);
            code.map(move |term| (number, term))
        })
        .collect()
}

/// Every word of the program's code.
fn words(files: &[File]) -> HashSet<&str> {
    let is_end = |letter: char| !letter.is_alphanumeric() && letter != '_';
    let lines = sources(files).flat_map(File::lines);
    lines
        .flat_map(|(_, line)| code_of(line).split(is_end))
        .filter(|word| !word.is_empty())
        .collect()
}

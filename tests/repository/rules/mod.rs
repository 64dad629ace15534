//! The rules, each a function of one file or of all of them.

use crate::files::File;
use std::fmt;

mod circles;
mod glossary;
mod imports;
mod links;

pub use circles::circles;

/// Most lines of a Rust file.
const MOST_LINES: usize = 600;
/// Most lines of `src/main.rs`.
const MOST_LINES_OF_MAIN: usize = 79;
/// Words that say nothing about a file's purpose.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "manager", "managers", "misc",
];
/// Marks of unfinished work. Put together, so that this file does not hold them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("db", "g!"),
];
/// Where `unsafe` may stand besides the engine: the floor measures the kernel's interface without the
/// engine, so the engine can give it no safe function.
const UNSAFE_OUTSIDE_OF_THE_ENGINE: &str = "benches/floor/ring.rs";
/// Beginnings of paths that mean something on one machine only.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("../sha", "red"),
];

/// Where tests get the program, and what cargo calls it. Put together for the same reason.
const INVOCATION: &str = "tests/invocation/mod.rs";
const PROGRAM: &str = concat!("CARGO_BIN_", "EXE_shopblast");

/// Where the program speaks, and what speaks anywhere else: a reader that pauses would hold it up, one
/// that goes would make it panic.
const VOICE: &str = "src/pieces/voice.rs";
const OTHER_VOICES: &[&str] = &[
    "println!(",
    "print!(",
    "stdout().lock()",
    "stderr().lock()",
    "execute!(io::stdout()",
    "ProgressDrawTarget::std",
];

/// A rule: what it finds in a file.
pub type Rule = fn(&File) -> Vec<Finding>;

/// Every rule.
pub const RULES: &[Rule] = &[
    starts_with_its_purpose,
    is_short,
    unsafe_stays_in_the_engine,
    unsafe_is_argued,
    nothing_is_unfinished,
    names_say_something,
    no_machine_paths,
    the_program_is_started_in_one_place,
    imports::point_downward,
    the_program_has_one_voice,
];

/// A rule about how files fit together: what it finds in all of them.
pub type RuleOfAll = fn(&[File]) -> Vec<Finding>;

/// Every rule about how files fit together.
pub const RULES_OF_ALL: &[RuleOfAll] = &[
    links::lead_somewhere,
    links::chapters_are_listed,
    glossary::terms_exist,
    glossary::rooms_are_described,
];

/// A place where a rule is broken.
pub struct Finding {
    path: String,
    line: usize,
    says: String,
}

impl Finding {
    fn at(file: &File, line: usize, says: impl Into<String>) -> Self {
        Self {
            path: file.path.clone(),
            line,
            says: says.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.says)
    }
}

/// The part of a line before a comment. Knows no strings: `//` in one hides the rest.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or(line)
}

/// Whether `word` stands in `text` by itself.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn starts_with_its_purpose(file: &File) -> Vec<Finding> {
    let starts = |text: &String| text.starts_with("//! ");
    if !file.is_rust() || file.text.as_ref().is_some_and(starts) {
        return Vec::new();
    }
    let says = "a file starts with its purpose; write `//! …` into its first line";
    vec![Finding::at(file, 1, says)]
}

fn is_short(file: &File) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    let (most, what) = match file.path.as_str() {
        "src/main.rs" => (MOST_LINES_OF_MAIN, "main.rs has fewer than 80 lines"),
        _ => (MOST_LINES, "a file has at most 600 lines"),
    };
    let lines = file.lines().count();
    if lines <= most {
        return Vec::new();
    }
    let says = format!("{what}, this one has {lines}; move one of its purposes into its own file");
    vec![Finding::at(file, most + 1, says)]
}

fn unsafe_lines(file: &File) -> impl Iterator<Item = usize> {
    let is_unsafe = |line: &str| has_word(code_of(line), "unsafe") && !line.contains('"');
    file.lines()
        .filter(move |(_, line)| file.is_rust() && is_unsafe(line))
        .map(|(number, _)| number)
}

fn unsafe_stays_in_the_engine(file: &File) -> Vec<Finding> {
    if file.path.starts_with("src/engine/") || file.path == UNSAFE_OUTSIDE_OF_THE_ENGINE {
        return Vec::new();
    }
    let says = "`unsafe` stays within src/engine; give the engine a safe function for it";
    unsafe_lines(file)
        .map(|line| Finding::at(file, line, says))
        .collect()
}

/// The comment stands in the paragraph that ends with the `unsafe` line.
fn unsafe_is_argued(file: &File) -> Vec<Finding> {
    let lines: Vec<&str> = file.lines().map(|(_, line)| line).collect();
    let is_argued = |number: usize| {
        lines[..number - 1]
            .iter()
            .rev()
            .take_while(|line| !line.trim().is_empty())
            .take_while(|line| !has_word(code_of(line), "unsafe"))
            .take(12)
            .any(|line| line.contains("// SAFETY: "))
    };
    // An `unsafe fn` of a trait has the trait's contract.
    let needs = |number: usize| !lines[number - 1].contains("unsafe fn");
    let says = "`unsafe` needs its argument; write `// SAFETY: …` above it";
    unsafe_lines(file)
        .filter(|&number| needs(number) && !is_argued(number))
        .map(|number| Finding::at(file, number, says))
        .collect()
}

fn nothing_is_unfinished(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        if let Some(mark) = UNFINISHED.iter().find(|mark| has_word(line, mark)) {
            let says = format!("`{mark}` marks unfinished work; finish it, or open an issue");
            findings.push(Finding::at(file, number, says));
        }
    }
    findings
}

fn names_say_something(file: &File) -> Vec<Finding> {
    let advice = "says nothing about a purpose; name it after what it does";
    let mut findings = Vec::new();
    for part in file.path.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        if EMPTY_NAMES.contains(&stem) {
            findings.push(Finding::at(file, 1, format!("the name `{stem}` {advice}")));
        }
    }
    for (number, line) in file.lines().filter(|_| file.is_rust()) {
        let mut words = code_of(line).split([' ', ';', '{']);
        let module = words.by_ref().find(|word| *word == "mod").and(words.next());
        if let Some(name) = module.filter(|name| EMPTY_NAMES.contains(name)) {
            findings.push(Finding::at(
                file,
                number,
                format!("the name `{name}` {advice}"),
            ));
        }
    }
    findings
}

fn no_machine_paths(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let named = MACHINE_PATHS.iter().find(|path| {
            line.match_indices(**path).any(|(start, _)| {
                // Part of a longer path, or of an address.
                let before = line[..start].chars().next_back();
                !before.is_some_and(|letter| letter.is_alphanumeric() || "._-/".contains(letter))
            })
        });
        if let Some(path) = named {
            let says = format!("`{path}` is a path of one machine; name a path of the repository");
            findings.push(Finding::at(file, number, says));
        }
    }
    findings
}

fn the_program_has_one_voice(file: &File) -> Vec<Finding> {
    let is_told = |line: &str| OTHER_VOICES.iter().any(|voice| line.contains(voice));
    let is_of_program = file.path.starts_with("src/") && file.path != VOICE;
    // Tests may print.
    let lines = file
        .lines()
        .take_while(|(_, line)| !line.contains("#[cfg(test)]"));
    let says = format!("say it with `tell` or `print` of {VOICE}, which hold nobody up");
    lines
        .filter(|(_, line)| is_of_program && is_told(code_of(line)))
        .filter(|_| !file.path.contains("tests"))
        .map(|(number, _)| Finding::at(file, number, says.clone()))
        .collect()
}

fn the_program_is_started_in_one_place(file: &File) -> Vec<Finding> {
    let says = format!("the program is started by {INVOCATION} alone; call its `shopblast`");
    file.lines()
        .filter(|(_, line)| file.is_rust() && file.path != INVOCATION && line.contains(PROGRAM))
        .map(|(number, _)| Finding::at(file, number, says.clone()))
        .collect()
}

//! Links of the documentation lead somewhere: files, headings and pictures of the repository exist,
//! and every chapter of the book is in its list.

use super::{File, Finding};
use std::collections::{HashMap, HashSet};

/// The list of the book's chapters, and the directory that it describes.
const CHAPTERS: &str = "docs/SUMMARY.md";
const BOOK: &str = "docs/";

/// What relative links can lead to.
struct Places<'a> {
    files: HashSet<&'a str>,
    directories: HashSet<&'a str>,
    /// The anchors of each Markdown file.
    anchors: HashMap<&'a str, HashSet<String>>,
}

/// Every relative link, picture and anchor of a Markdown file leads to something.
pub fn lead_somewhere(files: &[File]) -> Vec<Finding> {
    let places = Places::of(files);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_markdown(file)) {
        for (number, line) in prose(file) {
            let wrong = targets(&line)
                .into_iter()
                .filter_map(|target| Some((target, places.missing(&file.path, target)?)));
            for (target, why) in wrong {
                let says = format!("the link `{target}` leads nowhere: {why}; mend it");
                findings.push(Finding::at(file, number, says));
            }
        }
    }
    findings
}

/// Every chapter of the book is in its list, else nobody finds it.
pub fn chapters_are_listed(files: &[File]) -> Vec<Finding> {
    let Some(list) = files.iter().find(|file| file.path == CHAPTERS) else {
        return Vec::new();
    };
    let listed: HashSet<String> = prose(list)
        .iter()
        .flat_map(|(_, line)| targets(line))
        .filter_map(|target| resolved(CHAPTERS, target))
        .collect();
    files
        .iter()
        .filter(|file| is_markdown(file) && file.path.starts_with(BOOK))
        .filter(|file| file.path != CHAPTERS && !listed.contains(&file.path))
        .map(|file| {
            Finding::at(
                file,
                1,
                format!("this chapter is in no list; name it in {CHAPTERS}"),
            )
        })
        .collect()
}

impl<'a> Places<'a> {
    fn of(files: &'a [File]) -> Self {
        let paths = files.iter().map(|file| file.path.as_str());
        let directories = paths
            .clone()
            .flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end]))
            .collect();
        let markdown = files.iter().filter(|file| is_markdown(file));
        Self {
            files: paths.collect(),
            directories,
            anchors: markdown
                .map(|file| (file.path.as_str(), anchors(file)))
                .collect(),
        }
    }

    /// Why a link of the file at `from` leads nowhere; `None` when it leads somewhere, or to another
    /// machine.
    fn missing(&self, from: &str, target: &str) -> Option<String> {
        if has_scheme(target) {
            return None;
        }
        let (path, anchor) = match target.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (target, None),
        };
        let Some(place) = resolved(from, path) else {
            return Some("it leaves the repository".to_owned());
        };
        let is_directory = place.is_empty() || self.directories.contains(place.as_str());
        if !is_directory && !self.files.contains(place.as_str()) {
            return Some(format!("there is no `{place}`"));
        }
        let anchor = anchor?;
        match self.anchors.get(place.as_str()) {
            Some(anchors) if anchors.contains(anchor) => None,
            Some(_) => Some(format!("`{place}` has no heading of that name")),
            None => Some(format!("`{place}` has no headings")),
        }
    }
}

fn is_markdown(file: &File) -> bool {
    file.path.ends_with(".md") && file.text.is_some()
}

/// The lines outside of fenced code, without their inline code.
fn prose(file: &File) -> Vec<(usize, String)> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for (number, line) in file.lines() {
        let begins = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| begins.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => lines.push((number, without_code(line))),
            (Some(_), _) => {}
        }
    }
    lines
}

/// A line without what stands between backticks. Code that links name keeps its place, for headings.
fn without_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let is_closed = parts.len() % 2 == 1;
    let is_text =
        |place: usize| place.is_multiple_of(2) || (!is_closed && place + 1 == parts.len());
    let kept = (0..parts.len()).filter(|&place| is_text(place));
    kept.map(|place| parts[place]).collect()
}

/// What a line links to: `[…](target)`, pictures, `[…]: target`, and attributes of HTML.
fn targets(line: &str) -> Vec<&str> {
    let ends_at = |rest: &'_ str, ends: &[char]| rest.find(ends).unwrap_or(rest.len());
    let mut found = Vec::new();
    for (start, opening) in line.match_indices("](") {
        let rest = &line[start + opening.len()..];
        found.push(&rest[..ends_at(rest, &[')', ' '])]);
    }
    for opening in ["src=\"", "href=\""] {
        for (start, _) in line.match_indices(opening) {
            let rest = &line[start + opening.len()..];
            found.push(&rest[..ends_at(rest, &['"'])]);
        }
    }
    if line.starts_with('[')
        && let Some((_, rest)) = line.split_once("]: ")
    {
        let rest = rest.trim();
        found.push(&rest[..ends_at(rest, &[' '])]);
    }
    found
}

fn has_scheme(target: &str) -> bool {
    let scheme = target
        .split([':', '/', '#', '?'])
        .next()
        .unwrap_or_default();
    target[scheme.len()..].starts_with(':')
}

/// The path that a relative one of the file at `from` means; `None` when it leaves the repository.
fn resolved(from: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(from.to_owned());
    }
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The anchors of a file's headings, as GitHub and mdBook name them.
fn anchors(file: &File) -> HashSet<String> {
    let outside: HashSet<usize> = prose(file).into_iter().map(|(number, _)| number).collect();
    let headings = file
        .lines()
        .filter(|(number, _)| outside.contains(number))
        .filter_map(|(_, line)| heading(line));
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut anchors = HashSet::new();
    for text in headings {
        let name = slug(text);
        let seen = times.entry(name.clone()).or_default();
        anchors.insert(match *seen {
            0 => name,
            again => format!("{name}-{again}"),
        });
        *seen += 1;
    }
    anchors
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let depth = line.len() - text.len();
    ((1..=6).contains(&depth) && text.starts_with(' ')).then(|| text.trim())
}

/// A heading's name in links: letters, digits, hyphens and underscores in lower case, blanks as hyphens.
fn slug(heading: &str) -> String {
    let mut text = String::new();
    let mut rest = heading;
    // Of a link only its text is part of the name.
    while let Some((before, after)) = rest.split_once("](") {
        text.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let letters = text.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        letter => letter.is_alphanumeric().then_some(letter),
    });
    letters.flat_map(char::to_lowercase).collect()
}

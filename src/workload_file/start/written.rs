//! The text of a file that is made: with what was guessed, and what somebody should look at.

use super::chains::Errand;
use super::error::StartError;
use super::toml_text::{comment, key, quoted};
use crate::workload_file::{MOST_FILE_BYTES, read};
use std::fmt::Write;

/// Longest line of a comment, in characters.
const WIDTH: usize = 100;

/// An operation as it is written.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// What the file calls it.
    pub key: String,
    /// What it does, in a few words.
    pub summary: String,
    /// The method's word.
    pub method: &'static str,
    /// Path and query with what is put in.
    pub path: String,
    /// Name in statistics, where it is not the request.
    pub label: Option<String>,
    /// Headers, with what is put in.
    pub headers: Vec<(String, String)>,
    /// Statuses of success as a file has them; without any 2xx.
    pub expect: Vec<String>,
    /// Whether 409 tells of a lost race.
    pub conflict: bool,
    /// Whether 429 tells of a limit.
    pub is_limited: bool,
    /// Values that are read, each with its place.
    pub reads: Vec<(String, String)>,
    /// Lines that hold the body; a table begins with an empty one.
    pub body: Vec<String>,
    /// Comments.
    pub notes: Vec<String>,
    /// Why no journey calls it.
    pub left_out: Option<String>,
    /// Whether it cannot be written at all.
    pub is_told_only: bool,
}

/// A workload that is made, before it is a text.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// What the workload is called.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// What it was made of.
    pub origin: String,
    /// The path below which everything is, for `-H`.
    pub below: String,
    /// What was guessed.
    pub guessed: Vec<String>,
    /// What somebody should look at.
    pub to_look_at: Vec<String>,
    /// What may be called.
    pub operations: Vec<Operation>,
    /// Errands of users.
    pub errands: Vec<Errand>,
    /// Steps of errands that are written otherwise than by their operation's name, by errand.
    pub steps: Vec<Vec<String>>,
    /// Wait of the class.
    pub wait: Option<String>,
    /// The file.
    pub text: String,
}

impl Start {
    /// One without operations.
    #[must_use]
    pub fn new(name: &str, about: &str) -> Self {
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            wait: Some("500ms..2s".to_owned()),
            ..Self::default()
        }
    }
}

/// A start that is a sound file. `make` is asked for one with what need not be there, and for one without
/// where that would be too long.
///
/// # Errors
/// When `make` has none, or what it makes is no workload.
pub fn finished(make: impl Fn(bool) -> Result<Start, StartError>) -> Result<Start, StartError> {
    let mut start = make(true)?;
    start.text = text(&start);
    if start.text.len() > MOST_FILE_BYTES {
        start = make(false)?;
        start
            .to_look_at
            .push("only what must be there was written: the file would be too long".to_owned());
        start.text = text(&start);
    }
    read(&start.text, "the new file")?;
    Ok(start)
}

fn text(start: &Start) -> String {
    let mut out = String::new();
    // Writing into memory does not fail.
    let _ = write(start, &mut out);
    out
}

fn rule(out: &mut String, title: &str) -> std::fmt::Result {
    let dashes = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
    writeln!(out, "\n# ── {title} {dashes}")
}

/// A point of a list, wrapped.
fn point(out: &mut String, says: &str) -> std::fmt::Result {
    let mut line = "# -".to_owned();
    for word in says.split_whitespace() {
        if line.chars().count() + word.chars().count() + 1 > WIDTH && line.len() > 3 {
            writeln!(out, "{line}")?;
            line = "#  ".to_owned();
        }
        line.push(' ');
        line.extend(word.chars().filter(|it| !it.is_control()));
    }
    writeln!(out, "{line}")
}

fn write(start: &Start, out: &mut String) -> std::fmt::Result {
    let origin: String = start.origin.chars().filter(|it| !it.is_control()).collect();
    writeln!(out, "# Made by `shopblast workload init` from {origin}.")?;
    writeln!(
        out,
        "# It is a start: what is written here was guessed, and is yours to change."
    )?;
    let below = &start.below;
    writeln!(out, "#\n#   shopblast check FILE --print-requests 1")?;
    writeln!(
        out,
        "#   shopblast --workload FILE --profile quick -H http://localhost:8000{below}"
    )?;
    if !start.guessed.is_empty() {
        writeln!(out, "#\n# What was guessed:")?;
        start.guessed.iter().try_for_each(|says| point(out, says))?;
    }
    if !start.to_look_at.is_empty() {
        writeln!(out, "#\n# What to look at:")?;
        start
            .to_look_at
            .iter()
            .try_for_each(|says| point(out, says))?;
    }
    writeln!(out, "\nname = {}", quoted(&start.name))?;
    if !start.about.is_empty() {
        writeln!(out, "about = {}", quoted(&start.about))?;
    }
    let is_health = |it: &&Operation| {
        let words = [
            "health", "healthz", "status", "ping", "ready", "readyz", "live",
        ];
        let last = it.path.rsplit('/').next().unwrap_or_default();
        it.method == "GET" && words.contains(&last) && !it.path.contains('{')
    };
    let written = start.operations.iter().filter(|it| !it.is_told_only);
    if let Some(health) = written.clone().find(is_health) {
        writeln!(out, "health = {}", quoted(&health.path))?;
    } else if !written
        .clone()
        .any(|it| it.method == "GET" && !it.path.contains('{'))
    {
        writeln!(
            out,
            "# health = \"/health\" # a read that changes nothing: asked before the load, / without it"
        )?;
    }
    rule(out, "What may be called")?;
    start
        .operations
        .iter()
        .try_for_each(|it| operation(out, it))?;
    rule(out, "Errands")?;
    for (at, errand) in start.errands.iter().enumerate() {
        writeln!(out, "\n[journeys.{}]", key(&errand.name))?;
        writeln!(out, "about = {}", quoted(&errand.about))?;
        writeln!(out, "steps = [")?;
        match start.steps.get(at) {
            Some(steps) => steps
                .iter()
                .try_for_each(|step| writeln!(out, "  {step},"))?,
            None => {
                let key_of = |place: &usize| quoted(&start.operations[*place].key);
                for place in &errand.first {
                    writeln!(out, "  {},", key_of(place))?;
                }
                for place in &errand.then {
                    writeln!(
                        out,
                        "  {{ call = {}, on_failure = \"continue\" }},",
                        key_of(place)
                    )?;
                }
            }
        }
        writeln!(out, "]")?;
    }
    rule(out, "Users")?;
    let names: Vec<String> = start.errands.iter().map(|it| quoted(&it.name)).collect();
    writeln!(
        out,
        "\n# Weights say which errand is made how often: {{ one = 3, other = 1 }}."
    )?;
    writeln!(out, "[classes.User]\njourneys = [{}]", names.join(", "))?;
    match &start.wait {
        Some(wait) => writeln!(out, "wait = {} # after each step", quoted(wait))?,
        None => writeln!(
            out,
            "# wait = \"500ms..2s\" # after each step, beside what steps say"
        )?,
    }
    rule(out, "Load tests")?;
    writeln!(
        out,
        "\n[profiles.quick]\ndescription = \"five users, ten seconds: does it work at all?\""
    )?;
    writeln!(out, "users = 5\nspawn_rate = 5\nrun_time = \"10s\"")?;
    writeln!(
        out,
        "# thresholds = [\"failures: count < 1\", \"response: p(99) < 500ms\"]"
    )
}

fn operation(out: &mut String, it: &Operation) -> std::fmt::Result {
    writeln!(out)?;
    let summary = comment(&it.summary);
    if it.is_told_only {
        let why = it.left_out.as_deref().unwrap_or("it cannot be written");
        let request = comment(&format!("{} {}", it.method, it.path));
        return point(out, &format!("left out: `{}` ({request}): {why}", it.key));
    }
    if !summary.is_empty() {
        writeln!(out, "# {summary}")?;
    }
    if let Some(why) = &it.left_out {
        point(out, &format!("in no journey: {why}"))?;
    }
    it.notes.iter().try_for_each(|note| point(out, note))?;
    writeln!(out, "[operations.{}]", key(&it.key))?;
    writeln!(
        out,
        "request = {}",
        quoted(&format!("{} {}", it.method, it.path))
    )?;
    if let Some(label) = &it.label {
        let label: String = label.chars().take(190).collect();
        writeln!(out, "name = {}", quoted(&label))?;
    }
    if !it.headers.is_empty() {
        let headers = it
            .headers
            .iter()
            .map(|(name, value)| format!("{} = {}", key(name), quoted(value)));
        writeln!(
            out,
            "headers = {{ {} }}",
            headers.collect::<Vec<String>>().join(", ")
        )?;
    }
    match &it.expect[..] {
        [] => {}
        [only] => writeln!(out, "expect = {only}")?,
        several => writeln!(out, "expect = [{}]", several.join(", "))?,
    }
    if it.conflict {
        writeln!(out, "conflict = 409")?;
    }
    if it.is_limited {
        writeln!(
            out,
            "refused = {{ 429 = \"rate limited\" }}\nretry_after = true"
        )?;
    }
    if !it.reads.is_empty() {
        let reads = it
            .reads
            .iter()
            .map(|(value, place)| format!("{} = {}", key(value), quoted(place)));
        writeln!(
            out,
            "read = {{ {} }}",
            reads.collect::<Vec<String>>().join(", ")
        )?;
    }
    it.body.iter().try_for_each(|line| writeln!(out, "{line}"))
}

//! What of the leader's command line goes to the members: what is done, and not where results go, what is
//! shown, or what this machine is asked to do.

use super::{CliError, definition, profile_source};
use crate::fleet::PlanText;
use crate::record::read_text_bounded;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use toml::Value;

/// Headings of flags that say what is done.
const OF_THE_PLAN: [&str; 3] = ["Load", "Target", "Races"];
/// Flags of other headings that do, too.
const ALSO: [&str; 4] = ["threshold", "no-thresholds", "failures", "generation"];
/// Flags of those headings that say what one machine may do: each member says that of itself.
const NOT: [&str; 3] = ["allow-host", "interface", "no-preflight"];
/// Largest file.
const MOST_BYTES: u64 = 3 << 20;
/// Keys of a workload file that name other files.
const FILE_KEYS: [&str; 3] = ["files", "file", "openapi"];

/// The plan in `words`, those of a leader's command line.
///
/// # Errors
/// When a file that is named cannot be read, or all together are too large.
pub(super) fn plan_text(words: &[OsString]) -> Result<PlanText, CliError> {
    let command = definition::command();
    let matches = command.clone().try_get_matches_from(words);
    let matches = matches.map_err(|error| CliError::Arguments(error.to_string()))?;
    let (_, command, matches) = definition::deepest(&command, &matches);
    of_matches(command.get_arguments(), matches)
}

fn of_matches<'a>(
    flags: impl Iterator<Item = &'a Arg>,
    matches: &ArgMatches,
) -> Result<PlanText, CliError> {
    let mut plan = PlanText::default();
    let mut classes = Vec::new();
    for flag in flags {
        let id = flag.get_id().as_str();
        let is_given = matches.try_contains_id(id).is_ok()
            && matches.value_source(id) == Some(ValueSource::CommandLine);
        if !is_given {
            continue;
        }
        let Some(long) = flag.get_long() else {
            // The user classes, which have no name.
            let values = matches.get_raw(id).into_iter().flatten();
            classes.extend(values.map(text_of));
            continue;
        };
        if !is_of_the_plan(flag, long) {
            continue;
        }
        if matches!(flag.get_action(), ArgAction::SetTrue) {
            plan.push(format!("--{long}"));
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            add(&mut plan, long, &text_of(value))?;
        }
    }
    classes.into_iter().for_each(|class| plan.push(class));
    Ok(plan)
}

fn text_of(value: &OsStr) -> String {
    value.to_string_lossy().into_owned()
}

fn is_of_the_plan(flag: &Arg, long: &str) -> bool {
    let heading = flag.get_help_heading().unwrap_or_default();
    (OF_THE_PLAN.contains(&heading) || ALSO.contains(&long)) && !NOT.contains(&long)
}

/// Adds a flag, with the files that it names.
fn add(plan: &mut PlanText, long: &str, value: &str) -> Result<(), CliError> {
    let flag = format!("--{long}=");
    let folder = plan.files.len();
    let read = |path: &Path| {
        read_text_bounded(path, MOST_BYTES).map_err(|source| CliError::WorkloadFile {
            path: path.display().to_string(),
            source,
        })
    };
    let is_path = match long {
        "profile" | "workload" => profile_source::is_path(value) || Path::new(value).is_file(),
        "ca" => true,
        _ => false,
    };
    let is_built_in = long == "profile" && !profile_source::is_path(value);
    if !is_path || is_built_in {
        plan.push(format!("{flag}{value}"));
        return Ok(());
    }
    let path = Path::new(value);
    let own_name = path
        .file_name()
        .unwrap_or(OsStr::new("file"))
        .to_string_lossy();
    let at = |name: &str| format!("{folder}/{name}");
    let too_large = |error: crate::fleet::PlanTextError| CliError::Arguments(error.to_string());
    let text = read(path)?;
    let beside = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut waiting = match long {
        "workload" => named_files(&text),
        _ => Vec::new(),
    };
    plan.add_file(&at(&own_name), text).map_err(too_large)?;
    plan.push_file(flag, &at(&own_name));
    while let Some(name) = waiting.pop() {
        let file: PathBuf = beside.join(&name);
        // What is not there, or elsewhere, the parser has told already.
        if !file.is_file() || plan.files.iter().any(|known| known.name == at(&name)) {
            continue;
        }
        let text = read(&file)?;
        if name.ends_with(".toml") {
            waiting.extend(named_files(&text));
        }
        plan.add_file(&at(&name), text).map_err(too_large)?;
    }
    Ok(())
}

/// The files that a workload file names.
fn named_files(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        gather(&Value::Table(table), false, &mut named);
    }
    named
}

fn gather(value: &Value, is_named: bool, named: &mut Vec<String>) {
    match value {
        Value::String(text) if is_named => named.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, is_named, named)),
        Value::Table(table) => {
            for (key, value) in table {
                gather(value, FILE_KEYS.contains(&key.as_str()), named);
            }
        }
        _ => {}
    }
}

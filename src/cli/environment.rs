//! Variables that stand for flags: `SHOPBLAST_RUN_TIME`, `LOCUST_RUN_TIME`.
//!
//! Set variables become arguments before the typed ones. A variable is left out when the same flag
//! was typed, or one that excludes it: who types `--rate` does not mean `LOCUST_USERS`. In the same
//! way `SHOPBLAST_` variables win over `LOCUST_` ones. Empty variables count as not set, and so do those
//! that a cluster sets for a Service of this name.

use super::CliError;
use super::arguments::Arguments;
use super::pipeline_options::PIPELINE_FLAGS;
use super::service_variables::is_of_service;
use super::shop_options::SHOP_FLAGS;
use super::subcommand_names::{FLEET, HUNT};
use crate::fleet::bus::SECRET_VARIABLE;
use crate::plan::Suggestion;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

/// Variables of this program: an unknown one is a mistake.
const OWN_PREFIX: &str = "SHOPBLAST_";
/// Prefixes, the stronger first.
const PREFIXES: [&str; 2] = [OWN_PREFIX, "LOCUST_"];

/// Commands whose flags are typed: they tell of the program and of what there is.
const TYPED: [&str; 3] = ["list", "man", "completions"];

/// Flags that exclude each other, by group.
const RIVALS: [(&[&str], &[&str]); 4] = [
    (&["users", "spawn-rate"], &["rate", "arrivals", "max-users"]),
    (&["host"], &["sandbox"]),
    (&["observatory-port"], &["no-observatory"]),
    (&["headless"], &["web", "autostart"]),
];

/// A flag that a variable can stand for.
#[derive(Clone, Copy)]
struct Flag {
    takes_value: bool,
}

/// A variable that is in use, as an argument.
struct Variable {
    name: String,
    argument: OsString,
}

/// The variables that are in use.
pub(super) struct Variables {
    /// The subcommand, and that below it.
    subcommands: Vec<String>,
    used: Vec<Variable>,
}

impl Variables {
    /// Picks from `environment` the variables that count beside what was `typed`.
    pub fn read(
        typed: &ArgMatches,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, CliError> {
        let environment = text_names(environment);
        reject_unknown(&environment)?;
        let command = Arguments::command();
        let (mut scope, mut matches) = (&command, typed);
        let mut subcommands = Vec::new();
        while let Some((name, below)) = matches.subcommand() {
            subcommands.push(name.to_owned());
            scope = scope.find_subcommand(name).unwrap_or(scope);
            matches = below;
        }
        let mut variables = Self {
            subcommands,
            used: Vec::new(),
        };
        let flags = flags_of(scope);
        let mut taken = typed_flags(scope, matches);
        for prefix in PREFIXES {
            let mut taken_here = BTreeSet::new();
            for (flag_name, flag) in &flags {
                let name = variable_name(prefix, flag_name);
                let Some(value) = environment.get(&name).filter(|value| !value.is_empty()) else {
                    continue;
                };
                if is_decided(flag_name, &taken) {
                    continue;
                }
                if let Some(argument) = argument_of(&name, flag_name, *flag, value)? {
                    variables.check(&name, &argument)?;
                    variables.used.push(Variable { name, argument });
                }
                taken_here.insert(flag_name.clone());
            }
            taken.append(&mut taken_here);
        }
        let has_shop = match &variables.subcommands[..] {
            [] => true,
            [first, ..] => first == HUNT || first == FLEET,
        };
        if has_shop && !taken.contains("sandbox") {
            variables.forget(SHOP_FLAGS);
            variables.forget(PIPELINE_FLAGS);
        }
        Ok(variables)
    }

    /// The arguments to parse: those of the variables, then the rest of `typed`.
    pub fn before(&self, typed: &[OsString]) -> Vec<OsString> {
        // A subcommand comes first, since no flag of a run goes with it.
        let head = 1 + self.subcommands.len();
        let (head, rest) = typed.split_at(head.min(typed.len()));
        let arguments = self.used.iter().map(|variable| &variable.argument);
        head.iter().chain(arguments).chain(rest).cloned().collect()
    }

    /// Leaves the flags called `names` to others.
    fn forget(&mut self, names: &[&str]) {
        self.used.retain(|variable| {
            let argument = variable.argument.to_string_lossy();
            let flag = argument.trim_start_matches("--").split('=').next();
            !flag.is_some_and(|flag| names.contains(&flag))
        });
    }

    /// Names of the variables in use.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self
            .used
            .iter()
            .map(|variable| variable.name.as_str())
            .collect();
        names.join(", ")
    }

    /// Parses one variable's argument alone, so that its mistake is told as its own.
    fn check(&self, name: &str, argument: &OsStr) -> Result<(), CliError> {
        let program = Some(OsString::from("shopblast"));
        let subcommand = self.subcommands.iter().map(OsString::from);
        let alone = program
            .into_iter()
            .chain(subcommand)
            .chain([argument.to_owned()]);
        match Arguments::command().try_get_matches_from(alone) {
            Ok(_) => Ok(()),
            Err(error) => {
                let text = error.to_string();
                // What follows the first paragraph is about the command line.
                let first = text.split("\n\n").next().unwrap_or(&text);
                Err(CliError::Variable {
                    variable: name.to_owned(),
                    why: first.strip_prefix("error: ").unwrap_or(first).to_owned(),
                })
            }
        }
    }
}

fn text_names(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> BTreeMap<String, OsString> {
    environment
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .filter(|(name, value)| !is_of_service(name, value))
        .collect()
}

fn reject_unknown(environment: &BTreeMap<String, OsString>) -> Result<(), CliError> {
    let command = Arguments::command();
    let known: BTreeSet<String> = std::iter::once(&command)
        .chain(command.get_subcommands())
        .chain(
            command
                .get_subcommands()
                .flat_map(clap::Command::get_subcommands),
        )
        .flat_map(flags_of)
        .map(|(flag_name, _)| variable_name(OWN_PREFIX, &flag_name))
        .collect();
    let unknown = environment
        .keys()
        .filter(|name| name.as_str() != SECRET_VARIABLE)
        .find(|name| name.starts_with(OWN_PREFIX) && !known.contains(*name));
    match unknown {
        Some(name) => Err(CliError::UnknownVariable {
            variable: name.clone(),
            suggestion: suggestion(name, &known),
        }),
        None => Ok(()),
    }
}

/// The prefix is left out of the comparison: it would make all names alike.
fn suggestion(name: &str, known: &BTreeSet<String>) -> Suggestion {
    let flag_part = |name: &str| name.trim_start_matches(OWN_PREFIX).to_owned();
    let flag_parts: Vec<String> = known.iter().map(|name| flag_part(name)).collect();
    Suggestion::for_word(&flag_part(name), flag_parts.iter().map(String::as_str))
        .map(|word| format!("{OWN_PREFIX}{word}"))
}

fn variable_name(prefix: &str, flag_name: &str) -> String {
    format!(
        "{prefix}{}",
        flag_name.replace('-', "_").to_ascii_uppercase()
    )
}

/// The long flags of `command` that variables can stand for: all but those for help and version.
/// What is listed is typed: `SHOPBLAST_PROFILE` says what to run.
fn flags_of(command: &clap::Command) -> BTreeMap<String, Flag> {
    if TYPED.contains(&command.get_name()) {
        return BTreeMap::new();
    }
    command
        .get_arguments()
        .filter_map(|argument| {
            let takes_value = match argument.get_action() {
                ArgAction::Set | ArgAction::Append => true,
                ArgAction::SetTrue => false,
                _ => return None,
            };
            Some((argument.get_long()?.to_owned(), Flag { takes_value }))
        })
        .collect()
}

/// The long names of the flags that were typed.
fn typed_flags(command: &clap::Command, matches: &ArgMatches) -> BTreeSet<String> {
    command
        .get_arguments()
        .filter(|argument| {
            let id = argument.get_id().as_str();
            matches.try_contains_id(id).is_ok()
                && matches.value_source(id) == Some(ValueSource::CommandLine)
        })
        .filter_map(|argument| Some(argument.get_long()?.to_owned()))
        .collect()
}

/// Whether `taken` holds the flag or one that excludes it.
fn is_decided(flag_name: &str, taken: &BTreeSet<String>) -> bool {
    let any_taken = |group: &[&str]| group.iter().any(|rival| taken.contains(*rival));
    taken.contains(flag_name)
        || RIVALS.iter().any(|(left, right)| {
            (left.contains(&flag_name) && any_taken(right))
                || (right.contains(&flag_name) && any_taken(left))
        })
}

/// The argument that the variable stands for; `None` when it switches its flag off.
fn argument_of(
    name: &str,
    flag_name: &str,
    flag: Flag,
    value: &OsStr,
) -> Result<Option<OsString>, CliError> {
    let mut argument = OsString::from(format!("--{flag_name}"));
    if flag.takes_value {
        argument.push("=");
        argument.push(value);
        return Ok(Some(argument));
    }
    match value.to_string_lossy().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(Some(argument)),
        "0" | "false" | "no" | "off" => Ok(None),
        other => Err(CliError::Variable {
            variable: name.to_owned(),
            why: format!("`{other}` is neither 1 nor 0, for --{flag_name}"),
        }),
    }
}

//! What the user typed, the environment and the profile → a validated plan, or one clear error.
//!
//! Flags win over `SHOPBLAST_*` variables, these over `LOCUST_*` variables, these over the
//! profile, and the profile over the defaults. This room reads profile files, the record of a hunt that is
//! resumed, and nothing else: arguments, environment, machine and entropy are handed in.

mod arguments;
mod class_choice;
mod command;
mod compare_options;
mod doctor_options;
mod entropy;
mod environment;
mod error;
mod export_options;
mod hunt_options;
mod list;
mod load_choice;
mod machine;
mod observe_options;
mod options;
mod passwords;
mod pipeline_options;
mod plan_builder;
mod profile_source;
mod race_options;
mod replay_options;
mod report_options;
mod sandbox_options;
mod shop_options;
mod surroundings;
mod threshold_options;
mod values;
mod web_offer;
mod web_options;
mod web_planner;

pub use command::Command;
pub use entropy::Entropy;
pub use error::CliError;
pub use list::list_text;
pub use machine::Machine;
pub use passwords::without_passwords;
pub use sandbox_options::SandboxOptions;

use arguments::{Arguments, Subcommand};
use clap::FromArgMatches;
use environment::Variables;
use std::ffi::OsString;
use surroundings::Surroundings;

/// Makes a command of `args` (the program's name first), the variables of the `environment`, the
/// profile and the defaults.
///
/// # Errors
/// When any of them is wrong. Nothing has been sent then; the exit code is that of
/// [`CliError::exit_code`].
pub fn parse(
    args: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    machine: &Machine,
    entropy: Entropy,
) -> Result<Command, CliError> {
    let mut typed: Vec<OsString> = args.into_iter().collect();
    let environment: Vec<(OsString, OsString)> = environment.into_iter().collect();
    // Alone first: what is wrong in here is not the environment's fault.
    let mut matches = match arguments::command().try_get_matches_from(&typed) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok(Command::Print(error.to_string())),
        Err(error) => return Err(CliError::arguments(&error)),
    };
    if let Some(resumed) = hunt_options::resumed_arguments(&matches, &typed)? {
        typed = resumed;
        let again = arguments::command().try_get_matches_from(&typed);
        matches = again.map_err(|error| CliError::arguments(&error))?;
    }
    hunt_options::refuse_flags_of_runs(&matches)?;
    let variables = Variables::read(&matches, environment.iter().cloned())?;
    let arguments = arguments::command()
        .try_get_matches_from(variables.before(&typed))
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| CliError::arguments(&error));
    arguments
        .and_then(|mut arguments| {
            let run = match &mut arguments.subcommand {
                Some(Subcommand::Hunt(flags)) => &mut flags.run,
                _ => &mut arguments.run,
            };
            run.observe.read_variables(&environment)?;
            run.exports.read_variables(&environment);
            let around = Surroundings {
                typed: &typed,
                environment: &environment,
                machine,
                entropy,
                parse: parse_again,
            };
            command_of(arguments, &around)
        })
        .map_err(|error| error.blaming(variables.names()))
}

fn parse_again(words: Vec<OsString>, around: &Surroundings<'_>) -> Result<Command, CliError> {
    let environment = around.environment.iter().cloned();
    parse(words, environment, around.machine, around.entropy)
}

fn command_of(arguments: Arguments, around: &Surroundings<'_>) -> Result<Command, CliError> {
    let (typed, machine, entropy) = (around.typed, around.machine, around.entropy);
    match arguments.subcommand {
        Some(Subcommand::Sandbox(flags)) => {
            Ok(Command::Sandbox(sandbox_options::resolve(flags, machine)?))
        }
        Some(Subcommand::List(flags)) => Ok(Command::Print(list::text(&flags)?)),
        Some(Subcommand::Replay(flags)) => {
            Ok(Command::Replay(replay_options::resolve(flags, entropy)?))
        }
        Some(Subcommand::Compare(flags)) => {
            let request = compare_options::resolve(*flags, around)?;
            Ok(Command::Compare(Box::new(request)))
        }
        Some(Subcommand::Hunt(flags)) => {
            let request = hunt_options::resolve(*flags, around)?;
            Ok(Command::Hunt(Box::new(request)))
        }
        Some(Subcommand::Report(flags)) => Ok(Command::Report(report_options::resolve(flags))),
        Some(Subcommand::Doctor(flags)) => Ok(Command::Doctor(doctor_options::resolve(flags)?)),
        None if arguments.run.list => Ok(Command::Print(list_text())),
        None if arguments.run.page.is_wanted() => {
            let typed: Vec<String> = typed
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            let request = web_planner::page(arguments.run, &typed, machine)?;
            Ok(Command::Web(Box::new(request)))
        }
        None => {
            let request = plan_builder::build(arguments.run, machine, entropy)?;
            Ok(Command::Run(Box::new(request)))
        }
    }
}

#[cfg(test)]
mod tests;

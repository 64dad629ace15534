//! What the user typed, the environment and the profile → a validated plan, or one clear error.
//!
//! Flags win over `SHOPBLAST_*` variables, these over `LOCUST_*` variables, these over the
//! profile, and the profile over the defaults. This room reads profile files, the record of a hunt that is
//! resumed, and nothing else: arguments, environment, machine and entropy are handed in.

mod arguments;
mod check_options;
mod class_choice;
mod command;
mod compare_options;
mod completions;
mod definition;
mod doctor_options;
mod entropy;
mod environment;
mod error;
mod export_options;
mod first_word;
mod fleet_command;
mod fleet_options;
mod fleet_transfer;
mod fleet_up;
mod foreign_flags;
mod hunt_options;
mod list;
mod load_choice;
mod load_options;
mod machine;
mod machine_options;
mod manual;
mod merge_options;
mod observe_options;
mod observer_tls_options;
mod options;
mod output_options;
mod passwords;
mod pem_files;
mod pipeline_options;
mod plan_builder;
mod profile_source;
mod race_options;
mod refusal;
mod replay_options;
mod report_options;
mod request_options;
mod sandbox_options;
mod secret;
mod service_variables;
mod serving_options;
mod shard_options;
mod shop_options;
mod subcommand_names;
mod subject;
mod surroundings;
mod target_options;
mod tested;
mod threshold_options;
mod tls_options;
mod values;
mod version;
mod web_command;
mod web_offer;
mod web_options;
mod web_planner;
mod workload_choice;
mod workload_command;
mod workload_options;

pub use command::CliCommand;
pub use entropy::Entropy;
pub use error::CliError;
pub use list::list_text;
pub use machine::Machine;
pub use manual::{ManualPages, UnwrittenPage};
pub use passwords::typed_command;
use passwords::without_passwords;
pub use sandbox_options::SandboxOptions;
pub use subject::{planned_shares, subject};
pub use tested::workload_schema_text;

use arguments::{Arguments, Subcommand};
use clap::FromArgMatches;
use environment::Variables;
use manual::Manual;
use refusal::refused;
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
) -> Result<CliCommand, CliError> {
    let mut typed: Vec<OsString> = args.into_iter().collect();
    let environment: Vec<(OsString, OsString)> = environment.into_iter().collect();
    // Alone first: what is wrong in here is not the environment's fault.
    let mut matches = match definition::command().try_get_matches_from(&typed) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok(CliCommand::Print(error.to_string())),
        Err(error) => return Err(refused(&error, &typed)),
    };
    if let Some(resumed) = hunt_options::resumed_arguments(&matches, &typed)? {
        typed = resumed;
        let again = definition::command().try_get_matches_from(&typed);
        matches = again.map_err(|error| refused(&error, &typed))?;
    }
    if definition::asks_for_shop(&matches) {
        return Ok(CliCommand::Print(definition::shop_help()));
    }
    let variables = Variables::read(&matches, environment.iter().cloned())?;
    let with_variables = variables.before(&typed);
    let arguments = definition::command()
        .try_get_matches_from(&with_variables)
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| refused(&error, &typed));
    arguments
        .and_then(|mut arguments| {
            let run = match &mut arguments.subcommand {
                Some(Subcommand::Fleet(flags)) => flags.run_options().unwrap_or(&mut arguments.run),
                _ => &mut arguments.run,
            };
            run.run_output.exports.read_variables(&environment);
            let observe = match &mut arguments.subcommand {
                Some(Subcommand::Hunt(flags)) => &mut flags.observe,
                Some(Subcommand::Fleet(flags)) => {
                    flags.observe().unwrap_or(&mut arguments.run.observe)
                }
                _ => &mut arguments.run.observe,
            };
            observe.read_variables(&environment)?;
            let around = Surroundings {
                typed: &typed,
                with_variables: &with_variables,
                environment: &environment,
                machine,
                entropy,
                parse: parse_again,
            };
            command_of(arguments, &around)
        })
        .map_err(|error| error.blaming(variables.names()))
}

fn parse_again(words: Vec<OsString>, around: &Surroundings<'_>) -> Result<CliCommand, CliError> {
    let environment = around.environment.iter().cloned();
    parse(words, environment, around.machine, around.entropy)
}

fn command_of(mut arguments: Arguments, around: &Surroundings<'_>) -> Result<CliCommand, CliError> {
    let (machine, entropy) = (around.machine, around.entropy);
    match arguments.subcommand {
        Some(Subcommand::Sandbox(flags)) => {
            let options = sandbox_options::resolve(*flags, machine)?;
            Ok(CliCommand::Sandbox(Box::new(options)))
        }
        Some(Subcommand::List(flags)) => Ok(CliCommand::Print(list::text(&flags)?)),
        Some(Subcommand::Replay(flags)) => {
            let request = replay_options::resolve(*flags, entropy)?;
            Ok(CliCommand::Replay(Box::new(request)))
        }
        Some(Subcommand::Compare(flags)) => {
            let request = compare_options::resolve(*flags, around)?;
            Ok(CliCommand::Compare(Box::new(request)))
        }
        Some(Subcommand::Hunt(flags)) => {
            let request = hunt_options::resolve(*flags, around)?;
            Ok(CliCommand::Hunt(Box::new(request)))
        }
        Some(Subcommand::Fleet(flags)) => {
            fleet_command::resolve(*flags, around, |words, machine, entropy| {
                parse(words, [], machine, entropy)
            })
        }
        Some(Subcommand::Check(flags)) => {
            let text = check_options::text(&flags, entropy)?;
            Ok(CliCommand::Print(text))
        }
        Some(Subcommand::Workload(flags)) => workload_command::resolve(*flags),
        Some(Subcommand::Merge(flags)) => {
            let request = merge_options::resolve(flags);
            Ok(CliCommand::Merge(Box::new(request)))
        }
        Some(Subcommand::Report(flags)) => Ok(CliCommand::Report(report_options::resolve(flags))),
        Some(Subcommand::Completions(flags)) => {
            let script = completions::script(&flags, definition::command());
            Ok(CliCommand::Print(script))
        }
        Some(Subcommand::Man(flags)) => {
            let examples = definition::with_examples();
            match manual::resolve(flags, definition::command(), examples)? {
                Manual::Printed(page) => Ok(CliCommand::Print(page)),
                Manual::Written(pages) => Ok(CliCommand::Manual(pages)),
            }
        }
        Some(Subcommand::Version) => Ok(CliCommand::Print(version::text())),
        Some(Subcommand::Doctor(flags)) => {
            let request = doctor_options::resolve(*flags, around)?;
            Ok(CliCommand::Doctor(Box::new(request)))
        }
        None if arguments.run.single.list => {
            let workload = arguments.run.workload;
            let of_generation = arguments.run.shop.generation.map(crate::shop::Suite::of);
            let text = list::text_of(workload.workload, workload.suite.or(of_generation))?;
            Ok(CliCommand::Print(text))
        }
        None if arguments.run.page.is_wanted() => {
            let request = web_planner::page(arguments.run, around.with_variables, machine)?;
            Ok(CliCommand::Web(Box::new(request)))
        }
        None => {
            let is_chosen = workload_choice::choose(&mut arguments.run);
            let mut request = plan_builder::build(arguments.run, machine, entropy)?;
            if is_chosen {
                request.output.remark = Some(workload_choice::remark(&request.plan));
            }
            Ok(CliCommand::Run(Box::new(request)))
        }
    }
}

#[cfg(test)]
mod tests;

//! The command line as it is parsed, shown, completed and described: one definition for all four.

use super::arguments::{Arguments, EXAMPLES, NOTES};
use super::shop_options::ShopFlags;
use super::subcommand_names::HUNT;
use clap::{Arg, ArgAction, ArgMatches, Args, CommandFactory};

/// The flag that shows the embedded shop's flags.
const HELP_SANDBOX: &str = "help-sandbox";
/// Headings of the embedded shop's flags: too many for the short help of runs.
const SHOP_HEADINGS: [&str; 2] = ["Embedded shop", "Pipeline of the embedded shop"];
/// Where flags are that only tell of others.
const HELP: &str = "Help";

/// The command with all of its flags and subcommands: those that do something, and those that tell of
/// them.
pub(super) fn command() -> clap::Command {
    let with_shop = |command: clap::Command| {
        command.mut_args(hidden_from_short_help).arg(
            Arg::new(HELP_SANDBOX)
                .long(HELP_SANDBOX)
                .help("Print how the embedded shop can be made to behave")
                .action(ArgAction::SetTrue)
                .help_heading(HELP),
        )
    };
    // The parser's own two would stand above all other flags.
    with_shop(Arguments::command())
        .mut_subcommand(HUNT, with_shop)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .help("Print the usual flags; --help: all of them, at length")
                .action(ArgAction::Help)
                .global(true)
                .help_heading(HELP),
        )
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .help("Print version and commit; --version: how it was built, too")
                .action(ArgAction::Version)
                .help_heading(HELP),
        )
        .help_template(format!(
            "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{EXAMPLES}\n\n{{all-args}}{{after-help}}"
        ))
}

fn hidden_from_short_help(flag: Arg) -> Arg {
    let heading = flag.get_help_heading().unwrap_or_default();
    let is_of_shop = SHOP_HEADINGS.contains(&heading);
    if is_of_shop {
        flag.hide_short_help(true)
    } else {
        flag
    }
}

/// The subcommand that was typed, down to the last: its names, its definition, and what was typed of it.
pub(super) fn deepest<'a>(
    command: &'a clap::Command,
    matches: &'a ArgMatches,
) -> (Vec<&'a str>, &'a clap::Command, &'a ArgMatches) {
    let mut path = Vec::new();
    let (mut command, mut matches) = (command, matches);
    while let Some((name, below)) = matches.subcommand() {
        let Some(found) = command.find_subcommand(name) else {
            break;
        };
        path.push(name);
        (command, matches) = (found, below);
    }
    (path, command, matches)
}

/// The long name of a run's flag that was typed as `name`, with its dashes.
pub(super) fn long_name(name: &str) -> Option<String> {
    let command = command();
    let is_it = |flag: &&Arg| match name.strip_prefix("--") {
        Some(long) => flag.get_long() == Some(long),
        None => {
            let short = flag.get_short().map(|short| format!("-{short}"));
            short.as_deref() == Some(name)
        }
    };
    let flag = command.get_arguments().find(is_it)?;
    flag.get_long().map(str::to_owned)
}

/// Whether the embedded shop's flags are to be shown.
pub(super) fn asks_for_shop(matches: &ArgMatches) -> bool {
    let matches = match matches.subcommand() {
        Some((HUNT, matches)) => matches,
        Some(_) => return false,
        None => matches,
    };
    matches.get_flag(HELP_SANDBOX)
}

/// The embedded shop's flags, at length.
pub(super) fn shop_help() -> String {
    let command = clap::Command::new("shopblast").disable_help_flag(true);
    let mut command = ShopFlags::augment_args(command).help_template(
        "How the embedded shop behaves: flags for runs and hunts with --sandbox, and for `shopblast \
         sandbox`.\n\n{all-args}",
    );
    command.render_long_help().to_string()
}

/// What follows the flags on a manual page, where examples come last.
pub(super) fn with_examples() -> String {
    format!("{EXAMPLES}\n\n{NOTES}")
}

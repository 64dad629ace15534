//! `shopblast check`: whether a workload file is sound, and what its journeys would send.

use super::tested::Written;
use super::{CliError, Entropy, values};
use crate::engine::{Described, Workload};
use crate::pieces::counted;
use crate::plan::{ClassShare, Load, Plan, Stage, Target};
use crate::workload_file::{self, Class, Model};
use clap::Args;
use std::fmt::Write;
use std::time::Duration;

/// Most requests that are printed of a journey.
const MOST_REQUESTS: i64 = 1_000;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct CheckFlags {
    /// The workload file
    #[arg(value_name = "FILE")]
    file: String,

    /// Print the first N requests of each journey, byte by byte
    ///
    /// Values that replies would give are written as their names: _token_.
    #[arg(
        long, value_name = "N", default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=MOST_REQUESTS)
    )]
    print_requests: u32,

    /// Address that they would go to
    #[arg(
        short = 'H', long, value_name = "URL", default_value = "http://localhost:8000",
        value_parser = Target::parse
    )]
    host: Target,

    /// Print what a run with this option would send; may be repeated
    #[arg(long, value_name = "OPTION", value_parser = values::parse_option, value_delimiter = ',')]
    with: Vec<String>,

    /// Seed of what is made up
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// What is said of the file.
///
/// # Errors
/// When anything in it is wrong.
pub(super) fn text(flags: &CheckFlags, entropy: Entropy) -> Result<String, CliError> {
    let written = Written::read(&flags.file)?;
    let model = written.model();
    let mut out = String::new();
    // Writing into memory does not fail.
    let _ = writeln!(
        out,
        "{}: sound; {}, {}, {}, {}",
        flags.file,
        counted(model.operations.len() as u64, "operation"),
        counted(model.journeys.len() as u64, "journey"),
        match model.classes.len() {
            1 => "1 class".to_owned(),
            classes => format!("{classes} classes"),
        },
        counted(written.profiles().len() as u64, "profile"),
    );
    out += &workload_file::data_outline(model);
    for option in &model.options {
        let _ = writeln!(out, "option {}: {}", option.name, option.about);
    }
    let plan = plan(flags, &written, entropy)?;
    out += &workload_file::once_outline(model);
    for position in 0..model.journeys.len() {
        out.push('\n');
        out += &workload_file::outline(model, position);
    }
    out.push('\n');
    for class in &model.classes {
        out += &class_lines(model, class);
    }
    if flags.print_requests > 0 {
        print_requests(flags, &written, &plan, &mut out)?;
    }
    Ok(out)
}

/// Which journeys users of `class` make: a line, and one for each option that changes them.
pub(super) fn class_lines(model: &Model, class: &Class) -> String {
    let listed = |journeys: &[(usize, u32)]| {
        let journeys = journeys.iter().map(|&(place, weight)| {
            let name = &model.journeys[place].name;
            match weight {
                1 => name.clone(),
                weight => format!("{name}={weight}"),
            }
        });
        let journeys: Vec<String> = journeys.collect();
        journeys.join(", ")
    };
    let first = class.first.map(|place| &model.journeys[place].name);
    let first = first.map_or_else(String::new, |name| format!("{name} once, then "));
    let mut out = format!("class {}: {first}{}\n", class.name, listed(&class.journeys));
    for (option, journeys) in &class.journeys_with {
        let option = &model.options[usize::from(*option)].name;
        // Writing into memory does not fail.
        let _ = writeln!(out, "  with option {option}: {}", listed(journeys));
    }
    out
}

fn print_requests(
    flags: &CheckFlags,
    written: &Written,
    plan: &Plan,
    out: &mut String,
) -> Result<(), CliError> {
    let workload = written.workload();
    let refused = |why: String| CliError::Arguments(format!("{}: {why}", flags.file));
    let script = workload.script(plan, &workload.presumed());
    let script = script.map_err(|error| refused(error.to_string()))?;
    let journeys = script.journeys();
    for (position, name) in journeys.iter().enumerate() {
        let names = &written.model().values;
        let count = flags.print_requests as usize;
        let requests = script.first_requests(position, plan, names, count);
        let requests = requests.map_err(|error| refused(error.to_string()))?;
        for (request, number) in requests.iter().zip(1..) {
            let _ = writeln!(out, "\n── {name}, request {number}");
            // The ends of a head's lines are not to be seen.
            let _ = writeln!(out, "{}", request.replace('\r', ""));
        }
    }
    Ok(())
}

/// A plan of one user of each class: for what is made up, and where it goes.
fn plan(flags: &CheckFlags, written: &Written, entropy: Entropy) -> Result<Plan, CliError> {
    let model = written.model();
    let words = written.workload().plan_words(&flags.with);
    let run_time = Duration::from_secs(1);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: 1_000_000,
    };
    let classes = model.classes.iter().map(|class| ClassShare {
        class: class.name.clone(),
        weight: class.weight,
    });
    Ok(Plan {
        classes: classes.collect(),
        target: flags.host.clone(),
        options: words.map_err(CliError::Arguments)?,
        seed: flags.seed,
        run_id: entropy.run_id,
        ..Plan::of_load(Load::closed(vec![stage], run_time)?, run_time)
    })
}

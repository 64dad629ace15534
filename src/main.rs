//! The binary: parse, dispatch, exit code.

use shopblast::cli::{self, CliCommand, Entropy, Machine};
use shopblast::engine::CountingAllocator;
use shopblast::pieces::tell;
use shopblast::plan::{ExitCode, shown_lines};
use shopblast::{compare, doctor, draft, fleet, hunt, report, run, ui};
use std::error::Error;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> std::process::ExitCode {
    let machine = Machine {
        topology: run::topology(),
    };
    let (words, variables) = (std::env::args_os(), std::env::vars_os());
    let parsed = cli::parse(words, variables, &machine, entropy());
    let exit_code = match parsed {
        Ok(command) => dispatch(command),
        Err(error) => told(&error, error.exit_code()),
    };
    ui::last_words(exit_code).value().into()
}

fn dispatch(command: CliCommand) -> ExitCode {
    match command {
        CliCommand::Print(text) => ui::print_only(&text),
        CliCommand::Run(request) => ended(ui::carry_out(*request, cli::typed_command()), |e| {
            e.exit_code()
        }),
        CliCommand::Web(request) => ended(ui::web::serve(*request), |_| ExitCode::BadPlan),
        CliCommand::Doctor(request) => doctor::examine(&request),
        CliCommand::Compare(request) => ended(compare::carry_out(*request), |e| e.exit_code()),
        CliCommand::Hunt(request) => ended(hunt::carry_out(&request), |e| e.exit_code()),
        CliCommand::FleetRun(request) => ended(fleet::lead(*request, cli::typed_command()), |e| {
            e.exit_code()
        }),
        CliCommand::FleetPage(request) => ended(fleet::serve(*request), |e| e.exit_code()),
        CliCommand::FleetHunt(request) => ended(fleet::hunt(*request), |e| e.exit_code()),
        CliCommand::FleetJoin(request) => ended(fleet::join(*request, cli::typed_command()), |e| {
            e.exit_code()
        }),
        CliCommand::FleetUp(request) => fleet::engines::carry_out(&request),
        CliCommand::Replay(request) => ended(run::replay(&request), |e| e.exit_code()),
        CliCommand::Report(request) => done(report::remake(&request, &cli::planned_shares)),
        CliCommand::Merge(request) => {
            let merged =
                fleet::merge(&request, &cli::planned_shares).map(|finished| finished.exit_code);
            ended(merged, |_| ExitCode::BadPlan)
        }
        CliCommand::Draft(request) => draft::carry_out(&request),
        CliCommand::Manual(pages) => done(pages.write()),
        CliCommand::Sandbox(options) => done(options.serve()),
    }
}

fn done(result: Result<(), impl Error>) -> ExitCode {
    ended(result.map(|()| ExitCode::Ok), |_| ExitCode::BadPlan)
}

/// What a command ended with; an error is told, and ends as `meaning` says.
fn ended<E: Error>(outcome: Result<ExitCode, E>, meaning: impl FnOnce(&E) -> ExitCode) -> ExitCode {
    outcome.unwrap_or_else(|error| told(&error, meaning(&error)))
}

fn told(error: &impl Error, exit_code: ExitCode) -> ExitCode {
    tell(format!("error: {}", shown_lines(&error.to_string())));
    exit_code
}

fn entropy() -> Entropy {
    Entropy {
        seed: fastrand::u64(..),
        run_id: run::new_run_id(),
    }
}

//! The binary: parse, dispatch, exit code.

use shopblast::cli::{self, CliCommand, Entropy, Machine};
use shopblast::engine::CountingAllocator;
use shopblast::pieces::tell;
use shopblast::plan::{ExitCode, shown_lines};
use shopblast::{compare, doctor, draft, fleet, hunt, report, run, ui};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> std::process::ExitCode {
    let machine = Machine {
        topology: run::topology(),
    };
    let parsed = cli::parse(
        std::env::args_os(),
        std::env::vars_os(),
        &machine,
        entropy(),
    );
    let exit_code = match parsed {
        Ok(command) => dispatch(command),
        Err(error) => told(&error, error.exit_code()),
    };
    ui::last_words(exit_code).value().into()
}

fn dispatch(command: CliCommand) -> ExitCode {
    match command {
        CliCommand::Print(text) => ui::print_only(&text),
        CliCommand::Run(request) => ui::carry_out(*request, command_line())
            .unwrap_or_else(|error| told(&error, error.exit_code())),
        CliCommand::Web(request) => {
            ui::web::serve(*request).unwrap_or_else(|error| told(&error, ExitCode::BadPlan))
        }
        CliCommand::Doctor(request) => doctor::examine(&request),
        CliCommand::Compare(request) => {
            compare::carry_out(*request).unwrap_or_else(|error| told(&error, error.exit_code()))
        }
        CliCommand::Hunt(request) => {
            hunt::carry_out(&request).unwrap_or_else(|error| told(&error, error.exit_code()))
        }
        CliCommand::FleetUp(request) => fleet::engines::carry_out(&request),
        CliCommand::Replay(request) => {
            run::replay(&request).unwrap_or_else(|error| told(&error, error.exit_code()))
        }
        CliCommand::Report(request) => done(report::remake(&request, &cli::planned_shares)),
        CliCommand::Merge(request) => fleet::merge(&request, &cli::planned_shares)
            .map_or_else(|error| told(&error, ExitCode::BadPlan), |it| it.exit_code),
        CliCommand::Draft(request) => draft::carry_out(&request),
        CliCommand::Manual(pages) => done(pages.write()),
        CliCommand::Sandbox(options) => done(options.serve()),
    }
}

fn done(result: Result<(), impl std::error::Error>) -> ExitCode {
    let done = result.map(|()| ExitCode::Ok);
    done.unwrap_or_else(|error| told(&error, ExitCode::BadPlan))
}

fn told(error: &impl std::error::Error, exit_code: ExitCode) -> ExitCode {
    tell(format!("error: {}", shown_lines(&error.to_string())));
    exit_code
}

/// The command as the user typed it, for the record; without passwords.
fn command_line() -> String {
    let arguments = std::env::args_os();
    cli::without_passwords(arguments.map(|word| word.to_string_lossy().into_owned()))
}

fn entropy() -> Entropy {
    Entropy {
        seed: fastrand::u64(..),
        run_id: run::new_run_id(),
    }
}

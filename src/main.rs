//! The binary: parse, dispatch, exit code.

use shopblast::cli::{self, Command, Entropy, Machine};
use shopblast::engine::CountingAllocator;
use shopblast::plan::ExitCode;
use shopblast::{compare, doctor, hunt, report, run, ui};

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
    exit_code.value().into()
}

fn dispatch(command: Command) -> ExitCode {
    match command {
        Command::Print(text) => {
            anstream::print!("{text}");
            ExitCode::Ok
        }
        Command::Run(request) => ui::carry_out(*request, command_line())
            .unwrap_or_else(|error| told(&error, error.exit_code())),
        Command::Web(request) => {
            ui::web::serve(*request).unwrap_or_else(|error| told(&error, ExitCode::BadPlan))
        }
        Command::Doctor(request) => doctor::examine(&request),
        Command::Compare(request) => {
            compare::carry_out(*request).unwrap_or_else(|error| told(&error, error.exit_code()))
        }
        Command::Hunt(request) => {
            hunt::carry_out(&request).unwrap_or_else(|error| told(&error, error.exit_code()))
        }
        Command::Replay(request) => {
            run::replay(&request).unwrap_or_else(|error| told(&error, error.exit_code()))
        }
        Command::Report(request) => {
            let made = report::remake(&request).map(|()| ExitCode::Ok);
            made.unwrap_or_else(|error| told(&error, ExitCode::BadPlan))
        }
        Command::Manual(pages) => {
            let written = pages.write().map(|()| ExitCode::Ok);
            written.unwrap_or_else(|error| told(&error, ExitCode::BadPlan))
        }
        Command::Sandbox(options) => {
            let served = run::serve(&options.config()).map(|()| ExitCode::Ok);
            served.unwrap_or_else(|error| told(&error, ExitCode::BadPlan))
        }
    }
}

fn told(error: &impl std::error::Error, exit_code: ExitCode) -> ExitCode {
    eprintln!("error: {error}");
    exit_code
}

/// The command as the user typed it, for the record; without passwords.
fn command_line() -> String {
    cli::without_passwords(std::env::args())
}

fn entropy() -> Entropy {
    Entropy {
        seed: fastrand::u64(..),
        run_id: run::new_run_id(),
    }
}

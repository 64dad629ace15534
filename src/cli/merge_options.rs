//! `shopblast merge`: which records, and where to.

use crate::fleet::MergeRequest;
use crate::run::Output;
use clap::Args;
use std::path::PathBuf;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct MergeFlags {
    /// Directories of the shards' records, in any order
    #[arg(value_name = "DIR", required = true)]
    directories: Vec<PathBuf>,

    /// Directory for the record of the run; it must not hold anything yet
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,

    /// Exit code when requests failed; 0: none [default: 1]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    exit_code_on_error: Option<u8>,

    /// Exit with 95 when a generator was at its limit
    #[arg(long)]
    fail_on_saturation: bool,

    /// Print all tables, and not only the first lines of the summary
    #[arg(long)]
    details: bool,

    /// Print the verdict and errors only
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn resolve(flags: MergeFlags) -> MergeRequest {
    MergeRequest {
        directories: flags.directories,
        out: flags.out,
        output: Output {
            details: flags.details,
            quiet: flags.quiet,
            ..Output::default()
        },
        exit_code_on_error: flags.exit_code_on_error.unwrap_or(1),
        fail_on_saturation: flags.fail_on_saturation,
    }
}

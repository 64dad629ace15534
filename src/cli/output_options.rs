//! The flags that say what is written and printed: of everything that runs, and of a single run.

use super::export_options::ExportFlags;
use super::values;
use crate::plan::FailureRule;
use clap::Args;
use std::path::PathBuf;

/// What is written and printed, and what counts as wrong.
#[derive(Clone, Debug, Args)]
pub(super) struct OutputFlags {
    /// Directory that the run's record is written into
    #[arg(
        long,
        value_name = "DIR",
        help_heading = "Output",
        default_value = "results"
    )]
    pub results: PathBuf,

    /// Print the verdict and errors only
    #[arg(long, help_heading = "Output")]
    pub quiet: bool,

    /// Print all tables below the summary; the record has them in summary.txt
    #[arg(long, help_heading = "Output")]
    pub details: bool,

    /// What counts as a failure: default, strict or locust
    ///
    /// default: failed and unknown requests. strict: refused ones and conflicts, too. locust: as the
    /// Locust suite's race steps judge, where 400, 409 and 422 are fine and a 500 is a failure. All
    /// outcomes are shown in any case. [default: the profile's, or default]
    #[arg(
        long, value_name = "RULE", help_heading = "Output", hide_possible_values = true,
        value_parser = values::failures()
    )]
    pub failures: Option<FailureRule>,

    /// Exit with 95 when the generator was at its limit [default: false; true for a hunt]
    ///
    /// For a hunt: such a probe says nothing, is made again, and after three in a row the search
    /// ends with 95. With =false it counts like any other.
    #[arg(
        long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true",
        require_equals = true, action = clap::ArgAction::Set, help_heading = "Output",
        hide_short_help = true, value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub fail_on_saturation: Option<bool>,
}

/// What is written and printed of a single run.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct RunOutputFlags {
    /// Write Locust's CSV files to PREFIX_stats.csv and so on
    ///
    /// They are always in the record as stats_stats.csv and so on.
    #[arg(long, value_name = "PREFIX", help_heading = "Output")]
    pub csv: Option<PathBuf>,

    /// Give each statistic name a row a second in the CSV history, not only their sum
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub csv_full_history: bool,

    /// Write the report to this file, too; it is always in the record
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: Option<PathBuf>,

    /// Other reports, and live figures for other programs.
    #[command(flatten)]
    pub exports: ExportFlags,

    /// Print lines while the run goes, and leave the screen alone
    ///
    /// By default a terminal of 60 × 20 characters or more shows the run on the whole screen, with
    /// keys that steer it.
    #[arg(long, help_heading = "Output")]
    pub no_tui: bool,

    /// Print no live figures, only the summary
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub only_summary: bool,

    /// Exit code when some requests failed; 0 does not tell [default: 1]
    #[arg(
        long,
        value_name = "CODE",
        help_heading = "Output",
        hide_short_help = true,
        allow_hyphen_values = true
    )]
    pub exit_code_on_error: Option<u8>,
}

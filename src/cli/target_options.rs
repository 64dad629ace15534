//! The flags that say where the load goes: of runs, and of the probes of hunts.

use super::CliError;
use super::values;
use crate::plan::{AddressChoice, Target};
use clap::Args;

/// Where the shop is when nobody says so.
const DEFAULT_HOST: &str = "http://localhost:8000";

/// Where the load goes.
#[derive(Clone, Debug, Args)]
pub(super) struct TargetFlags {
    /// Address of the shop [default: http://localhost:8000]
    #[arg(
        short = 'H', long, value_name = "URL", help_heading = "Target",
        value_parser = Target::parse, conflicts_with = "sandbox"
    )]
    pub host: Option<Target>,

    /// Send the load to a shop in this process (see --help-sandbox)
    ///
    /// Without a profile and user classes, the profile smoke is run.
    #[arg(long, help_heading = "Target")]
    pub sandbox: bool,

    /// Allow load on this host although its address is public; may be repeated
    #[arg(
        long, value_name = "HOST", help_heading = "Target",
        value_parser = values::parse_host, value_delimiter = ','
    )]
    pub allow_host: Vec<String>,

    /// Which addresses of a name connections go to: all, in turn, or the first that accepts
    #[arg(
        long, value_name = "WHICH", help_heading = "Target", hide_short_help = true,
        value_parser = values::addresses(), default_value = "all"
    )]
    pub addresses: AddressChoice,

    /// Try journeys, too, that the target cannot carry out, by its own description
    #[arg(long, help_heading = "Target", hide_short_help = true)]
    pub allow_drift: bool,
}

impl TargetFlags {
    /// The target; a placeholder for the embedded shop.
    ///
    /// # Errors
    /// Never: what stands for others is an address.
    pub fn target(&self) -> Result<Target, CliError> {
        if self.sandbox {
            return Ok(Target::of_this_process());
        }
        match &self.host {
            Some(target) => Ok(target.clone()),
            None => Ok(Target::parse(DEFAULT_HOST)?),
        }
    }
}

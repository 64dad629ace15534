//! The flags that say where the load goes: of runs, and of the probes of hunts.

use super::CliError;
use super::request_options::RequestFlags;
use super::values;
use crate::plan::{AddressChoice, Target};
use clap::Args;

/// Where the shop is when nobody says so.
const DEFAULT_HOST: &str = "http://localhost:8000";

/// Where the load goes.
#[derive(Clone, Debug, Args)]
pub(super) struct TargetFlags {
    /// Address of the shop, or unix:/path [default: http://localhost:8000]
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

    #[command(flatten)]
    pub requests: RequestFlags,
}

impl TargetFlags {
    /// The load goes to `target` instead. What was meant for another one, a login above all, does not go
    /// there.
    pub fn move_to(&mut self, target: Target) {
        let is_same = self.host.as_ref() == Some(&target);
        if !is_same {
            self.requests = RequestFlags::default();
        }
        self.host = Some(target);
        self.sandbox = false;
    }

    /// The target; a placeholder for the embedded shop.
    ///
    /// # Errors
    /// When what its requests are to carry is not there.
    pub fn target(&self) -> Result<Target, CliError> {
        self.requests.applied_to(match (self.sandbox, &self.host) {
            (true, _) => Target::of_this_process(),
            (false, Some(target)) => target.clone(),
            (false, None) => Target::parse(DEFAULT_HOST)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_for_one_shop_does_not_go_to_another() {
        let parse = |text: &str| Target::parse(text).unwrap();
        let mut flags = TargetFlags {
            host: Some(parse("http://shop.test")),
            sandbox: false,
            allow_host: Vec::new(),
            addresses: AddressChoice::All,
            allow_drift: false,
            requests: RequestFlags {
                header: vec!["authorization: geheim".to_owned()],
                ..RequestFlags::default()
            },
        };
        flags.move_to(parse("http://shop.test"));
        assert!(flags.target().unwrap().headers.has("authorization"));
        flags.move_to(parse("http://shop.test:8080"));
        assert!(flags.target().unwrap().headers.is_empty());
    }
}

//! What surrounds the flags.

use super::{CliCommand, CliError, Entropy, Machine};
use std::ffi::OsString;

/// What surrounds the flags.
pub(super) struct Surroundings<'a> {
    /// The arguments as typed.
    pub typed: &'a [OsString],
    /// The same, with the flags that variables stand for before them.
    pub with_variables: &'a [OsString],
    /// The environment.
    pub environment: &'a [(OsString, OsString)],
    /// The machine.
    pub machine: &'a Machine,
    /// Chance.
    pub entropy: Entropy,
    /// Reads another command line in the same surroundings.
    pub parse: fn(Vec<OsString>, &Surroundings<'_>) -> Result<CliCommand, CliError>,
}

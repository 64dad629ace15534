//! Names of subcommands that several files speak of.

/// The search for breaking points.
pub(super) const HUNT: &str = "hunt";
/// One run on several machines.
pub(super) const FLEET: &str = "fleet";

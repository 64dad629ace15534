//! An engine that runs the leader somewhere else: what it is asked for, and what it says of the leader.

use super::error::LaunchError;
use super::program::Program;

/// What an engine says of the leader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LeaderState {
    /// It has not begun; why.
    Waiting(String),
    /// It has not begun, and will not; why.
    Hopeless(String),
    /// It runs.
    Running,
    /// It ended, with this code.
    Ended(i32),
    /// It was taken away; what is known of it.
    Gone(String),
}

/// An engine that runs the leader somewhere else.
pub(super) trait Remote {
    /// What would be applied, and by which commands.
    fn printed(&self) -> String;
    /// What has to be there before.
    fn before(&self) -> Vec<Program>;
    /// Launches everything.
    fn apply(&self) -> Vec<Program>;
    /// Hears what launching answered.
    fn applied(&mut self, answer: &str) -> Result<(), LaunchError>;
    /// Looks at the leader.
    fn state(&mut self) -> Result<LeaderState, LaunchError>;
    /// Streams what the leader says; `again` after a stream that broke.
    fn stream(&self, again: bool) -> Program;
    /// Asks the leader to stop gently.
    fn stop(&mut self) -> Option<Program>;
    /// Writes an archive of the record; `None` where it is here already.
    fn fetch(&self) -> Option<Program>;
    /// Takes everything away.
    fn clean(&self) -> Vec<Program>;
    /// The command that tells why the leader does not begin.
    fn look(&self) -> String;
}

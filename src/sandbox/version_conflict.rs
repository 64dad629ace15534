//! What a commit says that comes second.

/// Somebody else's commit came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionConflict {
    /// The version that was loaded.
    pub expected: u32,
    /// The version that was found.
    pub found: u32,
}

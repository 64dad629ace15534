//! What is remembered of a category.

/// What later requests can notice of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category {
    pub(super) level: u8,
    pub(super) is_active: bool,
}

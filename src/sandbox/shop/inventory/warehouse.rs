//! What is remembered of a warehouse.

/// What later requests can notice of a warehouse. Zone ids are never given out, so that no zone can
/// be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warehouse {
    pub(super) is_active: bool,
}

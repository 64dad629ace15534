//! What a call consists of, once it is put together.

use crate::engine::{Arena, Id, Judge, Step};

/// See [`super::Call`].
pub(super) struct CallParts<'a> {
    pub(super) step: &'static Step,
    pub(super) on: Option<&'a Id>,
    pub(super) body: Option<&'a Arena>,
    pub(super) chosen: Option<usize>,
    pub(super) with: &'a [Id],
    pub(super) judge: Judge,
    pub(super) at_once: bool,
    pub(super) aside: bool,
}

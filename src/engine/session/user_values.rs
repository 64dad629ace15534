//! What a user keeps, and what belongs to it that only some users have: beside the session, which every
//! user is.

use crate::engine::exchange_log::Marks;
use crate::engine::{ExchangeLog, Values};
use std::ops::{Deref, DerefMut};

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct UserValues {
    /// What it keeps from one request for the next.
    pub(super) own: Values,
    /// What racers and probes read of their replies: none of it is the user's.
    pub(super) raced: Values,
    /// Where the requests of the log hold values.
    pub(super) marks: Marks,
    /// What was asked and answered in the journey that the user made first, if that is kept.
    pub(super) first: Option<(ExchangeLog, Marks)>,
}

impl Deref for UserValues {
    type Target = Values;

    #[inline]
    fn deref(&self) -> &Values {
        &self.own
    }
}

impl DerefMut for UserValues {
    #[inline]
    fn deref_mut(&mut self) -> &mut Values {
        &mut self.own
    }
}

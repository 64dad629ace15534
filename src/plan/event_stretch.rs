//! What is told of an event's life.

/// The stretch of an event's life that a figure is about; each begins when the reply has come, but for
/// the one that begins when it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventStretch {
    /// Until it has left the outbox.
    Published,
    /// From there until a consumer group has handled it.
    Handled,
    /// Until the last of them has.
    Done,
    /// Until what it is about can be read.
    Visible,
}

impl EventStretch {
    /// In the order of an event's life.
    pub const ALL: [Self; 4] = [Self::Published, Self::Handled, Self::Done, Self::Visible];

    /// The word for it in thresholds and records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Handled => "handled",
            Self::Done => "done",
            Self::Visible => "visible",
        }
    }
}

//! Who is silent for how long: arithmetic over moments that somebody else measures.

use std::time::Duration;

/// A member that is silent for so long is lost.
pub const SILENT_AFTER: Duration = Duration::from_secs(5);
/// Who was not looked at for so long was not heard because of us.
const LONGEST_LOOK: Duration = Duration::from_secs(1);
/// What others may need to find back to a Redis that was away: their pauses grow to two seconds.
const TO_COME_BACK: Duration = Duration::from_secs(4);

/// When somebody was heard last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearing {
    heard_ns: u64,
    is_silent: bool,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing for too long.
    Silent {
        /// For so long.
        for_ns: u64,
    },
    /// Something again.
    Again,
}

impl Hearing {
    /// Somebody who was just heard.
    #[must_use]
    pub fn at(now_ns: u64) -> Self {
        Self {
            heard_ns: now_ns,
            is_silent: false,
        }
    }

    /// Something was heard; tells whether it was missed before.
    pub fn hear(&mut self, now_ns: u64) -> Option<Heard> {
        self.heard_ns = self.heard_ns.max(now_ns);
        std::mem::take(&mut self.is_silent).then_some(Heard::Again)
    }

    /// Nobody could have been heard for so long.
    pub fn excuse(&mut self, time: Duration) {
        self.heard_ns = self.heard_ns.saturating_add(time.as_nanos() as u64);
    }

    /// Tells once when it was silent for too long.
    pub fn judge(&mut self, now_ns: u64, limit: Duration) -> Option<Heard> {
        let for_ns = now_ns.saturating_sub(self.heard_ns);
        if self.is_silent || u128::from(for_ns) < limit.as_nanos() {
            return None;
        }
        self.is_silent = true;
        Some(Heard::Silent { for_ns })
    }

    /// Whether it was told that nothing is heard.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }
}

/// How long nobody could be heard since the look before: while Redis was away, or this process was stopped.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    last_ns: u64,
    could_hear: bool,
}

impl Looks {
    /// The first look.
    #[must_use]
    pub fn from(now_ns: u64) -> Self {
        Self {
            last_ns: now_ns,
            could_hear: true,
        }
    }

    /// A look at which the others could be heard, or not. The time that does not count against them.
    pub fn look(&mut self, now_ns: u64, could_hear: bool) -> Duration {
        let passed = Duration::from_nanos(now_ns.saturating_sub(self.last_ns));
        self.last_ns = now_ns;
        match (
            std::mem::replace(&mut self.could_hear, could_hear),
            could_hear,
        ) {
            (true, true) if passed <= LONGEST_LOOK => Duration::ZERO,
            (false, true) => passed + TO_COME_BACK,
            _ => passed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn who_is_silent_for_five_seconds_is_told_once_and_told_again_when_heard() {
        let mut hearing = Hearing::at(10 * S);
        assert_eq!(hearing.judge(15 * S - 1, SILENT_AFTER), None);
        let silent = Heard::Silent { for_ns: 5 * S };
        assert_eq!(hearing.judge(15 * S, SILENT_AFTER), Some(silent));
        assert_eq!(hearing.judge(16 * S, SILENT_AFTER), None);
        assert!(hearing.is_silent());
        assert_eq!(hearing.hear(17 * S), Some(Heard::Again));
        assert_eq!(hearing.hear(18 * S), None);
        assert_eq!(hearing.judge(22 * S, SILENT_AFTER), None);
    }

    #[test]
    fn nobody_is_lost_because_this_process_was_stopped_or_redis_away() {
        let (mut hearing, mut looks) = (Hearing::at(0), Looks::from(0));
        for (now_ns, could_hear) in [
            (S, true),
            (S + S / 2, false),
            (60 * S, true),
            (61 * S, true),
        ] {
            hearing.excuse(looks.look(now_ns, could_hear));
            assert_eq!(hearing.judge(now_ns, SILENT_AFTER), None, "{now_ns}");
        }
        let mut told = None;
        for now_s in 62..=75 {
            hearing.excuse(looks.look(now_s * S, true));
            told = told.or(hearing.judge(now_s * S, SILENT_AFTER).map(|_| now_s));
        }
        // It had been silent for a second when Redis went, and has four to come back.
        assert_eq!(told, Some(68));
    }
}

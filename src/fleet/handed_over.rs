//! What all users share and is set up once: the first shard makes it, its leader passes it on, and the other
//! shards wait for it before they prepare. The first shard clears it away when the others have ended.

use super::bus::{MOST_BODY_BYTES, Report};
use super::courier::Courier;
use super::words::{Clear, SET_UP, Said, SetUp};
use crate::engine::Clearance;
use crate::pieces::tell;
use crate::plan::ExitCode;
use crate::run::{RunControl, RunError, RunState, SharedSetUp};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Time between two looks whether the run is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// How long a leader that is gone is waited for.
const LEADER_PATIENCE: Duration = Duration::from_secs(15);

/// A member's way to the set-up of a run. How long it may take is the leader's to say, which ends the run then.
#[derive(Debug)]
pub struct HandedOver {
    /// Speaks with the leader.
    pub courier: Courier,
    /// Which of the runs.
    pub round: u32,
    /// The member's shard, from 0.
    pub shard: u32,
    /// Whether the run is still wanted.
    pub control: RunControl,
    /// How long the others are waited for before what was set up is cleared away.
    pub patience: Duration,
    /// Since when that is wanted.
    pub asked_since: OnceLock<Instant>,
}

impl HandedOver {
    /// The shard that sets up for all.
    pub const MAKER: u32 = 0;
}

/// Why what was set up may be cleared away.
enum Cleared {
    /// Nobody needs it.
    AllEnded,
    /// Nobody waits any longer: why.
    Anyway(String),
}

impl HandedOver {
    fn cleared(&self, is_pressed: bool) -> Option<Cleared> {
        let since = *self.asked_since.get_or_init(Instant::now);
        let (clear, has_ended, gone) = self.courier.board(|board| {
            let clear = board.clear.clone();
            (clear, board.ended.is_some(), board.leaderless_since)
        });
        let clear = clear.filter(|clear| clear.round == self.round);
        let anyway = |why: &str| Some(Cleared::Anyway(why.to_owned()));
        match clear {
            Some(Clear { lost, .. }) if lost.is_empty() => Some(Cleared::AllEnded),
            Some(Clear { lost, .. }) => {
                let lost: Vec<String> = lost.iter().map(u32::to_string).collect();
                let shards = if lost.len() == 1 { "shard" } else { "shards" };
                let lost = lost.join(", ");
                Some(Cleared::Anyway(format!("{shards} {lost} lost")))
            }
            None if is_pressed => anyway("it was interrupted once more"),
            None if has_ended => anyway("the leader ended it"),
            None if gone.is_some_and(|gone| gone.elapsed() >= LEADER_PATIENCE) => {
                anyway("nobody leads any more")
            }
            None if since.elapsed() >= self.patience => {
                anyway("the leader does not say that all ended")
            }
            None => None,
        }
    }
}

impl Clearance for HandedOver {
    fn is_clear(&self, is_pressed: bool) -> bool {
        let Some(cleared) = self.cleared(is_pressed) else {
            return false;
        };
        if let Cleared::Anyway(why) = cleared {
            let says = format!(
                "what was set up is cleared away though other shards may still need it: {why}"
            );
            tell(format!("warning: {says}"));
            self.courier.say(Report::Trouble { says });
        }
        true
    }
}

fn fleet_error(why: String, exit_code: ExitCode) -> RunError {
    RunError::Fleet { why, exit_code }
}

impl SharedSetUp for HandedOver {
    fn given(&self) -> Result<Option<String>, RunError> {
        if self.shard == Self::MAKER {
            return Ok(None);
        }
        loop {
            let found = self.courier.wait_for(LOOK, |board| {
                if let Some(why) = &board.ended {
                    return Some(Err(why.clone()));
                }
                let set_up = board.set_up.take_if(|set_up| set_up.round == self.round)?;
                Some(Ok(set_up.shared))
            });
            match found {
                Some(Ok(shared)) => return Ok(shared),
                Some(Err(why)) => {
                    let why = format!("the leader ended it before the start: {why}");
                    return Err(fleet_error(why, ExitCode::Interrupted));
                }
                None if self.control.state() == RunState::Stopping => {
                    return Err(RunError::CalledOff);
                }
                None => {}
            }
            let gone = self.courier.board(|board| board.leaderless_since);
            if gone.is_some_and(|since| since.elapsed() >= LEADER_PATIENCE) {
                let why = "nobody leads any more, and what all shards share did not come; nothing was sent";
                return Err(fleet_error(why.to_owned(), ExitCode::Unreachable));
            }
        }
    }

    fn made(&self, shared: Option<&str>) -> Result<(), RunError> {
        if self.shard != Self::MAKER {
            return Ok(());
        }
        let body = SetUp {
            round: self.round,
            shared: shared.map(str::to_owned),
        }
        .to_bytes();
        if body.len() > MOST_BODY_BYTES {
            return Err(RunError::SharedSetUp(format!(
                "what all users share has {} bytes, and a fleet hands over at most {MOST_BODY_BYTES}; let [setup] \
                 read less",
                body.len()
            )));
        }
        self.courier.say(Report::Other {
            topic: SET_UP.to_owned(),
            body,
        });
        Ok(())
    }
}

//! Tokens that are tried: one wrong one after the other, however many connections try them.

use super::access::Access;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};

/// How long a wrong token waits for its answer, and all others for theirs.
const AFTER_WRONG: Duration = Duration::from_millis(500);
/// Wrong tokens that wait at the same time. Meanwhile none is looked at.
const MOST_WAITING: usize = 16;

/// What came of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is the one.
    Right,
    /// It is not.
    Wrong,
    /// Too many others are being tried.
    NotLookedAt,
}

/// Looks at tokens.
#[derive(Debug)]
pub struct Tries {
    places: Semaphore,
    turn: Mutex<()>,
    after_wrong: Duration,
}

impl Default for Tries {
    fn default() -> Self {
        Self::waiting(AFTER_WRONG)
    }
}

impl Tries {
    fn waiting(after_wrong: Duration) -> Self {
        Self {
            places: Semaphore::new(MOST_WAITING),
            turn: Mutex::new(()),
            after_wrong,
        }
    }

    /// Looks whether `offered` is the token. A wrong one is told only when its turn is over.
    pub async fn look(&self, access: &Access, offered: &str) -> Tried {
        let Ok(_place) = self.places.try_acquire() else {
            return Tried::NotLookedAt;
        };
        if access.is_token(offered.trim()) {
            return Tried::Right;
        }
        let _turn = self.turn.lock().await;
        tokio::time::sleep(self.after_wrong).await;
        Tried::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::WebBase;
    use super::*;
    use std::sync::Arc;
    use tokio::time::Instant;

    #[test]
    fn wrong_tokens_wait_for_each_other_and_not_many_may() {
        const STEP: Duration = Duration::from_millis(20);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let access = Arc::new(Access::new(
                Some("correct horse".to_owned()),
                1,
                &WebBase::default(),
                false,
            ));
            let tries = Arc::new(Tries::waiting(STEP));
            assert_eq!(tries.look(&access, " correct horse\n").await, Tried::Right);
            let begun = Instant::now();
            let guesses: Vec<_> = (0..MOST_WAITING + 5)
                .map(|number| {
                    let (access, tries) = (Arc::clone(&access), Arc::clone(&tries));
                    tokio::spawn(async move { tries.look(&access, &number.to_string()).await })
                })
                .collect();
            tokio::task::yield_now().await;
            // Nobody learns from a quick answer whether a token is right.
            assert_eq!(
                tries.look(&access, "correct horse").await,
                Tried::NotLookedAt
            );
            let mut told = Vec::new();
            for guess in guesses {
                told.push(guess.await.unwrap());
            }
            let wrong = told.iter().filter(|told| **told == Tried::Wrong).count();
            assert_eq!((wrong, told.len() - wrong), (MOST_WAITING, 5));
            assert!(begun.elapsed() >= STEP * MOST_WAITING as u32);
            assert_eq!(tries.look(&access, "correct horse").await, Tried::Right);
        });
    }
}

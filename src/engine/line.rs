//! Tasks that wait for something in turn: whoever came first gets it first.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::{Poll, Waker};

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Line {
    /// Tickets, and who waits with them.
    waiting: RefCell<VecDeque<(u64, Waker)>>,
    next_ticket: Cell<u64>,
}

impl Line {
    /// Whether nobody waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Has the first one look again.
    pub(super) fn wake_first(&self) {
        if let Some((_, waker)) = self.waiting.borrow().front() {
            waker.wake_by_ref();
        }
    }

    /// Waits until nobody is before the caller and `look` sees what it looks for; it looks whenever the first
    /// one is woken.
    pub(super) async fn wait_for<T>(&self, look: impl Fn() -> Option<T>) -> T {
        let mut place = PlaceInLine {
            line: self,
            ticket: None,
        };
        std::future::poll_fn(|context| {
            if place.is_first()
                && let Some(seen) = look()
            {
                return Poll::Ready(seen);
            }
            place.stay(context.waker());
            Poll::Pending
        })
        .await
    }
}

struct PlaceInLine<'a> {
    line: &'a Line,
    ticket: Option<u64>,
}

impl PlaceInLine<'_> {
    fn is_first(&self) -> bool {
        let waiting = self.line.waiting.borrow();
        match (waiting.front(), self.ticket) {
            (None, _) => true,
            (Some((first, _)), Some(ticket)) => *first == ticket,
            (Some(_), None) => false,
        }
    }

    fn stay(&mut self, waker: &Waker) {
        let mut waiting = self.line.waiting.borrow_mut();
        match self.ticket {
            Some(ticket) => {
                if let Some((_, kept)) = waiting.iter_mut().find(|(place, _)| *place == ticket) {
                    kept.clone_from(waker);
                }
            }
            None => {
                let ticket = self.line.next_ticket.get();
                self.line.next_ticket.set(ticket + 1);
                waiting.push_back((ticket, waker.clone()));
                self.ticket = Some(ticket);
            }
        }
    }
}

impl Drop for PlaceInLine<'_> {
    /// The next one may find what this one did not take.
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut waiting = self.line.waiting.borrow_mut();
            waiting.retain(|(place, _)| *place != ticket);
            drop(waiting);
            self.line.wake_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::Context;

    fn poll<T>(waiting: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match waiting.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(seen) => Some(seen),
            Poll::Pending => None,
        }
    }

    #[test]
    fn whoever_came_first_gets_it_first_and_whoever_leaves_holds_nobody_up() {
        let (line, there) = (Line::default(), Cell::new(0_u32));
        let take = || there.get().checked_sub(1).inspect(|left| there.set(*left));
        let mut first = pin!(line.wait_for(take));
        let mut second = Box::pin(line.wait_for(take));
        let mut third = pin!(line.wait_for(take));
        assert_eq!(poll(first.as_mut()), None);
        assert_eq!(poll(second.as_mut()), None);
        assert_eq!(poll(third.as_mut()), None);
        there.set(2);
        assert_eq!(poll(second.as_mut()), None, "nobody jumps the line");
        assert_eq!(poll(first.as_mut()), Some(1));
        drop(second);
        assert_eq!(poll(third.as_mut()), Some(0));
        assert!(line.is_empty());
    }
}

//! Things that the users of one core share: lent in turn, waited for in line.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A core's shared things, all alike: connections, or permissions to send.
pub struct Pool<T> {
    state: RefCell<PoolState<T>>,
}

struct PoolState<T> {
    idle: VecDeque<T>,
    /// Tasks in line, with their tickets.
    line: VecDeque<(u64, Waker)>,
    next_ticket: u64,
}

impl<T> Pool<T> {
    /// A pool of `things`, with room for `users` in line.
    #[must_use]
    pub fn new(things: Vec<T>, users: usize) -> Self {
        Self {
            state: RefCell::new(PoolState {
                idle: things.into(),
                line: VecDeque::with_capacity(users),
                next_ticket: 0,
            }),
        }
    }

    /// Lends a thing at once, unless all are lent or others wait.
    #[inline]
    pub fn try_lend(&self) -> Option<T> {
        let mut state = self.state.borrow_mut();
        if state.line.is_empty() {
            state.idle.pop_front()
        } else {
            None
        }
    }

    /// Lends a thing, first come first served.
    pub fn lend(&self) -> Lend<'_, T> {
        Lend {
            pool: self,
            ticket: None,
        }
    }

    /// Takes a lent thing back.
    #[inline]
    pub fn give_back(&self, thing: T) {
        let mut state = self.state.borrow_mut();
        state.idle.push_back(thing);
        if let Some((_, waker)) = state.line.front() {
            waker.wake_by_ref();
        }
    }
}

/// A user's place in line.
pub struct Lend<'a, T> {
    pool: &'a Pool<T>,
    ticket: Option<u64>,
}

impl<T> Future for Lend<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut state = self.pool.state.borrow_mut();
        let first_in_line = match (state.line.front(), self.ticket) {
            (None, _) => true,
            (Some((first, _)), Some(ticket)) => *first == ticket,
            (Some(_), None) => false,
        };
        if first_in_line && let Some(thing) = state.idle.pop_front() {
            if self.ticket.is_some() {
                state.line.pop_front();
            }
            if !state.idle.is_empty()
                && let Some((_, waker)) = state.line.front()
            {
                waker.wake_by_ref();
            }
            drop(state);
            self.ticket = None;
            return Poll::Ready(thing);
        }
        if let Some(ticket) = self.ticket {
            if let Some((_, waker)) = state.line.iter_mut().find(|(place, _)| *place == ticket) {
                waker.clone_from(context.waker());
            }
        } else {
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            state.line.push_back((ticket, context.waker().clone()));
            drop(state);
            self.ticket = Some(ticket);
        }
        Poll::Pending
    }
}

impl<T> Drop for Lend<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut state = self.pool.state.borrow_mut();
            state.line.retain(|(place, _)| *place != ticket);
            if !state.idle.is_empty()
                && let Some((_, waker)) = state.line.front()
            {
                waker.wake_by_ref();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    fn poll<T>(lend: Pin<&mut Lend<'_, T>>) -> Option<T> {
        match lend.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(thing) => Some(thing),
            Poll::Pending => None,
        }
    }

    #[test]
    fn things_are_lent_first_come_first_served() {
        let pool = Pool::new(vec!['a'], 4);
        assert_eq!(pool.try_lend(), Some('a'));
        let (mut first, mut second) = (pin!(pool.lend()), pin!(pool.lend()));
        assert_eq!(poll(first.as_mut()), None);
        assert_eq!(poll(second.as_mut()), None);
        pool.give_back('a');
        assert_eq!(pool.try_lend(), None, "nobody jumps the line");
        assert_eq!(poll(second.as_mut()), None, "nor does the second in it");
        assert_eq!(poll(first.as_mut()), Some('a'));
        assert_eq!(poll(second.as_mut()), None);
        pool.give_back('a');
        assert_eq!(poll(second.as_mut()), Some('a'));
    }

    #[test]
    fn whoever_leaves_the_line_holds_nobody_up() {
        let pool = Pool::new(vec![1], 4);
        let thing = pool.try_lend().unwrap();
        let mut second = pin!(pool.lend());
        {
            let mut first = pin!(pool.lend());
            assert_eq!(poll(first.as_mut()), None);
            assert_eq!(poll(second.as_mut()), None);
            pool.give_back(thing);
        }
        assert_eq!(poll(second.as_mut()), Some(1));
    }
}

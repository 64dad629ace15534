//! The connections of one core when users share them: lent in turn, waited for in line.

use super::connection::Connection;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A core's shared connections.
pub struct Pool<S> {
    state: RefCell<State<S>>,
}

struct State<S> {
    idle: VecDeque<Connection<S>>,
    /// Tasks in line, with their tickets.
    line: VecDeque<(u64, Waker)>,
    next_ticket: u64,
}

impl<S> Pool<S> {
    /// A pool of `connections`, with room for `users` in line.
    #[must_use]
    pub fn new(connections: Vec<Connection<S>>, users: usize) -> Self {
        Self {
            state: RefCell::new(State {
                idle: connections.into(),
                line: VecDeque::with_capacity(users),
                next_ticket: 0,
            }),
        }
    }

    /// Lends a connection, first come first served.
    pub fn lend(&self) -> Lend<'_, S> {
        Lend {
            pool: self,
            ticket: None,
        }
    }

    /// Takes a lent connection back.
    pub fn give_back(&self, connection: Connection<S>) {
        let mut state = self.state.borrow_mut();
        state.idle.push_back(connection);
        if let Some((_, waker)) = state.line.front() {
            waker.wake_by_ref();
        }
    }
}

/// A user's turn at a connection.
pub struct Lend<'a, S> {
    pool: &'a Pool<S>,
    ticket: Option<u64>,
}

impl<S> Future for Lend<'_, S> {
    type Output = Connection<S>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Connection<S>> {
        let mut state = self.pool.state.borrow_mut();
        let first_in_line = match (state.line.front(), self.ticket) {
            (None, _) => true,
            (Some((first, _)), Some(ticket)) => *first == ticket,
            (Some(_), None) => false,
        };
        if first_in_line && let Some(connection) = state.idle.pop_front() {
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
            return Poll::Ready(connection);
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

impl<S> Drop for Lend<'_, S> {
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

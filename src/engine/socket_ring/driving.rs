//! The task that turns the ring: it hands over what users have queued, takes what has come, and waits
//! in the runtime when there is nothing to do.
//!
//! It waits for an eventfd that the ring signals. (A poll of the ring's own descriptor is not woken by
//! what the kernel has yet to complete, which with deferred completions is all: measured on Linux 6.18.)

use super::ring::SocketRing;
use crate::engine::kept_waker::remember;
use crate::engine::runtime::spawn;
use monoio::fs::File;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// An eventfd counts in so many bytes.
const COUNT_BYTES: usize = 8;

/// Turns `ring` until [`SocketRing::end`]. A ring has one driver.
///
/// # Errors
/// When the runtime cannot wait, or the ring has a driver.
pub async fn drive(ring: Rc<SocketRing>) -> io::Result<()> {
    let signal = ring.take_signal().ok_or(io::ErrorKind::ResourceBusy)?;
    let signal = File::from_std(signal)?;
    let turns = Rc::new(Turns::default());
    let giving_way = spawn(give_way(Rc::clone(&turns)));
    let mut count = Some(vec![0; COUNT_BYTES]);
    let mut signalled = pin!(None);
    std::future::poll_fn(|context| {
        ring.is_asleep.set(false);
        if ring.turn() > 0 && !ring.is_over.get() {
            turns.come_again(context);
            return Poll::Pending;
        }
        loop {
            if let Some(count) = count.take() {
                signalled.set(Some(signal.read_at(count, 0)));
            }
            let Some(waiting) = signalled.as_mut().as_pin_mut() else {
                return Poll::Ready(());
            };
            let Poll::Ready((_, buffer)) = waiting.poll(context) else {
                ring.sleep(context);
                return Poll::Pending;
            };
            count = Some(buffer);
            if ring.is_over.get() {
                return Poll::Ready(());
            }
            if ring.turn() > 0 {
                turns.come_again(context);
                return Poll::Pending;
            }
        }
    })
    .await;
    turns.end();
    giving_way.join().await;
    Ok(())
}

/// Lets those that were woken come first. A task of the runtime that wakes itself is carried out before
/// all others; one that another task wakes comes after those that were woken before.
#[derive(Default)]
struct Turns {
    driver: RefCell<Option<Waker>>,
    other: RefCell<Option<Waker>>,
    is_asked: Cell<bool>,
    is_over: Cell<bool>,
}

impl Turns {
    fn come_again(&self, context: &mut Context<'_>) {
        remember(&self.driver, context.waker());
        self.is_asked.set(true);
        wake(&self.other);
    }

    fn end(&self) {
        self.is_over.set(true);
        wake(&self.other);
    }
}

async fn give_way(turns: Rc<Turns>) {
    std::future::poll_fn(|context| {
        if turns.is_over.get() {
            return Poll::Ready(());
        }
        remember(&turns.other, context.waker());
        if turns.is_asked.take() {
            wake(&turns.driver);
        }
        Poll::Pending
    })
    .await;
}

fn wake(place: &RefCell<Option<Waker>>) {
    if let Some(waker) = &*place.borrow() {
        waker.wake_by_ref();
    }
}

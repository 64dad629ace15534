//! The pacer of one core: wakes tasks at due moments, to the microsecond.
//!
//! One `timerfd` on `CLOCK_MONOTONIC`, armed with absolute times and polled through the runtime;
//! waiting tasks stand in a heap. (monoio's own timer wheel has steps of 1 ms and wakes 1–2 ms
//! late.) After the first wait of each task nothing is allocated, and the only system call is one
//! `timerfd_settime` each time that the earliest due moment changes.

use super::clock::now_ns;
use super::runtime::{Task, spawn};
use monoio::net::TcpStream;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A core's pacer; clones are handles to the same one. See the module's documentation.
#[derive(Clone)]
pub struct Pacer {
    state: Rc<PacerState>,
}

struct PacerState {
    timer: RawFd,
    /// (due, place): a place is in the heap at most once, while its task waits.
    heap: RefCell<BinaryHeap<Reverse<(u64, u32)>>>,
    places: RefCell<Vec<WaiterPlace>>,
    free_places: RefCell<Vec<u32>>,
    /// What the timer is set to; `u64::MAX` when it is not.
    armed_ns: Cell<u64>,
    /// When the timer last fired.
    fired_ns: Cell<u64>,
    /// Whether the serving task is to end.
    stopped: Cell<bool>,
    serving: RefCell<Option<Task<()>>>,
}

/// Shortest time between two firings of the timer. At rates where due moments lie closer together
/// than a wake-up takes, one wake-up serves several tasks, each late by less than this; at lower
/// rates it plays no part.
const SHORTEST_GAP_NS: u64 = 25_000;

enum WaiterPlace {
    Free,
    Waiting {
        waker: Waker,
        /// Whether [`Pacer::recall`] ends the wait.
        heeds_recall: bool,
    },
    /// Due, not yet noticed by its task.
    Fired,
    /// Its task is gone; freed when it leaves the heap.
    Abandoned,
}

impl Pacer {
    /// A pacer with room for `waiters` waiting tasks before it has to allocate; starts the task
    /// that serves it on the current runtime.
    ///
    /// # Errors
    /// When the timer cannot be made.
    pub fn start(waiters: usize) -> io::Result<Self> {
        // SAFETY: a plain system call without pointers; the result is checked.
        let timer = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC) };
        if timer < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `timer` is a fresh descriptor that nothing else owns. monoio has no type for a
        // descriptor that is only polled; of this "stream" nothing but `readable`, a bare poll,
        // and the close on drop is ever used, and both work on any descriptor.
        let pollable = unsafe { std::net::TcpStream::from(OwnedFd::from_raw_fd(timer)) };
        let pollable = TcpStream::from_std(pollable)?;
        let state = Rc::new(PacerState {
            timer: pollable.as_raw_fd(),
            heap: RefCell::new(BinaryHeap::with_capacity(waiters)),
            places: RefCell::new((0..waiters).map(|_| WaiterPlace::Free).collect()),
            free_places: RefCell::new((0..waiters as u32).rev().collect()),
            armed_ns: Cell::new(u64::MAX),
            fired_ns: Cell::new(0),
            stopped: Cell::new(false),
            serving: RefCell::new(None),
        });
        let serving = spawn(serve(Rc::clone(&state), pollable));
        state.serving.replace(Some(serving));
        Ok(Self { state })
    }

    /// Ends the task that serves it: nobody may wait any more. A task that still waits for the
    /// kernel when its runtime ends would keep the ring, and all that is in it, for good.
    pub async fn stop(&self) {
        self.state.stopped.set(true);
        // A moment in the past fires at once.
        self.state.arm(1);
        let serving = self.state.serving.take();
        if let Some(serving) = serving {
            serving.join().await;
        }
    }

    /// Waits until `due_ns` on the monotonic clock, or until [`Pacer::wake_all`]: the caller looks
    /// at the clock again.
    pub fn until(&self, due_ns: u64) -> Until {
        Until {
            state: Rc::clone(&self.state),
            due_ns,
            place: None,
            heeds_recall: false,
        }
    }

    /// The same, but [`Pacer::recall`] ends the wait as well.
    pub fn until_or_recalled(&self, due_ns: u64) -> Until {
        let mut until = self.until(due_ns);
        until.heeds_recall = true;
        until
    }

    /// Wakes those that wait with [`Pacer::until_or_recalled`]: what they wait for may be another
    /// moment now.
    pub fn recall(&self) {
        self.state.recall();
        self.state.arm_for_earliest();
    }

    /// Wakes every waiting task now, whatever it waits for.
    pub fn wake_all(&self) {
        self.state.fire_through(u64::MAX);
        self.state.arm_for_earliest();
    }
}

async fn serve(state: Rc<PacerState>, timer: TcpStream) {
    loop {
        if timer.readable(false).await.is_err() || state.stopped.get() {
            return;
        }
        let now_ns = now_ns();
        state.fired_ns.set(now_ns);
        state.fire_through(now_ns);
        // Setting the timer again also takes back its readiness, even when it is set to nothing.
        state.armed_ns.set(u64::MAX);
        state.arm_for_earliest();
    }
}

impl PacerState {
    fn fire_through(&self, now_ns: u64) {
        let mut heap = self.heap.borrow_mut();
        let mut places = self.places.borrow_mut();
        while let Some(&Reverse((due_ns, place))) = heap.peek() {
            if due_ns > now_ns {
                return;
            }
            heap.pop();
            match std::mem::replace(&mut places[place as usize], WaiterPlace::Fired) {
                WaiterPlace::Waiting { waker, .. } => waker.wake(),
                WaiterPlace::Abandoned | WaiterPlace::Free | WaiterPlace::Fired => {
                    places[place as usize] = WaiterPlace::Free;
                    self.free_places.borrow_mut().push(place);
                }
            }
        }
    }

    fn recall(&self) {
        let mut places = self.places.borrow_mut();
        self.heap.borrow_mut().retain(|&Reverse((_, place))| {
            let place = &mut places[place as usize];
            let heeds = matches!(
                place,
                WaiterPlace::Waiting {
                    heeds_recall: true,
                    ..
                }
            );
            if heeds
                && let WaiterPlace::Waiting { waker, .. } =
                    std::mem::replace(place, WaiterPlace::Fired)
            {
                waker.wake();
            }
            !heeds
        });
    }

    fn arm_for_earliest(&self) {
        let earliest_ns = self
            .heap
            .borrow()
            .peek()
            .map_or(0, |&Reverse((due_ns, _))| self.not_too_soon(due_ns));
        self.arm(earliest_ns);
    }

    fn not_too_soon(&self, due_ns: u64) -> u64 {
        due_ns.max(self.fired_ns.get() + SHORTEST_GAP_NS)
    }

    /// Sets the timer to an absolute moment; 0 switches it off. A moment in the past fires at once.
    fn arm(&self, due_ns: u64) {
        let setting = libc::itimerspec {
            it_interval: libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: libc::timespec {
                tv_sec: (due_ns / 1_000_000_000) as libc::time_t,
                tv_nsec: (due_ns % 1_000_000_000) as libc::c_long,
            },
        };
        // SAFETY: `timer` stays open as long as the serving task, which outlives every waiter on
        // its runtime; `setting` is a valid timerspec and no old value is asked for.
        unsafe {
            libc::timerfd_settime(
                self.timer,
                libc::TFD_TIMER_ABSTIME,
                &raw const setting,
                std::ptr::null_mut(),
            );
        }
        self.armed_ns
            .set(if due_ns == 0 { u64::MAX } else { due_ns });
    }

    fn enter(&self, due_ns: u64, waker: Waker, heeds_recall: bool) -> u32 {
        let mut places = self.places.borrow_mut();
        let place = self.free_places.borrow_mut().pop().unwrap_or_else(|| {
            places.push(WaiterPlace::Free);
            places.len() as u32 - 1
        });
        places[place as usize] = WaiterPlace::Waiting {
            waker,
            heeds_recall,
        };
        self.heap.borrow_mut().push(Reverse((due_ns, place)));
        let fires_ns = self.not_too_soon(due_ns);
        if fires_ns < self.armed_ns.get() {
            self.arm(fires_ns);
        }
        place
    }
}

/// The wait of one task.
pub struct Until {
    state: Rc<PacerState>,
    due_ns: u64,
    place: Option<u32>,
    heeds_recall: bool,
}

impl Future for Until {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(place) = self.place else {
            if now_ns() >= self.due_ns {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            self.place = Some(self.state.enter(self.due_ns, waker, self.heeds_recall));
            return Poll::Pending;
        };
        let fired = {
            let mut places = self.state.places.borrow_mut();
            match &mut places[place as usize] {
                WaiterPlace::Waiting { waker, .. } => {
                    waker.clone_from(context.waker());
                    false
                }
                other => {
                    *other = WaiterPlace::Free;
                    true
                }
            }
        };
        if !fired {
            return Poll::Pending;
        }
        self.state.free_places.borrow_mut().push(place);
        self.place = None;
        Poll::Ready(())
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut places = self.state.places.borrow_mut();
        match places[place as usize] {
            WaiterPlace::Waiting { .. } => places[place as usize] = WaiterPlace::Abandoned,
            _ => {
                places[place as usize] = WaiterPlace::Free;
                self.state.free_places.borrow_mut().push(place);
            }
        }
    }
}

/// Lets the kernel wake this thread's timers without grouping them (the default slack is 50 µs).
pub fn sharpen_timers() {
    // SAFETY: a plain system call; PR_SET_TIMERSLACK takes one integer and affects this thread only.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_u64) };
}

#[cfg(test)]
mod tests {
    use super::super::runtime::{Runtime, spawn};
    use super::*;
    use crate::plan::Driver;

    #[test]
    fn tasks_wake_in_the_order_of_their_due_moments_and_never_early() {
        for driver in [Driver::Uring, Driver::Epoll] {
            let order = Runtime::new(driver, 16).unwrap().block_on(async {
                let pacer = Pacer::start(2).unwrap();
                let order = Rc::new(RefCell::new(Vec::new()));
                let start_ns = now_ns();
                let tasks: Vec<_> = [30_u64, 10, 20, 0, 10]
                    .into_iter()
                    .map(|delay_ms| {
                        let (pacer, order) = (pacer.clone(), Rc::clone(&order));
                        spawn(async move {
                            let due_ns = start_ns + delay_ms * 1_000_000;
                            pacer.until(due_ns).await;
                            assert!(now_ns() >= due_ns, "woken early");
                            order.borrow_mut().push(delay_ms);
                        })
                    })
                    .collect();
                for task in tasks {
                    task.join().await;
                }
                order.take()
            });
            assert_eq!(order, [0, 10, 10, 20, 30]);
        }
    }

    #[test]
    fn one_task_waits_again_and_again() {
        for driver in [Driver::Uring, Driver::Epoll] {
            Runtime::new(driver, 16).unwrap().block_on(async {
                let pacer = Pacer::start(1).unwrap();
                let mut due_ns = now_ns();
                for _ in 0..50 {
                    due_ns += 200_000;
                    pacer.until(due_ns).await;
                    assert!(now_ns() >= due_ns);
                }
                assert_eq!(pacer.state.places.borrow().len(), 1, "places are reused");
            });
        }
    }

    #[test]
    fn a_recall_wakes_those_that_heed_it_and_nobody_else() {
        Runtime::new(Driver::Uring, 16).unwrap().block_on(async {
            let pacer = Pacer::start(4).unwrap();
            let near_ns = now_ns() + 5_000_000;
            let heeding = {
                let pacer = pacer.clone();
                spawn(async move { pacer.until_or_recalled(u64::MAX).await })
            };
            let deaf = {
                let pacer = pacer.clone();
                spawn(async move {
                    pacer.until(near_ns).await;
                    assert!(now_ns() >= near_ns, "woken early");
                })
            };
            pacer.until(now_ns() + 1_000_000).await;
            pacer.recall();
            heeding.join().await;
            deaf.join().await;
            assert_eq!(pacer.state.free_places.borrow().len(), 4);
            assert!(pacer.state.heap.borrow().is_empty());
        });
    }

    #[test]
    fn wake_all_ends_far_waits_and_dropped_waits_leave_no_trace() {
        Runtime::new(Driver::Uring, 16).unwrap().block_on(async {
            let pacer = Pacer::start(4).unwrap();
            let far_ns = now_ns() + 3_600_000_000_000;
            let waiting = {
                let pacer = pacer.clone();
                spawn(async move { pacer.until(far_ns).await })
            };
            let mut abandoned = Box::pin(pacer.until(far_ns));
            std::future::poll_fn(|context| {
                assert!(abandoned.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            drop(abandoned);
            pacer.until(now_ns() + 1_000_000).await;
            pacer.wake_all();
            waiting.join().await;
            assert_eq!(pacer.state.free_places.borrow().len(), 4);
            assert!(pacer.state.heap.borrow().is_empty());
        });
    }
}

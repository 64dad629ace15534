//! How far two CPUs are from each other: the time that a cache line needs from one to the other and back.
//!
//! A hypervisor moves virtual CPUs between neighbouring and distant cores, and every request between a
//! client on one and a server on the other pays for the way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Round trips of one sample.
const TRIPS: u32 = 100;
const SAMPLES: usize = 400;
/// One of the threads may not get its CPU; then there is no figure.
const LONGEST: Duration = Duration::from_secs(2);
const STOP: u32 = u32::MAX;

/// A word that shares its cache line, and the neighbour that is fetched along, with nothing.
#[repr(align(128))]
#[derive(Default)]
struct Line(AtomicU32);

/// Nanoseconds of a round trip between two CPUs, the median of many; `None` when one may not be used or
/// was too busy.
pub fn round_trip_ns([here, there]: [usize; 2]) -> Option<f64> {
    let (ping, pong) = (Line::default(), Line::default());
    std::thread::scope(|scope| {
        let echo = scope.spawn(|| {
            let pinned = pin(there);
            let mut last = 0;
            while pinned && last != STOP {
                let number = ping.0.load(Ordering::Acquire);
                if number != last {
                    last = number;
                    pong.0.store(number, Ordering::Release);
                }
            }
            pinned
        });
        let median = if pin(here) {
            median_ns(&ping, &pong)
        } else {
            None
        };
        ping.0.store(STOP, Ordering::Release);
        median.filter(|_| echo.join().is_ok_and(|pinned| pinned))
    })
}

fn pin(cpu: usize) -> bool {
    core_affinity::set_for_current(core_affinity::CoreId { id: cpu })
}

fn median_ns(ping: &Line, pong: &Line) -> Option<f64> {
    let began = Instant::now();
    let mut samples = Vec::with_capacity(SAMPLES);
    let mut number = 0;
    for _ in 0..SAMPLES {
        let start = Instant::now();
        for _ in 0..TRIPS {
            number += 1;
            ping.0.store(number, Ordering::Release);
            // Without a pause, which takes longer than the way between neighbours.
            let mut looks = 0_u32;
            while pong.0.load(Ordering::Acquire) != number {
                looks = looks.wrapping_add(1);
                if looks.is_multiple_of(1 << 20) && began.elapsed() > LONGEST {
                    return None;
                }
            }
        }
        samples.push(start.elapsed().as_nanos() as f64 / f64::from(TRIPS));
    }
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

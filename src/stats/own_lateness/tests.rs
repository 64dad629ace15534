//! Debt and bound, on simulated users.

use super::*;
use crate::stats::LatencyCounts;
use proptest::prelude::*;

fn total(latencies_us: impl IntoIterator<Item = u64>) -> LatencyTotal {
    let mut counts = LatencyCounts::default();
    latencies_us.into_iter().for_each(|us| counts.record_us(us));
    let mut total = LatencyTotal::default();
    total.absorb(&counts);
    total
}

/// What one user went through.
struct Course {
    /// done − due of each request, and its generator's part until it was sent.
    seen: Vec<(u64, u64)>,
}

/// A user with a fixed schedule, whose requests take `(service, sent late, read late)`.
fn walk(interval_ns: u64, requests: &[(u64, u64, u64)]) -> Course {
    let mut lateness = OwnLateness::default();
    let mut free_ns = 0;
    let mut due_ns = 1_000_000;
    let mut seen = Vec::new();
    for &(service_ns, sent_late_ns, read_late_ns) in requests {
        let sent_ns = due_ns.max(free_ns) + sent_late_ns;
        let own_ns = lateness.until_sent(due_ns, (free_ns, 0), sent_ns);
        let done_ns = sent_ns + service_ns + read_late_ns;
        seen.push((done_ns - due_ns, own_ns));
        lateness.hand_on(own_ns, read_late_ns);
        free_ns = done_ns;
        due_ns += interval_ns;
    }
    Course { seen }
}

fn requests() -> impl Strategy<Value = Vec<(u64, u64, u64)>> {
    let late =
        || prop_oneof![3 => Just(0_u64), 2 => 1_000_u64..400_000, 1 => 1_000_000_u64..9_000_000];
    prop::collection::vec((20_000_u64..4_000_000, late(), late()), 1..300)
}

proptest! {
    /// The same user with a generator that is never late has no less than what is left of each
    /// response time: what is taken off is never less than what the generator added.
    #[test]
    fn what_is_left_is_no_more_than_without_a_late_generator(
        interval_ns in 100_000_u64..5_000_000,
        requests in requests(),
    ) {
        let prompt: Vec<_> = requests.iter().map(|&(service, ..)| (service, 0, 0)).collect();
        let late = walk(interval_ns, &requests).seen;
        let prompt = walk(interval_ns, &prompt).seen;
        for (index, (&(response, own), &(without, _))) in late.iter().zip(&prompt).enumerate() {
            let read = requests[index].2;
            prop_assert!(response - own - read <= without, "request {index}");
            prop_assert!(own + read <= response);
        }
    }

    /// Whatever goes together with what, the true share is no more than the one that is told; and
    /// that is no more than if every reply had been read as late as the latest one.
    #[test]
    fn the_true_share_is_at_most_the_one_told(
        requests in requests(),
        rotated_by in 0_usize..300,
        sorted in any::<bool>(),
    ) {
        let us = |ns: u64| ns / 1_000;
        let mut read: Vec<u64> = requests.iter().map(|request| us(request.2)).collect();
        let mut without: Vec<u64> = requests.iter().map(|request| us(request.0) + 1).collect();
        if sorted {
            read.sort_unstable();
            without.sort_unstable();
        } else {
            let length = read.len();
            read.rotate_left(rotated_by % length);
        }
        let sent_late: Vec<u64> = requests.iter().map(|request| us(request.1)).collect();
        let undelayed = total(without.iter().zip(&read).map(|(w, r)| w + r));
        let parts = without.iter().zip(&read).zip(&sent_late);
        let response = total(parts.map(|((w, r), s)| w + r + s));
        let (without, attention) = (total(without), total(read));
        let told = OwnShares::bound(&response, &undelayed, &attention).all();
        for (quantile, told) in TOLD.into_iter().zip(told) {
            let reported = response.quantile_us(quantile) as f64;
            let truth = 1.0 - without.quantile_us(quantile) as f64 / reported;
            // Buckets are 0.1 % wide.
            prop_assert!(truth <= told + 0.002, "p{quantile}: {truth} against {told}");
            let left = undelayed.quantile_us(quantile).saturating_sub(attention.max_us());
            let most = 1.0 - left as f64 / reported;
            prop_assert!(told <= most + 1e-9, "p{quantile}: {told} against {most}");
        }
    }
}

#[test]
fn rare_lateness_far_below_the_response_time_is_a_small_share() {
    let response = total((0..10_000).map(|i| 500_000 + i * 20));
    // One reply in 2,000 is read 30 ms late; the others after 50 µs.
    let attention = total((0..2_000).map(|i| if i == 0 { 30_000 } else { 50 }));
    let shares = OwnShares::bound(&response, &response, &attention);
    assert!(
        shares.all().iter().all(|share| *share < 0.003),
        "{shares:?}"
    );
}

#[test]
fn nothing_measured_is_no_share() {
    let nothing = total([]);
    assert_eq!(
        OwnShares::bound(&nothing, &nothing, &nothing),
        OwnShares::default()
    );
    let some = total([300, 400]);
    assert_eq!(
        OwnShares::bound(&some, &some, &nothing),
        OwnShares::default()
    );
}

#[test]
fn lateness_is_carried_only_while_the_user_is_behind() {
    let mut lateness = OwnLateness::default();
    lateness.hand_on(2_000, 3_000);
    assert_eq!(lateness.carried(100_000, 101_000), 1_000);
    assert_eq!(lateness.carried(100_000, 150_000), 5_000);
    assert_eq!(lateness.carried(100_000, 90_000), 0);
    assert_eq!(lateness.until_sent(100_000, (90_000, 0), 100_700), 700);
    assert_eq!(
        lateness.until_sent(100_000, (90_000, 100_500), 100_700),
        200
    );
}

#[test]
fn an_arrival_is_given_up_by_lateness_only_when_that_was_enough() {
    let mut lateness = OwnLateness::default();
    // Free 12 ms after due, at once there: the target kept the user busy.
    let busy = (112_000_000, 10_000_000);
    assert!(!lateness.made_too_late(100_000_000, 112_000_000, busy));
    lateness.hand_on(1_500_000, 500_000);
    assert!(lateness.made_too_late(100_000_000, 112_000_000, busy));
    // Free before it was due, and there 12 ms later.
    assert!(OwnLateness::default().made_too_late(100_000_000, 90_000_000, busy));
}

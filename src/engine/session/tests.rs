//! Due moments, outcomes and back-off of one user, in virtual time.

use super::schedule::{FIRST_BACKOFF_NS, LONGEST_BACKOFF_NS};
use super::*;
use crate::engine::{ArenaBuilder, Method, Operation, SimulatedAnswer, SimulatedLink, Simulation};
use crate::plan::Target;
use crate::stats::{CoreInterval, Reason, SetShape};

pub(super) const MS: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1_000 * MS;

static CREATE: Operation = Operation {
    method: Method::Post,
    path: "/things",
    success: 201,
    id_field: Some("thing_id"),
    headers: &[],
    judge: |_, _| (Outcome::Refused, Reason::new("no")),
    ..Operation::PLAIN
};
static STEPS: [Step; 1] = [Step {
    index: 0,
    operation: &CREATE,
    name: "POST /things",
    raises: &[],
    stays: 0,
}];
const SHAPE: SetShape = SetShape {
    names: 1,
    journeys: 1,
    races: 0,
    rules: 0,
};
pub(super) static STEP: &Step = &STEPS[0];

/// Moment and bytes of each request.
pub(super) type Sent = Rc<RefCell<Vec<(u64, Vec<u8>)>>>;

/// A simulation whose shop writes down what it is sent.
pub(super) fn simulation(
    mut answer: impl FnMut(u64) -> SimulatedAnswer + 'static,
) -> (Simulation, Sent) {
    let sent = Sent::default();
    let log = Rc::clone(&sent);
    let recorder = Recorder::new(Box::new(CoreInterval::new(0, SHAPE)), Box::new([0]));
    let target = Target::parse("http://localhost:8000").unwrap();
    let heads = PreparedHeads::new(&STEPS, &target).unwrap();
    let simulation = Simulation::new(0, recorder, heads, move |request, now_ns| {
        log.borrow_mut().push((now_ns, request.to_vec()));
        answer(now_ns)
    });
    (simulation, sent)
}

pub(super) fn created(after_ns: u64) -> SimulatedAnswer {
    SimulatedAnswer::reply(after_ns, 201, *b"{\"thing_id\":\"t-1\"}")
}

fn not_sent(_: u64) -> SimulatedAnswer {
    SimulatedAnswer::broken(1, Broken::NotSent, "connection refused")
}

pub(super) fn start(wait: WaitTime) -> SessionStart {
    SessionStart {
        class: 0,
        wait,
        seed: 1,
        unique: UniqueNumbers::of_user(1),
        due_ns: 0,
    }
}

fn moments(sent: &Sent) -> Vec<u64> {
    sent.borrow().iter().map(|(at_ns, _)| *at_ns).collect()
}

fn gaps(sent: &Sent) -> Vec<u64> {
    moments(sent)
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect()
}

/// Passes of one call each, until `end_ns`.
fn run_passes(simulation: &mut Simulation, wait: WaitTime, end_ns: u64) {
    let mut user = simulation.session(start(wait), end_ns);
    simulation.spawn(async move {
        while !user.is_stopped() {
            let _ = user.call(STEP).id().await;
        }
    });
    simulation.run();
}

async fn pass(user: &mut Session<SimulatedLink>, calls: usize) -> Journey {
    for _ in 0..calls {
        user.call(STEP).or_continue().await?;
    }
    Ok(())
}

#[test]
fn a_paced_user_keeps_its_schedule_when_the_shop_is_slow() {
    let (mut simulation, sent) = simulation(|_| created(250 * MS));
    let wait = WaitTime::constant_pacing(100_000).unwrap();
    run_passes(&mut simulation, wait, 2 * SECOND + 250 * MS);
    let expected: Vec<u64> = (0..9).map(|n| n * 250 * MS).collect();
    assert_eq!(moments(&sent), expected);
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let name = &recorder.interval().names[0];
    assert_eq!(
        (name.service.min_us(), name.service.max_us()),
        (Some(250_000), 250_000)
    );
    assert_eq!(name.response.max_us(), 250_000 + 8 * 150_000);
    assert_eq!(name.lag.max_us(), 8 * 150_000);
    assert_eq!(
        name.response.sum_us(),
        (0..9).map(|n| 250_000 + n * 150_000).sum::<u64>()
    );
    assert!(
        recorder.interval().timings.tardiness.is_empty(),
        "the user itself was never late"
    );
}

#[test]
fn a_paced_user_that_keeps_up_sends_on_the_beat() {
    let (mut simulation, sent) = simulation(|_| created(30 * MS));
    run_passes(
        &mut simulation,
        WaitTime::constant_pacing(100_000).unwrap(),
        SECOND,
    );
    let expected: Vec<u64> = (0..10).map(|n| n * 100 * MS).collect();
    assert_eq!(moments(&sent), expected);
}

#[test]
fn think_time_counts_from_the_reply() {
    let (mut simulation, sent) = simulation(|_| created(300 * MS));
    run_passes(
        &mut simulation,
        WaitTime::between(1_000_000, 2_000_000).unwrap(),
        600 * SECOND,
    );
    let gaps = gaps(&sent);
    assert!(gaps.len() > 300, "{}", gaps.len());
    assert!(
        gaps.iter()
            .all(|gap| (1_300 * MS..=2_300 * MS).contains(gap))
    );
    assert!(gaps.iter().any(|gap| *gap < 1_400 * MS) && gaps.iter().any(|gap| *gap > 2_200 * MS));
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let name = &recorder.interval().names[0];
    assert_eq!(
        (name.response.min_us(), name.response.max_us()),
        (Some(300_000), 300_000)
    );
    assert!(name.lag.max_us() <= 1);
}

#[test]
fn a_rest_within_the_wait_is_no_time_beside_it() {
    let beside = |wait, rest_ns| {
        let (mut simulation, sent) = simulation(|_| created(100 * MS));
        let recorder = simulation.recorder();
        let mut user = simulation.session(start(wait), 10 * SECOND);
        simulation.spawn(async move {
            let _ = user.call(STEP).id().await;
            let _ = user.rest(rest_ns).await;
            let _ = user.call(STEP).id().await;
        });
        simulation.run();
        let beside_ns = recorder.borrow_mut().interval().counters.beside_ns;
        (gaps(&sent)[0], beside_ns)
    };
    let thinking = WaitTime::between(1_000_000, 1_000_000).unwrap();
    assert_eq!(beside(thinking, 200 * MS), (1_100 * MS, 0));
    let longer = i64::try_from(500 * MS).unwrap();
    assert_eq!(beside(thinking, 1_500 * MS), (1_600 * MS, longer));
    let all = i64::try_from(200 * MS).unwrap();
    assert_eq!(beside(WaitTime::None, 200 * MS), (300 * MS, all));
    // A cycle of this is the longer of interval and business, of which the rest is a part.
    let paced = WaitTime::constant_pacing(1_000_000).unwrap();
    assert_eq!(beside(paced, 200 * MS), (1_000 * MS, all));
}

#[test]
fn without_waits_the_next_request_follows_the_reply() {
    let (mut simulation, sent) = simulation(|_| created(7 * MS));
    run_passes(&mut simulation, WaitTime::None, 70 * MS);
    let expected: Vec<u64> = (0..10).map(|n| n * 7 * MS).collect();
    assert_eq!(moments(&sent), expected);
}

#[test]
fn at_once_follows_the_previous_reply_and_belongs_to_its_step() {
    let moments_under = |wait| {
        let (mut simulation, sent) = simulation(|_| created(100 * MS));
        let mut user = simulation.session(start(wait), 10 * SECOND);
        simulation.spawn(async move {
            let _ = user.call(STEP).id().await;
            let _ = user.call(STEP).at_once().id().await;
            let _ = user.call(STEP).id().await;
        });
        simulation.run();
        moments(&sent)
    };
    let thinking = WaitTime::between(1_000_000, 1_000_000).unwrap();
    assert_eq!(moments_under(thinking), [0, 100 * MS, 1_200 * MS]);
    let paced = WaitTime::constant_pacing(1_000_000).unwrap();
    assert_eq!(moments_under(paced), [0, 100 * MS, 1_000 * MS]);
}

#[test]
fn an_aborted_journey_waits_before_the_next_pass() {
    let (mut simulation, sent) = simulation(|_| SimulatedAnswer::reply(MS, 400, *b"{}"));
    run_passes(
        &mut simulation,
        WaitTime::between(1_000_000, 1_000_000).unwrap(),
        10 * SECOND,
    );
    assert!(
        gaps(&sent).iter().all(|gap| *gap == 1_001 * MS),
        "{:?}",
        gaps(&sent)
    );
    assert_eq!(sent.borrow().len(), 10);
}

#[test]
fn back_off_doubles_up_to_its_bound() {
    let (mut simulation, sent) = simulation(not_sent);
    run_passes(&mut simulation, WaitTime::None, 60 * SECOND);
    let gaps = gaps(&sent);
    for (attempt, gap) in gaps.iter().enumerate() {
        let longest = (FIRST_BACKOFF_NS << attempt.min(20)).min(LONGEST_BACKOFF_NS);
        assert!(
            (longest / 2..=longest + 1).contains(gap),
            "gap {attempt} is {gap}"
        );
    }
    assert!((35..70).contains(&gaps.len()), "{}", gaps.len());
    assert_ne!(gaps[20], gaps[21], "back-offs are spread");
}

#[test]
fn paced_steps_that_pass_in_a_back_off_are_shed_and_counted() {
    let (mut simulation, sent) = simulation(not_sent);
    run_passes(
        &mut simulation,
        WaitTime::constant_pacing(10_000).unwrap(),
        60 * SECOND,
    );
    assert!(
        gaps(&sent).iter().all(|gap| gap % (10 * MS) == 0),
        "the beat is kept"
    );
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let attempts = sent.borrow().len() as u64;
    assert_eq!(interval.names[0].requests(), attempts);
    assert!(attempts < 100, "{attempts}");
    // Every beat before the last attempt was either attempted or shed; what the last back-off
    // sheds reaches past the end of the run, by less than the longest back-off.
    let beats = attempts + interval.counters.shed;
    assert!((6_000..=6_000 + 200).contains(&beats), "{beats}");
}

#[test]
fn back_off_starts_over_once_a_request_got_through() {
    let (mut simulation, sent) = simulation(|now_ns| {
        if (5 * SECOND..6 * SECOND).contains(&now_ns) {
            created(MS)
        } else {
            not_sent(now_ns)
        }
    });
    run_passes(&mut simulation, WaitTime::None, 7 * SECOND);
    let sent = moments(&sent);
    let after: Vec<u64> = sent
        .into_iter()
        .filter(|at_ns| *at_ns >= 6 * SECOND)
        .collect();
    assert!(after[1] - after[0] <= FIRST_BACKOFF_NS + 1, "{after:?}");
}

#[test]
fn requests_without_a_reply_are_recorded_for_what_they_are() {
    let mut answers = vec![
        created(MS),
        SimulatedAnswer::reply(MS, 201, *b"{\"id\":7}"),
        SimulatedAnswer::reply(MS, 400, *b"{}"),
        not_sent(0),
        SimulatedAnswer::broken(MS, Broken::Lost, "timeout"),
    ]
    .into_iter();
    let (mut simulation, sent) = simulation(move |_| answers.next().unwrap());
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        assert_eq!(pass(&mut user, 5).await, Ok(()));
    });
    simulation.run();
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let name = &interval.names[0];
    // Success, refused, conflict, failed, unknown.
    assert_eq!(name.outcomes, [1, 1, 0, 2, 1].into());
    assert_eq!(
        (name.response.len(), name.service.len(), name.lag.len()),
        (5, 4, 4)
    );
    let request_bytes = sent.borrow()[0].1.len() as u64;
    assert_eq!(
        name.bytes_out,
        4 * request_bytes,
        "what never left is not counted"
    );
    let reasons: Vec<_> = interval
        .errors
        .iter()
        .map(|row| row.key.reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "the reply lacks `thing_id`, or it is no id",
            "no",
            "connection refused",
            "timeout"
        ]
    );
}

#[test]
fn a_failed_call_ends_a_journey_only_if_it_depends_on_it() {
    let (mut simulation, _) = simulation(|_| SimulatedAnswer::reply(MS, 400, *b"{}"));
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        assert_eq!(user.call(STEP).or_continue().await, Ok(Outcome::Refused));
        assert_eq!(user.call(STEP).or_abort().await, Err(Abort));
        assert_eq!(user.call(STEP).id().await, Err(Abort));
        assert!(!user.is_stopped());
    });
    simulation.run();
}

#[test]
fn a_user_stops_at_the_end_of_its_activity() {
    let (mut simulation, sent) = simulation(|_| created(400 * MS));
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        assert_eq!(pass(&mut user, 9).await, Err(Abort));
        assert!(user.is_stopped());
        // The third request left before the end and was waited for.
        assert_eq!(user.link().now_ns(), 1_200 * MS);
        assert_eq!(
            user.call(STEP).or_continue().await,
            Err(Abort),
            "stopped is stopped"
        );
    });
    simulation.run();
    assert_eq!(moments(&sent), [0, 400 * MS, 800 * MS]);
}

#[test]
fn a_user_that_waits_is_stopped_when_the_end_comes() {
    let (mut simulation, sent) = simulation(|_| created(MS));
    run_passes(
        &mut simulation,
        WaitTime::between(3_600_000_000, 3_600_000_000).unwrap(),
        SECOND,
    );
    assert_eq!(sent.borrow().len(), 1);
    assert_eq!(simulation.now_ns(), SECOND);
}

#[test]
fn an_arrival_is_the_same_whoever_carries_it() {
    let arena = Rc::new(ArenaBuilder::build(64, {
        let mut number = 0;
        move |body| {
            number += 1;
            body.object(|body| {
                body.member("number", number);
                body.unique_member("name", "run-", "");
            });
        }
    }));
    let arrival_carried_by = |user_index: u32, calls_before: usize, latency_ns: u64| {
        let (mut simulation, sent) = simulation(move |_| created(latency_ns));
        let begin = SessionStart {
            seed: u64::from(user_index),
            unique: UniqueNumbers::of_user(user_index),
            ..start(WaitTime::between(0, 1_000_000).unwrap())
        };
        let mut user = simulation.session(begin, 100 * SECOND);
        let arena = Rc::clone(&arena);
        simulation.spawn(async move {
            for _ in 0..calls_before {
                let _ = user.call(STEP).body(&arena).id().await;
            }
            user.begin_arrival(50 * SECOND, 99, UniqueNumbers::of_arrival(7));
            for _ in 0..5 {
                let _ = user.call(STEP).body(&arena).id().await;
            }
        });
        simulation.run();
        let mut sent = sent.take();
        let arrival = sent.split_off(calls_before);
        assert_eq!(arrival[0].0, 50 * SECOND, "it is due when it arrives");
        arrival
            .into_iter()
            .map(|(_, request)| request)
            .collect::<Vec<_>>()
    };
    let arrival = arrival_carried_by(1, 0, MS);
    assert_eq!(arrival, arrival_carried_by(2, 9, 30 * MS));
    let distinct: std::collections::HashSet<_> = arrival.iter().collect();
    assert_eq!(distinct.len(), 5);
}

#[test]
fn an_arrival_that_found_its_user_busy_counts_from_when_it_came() {
    let (mut simulation, sent) = simulation(|_| created(100 * MS));
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        let _ = user.call(STEP).id().await;
        user.begin_arrival(30 * MS, 1, UniqueNumbers::of_arrival(1));
        let _ = user.call(STEP).id().await;
    });
    simulation.run();
    assert_eq!(moments(&sent), [0, 100 * MS]);
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    assert_eq!(recorder.interval().names[0].response.max_us(), 170_000);
    assert_eq!(recorder.interval().names[0].lag.max_us(), 70_000);
    assert!(recorder.interval().timings.tardiness.max_us() <= 1);
}

#[test]
fn exponential_think_time_has_its_mean() {
    let (mut simulation, sent) = simulation(|_| created(1));
    run_passes(
        &mut simulation,
        WaitTime::exponential(50_000).unwrap(),
        1_000 * SECOND,
    );
    let requests = sent.borrow().len();
    assert!((19_400..20_600).contains(&requests), "{requests}");
}

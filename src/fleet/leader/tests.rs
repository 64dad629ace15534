//! The phases of a run, with members that are played, at a Redis that is played, in played time.

use super::*;
use crate::engine::{EventSampling, Id, SampledReply};
use crate::fleet::bus::{
    FleetSecret, JoinStep, JoinTerms, Joining, MemberBus, MemberEvent, PlayedRedis, RunName, Who,
};
use crate::fleet::handed_events::HandedEvents;
use crate::fleet::merging::Merging;
use crate::fleet::request::{Meeting, MembersRecords, OnLost};
use crate::fleet::words::{CLEAR, CUT, Clear, EVENTS, REDIS_PATIENCE, Settled, parts};
use crate::observe::RedisAddress;
use crate::plan::{AddressPolicy, Arrivals, EventSample, Load, Plan, TlsSettings};
use crate::run::{RunRequest, made_up};
use crate::stats::{MergedInterval, RunContext, SetShape};

const SHAPE: SetShape = SetShape {
    names: 1,
    journeys: 0,
    races: 0,
    rules: 0,
};

fn secret() -> FleetSecret {
    FleetSecret::parse(b"the secret of this run").unwrap()
}

fn leading(shards: u32, on_lost: OnLost) -> Leading {
    Leading {
        meeting: Meeting {
            redis: RedisAddress::parse("redis://played").unwrap(),
            tls: TlsSettings::default(),
            secret: secret(),
            run: RunName::parse("played").unwrap(),
            observed: None,
            policy: AddressPolicy::default(),
            shops_keys: Vec::new(),
            insists: false,
        },
        shards,
        plan: PlanText::default(),
        on_lost,
        leaderless: None,
        join_wait: Duration::from_secs(600),
        records: MembersRecords::Left,
    }
}

fn plan() -> Plan {
    let load = Load::open(10.0, Arrivals::Constant, 4).unwrap();
    Plan::of_load(load, Duration::from_secs(10))
}

fn context() -> RunContext {
    RunContext {
        tags: Vec::new(),
        names: vec![crate::stats::StatName {
            method: "GET",
            name: "/",
        }],
        raises: vec![Vec::new()],
        journeys: Vec::new(),
        races: Vec::new(),
        rules: &[],
        cpus: vec![0, 0],
        spawned_us: 0,
        run_time_us: 10_000_000,
        excursion: None,
        failures: crate::plan::FailureRule::Default,
        paced: true,
        user_shares: Vec::new(),
        thresholds: Vec::new(),
        observed: crate::stats::ObservedTable::default(),
        live: crate::stats::LiveContext::default(),
    }
}

/// A leader, its run, and members that do what a test says.
struct Stage {
    redis: PlayedRedis,
    leader: Leader,
    control: RunControl,
    hash: String,
    events: Option<EventSampling>,
    members: Vec<MemberBus>,
    /// Orders that each of them heard, and nobody looked at.
    heard: Vec<Vec<Order>>,
}

impl Stage {
    /// All have joined.
    fn of(shards: u32, on_lost: OnLost) -> Self {
        let mut stage = Self::empty(shards, on_lost);
        (0..shards).for_each(|_| stage.join());
        stage
    }

    /// Nobody has joined.
    fn empty(shards: u32, on_lost: OnLost) -> Self {
        let redis = PlayedRedis::new();
        let place = Box::new(redis.place(0));
        let leader = Leader::over(place, leading(shards, on_lost), true).unwrap();
        let request = RunRequest::of_plan(plan(), made_up::subject());
        let mut stage = Self {
            redis,
            leader,
            control: RunControl::new(&request),
            hash: plan().hash(),
            events: None,
            members: Vec::new(),
            heard: vec![Vec::new(); shards as usize],
        };
        stage.assign().unwrap();
        stage
    }

    /// The next one joins.
    fn join(&mut self) {
        let member = self.joining(self.members.len() as u32);
        self.members.push(member);
    }

    /// A member says what it set up for all.
    fn set_up(&mut self, shard: usize, round: u32, shared: &str) {
        let body = SetUp {
            round,
            shared: Some(shared.to_owned()),
        };
        let report = Report::Other {
            topic: SET_UP.to_owned(),
            body: body.to_bytes(),
        };
        self.members[shard].say(report).unwrap();
        self.members[shard].turn(Duration::ZERO);
        for _ in 0..4 {
            self.leader.gather_some().unwrap();
        }
    }

    /// What a member hears of what was set up.
    fn heard_set_ups(&mut self, shard: usize) -> Vec<String> {
        let orders = self.orders(shard).into_iter();
        let heard = orders.filter_map(|order| match order {
            Order::Other { topic, body } if topic == SET_UP => SetUp::read(&body)?.shared,
            _ => None,
        });
        heard.collect()
    }

    fn assign(&mut self) -> Result<(), RunError> {
        let plan = plan();
        let order = FleetOrder {
            plan: &plan,
            room: None,
            events: self.events.as_ref(),
            control: &self.control,
            shape: SHAPE,
        };
        self.leader.assign(&order, (None, &self.hash))
    }

    fn joining(&mut self, shard: u32) -> MemberBus {
        let terms = JoinTerms {
            run: RunName::parse("played").unwrap(),
            secret: secret(),
            who: Who::new("host", shard, env!("CARGO_PKG_VERSION")),
            wish: Some(shard),
            patience: Duration::from_secs(60),
            leaderless: Duration::from_secs(3),
            left: None,
            stays: false,
        };
        let clock_ahead_ns = u64::from(shard) * 1_000_000_000;
        let place = Box::new(self.redis.place(clock_ahead_ns));
        let mut joining = Joining::new(place, terms).unwrap();
        loop {
            if let JoinStep::Joined(bus) = joining.turn(Duration::from_millis(10)).unwrap() {
                return *bus;
            }
            assert!(!self.leader.gather_some().unwrap());
        }
    }

    fn prepare(&mut self, shard: usize, hash: &str) {
        let member = &mut self.members[shard];
        let clock = member.clock().unwrap();
        let body = Prepared {
            hash: hash.to_owned(),
            cpus: vec![shard],
            connections: 1,
            delay_us: 20_000,
            wall_ahead_us: 0,
        };
        let round = self.leader.round;
        let report = Report::Prepared {
            round,
            clock,
            body: body.to_bytes(),
        };
        member.say(report).unwrap();
        member.turn(Duration::ZERO);
    }

    /// Second `second` of a member, with so many requests in it.
    fn measure(&mut self, shard: usize, second: u32, requests: u32) {
        let mut interval = MergedInterval::new(SHAPE);
        interval.start_us = u64::from(second) * 1_000_000;
        interval.end_us = interval.start_us + 1_000_000;
        for _ in 0..requests {
            interval.names[0].service.record_us(500);
            interval.names[0].response.record_us(500);
        }
        interval.sum_up();
        let mut message = Vec::new();
        interval.encode(&mut message);
        let round = self.leader.round;
        for body in parts(&message) {
            let report = Report::Interval {
                round,
                second,
                body,
            };
            self.members[shard].say(report).unwrap();
        }
        self.listen(shard);
    }

    fn settle(&mut self, shard: usize, seconds: u32) {
        let body = Settled {
            directory: "results/x".to_owned(),
            interrupted: false,
            losses: Vec::new(),
            measured_s: f64::from(seconds),
            seconds,
            generator: crate::record::Generator::default(),
        };
        let report = Report::Settled {
            round: self.leader.round,
            clock: None,
            body: body.to_bytes(),
        };
        self.members[shard].say(report).unwrap();
        self.members[shard].turn(Duration::ZERO);
    }

    /// The orders that a member hears, without a wait.
    fn orders(&mut self, shard: usize) -> Vec<Order> {
        self.listen(shard);
        std::mem::take(&mut self.heard[shard])
    }

    fn listen(&mut self, shard: usize) {
        let events = self.members[shard].turn(Duration::ZERO);
        let orders = events.into_iter().filter_map(|event| match event {
            MemberEvent::Ordered(order) => Some(order),
            _ => None,
        });
        self.heard[shard].extend(orders);
    }

    fn all_prepared(&mut self) {
        for shard in 0..self.members.len() {
            let hash = self.hash.clone();
            self.prepare(shard, &hash);
        }
        for _ in 0..4 {
            self.leader.gather_some().unwrap();
        }
        assert!(self.leader.roll.all_prepared());
    }

    fn merging(&self) -> Merging {
        self.leader.merging(context(), Vec::new())
    }
}

#[test]
fn what_the_first_shard_sets_up_all_others_hear_whenever_they_join() {
    let mut stage = Stage::empty(3, OnLost::Continue);
    stage.join();
    stage.join();
    stage.set_up(1, 0, "of another shard");
    stage.set_up(0, 7, "of another run");
    assert!(!stage.leader.is_set_up());
    assert_eq!(stage.heard_set_ups(1), [""; 0]);
    stage.set_up(0, 0, "[7]");
    assert_eq!(stage.heard_set_ups(1), ["[7]"]);
    stage.join();
    for _ in 0..4 {
        stage.leader.gather_some().unwrap();
    }
    assert_eq!(stage.heard_set_ups(2), ["[7]"], "it was not there before");
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    for shard in 0..3 {
        stage.settle(shard, 0);
    }
    let mut merging = stage.merging();
    while !stage.leader.collect_some(&mut merging) {}
    stage.assign().unwrap();
    assert!(!stage.leader.is_set_up(), "the next run has its own");
}

/// What the first shard was told of clearing away.
fn heard_clear(stage: &mut Stage) -> Vec<Clear> {
    let orders = stage.orders(0).into_iter();
    let clear = orders.filter_map(|order| match order {
        Order::Other { topic, body } if topic == CLEAR => Clear::read(&body),
        _ => None,
    });
    clear.collect()
}

#[test]
fn the_first_shard_clears_away_once_when_all_others_have_ended() {
    let mut stage = Stage::of(3, OnLost::Continue);
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    let mut merging = stage.merging();
    stage.settle(1, 0);
    for _ in 0..3 {
        assert!(!stage.leader.collect_some(&mut merging));
    }
    assert_eq!(heard_clear(&mut stage), [], "one still drains");
    stage.settle(2, 0);
    for _ in 0..3 {
        assert!(!stage.leader.collect_some(&mut merging));
    }
    let clear = Clear {
        round: 0,
        lost: Vec::new(),
    };
    assert_eq!(heard_clear(&mut stage), [clear]);
}

#[test]
fn who_is_lost_is_named_where_what_it_may_need_is_cleared_away() {
    let mut stage = Stage::of(3, OnLost::Continue);
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    let mut merging = stage.merging();
    stage.settle(1, 0);
    // The third one is silent from now on.
    for _ in 0..80 {
        stage.listen(0);
        stage.listen(1);
        stage.leader.collect_some(&mut merging);
        stage.redis.pass(Duration::from_millis(100));
    }
    let clear = Clear {
        round: 0,
        lost: vec![3],
    };
    assert_eq!(heard_clear(&mut stage), [clear]);
}

#[test]
fn replies_that_members_choose_are_followed_at_the_moments_of_the_leaders_clock() {
    let mut stage = Stage::of(2, OnLost::Continue);
    let (events, replies) = EventSampling::new(EventSample::PerSecond(50), 1);
    stage.events = Some(events);
    stage.assign().unwrap();
    stage.leader.keep();
    let orders = stage.orders(1);
    let told = orders.iter().find_map(|order| match order {
        Order::Next { body, .. } => Some(Assignment::read(body).unwrap().event_sample()),
        _ => None,
    });
    assert_eq!(told, Some(EventSample::PerSecond(50)));
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    // The clock of the second member is a second ahead.
    let clock = stage.members[1].clock().unwrap();
    let reply = SampledReply {
        step: 4,
        sent_ns: clock.measured_ns,
        done_ns: clock.measured_ns + 5_000_000,
        given: Id::new(b"customer-1"),
        on: None,
        within_us: 0,
    };
    for round in [0, 1] {
        let handed = HandedEvents::of(round, &[reply], [9, 0], &clock);
        let report = Report::Other {
            topic: EVENTS.to_owned(),
            body: handed.to_bytes(),
        };
        stage.members[1].say(report).unwrap();
    }
    stage.listen(1);
    let mut merging = stage.merging();
    stage.leader.collect_some(&mut merging);
    let taken: Vec<SampledReply> = replies.try_iter().collect();
    assert_eq!(taken.len(), 1, "the other is of the run before");
    let off_ns = (taken[0].sent_ns + 1_000_000_000).abs_diff(reply.sent_ns);
    assert!(taken[0].within_us > 0 && taken[0].within_us < 10_000);
    assert!(off_ns <= u64::from(taken[0].within_us) * 1_000, "{off_ns}");
    assert_eq!(taken[0].done_ns - taken[0].sent_ns, 5_000_000);
}

#[test]
fn all_start_at_one_moment_each_on_its_own_clock() {
    let mut stage = Stage::of(2, OnLost::Continue);
    stage.all_prepared();
    let start_ns = stage.leader.order_start();
    assert!(start_ns.is_ok());
    let mut moments = Vec::new();
    for shard in 0..2 {
        let clock = stage.members[shard].clock().unwrap();
        let orders = stage.orders(shard);
        let at_us = orders.iter().find_map(|order| match order {
            Order::Start { round: 0, at_us } => Some(*at_us),
            _ => None,
        });
        let at_us = at_us.expect("an order to start");
        moments.push((at_us, clock.own_ns(at_us)));
    }
    assert_eq!(
        moments[0].0, moments[1].0,
        "one moment of the server's clock"
    );
    let apart_ns = moments[1].1.abs_diff(moments[0].1);
    assert!(apart_ns.abs_diff(1_000_000_000) < 10_000, "{apart_ns}");
}

#[test]
fn what_members_measure_is_one_run_to_the_last_request() {
    let mut stage = Stage::of(2, OnLost::Continue);
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    let mut merging = stage.merging();
    for second in 0..3 {
        stage.measure(0, second, 10 + second);
        stage.measure(1, second, 20);
        assert!(!stage.leader.collect_some(&mut merging));
    }
    stage.settle(0, 3);
    stage.settle(1, 3);
    while !stage.leader.collect_some(&mut merging) {}
    let totals = merging.into_merged().totals;
    assert_eq!(totals.all.service.len(), 10 + 11 + 12 + 60);
    assert_eq!(totals.end_us, 3_000_000);
    assert!(!stage.leader.roll.has_lost());
}

#[test]
fn a_silent_member_is_lost_and_the_others_go_on_or_the_run_ends() {
    for on_lost in [OnLost::Continue, OnLost::Stop] {
        let mut stage = Stage::of(2, on_lost);
        stage.all_prepared();
        stage.leader.order_start().unwrap();
        let mut merging = stage.merging();
        for second in 0..9 {
            stage.measure(0, second, 1);
            if second < 2 {
                stage.measure(1, second, 1);
            }
            stage.redis.pass(Duration::from_secs(1));
            stage.leader.collect_some(&mut merging);
        }
        let (at_s, why) = stage.leader.roll.entry(1).unwrap().lost.clone().unwrap();
        assert_eq!(at_s, 2.0);
        assert!(why.starts_with("silent for"), "{why}");
        assert!(stage.leader.roll.entry(0).unwrap().lost.is_none());
        let orders = stage.orders(0);
        let is_stopped = orders
            .iter()
            .any(|order| matches!(order, Order::Stop { .. }));
        assert_eq!(is_stopped, on_lost == OnLost::Stop, "{orders:?}");
    }
}

#[test]
fn another_plan_ends_it_before_anything_is_sent() {
    let mut stage = Stage::of(2, OnLost::Continue);
    stage.prepare(0, "another hash");
    let refused = (0..4).find_map(|_| stage.leader.gather_some().err());
    let refused = refused.expect("refused").to_string();
    assert!(
        refused.contains("shard 1 of 2") && refused.contains("another plan"),
        "{refused}"
    );
}

#[test]
fn a_member_that_cannot_says_why_and_with_which_code() {
    let mut stage = Stage::of(2, OnLost::Continue);
    let body = Refused {
        why: "no such target".to_owned(),
        exit_code: 107,
    };
    let report = Report::Other {
        topic: REFUSED.to_owned(),
        body: body.to_bytes(),
    };
    stage.members[1].say(report).unwrap();
    stage.members[1].turn(Duration::ZERO);
    let refused = (0..4)
        .find_map(|_| stage.leader.gather_some().err())
        .unwrap();
    assert!(refused.to_string().contains("shard 2 of 2"), "{refused}");
    assert!(
        refused.to_string().ends_with("cannot: no such target"),
        "{refused}"
    );
    assert_eq!(refused.exit_code(), ExitCode::Unreachable);
}

#[test]
fn what_is_asked_of_the_run_is_passed_on_once() {
    let mut stage = Stage::of(1, OnLost::Continue);
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    let mut merging = stage.merging();
    stage.control.stop();
    stage.leader.collect_some(&mut merging);
    stage.leader.collect_some(&mut merging);
    let stops = |orders: &[Order]| {
        let stops = orders
            .iter()
            .filter(|order| matches!(order, Order::Stop { round: 0, .. }));
        stops.count()
    };
    assert_eq!(stops(&stage.orders(0)), 1);
    stage.control.cut_off();
    stage.leader.collect_some(&mut merging);
    stage.leader.collect_some(&mut merging);
    let cuts = stage.orders(0);
    let is_cut = |order: &&Order| matches!(order, Order::Other { topic, .. } if topic == CUT);
    assert_eq!(cuts.iter().filter(is_cut).count(), 1, "{cuts:?}");
}

#[test]
fn the_next_run_has_the_same_members() {
    let mut stage = Stage::of(2, OnLost::Continue);
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    let mut merging = stage.merging();
    for shard in 0..2 {
        stage.measure(shard, 0, 1);
        stage.settle(shard, 1);
    }
    while !stage.leader.collect_some(&mut merging) {}
    stage.assign().unwrap();
    stage.leader.gather_some().unwrap();
    let orders = stage.orders(1);
    assert!(
        orders
            .iter()
            .any(|order| matches!(order, Order::Next { round: 1, .. })),
        "{orders:?}"
    );
    assert!(!stage.leader.roll.all_prepared());
    stage.all_prepared();
}

#[test]
fn a_redis_that_stays_away_is_given_up_once_members_have_given_it_up() {
    let mut stage = Stage::of(2, OnLost::Continue);
    stage.all_prepared();
    stage.leader.order_start().unwrap();
    let mut merging = stage.merging();
    stage.measure(0, 0, 3);
    assert!(!stage.leader.collect_some(&mut merging));
    stage.redis.goes();
    let mut waited = Duration::ZERO;
    while !stage.leader.collect_some(&mut merging) {
        stage.redis.pass(Duration::from_secs(1));
        waited = stage.redis.passed();
        assert!(
            waited < plan().run_time + Duration::from_secs(90),
            "it ends"
        );
    }
    assert!(waited >= plan().run_time + REDIS_PATIENCE, "{waited:?}");
    for (_, entry) in stage.leader.roll.members() {
        let why = entry.lost.as_ref().map(|(_, why)| why.as_str());
        assert!(why.is_some_and(|why| why.starts_with("Redis stays away")));
    }
}

//! Prices of the pieces of the hot path, one at a time: `cargo bench`.

use divan::{Bencher, black_box};
use fastrand::Rng;
use shopblast::engine::codec::ReplyParser;
use shopblast::engine::{
    Arena, ArenaBuilder, AwaitedStart, CalledOff, Exchange, Id, Journey, Judge, Link, Method,
    Operation, Pacer, PreparedHeads, RaceRequest, Recorder, ReplyHead, Runtime, Script, Session,
    SessionStart, Step, Stopped, Values, now_ns,
};
use shopblast::plan::{Driver, Target, UniqueNumbers, WaitTime};
use shopblast::stats::{CoreInterval, LatencyCounts, Outcome, Reason, SetShape};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn main() {
    divan::main();
}

const REPLY: &[u8] = b"HTTP/1.1 201 Created\r\ndate: Sun, 22 Nov 2026 07:26:06 GMT\r\nserver: uvicorn\r\ncontent-length: 54\r\ncontent-type: application/json\r\n\r\n{\"customer_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f\"}";
const BODY: &[u8] = b"{\"customer_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f\"}";
const JUDGE: Judge = |_, _| (Outcome::Failed, Reason::new("odd"));
static REGISTER: Operation = Operation {
    method: Method::Post,
    path: "/customers",
    success: 201,
    id_field: Some("customer_id"),
    headers: &[],
    judge: JUDGE,
    ..Operation::PLAIN
};
static STEPS: [Step; 1] = [Step {
    index: 0,
    operation: &REGISTER,
    name: "POST /customers",
    raises: &[],
    stays: 0,
}];

fn registrations() -> Arena {
    ArenaBuilder::build(2_048, |body| {
        body.object(|body| {
            body.unique_member("external_id", "EXT-LT-0123456789abcdef", "");
            body.unique_member("email", "christinemiranda.0123456789abcdef", "@gmail.com");
            body.member("first_name", "Alexa");
            body.member("last_name", "Navarro");
        });
    })
}

#[divan::bench]
fn codec_reads_a_reply(bencher: Bencher) {
    let mut parser = ReplyParser::new(1 << 20);
    let mut buffer = REPLY.to_vec();
    bencher.bench_local(|| {
        parser.reset();
        parser.advance(black_box(&mut buffer))
    });
}

#[divan::bench]
fn id_is_read_from_the_known_layout(bencher: Bencher) {
    bencher.bench_local(|| Id::read(black_box(BODY), "customer_id"));
}

#[divan::bench]
fn id_is_read_through_the_json_parser(bencher: Bencher) {
    let body = b"{ \"customer_id\": \"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f\" }";
    bencher.bench_local(|| Id::read(black_box(body), "customer_id"));
}

#[divan::bench]
fn arena_body_is_copied_and_patched(bencher: Bencher) {
    let arena = registrations();
    let mut rng = Rng::with_seed(1);
    let mut unique = UniqueNumbers::of_user(1);
    let values = Values::default();
    let mut out = Vec::with_capacity(1_024);
    bencher.bench_local(|| {
        out.clear();
        let index = arena.pick(&mut rng);
        arena.append(index, (&[], &values), &mut unique, black_box(&mut out));
    });
}

#[divan::bench]
fn latency_is_recorded(bencher: Bencher) {
    let mut counts = LatencyCounts::default();
    let mut rng = Rng::with_seed(1);
    bencher.bench_local(|| counts.record_us(black_box(rng.u64(300..5_000))));
}

#[divan::bench]
fn clock_is_read(bencher: Bencher) {
    bencher.bench_local(now_ns);
}

/// A link that answers at once: what is left is the engine's own share of an exchange, without
/// sockets.
struct Nowhere {
    out: Vec<u8>,
    reason: Reason,
}

impl Link for Nowhere {
    fn now_ns(&self) -> u64 {
        0
    }

    async fn until(&mut self, _: u64) -> Result<(), Stopped> {
        Ok(())
    }

    fn request_buffer(&mut self) -> &mut Vec<u8> {
        self.out.clear();
        &mut self.out
    }

    async fn exchange(&mut self) -> Exchange {
        black_box(&self.out);
        Exchange {
            again: false,
            ready_ns: 0,
            sent_ns: 1_000,
            done_ns: 500_000,
            result: Ok(ReplyHead {
                status: 201,
                bytes: REPLY.len() as u64,
            }),
        }
    }

    fn written(&self) -> &[u8] {
        &self.out
    }

    async fn reserve(&mut self, _: usize) {}

    async fn race(
        &mut self,
        text: &[u8],
        race_requests: &mut [RaceRequest],
        _: Option<AwaitedStart<'_>>,
    ) -> Result<u64, CalledOff> {
        black_box(text);
        for race_request in &mut *race_requests {
            (
                race_request.sent_ns,
                race_request.left_ns,
                race_request.done_ns,
            ) = (1_000, 2_000, 500_000);
            race_request.result = Ok(ReplyHead {
                status: 201,
                bytes: REPLY.len() as u64,
            });
        }
        Ok(race_requests.len() as u64)
    }

    fn with_racer_body<T>(&self, _: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        read(BODY)
    }

    fn racer_reason(&self, _: usize) -> Reason {
        self.reason
    }

    fn return_connections(&mut self) {}

    fn body(&self) -> &[u8] {
        BODY
    }

    fn reason(&self) -> &Reason {
        &self.reason
    }
}

struct Registrations(Arena);

impl Script for Registrations {
    fn steps(&self) -> &'static [Step] {
        &STEPS
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        user.call(&STEPS[0]).body(&self.0).id().await?;
        Ok(())
    }
}

#[divan::bench]
fn session_makes_and_records_an_exchange(bencher: Bencher) {
    let script = Registrations(registrations());
    let target = Target::parse("http://127.0.0.1:8000").expect("a valid target");
    let heads = Arc::new(PreparedHeads::new(&STEPS, &target).expect("valid paths"));
    let interval = Box::new(CoreInterval::new(
        0,
        SetShape {
            names: 1,
            journeys: 1,
            races: 0,
            rules: 0,
        },
    ));
    let recorder = Rc::new(RefCell::new(Recorder::new(interval, Box::new([0]))));
    let link = Nowhere {
        out: Vec::with_capacity(1_024),
        reason: Reason::default(),
    };
    let start = SessionStart {
        class: 0,
        wait: WaitTime::None,
        seed: 1,
        unique: UniqueNumbers::of_user(1),
        due_ns: 0,
    };
    let mut session = Session::new(link, recorder, heads, start);
    bencher.bench_local(|| {
        let mut context = Context::from_waker(Waker::noop());
        let pass = pin!(session.pass(&script));
        assert!(matches!(pass.poll(&mut context), Poll::Ready(Ok(()))));
    });
}

/// 1,000 waits of one task, each due already: the cost of asking.
#[divan::bench]
fn pacer_lets_the_late_pass(bencher: Bencher) {
    bencher.bench_local(|| {
        let mut runtime = Runtime::new(Driver::Uring, 16).expect("io_uring");
        runtime.block_on(async {
            let pacer = Pacer::start(4).expect("a timer");
            for _ in 0..1_000 {
                pacer.until(1).await;
            }
        });
    });
}

/// 1,000 waits of one task, 1 µs each: timer, ring and wake-up.
#[divan::bench]
fn pacer_wakes_a_task_a_thousand_times(bencher: Bencher) {
    bencher.bench_local(|| {
        let mut runtime = Runtime::new(Driver::Uring, 16).expect("io_uring");
        runtime.block_on(async {
            let pacer = Pacer::start(4).expect("a timer");
            for _ in 0..1_000 {
                pacer.until(now_ns() + 1_000).await;
            }
        });
    });
}

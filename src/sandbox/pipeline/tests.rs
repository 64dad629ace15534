//! What the whole pipeline promises, in virtual time.

use super::*;
use crate::shop::{Generation, events};
use proptest::prelude::*;

const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;

static REGISTERED: Event = events::CUSTOMER_REGISTERED;
static PRODUCT: Event = events::PRODUCT_CREATED;
static ORDER: Event = events::ORDER_CREATED;
static CART: Event = events::CART_CONVERTED;

fn pipeline(engines: u32, per_s: f64) -> Pipeline {
    Pipeline::new(
        &PipelineConfig {
            engines: [engines; DOMAINS],
            drain_rate: DrainRate::per_s(per_s).unwrap(),
        },
        Generation::Five,
    )
}

#[test]
fn events_wait_in_the_outbox_of_their_domain() {
    let pipeline = pipeline(0, 8.0);
    for event in [&REGISTERED, &REGISTERED, &PRODUCT, &ORDER] {
        pipeline.accept(event, None);
    }
    let pending = Domain::ALL.map(|domain| pipeline.backlog(domain).pending);
    assert_eq!(pending, [2, 1, 0, 0, 0, 0, 0, 0]);
    let stored = Domain::ALL.map(|domain| pipeline.stored(domain));
    assert_eq!(stored, [0, 0, 1, 0, 0, 0, 0, 0]);
    let made_up = Event {
        domain: "Attic",
        ..REGISTERED
    };
    pipeline.accept(Box::leak(Box::new(made_up)), None);
    assert_eq!(pipeline.backlog(Domain::Identity).unfinished(), 2);
}

#[test]
fn in_todays_shop_every_event_waits_in_an_outbox() {
    let pipeline = Pipeline::new(&PipelineConfig::default(), Generation::Today);
    assert_eq!(pipeline.domains().len(), 8);
    for event in [&CART, &ORDER, &ORDER] {
        assert!(pipeline.accept(event, None).is_some());
    }
    assert_eq!(pipeline.backlog(Domain::Ordering).unfinished(), 3);
    assert_eq!(pipeline.stored(Domain::Ordering), 0);
    let accepted: Vec<(&str, u64)> = pipeline
        .accepted(Domain::Ordering)
        .filter(|(_, count)| *count > 0)
        .map(|(event, count)| (event.name, count))
        .collect();
    assert_eq!(accepted, [("CartConverted", 1), ("OrderCreated", 2)]);
    let at_ns = pipeline.at_ns();
    let published: Vec<bool> = pipeline
        .unfinished(Domain::Ordering, at_ns)
        .map(|(_, is_published)| is_published)
        .collect();
    assert_eq!(published, [true, false, false]);
}

#[test]
fn an_engine_holds_one_message_and_the_rest_waits() {
    let one = pipeline(1, 8.0);
    (0..10).for_each(|_| one.accept_at(&REGISTERED, S));
    let at = |ms: u64| one.backlog_at(Domain::Identity, S + ms * MS);
    let backlog = |pending, published, lag| OutboxBacklog {
        pending,
        published,
        lag,
        ..OutboxBacklog::default()
    };
    assert_eq!(at(0), backlog(9, 1, 1));
    assert_eq!(at(125), backlog(8, 2, 1));
    assert_eq!(at(1_249), backlog(0, 10, 1));
    assert_eq!(at(1_250), backlog(0, 10, 0));
    let three = pipeline(3, 8.0);
    (0..10).for_each(|_| three.accept_at(&REGISTERED, S));
    assert_eq!(three.backlog_at(Domain::Identity, S), backlog(7, 3, 3));
    assert_eq!(
        three.backlog_at(Domain::Identity, S + 250 * MS),
        backlog(1, 9, 3)
    );
}

#[test]
fn messages_are_published_in_the_order_in_which_they_came() {
    let pipeline = pipeline(1, 10.0);
    pipeline.accept_at(&PRODUCT, S);
    pipeline.accept_at(&events::EVENTS[20], S);
    let told = |at_ns| {
        let mut messages: Vec<_> = pipeline.messages(Domain::Catalogue, at_ns).collect();
        messages.sort_by_key(|message| message.end);
        let told = messages.into_iter();
        told.map(|message| {
            let times = (message.published_ns / MS, message.processed_ns / MS);
            (message.event.name, times)
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(told(S - 1), []);
    let first = ("ProductCreated", (1_000, 1_100));
    assert_eq!(told(S), [first]);
    assert_eq!(told(2 * S), [first, ("CategoryCreated", (1_100, 1_200))]);
    assert_eq!(pipeline.messages(Domain::Identity, 9 * S).count(), 0);
}

#[test]
fn without_a_limit_there_is_no_backlog() {
    let pipeline = Pipeline::new(
        &PipelineConfig {
            drain_rate: DrainRate::Unlimited,
            ..PipelineConfig::default()
        },
        Generation::Five,
    );
    (0..100).for_each(|_| pipeline.accept_at(&REGISTERED, 7 * S));
    let backlog = pipeline.backlog_at(Domain::Identity, 7 * S);
    assert_eq!((backlog.published, backlog.unfinished()), (100, 0));
    let message = pipeline.messages(Domain::Identity, 7 * S).next().unwrap();
    assert_eq!((message.published_ns, message.processed_ns), (7 * S, 7 * S));
}

#[test]
fn the_time_of_day_follows_the_pipelines_time() {
    let started: Timestamp = "2026-11-22T07:26:06Z".parse().unwrap();
    let pipeline = Pipeline::started_at(&PipelineConfig::default(), Generation::Five, started);
    let later: Timestamp = "2026-11-22T07:26:08.5Z".parse().unwrap();
    assert_eq!(pipeline.time_of(2_500 * MS), later);
}

proptest! {
    /// Nothing is lost or made up: accepted = pending + published, and lag is a part of published.
    #[test]
    fn events_are_conserved(
        engines in 0_u32..5,
        rate in 0.0_f64..50.0,
        gaps_ms in prop::collection::vec(0_u64..300, 0..100),
        later_ms in 0_u64..5_000,
    ) {
        let rate = DrainRate::per_s(rate).unwrap_or(DrainRate::Unlimited);
        let pipeline = Pipeline::new(
        &PipelineConfig {
            engines: [engines; DOMAINS],
            drain_rate: rate,
        },
        Generation::Five,
    );
        let mut at_ns = 0;
        let mut published = 0;
        for (accepted, gap_ms) in (1..).zip(&gaps_ms) {
            at_ns += gap_ms * MS;
            pipeline.accept_at(&REGISTERED, at_ns);
            let now = pipeline.backlog_at(Domain::Identity, at_ns);
            prop_assert_eq!(now.pending + now.published, accepted);
            prop_assert!(now.lag <= u64::from(engines) && now.lag <= now.published);
            prop_assert!(now.published >= published, "what is published stays so");
            published = now.published;
        }
        let later = pipeline.backlog_at(Domain::Identity, at_ns + later_ms * MS);
        prop_assert_eq!(later.pending + later.published, gaps_ms.len() as u64);
        prop_assert!(later.published >= published);
    }
}

//! What is followed, found, and told of it, in times of its own.

use super::*;
use crate::engine::Id;
use crate::observe::followed_event::OWN_WORD_US;

const REGISTERED: Event = event("Identity", "CustomerRegistered");
const ADDED: Event = event("Ordering", "CartItemAdded");
const GROUPS: [&str; 2] = ["identity.CardProjector", "ordering.x.Handler"];

const fn event(domain: &'static str, name: &'static str) -> Event {
    Event {
        domain,
        name,
        outbox: true,
    }
}

fn followed() -> FollowedEvents {
    let outboxes = ["identity", "ordering"].map(str::to_owned).to_vec();
    FollowedEvents::new(&[REGISTERED, ADDED], outboxes, true, 0)
}

fn reply(id: &str, sent_us: i64) -> ChosenReply {
    ChosenReply {
        within_us: 0,
        heard_us: 0,
        sent_us,
        done_us: sent_us + 1_000,
        ids: [Id::new(id.as_bytes()), None],
    }
}

fn kept(message_id: &str, kind: &str, raised_us: i64, published_us: Option<i64>) -> KeptEvent {
    KeptEvent {
        message_id: message_id.to_owned(),
        kind: kind.to_owned(),
        raised_us,
        published_us,
    }
}

fn standing(fetched: u64, unconfirmed: Option<u64>) -> [GroupStanding; 2] {
    let of = |group: &str, fetched, unconfirmed: Option<u64>| GroupStanding {
        group: group.to_owned(),
        fetched: (fetched, 0),
        unconfirmed: unconfirmed.map(|ms| (ms, 0)),
    };
    [
        of(GROUPS[0], 100, None),
        of(GROUPS[1], fetched, unconfirmed),
    ]
}

fn registered(id: &str, published_us: Option<i64>) -> KeptEvent {
    let message_id = format!("identity::customer-{id}-0.1");
    kept(
        &message_id,
        "Identity.CustomerRegistered.v1",
        10_500,
        published_us,
    )
}

fn only(events: &FollowedEvents, now_us: i64) -> EventLatency {
    let mut all = events.latencies(now_us, &|_, _| true);
    assert_eq!(all.len(), 1);
    all.pop().expect("one")
}

#[test]
fn an_event_goes_from_its_reply_to_its_last_group() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    assert_eq!(events.asked_of("ordering", 10), None);
    let (ids, _) = events.asked_of("identity", 10).expect("asked");
    assert_eq!(ids, ["7-a"]);
    events.kept(&[registered("7-a", None)]);
    let waiting = only(&events, 15_000);
    assert_eq!(waiting.published.waiting.max_us(), 4_000);
    assert_eq!(waiting.done.waiting.max_us(), 4_000);
    events.kept(&[registered("7-a", Some(21_000))]);
    assert_eq!(
        events.asked_of("identity", 10),
        None,
        "all is known of its row"
    );
    let entry = registered("7-a", Some(20_000));
    events.entered(&entry, (50, 0), 20_000);
    events.standing("identity::customer", &standing(40, None), (30_000, 30_000));
    let told = |handler: &str, at_us| HandledEvent {
        message_id: "identity::customer-7-a-0.1".to_owned(),
        handler: handler.to_owned(),
        at_us,
    };
    events.handled(&told("CardProjector", 22_000));
    events.conclude(30_000, false);
    let now = only(&events, 41_000);
    assert_eq!(now.handled[0].1.over.max_us(), 1_000);
    assert_eq!(now.handled[1].1.waiting.max_us(), 20_000);
    // The other one has it in hand, then is past it; its own word comes after the look, and counts.
    events.standing(
        "identity::customer",
        &standing(60, Some(50)),
        (50_000, 50_000),
    );
    events.conclude(9_000_000, false);
    assert!(!events.is_empty());
    events.standing(
        "identity::customer",
        &standing(60, Some(60)),
        (60_000, 60_000),
    );
    events.handled(&told("Handler", 51_000));
    events.conclude(61_000, false);
    assert!(events.is_empty());
    let over = only(&events, 99_000);
    assert_eq!(over.handled[1].1.over.max_us(), 30_000);
    assert_eq!((over.done.over.len(), over.done.over.max_us()), (1, 40_000));
    assert_eq!(over.published.over.max_us(), 10_000);
    assert_eq!(events.shop_ahead_us, Some((-500, 500)));
}

#[test]
fn without_a_word_of_its_own_a_group_is_timed_by_where_it_stands() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    events.entered(&registered("7-a", None), (50, 0), 20_000);
    events.kept(&[registered("7-a", Some(21_000))]);
    events.standing("identity::customer", &standing(60, None), (71_000, 71_000));
    events.conclude(72_000, false);
    assert!(!events.is_empty(), "its own word may come");
    events.conclude(72_000 + OWN_WORD_US, false);
    assert!(events.is_empty());
    assert_eq!(only(&events, 0).done.over.max_us(), 60_000);
}

#[test]
fn words_and_entries_that_come_before_the_row_are_kept() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    events.standing("identity::customer", &standing(10, None), (9_000, 9_000));
    events.entered(&registered("7-a", None), (50, 0), 20_000);
    for handler in ["CardProjector", "Handler"] {
        events.handled(&HandledEvent {
            message_id: "identity::customer-7-a-0.1".to_owned(),
            handler: handler.to_owned(),
            at_us: 24_000,
        });
    }
    events.kept(&[registered("7-a", Some(21_000))]);
    events.conclude(30_000, false);
    assert!(events.is_empty());
    assert_eq!(only(&events, 0).done.over.max_us(), 13_000);
}

#[test]
fn of_several_rows_the_one_of_the_moment_is_meant_and_nothing_is_guessed() {
    let mut events = followed();
    let item = |number: u32, raised_us| {
        let message_id = format!("ordering::shopping_cart-c-{number}.1");
        kept(
            &message_id,
            "Ordering.CartItemAdded.v1",
            raised_us,
            Some(raised_us + 5_000),
        )
    };
    events.add(1, reply("c", 1_000_000));
    events.kept(&[item(1, 1_000_500), item(2, 1_500_000)]);
    events.add(1, reply("c", 3_000_000));
    events.kept(&[item(1, 1_000_500), item(3, 3_000_100), item(4, 3_000_200)]);
    // Rows of another kind, or of long ago, are none of it.
    events.add(1, reply("d", 5_000_000));
    events.kept(&[
        kept(
            "ordering::shopping_cart-d-0.1",
            "Ordering.CartConverted.v1",
            5_000_000,
            None,
        ),
        kept(
            "ordering::shopping_cart-d-1.1",
            "Ordering.CartItemAdded.v1",
            1_000_000,
            None,
        ),
    ]);
    events.conclude(20_000_000, false);
    assert_eq!(only(&events, 0).counts.not_found, 0, "nobody looked for it");
    look_at(&mut events, "ordering", 20_000_000);
    events.conclude(20_000_000, false);
    let counts = only(&events, 0).counts;
    assert_eq!((counts.followed, counts.found), (3, 1));
    assert_eq!((counts.ambiguous, counts.not_found), (1, 1));
}

fn look_at(events: &mut FollowedEvents, domain: &str, at_us: i64) {
    events.asked_of(domain, 10).expect("asked");
    events.looked(events.round, at_us);
}

/// A store that is read too seldom for all that is followed must not make events look lost.
#[test]
fn only_what_a_late_look_did_not_see_is_not_found() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    events.add(0, reply("7-b", 10_000));
    // The look for both began soon after their replies, and was answered late.
    look_at(&mut events, "identity", 2_000_000);
    events.conclude(60_000_000, false);
    assert_eq!(only(&events, 0).counts.not_found, 0);
    // The next one had room for one of them alone.
    let (ids, _) = events.asked_of("identity", 1).expect("asked");
    assert_eq!(ids, ["7-a"]);
    events.looked(events.round, 61_000_000);
    events.conclude(62_000_000, false);
    assert_eq!(only(&events, 0).counts.not_found, 1);
    // The other is found, however late it is looked for.
    events.kept(&[registered("7-b", Some(21_000))]);
    let counts = only(&events, 0).counts;
    assert_eq!((counts.found, counts.not_found), (1, 1));
}

/// An answer to another round says nothing of what was not in it.
#[test]
fn what_was_not_asked_for_was_not_looked_at() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    events.asked_of("identity", 10).expect("asked");
    let of_identity = events.round;
    events.add(1, reply("c", 10_000));
    look_at(&mut events, "ordering", 40_000_000);
    events.conclude(41_000_000, false);
    let identity = events.latencies(0, &|domain, _| domain == "Identity");
    assert_eq!(identity[0].counts.not_found, 0);
    events.looked(of_identity, 41_000_000);
    events.conclude(42_000_000, false);
    let identity = events.latencies(0, &|domain, _| domain == "Identity");
    assert_eq!(identity[0].counts.not_found, 1);
}

#[test]
fn what_is_published_before_its_reply_took_no_time() {
    let mut events = FollowedEvents::new(&[REGISTERED], vec!["identity".to_owned()], false, 0);
    events.add(0, reply("7-a", 10_000));
    events.kept(&[registered("7-a", Some(10_700))]);
    events.conclude(12_000, false);
    let latency = only(&events, 0);
    assert_eq!(latency.counts.before_reply, 1);
    assert_eq!(latency.published.over.max_us(), 1, "the least that is told");
    assert!(latency.done.is_empty(), "nobody sees groups");
}

#[test]
fn without_an_outbox_the_stream_tells_when_an_event_was_published() {
    let mut events = FollowedEvents::new(&[REGISTERED], Vec::new(), true, 0);
    events.add(0, reply("7-a", 10_000));
    events.entered(&registered("7-a", Some(15_000)), (50, 0), 15_000);
    events.standing("identity::customer", &standing(60, None), (16_000, 16_000));
    events.conclude(17_000, true);
    let latency = only(&events, 0);
    assert_eq!(latency.published.over.max_us(), 4_000);
    assert_eq!(latency.done.over.max_us(), 5_000);
}

#[test]
fn what_is_followed_is_bounded() {
    let mut events = followed();
    for number in 0..MOST_FOLLOWED + 5 {
        events.add(0, reply(&number.to_string(), 10_000));
    }
    assert_eq!(events.no_room, 5);
    let (ids, _) = events.asked_of("identity", 1_000).expect("asked");
    assert_eq!(ids.len(), 1_000);
    let (next, _) = events.asked_of("identity", 1_000).expect("asked");
    assert!(
        next.iter().all(|id| !ids.contains(id)),
        "all have their turn"
    );
    events.conclude(i64::MAX / 2, true);
    assert!(events.is_empty());
}

#[test]
fn message_ids_have_three_parts() {
    assert_eq!(
        parts_of("ordering::order-7-a-b-0"),
        Some(("ordering::order", "7-a-b"))
    );
    for none in ["", "x", "x-1", "a--1", "a-b-"] {
        assert_eq!(parts_of(none), None, "{none}");
    }
}

/// One that is known to be published, by its row and by its entry.
fn published(events: &mut FollowedEvents) {
    events.kept(&[registered("7-a", Some(21_000))]);
    events.entered(&registered("7-a", Some(20_000)), (50, 0), 20_000);
}

#[test]
fn the_first_look_past_an_event_counts_even_if_its_row_and_its_entry_are_read_later() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    let look = |events: &mut FollowedEvents, fetched, at_us| {
        events.standing(
            "identity::customer",
            &standing(fetched, None),
            (at_us, at_us + 5),
        );
    };
    look(&mut events, 40, 30_000);
    look(&mut events, 60, 40_000);
    look(&mut events, 70, 90_000);
    published(&mut events);
    look(&mut events, 70, 99_000);
    events.conclude(100_000, true);
    let latency = only(&events, 0);
    assert_eq!(latency.done.over.max_us(), 40_005 - 11_000);
    // The first group had passed it at the first look, after it was published.
    assert_eq!(latency.handled[0].1.over.max_us(), 9_005);
    assert_eq!(events.within_us, 10_005, "from the look before to this one");
}

#[test]
fn of_a_look_that_cannot_tell_nothing_is_guessed() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    published(&mut events);
    // Something older is in hand: this one may be confirmed or not.
    events.standing(
        "identity::customer",
        &standing(60, Some(45)),
        (30_000, 30_000),
    );
    events.standing(
        "identity::customer",
        &standing(60, Some(45)),
        (90_000, 90_000),
    );
    events.conclude(100_000, true);
    let latency = only(&events, 200_000);
    assert!(latency.done.is_empty(), "neither over nor waiting");
    assert_eq!(latency.published.over.len(), 1);
    assert_eq!(latency.handled.len(), 1, "the group that is known");
    assert_eq!(events.unseen, 1);

    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    published(&mut events);
    events.standing(
        "identity::customer",
        &standing(60, Some(45)),
        (30_000, 30_000),
    );
    events.standing("identity::customer", &standing(60, None), (90_000, 90_000));
    events.conclude(100_000, true);
    assert_eq!(only(&events, 0).done.over.max_us(), 79_000);
    assert_eq!(events.within_us, 69_000, "any time since it was published");
}

#[test]
fn an_event_whose_entry_was_never_read_is_not_said_to_wait() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    events.kept(&[registered("7-a", Some(21_000))]);
    events.standing("identity::customer", &standing(60, None), (30_000, 30_000));
    events.conclude(100_000, true);
    let latency = only(&events, 200_000);
    assert_eq!((latency.published.over.len(), latency.done.len()), (1, 0));
    assert_eq!(events.unseen, 1);
}

#[test]
fn where_groups_stand_counts_only_when_what_they_told_was_read() {
    let mut events = followed();
    events.add(0, reply("7-a", 10_000));
    published(&mut events);
    events.standing("identity::customer", &standing(60, None), (71_000, 71_000));
    // The reader of what they tell is behind: nothing is told in its place.
    events.words_us = Some(72_000);
    events.conclude(60_000_000, false);
    assert!(!events.is_empty());
    assert!(events.awaits_words());
    for handler in ["CardProjector", "Handler"] {
        events.handled(&HandledEvent {
            message_id: "identity::customer-7-a-0.1".to_owned(),
            handler: handler.to_owned(),
            at_us: 24_000,
        });
    }
    assert!(!events.awaits_words());
    events.conclude(60_000_001, false);
    assert_eq!(only(&events, 0).done.over.max_us(), 13_000);
    assert_eq!(events.within_us, 0, "all by their own word");
}

#[test]
fn where_streams_alone_tell_an_event_is_found_however_late_it_is_published() {
    let mut events = FollowedEvents::new(&[REGISTERED], Vec::new(), true, 0);
    events.add(0, reply("7-a", 10_000));
    events.add(0, reply("7-b", 10_000));
    // With an outbox it would be given up by now.
    events.conclude(60_000_000, false);
    assert_eq!(only(&events, 60_000_000).counts.not_found, 0);
    let late = kept(
        "identity::customer-7-a-0.1",
        "Identity.CustomerRegistered.v1",
        10_500,
        None,
    );
    events.entered(&late, (90_000, 0), 90_000_000);
    let now = only(&events, 95_000_000);
    assert_eq!(now.counts.found, 1);
    assert!(now.published.over.max_us() >= 89_900_000);
    events.standing(
        "identity::customer",
        &standing(40, None),
        (94_000_000, 94_000_000),
    );
    assert!(events.are_under_way(), "nobody has handled it");
    events.conclude(95_000_000, true);
    assert_eq!(only(&events, 95_000_000).counts.not_found, 1);
}

#[test]
fn an_event_is_under_way_until_its_last_group_has_passed_it() {
    let mut events = followed();
    assert!(!events.are_under_way());
    events.add(0, reply("7-a", 10_000));
    assert!(!events.are_under_way(), "nothing is known of it");
    events.kept(&[registered("7-a", None)]);
    assert!(events.are_under_way(), "it is not published");
    events.kept(&[registered("7-a", Some(20_000))]);
    events.entered(&registered("7-a", Some(20_000)), (50, 0), 20_000);
    events.standing("identity::customer", &standing(40, None), (30_000, 30_000));
    assert!(events.are_under_way(), "a group has not come to it");
    events.standing("identity::customer", &standing(60, None), (40_000, 40_000));
    assert!(!events.are_under_way());
}

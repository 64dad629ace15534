//! Cookies of users in virtual time: who keeps them, what carries them, and when they are gone.

use super::tests::{STEP, created, simulation, start};
use super::*;
use crate::engine::session::tests::{MS, SECOND, Sent};

/// Calls twice a pass, with the second at once; keeps cookies in this room.
struct TwoCalls(Option<CookieRoom>);

impl Script for TwoCalls {
    fn steps(&self) -> &'static [Step] {
        &[]
    }

    fn cookies(&self) -> Option<CookieRoom> {
        self.0
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        user.begin_journey(0);
        user.call(STEP).or_abort().await?;
        user.call(STEP).at_once().or_abort().await
    }
}

/// The cookies of each request that was sent; nothing for one without.
fn cookies(sent: &Sent) -> Vec<String> {
    let sent = sent.borrow();
    let texts = sent.iter().map(|(_, request)| {
        let request = String::from_utf8(request.clone()).expect("text");
        let mut lines = request.lines();
        let line = lines.find_map(|line| line.strip_prefix("cookie: "));
        line.unwrap_or_default().to_owned()
    });
    texts.collect()
}

/// What a user of `script` sends in a second to a shop that sets a cookie with each reply.
fn sent_by(script: TwoCalls) -> Vec<String> {
    let mut turn = 0;
    let (mut simulation, sent) = simulation(move |_| {
        turn += 1;
        let set = format!("turn=t-{turn}; Path=/; HttpOnly");
        created(200 * MS).with_field("Set-Cookie", &set)
    });
    simulation.spawn_user(&Arc::new(script), start(WaitTime::None), SECOND);
    simulation.run();
    cookies(&sent)
}

#[test]
fn a_user_of_a_script_that_asks_for_it_sends_what_was_set_last() {
    let sent = sent_by(TwoCalls(Some(CookieRoom::default())));
    assert_eq!(sent, ["", "turn=t-1", "turn=t-2", "turn=t-3", "turn=t-4"]);
    assert_eq!(sent, sent_by(TwoCalls(Some(CookieRoom::default()))));
}

#[test]
fn nobody_else_heeds_what_is_set() {
    assert_eq!(sent_by(TwoCalls(None)), [""; 5]);
}

#[test]
fn each_user_has_its_own_and_a_new_one_has_none() {
    let mut turn = 0;
    let (mut simulation, sent) = simulation(move |_| {
        turn += 1;
        created(MS).with_field("set-cookie", &format!("turn=t-{turn}; Path=/; Max-Age=1"))
    });
    let room = Some(CookieRoom::default());
    let mut user = simulation
        .session(start(WaitTime::None), 60 * SECOND)
        .with_cookies(room);
    let mut other = simulation
        .session(start(WaitTime::None), 60 * SECOND)
        .with_cookies(room);
    simulation.spawn(async move {
        user.call(STEP).or_abort().await.unwrap();
        other.call(STEP).or_abort().await.unwrap();
        assert!(user.has_cookie("turn") && !user.has_cookie("other"));
        user.call(STEP).or_abort().await.unwrap();
        other.forget_cookies();
        other.call(STEP).or_abort().await.unwrap();
        // It has expired by then.
        user.pause(2 * SECOND);
        user.call(STEP).or_abort().await.unwrap();
        user.begin_arrival(3 * SECOND, 7, UniqueNumbers::of_user(9));
        user.call(STEP).or_abort().await.unwrap();
        user.call(STEP).or_abort().await.unwrap();
        user.begin_activity(4 * SECOND);
        user.call(STEP).or_abort().await.unwrap();
    });
    simulation.run();
    let expected = ["", "", "turn=t-1", "", "", "", "turn=t-6", ""];
    assert_eq!(cookies(&sent), expected);
}

#[test]
fn a_witness_has_no_cookie() {
    let (mut simulation, sent) =
        simulation(|_| created(MS).with_field("set-cookie", "session=geheim; Path=/"));
    let room = Some(CookieRoom::default());
    let mut user = simulation
        .session(start(WaitTime::None), SECOND)
        .with_cookies(room);
    simulation.spawn(async move {
        user.begin_log();
        user.call(STEP).or_abort().await.unwrap();
        user.call(STEP).or_abort().await.unwrap();
        let rule = crate::stats::Rule {
            index: 0,
            name: "a rule",
            text: "",
            enforced: true,
        };
        let why = crate::stats::Reason::new("why");
        let violation = user
            .log()
            .violation((&rule, None), &why, &[0, 1], (0, SECOND));
        assert_eq!(violation.exchanges.len(), 2);
        let told = format!(
            "{violation:?}{}",
            serde_json::to_string(&violation).unwrap()
        );
        assert!(
            !told.contains("geheim") && !told.contains("cookie"),
            "{told}"
        );
    });
    simulation.run();
    assert_eq!(cookies(&sent), ["", "session=geheim"]);
}

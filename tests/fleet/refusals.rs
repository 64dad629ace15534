//! Who does not take part, and is told why.

use crate::counting_server::CountingServer;
use crate::invocation::Invocation;
use crate::meeting::Meeting;
use crate::troupe::{all_end, join, join_all, lead};

#[test]
fn who_comes_late_or_has_no_shard_left_is_sent_away_and_the_run_goes_on() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(3);
    let members = join_all(&meeting, "late", 2);
    let line = format!("--url {} --rate 50 -t 4s", server.url());
    let leader = lead(&meeting, 2, "late", &line);
    server.wait_for(10);
    let late = join(&meeting, "late", "").end();
    assert_eq!(late.code, 104, "{}", late.told());
    assert!(
        late.err.contains("nobody joins it any more"),
        "{}",
        late.told()
    );
    let second = lead(&meeting, 2, "late", &line).end();
    assert_eq!(second.code, 104, "{}", second.told());
    assert!(
        second.err.contains("the run late is led by"),
        "{}",
        second.told()
    );
    let ended = leader.end();
    all_end(members);
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(server.requests(), 200);
}

#[test]
fn a_machine_sends_load_only_where_its_user_allows() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(1);
    let member = join(&meeting, "guarded", "--allow-target shop.test");
    let line = format!("--url {} -u 2 -t 1s", server.url());
    let ended = lead(&meeting, 1, "guarded", &line).end();
    let member = member.end();
    for told in [&ended, &member] {
        assert_eq!(told.code, 104, "{}", told.told());
        let says = "this machine sends no load to 127.0.0.1";
        assert!(told.err.contains(says), "{}", told.told());
    }
    assert_eq!(server.requests(), 0);
}

#[test]
fn another_secret_or_none_gets_nowhere() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(1);
    let line = format!("--url {} -u 2 -t 1s --join-wait 4s", server.url());
    let leader = lead(&meeting, 1, "secret", &line);
    crate::troupe::wait_until_said(&leader, "waiting for 1 join");
    let words = format!(
        "fleet join --redis {} --run secret --cores 1",
        meeting.url()
    );
    let other = [(
        "SHOPBLAST_FLEET_SECRET",
        "another secret, as long as it".to_owned(),
    )];
    let other = Invocation::begin_with(&words, &other).end();
    assert_eq!(other.code, 104, "{}", other.told());
    assert!(other.err.contains("same secret"), "{}", other.told());
    let none = Invocation::begin(&words).end();
    assert!(
        none.err.contains("SHOPBLAST_FLEET_SECRET"),
        "{}",
        none.told()
    );
    assert_eq!(leader.end().code, 107);
    assert_eq!(server.requests(), 0);
}

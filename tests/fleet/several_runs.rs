//! Hunts and comparisons, between whose runs the machines stay joined.

use crate::counting_server::CountingServer;
use crate::meeting::Meeting;
use crate::troupe::{all_end, begin, join, join_all, signal};

#[test]
fn a_hunt_goes_from_probe_to_probe_with_the_same_machines() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start();
    let members = join_all(&meeting, "hunted", 2);
    let line = format!(
        "fleet hunt --shards 2 --redis {} --run hunted --url {} --from 40 --to 80 --window 2s --longest-window 2s \
         --warm-up 1s --rest-limit 1s --no-tui --fail-on-saturation=false",
        meeting.url(),
        server.url()
    );
    let ended = begin(&line).end();
    let members = all_end(members);
    let told = format!("{}\n{}", ended.told(), members[0].told());
    assert!([0, 99].contains(&ended.code), "{told}");
    for member in &members {
        assert_eq!(member.code, 0, "{}", member.told());
        let runs = member.err.matches("requests in").count();
        assert!(runs >= 2, "{}", member.told());
    }
}

#[test]
fn a_comparison_has_its_runs_made_by_machines_that_stay() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start();
    let members: Vec<_> = (0..2)
        .map(|_| join(&meeting, "compared", "--stay"))
        .collect();
    let place = tempfile::tempdir().unwrap();
    let space = crate::invocation::SPACE;
    let lead = format!("--shards 2 --redis {} --run compared", meeting.url())
        .replace(' ', &space.to_string());
    let line = format!(
        "compare --run one= --run two= --repetitions 1 --output {}/compared --fleet {lead} -- --url {} --rate 40 -t 2s",
        place.path().display(),
        server.url()
    );
    // The place of records comes last for all others.
    let ended = begin(&line).end();
    // A busy machine spoils runs, and maybe each of one side: they were made all the same.
    let made = |side: &str| ended.told().contains(&format!("1 of 1, {side}"));
    assert!(
        [0, 95].contains(&ended.code) && made("one") && made("two"),
        "{}",
        ended.told()
    );
    // A run that the machine spoiled is made again.
    assert!(server.requests() >= 160, "{}", ended.told());
    for member in &members {
        signal(member, "TERM");
    }
    let ended = all_end(members);
    let joined = ended
        .iter()
        .map(|member| member.err.matches("joined compared").count());
    let joined: Vec<usize> = joined.collect();
    // As often as runs were made, both of them.
    assert!(
        joined[0] >= 2 && joined[0] == joined[1],
        "{joined:?}: {}",
        ended[0].told()
    );
    // Beside looks at the target, of which there are a few a run.
    assert!(server.requests() >= 80 * joined[0] as u64);
}

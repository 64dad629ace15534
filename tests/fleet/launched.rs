//! What `fleet up` launches, for real: hosts whose `ssh` is a shell of this machine.

use crate::counting_server::CountingServer;
use crate::invocation::{Invocation, PROGRAM};
use crate::meeting::Meeting;
use crate::troupe::SECRET;
use std::os::unix::fs::PermissionsExt;

/// Hands its last word to a shell, as the `sshd` of a host does.
const SSH: &str = "#!/bin/sh\nfor word in \"$@\"; do line=$word; done\nexec sh -c \"$line\"\n";

#[test]
fn a_fleet_that_is_launched_leads_joins_and_brings_its_record() {
    let Some(meeting) = Meeting::start() else {
        return;
    };
    let server = CountingServer::start().looked_at_by(3);
    let place = tempfile::tempdir().unwrap();
    let ssh = place.path().join("ssh");
    std::fs::write(&ssh, SSH).unwrap();
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!(
        "fleet up --engine ssh --on one,two --shards 2 --run launched --redis {} --program {PROGRAM} \
         --join-flags=--results={}/of-machines --allow-target 127.0.0.1 -- --url {} --rate 60 -t 2s \
         --on-lost stop --only-summary",
        meeting.url(),
        place.path().display(),
        server.url()
    );
    let path = format!("{}:/usr/bin:/bin", place.path().display());
    let variables = [
        ("SHOPBLAST_FLEET_SECRET", SECRET.to_owned()),
        ("PATH", path),
    ];
    let ended = Invocation::begin_with(&line, &variables).end();
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(server.requests(), 120, "{}", ended.told());
    let record = ended.record();
    assert_eq!(record["totals"]["requests"], 120);
    assert_eq!(
        record["shards"].as_array().map(Vec::len),
        Some(2),
        "{record}"
    );
    let own = std::fs::read_dir(place.path().join("of-machines")).unwrap();
    assert_eq!(own.count(), 2, "each machine has a record of its part");
}

//! What `fleet up` launches is what this program takes: each word and each variable.

use super::*;
use crate::fleet::engines::{Launch, UpRequest};
use crate::fleet::{FleetJoinRequest, FleetRunRequest, OnLost};

const ENGINES: [&str; 4] = [
    "kubernetes",
    "swarm --redis redis://:word@meet:6380/1",
    "slurm",
    "ssh --on one,two --redis redis://:word@meet:6380/1",
];
const MACHINES: &str = "--shards 4 --cores 2 --run proof --allow-target shop --join-flags=--quiet";
const RUN: &str = "--profile smoke --host http://shop:8000 --on-lost stop --leaderless 20s";

fn up(line: &str) -> Result<UpRequest, CliError> {
    match parse_with(&format!("fleet up --engine {line}"), &[])? {
        CliCommand::FleetUp(request) => Ok(*request),
        other => panic!("{line}: {other:?}"),
    }
}

/// The words of a machine, in the environment that engines give it.
fn there(launch: &Launch, words: &[String], more: &[(&str, &str)]) -> CliCommand {
    let variables = launch.variables();
    let variables = variables.iter().map(|(name, value)| (*name, &**value));
    let variables: Vec<(&str, &str)> = variables.chain(more.iter().copied()).collect();
    parse_with(&words.join(" "), &variables).unwrap()
}

fn leads(launch: &Launch) -> FleetRunRequest {
    match there(launch, &launch.leading(), &[]) {
        CliCommand::FleetRun(request) => *request,
        other => panic!("{other:?}"),
    }
}

fn joins(launch: &Launch, more: &[(&str, &str)]) -> FleetJoinRequest {
    match there(launch, &launch.joining(), more) {
        CliCommand::FleetJoin(request) => *request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_engines_launch_leads_the_run_and_joins_it() {
    for engine in ENGINES {
        let launch = up(&format!("{engine} {MACHINES} -- {RUN}")).unwrap().launch;
        let led = leads(&launch);
        assert_eq!((led.leading.shards, led.leading.on_lost), (4, OnLost::Stop));
        assert_eq!(led.leading.leaderless, Some(Duration::from_secs(20)));
        assert_eq!(led.run.plan.profile, "smoke");
        let joined = joins(&launch, &[]);
        assert!(joined.quiet && joined.own_words.contains(&"--cores=2".into()));
        assert_eq!(joined.shard, None);
        for meeting in [&led.leading.meeting, &joined.meeting] {
            assert_eq!(meeting.run.as_str(), "proof");
            let place = launch.redis.as_deref().map_or("redis", |_| "meet");
            assert!(
                meeting.redis.to_string().contains(place),
                "{}",
                meeting.redis
            );
        }
    }
}

#[test]
fn the_number_that_an_engine_gives_a_machine_is_its_shards() {
    let launch = up(&format!("kubernetes {MACHINES} -- {RUN}"))
        .unwrap()
        .launch;
    for variable in ["JOB_COMPLETION_INDEX", "SLURM_PROCID"] {
        assert_eq!(
            joins(&launch, &[(variable, "3")]).shard,
            Some(3),
            "{variable}"
        );
    }
}

#[test]
fn nothing_is_launched_that_its_leader_would_refuse() {
    for (machines, run, why) in [
        ("", "--on-lost never", "--on-lost"),
        ("", "--sandbox", "--sandbox"),
        (
            "",
            "--host http://shop:8000 --no-such-flag",
            "--no-such-flag",
        ),
    ] {
        let line = format!("kubernetes --shards 2 {machines} -- {run}");
        let error = up(&line).unwrap_err();
        assert!(error.to_string().contains(why), "{line}: {error}");
    }
}

#[test]
fn what_meets_without_an_address_or_a_secret_is_told_which() {
    let line = "fleet join --run proof";
    let message = message_with(line, &[]);
    assert!(message.contains("--redis"), "{message}");
    let message = message_with(line, &[("SHOPBLAST_REDIS", "redis://meet")]);
    assert!(message.contains("SHOPBLAST_FLEET_SECRET"), "{message}");
}

//! Which load the flags and the profile give together.

use super::*;
use crate::plan::Arrivals;

fn open(rate_per_s: f64, arrivals: Arrivals, max_users: u32) -> Load {
    Load::Open {
        rate_per_s,
        arrivals,
        max_users,
    }
}

const STAGES: &str = "classes = [\"SpikeUser\"]\nstages = [{ users = 4, spawn_rate = 1, duration = 10 }, { users = 2, spawn_rate = 1, duration = 10 }]\n";
const OPEN: &str =
    "classes = [\"SpikeUser\"]\nrate = 30\narrivals = \"poisson\"\nmax_users = 9\nrun_time = 10\n";

fn load_of(profile: &str, flags: &str) -> Load {
    let (_directory, path) = profile_file(profile);
    request(&format!("--profile {path} {flags}")).plan.load
}

#[test]
fn classes_alone_run_one_user_for_a_minute() {
    let request = request("SpikeUser");
    assert_eq!(request.plan.profile, "custom");
    assert_eq!(request.plan.load, level(1, 1.0, 60));
    assert_eq!(request.plan.run_time, Duration::from_secs(60));
    assert_eq!(request.plan.pacing, Pacing::Class);
}

#[test]
fn a_rate_switches_to_the_open_model() {
    assert_eq!(
        request("SpikeUser --rate 10").plan.load,
        open(10.0, Arrivals::Constant, 50)
    );
    assert_eq!(request("SpikeUser --rate 99.5").plan.max_users(), 100);
    assert_eq!(request("SpikeUser --rate 50000").plan.max_users(), 2_000);
    let flags = "SpikeUser --rate 10 --arrivals poisson --max-users 3";
    assert_eq!(request(flags).plan.load, open(10.0, Arrivals::Poisson, 3));
    let spike = request("--profile spike --rate 10");
    assert_eq!(spike.plan.load, open(10.0, Arrivals::Constant, 50));
    assert_eq!(spike.plan.run_time, Duration::from_secs(120));
}

#[test]
fn flags_change_an_open_profile() {
    assert_eq!(load_of(OPEN, ""), open(30.0, Arrivals::Poisson, 9));
    assert_eq!(load_of(OPEN, "--rate 5"), open(5.0, Arrivals::Poisson, 9));
    assert_eq!(
        load_of(OPEN, "--arrivals constant --max-users 2"),
        open(30.0, Arrivals::Constant, 2)
    );
    assert_eq!(load_of(OPEN, "-u 5"), level(5, 1.0, 10));
    assert_eq!(load_of(OPEN, "-u 5 -r 2"), level(5, 2.0, 10));
    let (_directory, path) = profile_file(OPEN);
    let alone = message(&format!("--profile {path} -r 2"));
    assert!(alone.contains("--spawn-rate needs --users too"), "{alone}");
}

#[test]
fn flags_change_stages() {
    let rates = |load: Load| match load {
        Load::Closed { stages } => stages
            .iter()
            .map(|stage| {
                (
                    stage.users,
                    stage.spawn_rate_per_s,
                    stage.duration_us / 1_000_000,
                )
            })
            .collect::<Vec<_>>(),
        Load::Open { .. } => panic!("a closed load"),
    };
    assert_eq!(rates(load_of(STAGES, "")), [(4, 1.0, 10), (2, 1.0, 10)]);
    assert_eq!(
        rates(load_of(STAGES, "-t 60")),
        [(4, 1.0, 10), (2, 1.0, 50)]
    );
    assert_eq!(rates(load_of(STAGES, "-r 8")), [(4, 8.0, 10), (2, 8.0, 10)]);
    assert_eq!(rates(load_of(STAGES, "-u 6")), [(6, 1.0, 20)]);
    assert_eq!(
        load_of(STAGES, "--rate 60"),
        open(60.0, Arrivals::Constant, 60)
    );
}

#[test]
fn open_model_flags_need_a_rate() {
    for flag in ["--arrivals poisson", "--max-users 5"] {
        let message = message(&format!("--profile spike {flag}"));
        assert!(message.contains("add --rate"), "{message}");
    }
}

#[test]
fn a_profile_apart_goes_with_a_workload_that_somebody_wrote_down() {
    let workload = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/other-shop.toml");
    let (_directory, path) = profile_file("classes = [\"Shopper=2\"]\nusers = 3\n");
    let request = request(&format!("--workload {workload} --profile {path} -t 20"));
    assert_eq!(request.plan.profile, "mine");
    assert_eq!(request.plan.load, level(3, 1.0, 20));
    assert_eq!(request.plan.classes[0].class, "Shopper");
    assert_eq!(request.plan.classes[0].weight, 2);
    let (_directory, path) = profile_file("classes = [\"IdentityUser\"]\n");
    let refused = message(&format!("--workload {workload} --profile {path}"));
    assert!(refused.contains("`IdentityUser`"), "{refused}");
}

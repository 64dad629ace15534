//! Profiles: what is read, what is refused and in which words, and that nothing panics.

use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

/// A valid profile with the given lines added.
fn with(lines: &str) -> String {
    format!("name = \"x\"\ndescription = \"d\"\nclasses = [\"SpikeUser\"]\n{lines}")
}

fn message(text: &str) -> String {
    Profile::parse(text, "my.toml").unwrap_err().to_string()
}

/// What is in the directory runs by its name, wherever the program is.
#[test]
fn every_profile_of_the_repository_is_compiled_in() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let files = std::fs::read_dir(directory).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: HashSet<String> = files.filter(|name| name.ends_with(".toml")).collect();
    let known = BUILT_IN
        .iter()
        .map(|(origin, _)| origin.trim_start_matches("profiles/").to_owned());
    assert_eq!(known.collect::<HashSet<String>>(), files);
}

#[test]
fn built_in_profiles_are_valid_and_their_names_differ() {
    let mut names = HashSet::new();
    for profile in Profile::built_in() {
        for name in profile.names() {
            assert!(names.insert(name.to_owned()), "{name} is taken twice");
        }
        assert!(profile.origin.ends_with(&format!("/{}.toml", profile.name)));
        assert!(profile.length().is_some(), "{}", profile.name);
    }
}

/// Name, users, users started a second, length in seconds, class, pacing.
type ProfileFigures = (&'static str, u32, f64, u64, &'static str, Option<Pacing>);
/// The figures of the Locust suite, and where users do not wait.
const FIGURES: [ProfileFigures; 9] = [
    ("smoke", 5, 1.0, 60, "MixedWorkloadUser", None),
    ("load", 50, 5.0, 300, "MixedWorkloadUser", None),
    ("cross-domain", 30, 3.0, 300, "CrossDomainUser", None),
    ("race-conditions", 30, 10.0, 180, "RaceConditionUser", None),
    (
        "flash-sale",
        50,
        50.0,
        120,
        "FlashSaleUser",
        Some(Pacing::Max),
    ),
    (
        "stress",
        200,
        20.0,
        300,
        "EventFloodUser",
        Some(Pacing::Max),
    ),
    (
        "cross-flood",
        100,
        10.0,
        300,
        "CrossDomainFloodUser",
        Some(Pacing::Max),
    ),
    ("spike", 100, 100.0, 120, "SpikeUser", Some(Pacing::Max)),
    ("endurance", 30, 3.0, 1_800, "MixedWorkloadUser", None),
];

/// Of two profiles the suite has no counterpart: this one, and the next.
#[test]
fn the_audit_runs_every_race() {
    let audit = Profile::find_built_in("audit").unwrap();
    let classes: Vec<String> = audit
        .classes
        .iter()
        .map(|class| format!("{}={}", class.share.class, class.share.weight))
        .collect();
    assert_eq!(classes, ["RaceAuditUser=3", "FlashSaleUser=1"]);
    assert_eq!(audit.pacing, Some(Pacing::Max));
    assert_eq!((audit.rounds, audit.stock), (None, None));
}

#[test]
fn recovery_has_a_spike_that_it_comes_back_from() {
    let profile = Profile::find_built_in("recover").unwrap();
    let ProfileLoad::Stages(stages) = profile.load.clone() else {
        panic!("stages")
    };
    let length = profile.length().unwrap();
    assert_eq!((length, profile.run_time), (Duration::from_secs(210), None));
    let load = Load::closed(stages, length).unwrap();
    let excursion = load.excursion(length).unwrap();
    assert_eq!((excursion.users, excursion.peak_users), (20, 200));
    let after_us = excursion.end_us - excursion.back_us;
    assert!(after_us > 115_000_000, "{excursion:?}");
}

#[test]
fn profiles_have_the_figures_of_the_suite() {
    let names = Profile::built_in().map(|profile| profile.name);
    let of_suite = |name: &String| !["race-audit", "recover"].contains(&name.as_str());
    let names: Vec<String> = names.filter(of_suite).collect();
    assert_eq!(names, FIGURES.map(|(name, ..)| name));
    for (name, users, spawn_rate, seconds, class, pacing) in FIGURES {
        let profile = Profile::find_built_in(name).unwrap();
        let load = ProfileLoad::Level {
            users: Some(users),
            spawn_rate_per_s: Some(spawn_rate),
        };
        assert_eq!(profile.load, load, "{name}");
        assert_eq!(
            profile.run_time,
            Some(Duration::from_secs(seconds)),
            "{name}"
        );
        let share = ClassShare {
            class: class.to_owned(),
            weight: 1,
        };
        assert_eq!(profile.classes.len(), 1, "{name}");
        assert_eq!(profile.classes[0].share, share, "{name}");
        assert_eq!(profile.pacing, pacing, "{name}");
        assert_eq!(profile.options, JourneyOptions::default(), "{name}");
        let about = profile.about.unwrap();
        assert!(
            about.contains("Locust") && about.contains("Look at"),
            "{name}"
        );
    }
}

#[test]
fn natural_names_find_profiles() {
    for (alias, name) in [
        ("race", "race-conditions"),
        ("flash", "flash-sale"),
        ("flood", "stress"),
    ] {
        assert_eq!(Profile::find_built_in(alias).unwrap().name, name);
    }
}

#[test]
fn every_key_is_read() {
    let text = r#"
        name = "all-keys_1"
        aliases = ["other"]
        description = "one line"
        about = "more\nlines"
        classes = ["SpikeUser", "IdentityUser=3"]
        pacing = "class"
        with = ["strict", "by-request"]
        run_time = 90
        stages = [{ users = 10, spawn_rate = 2.5, duration = "1m" }, { users = 0, spawn_rate = 1, duration = 0.5 }]
        connections = 4
        timeout = "500ms"
        stop_timeout = 0
        thresholds = ["lag: p99 < 1ms", { expr = "failed: count < 1" }, { expr = "failed: rate < 1%", abort_on_fail = true, delay = "1m" }, { expr = "requests: rate > 1 over 5s", abort_on_fail = true }]
    "#;
    let profile = Profile::parse(text, "my.toml").unwrap();
    let thresholds: Vec<&str> = profile.thresholds.iter().map(Threshold::text).collect();
    let expected = [
        "lag: p99 < 1ms",
        "failed: count < 1",
        "failed: rate < 1% abort after 60s",
        "requests: rate > 1 over 5s abort",
    ];
    assert_eq!(thresholds, expected);
    let names: Vec<&str> = profile.names().collect();
    assert_eq!(names, ["all-keys_1", "other"]);
    let options: Vec<&str> = profile.options.iter().map(|option| option.word()).collect();
    assert_eq!(options, ["strict", "by-request"]);
    let message = message(&with("with = [\"stict\"]"));
    assert!(
        message.contains("`stict`; did you mean `strict`?"),
        "{message}"
    );
    assert_eq!(profile.classes[1].share.weight, 3);
    assert_eq!(
        profile.classes[1].position,
        TextPosition {
            line: 6,
            column: 33
        }
    );
    let stage = |users, spawn_rate_per_s, duration_us| Stage {
        users,
        spawn_rate_per_s,
        duration_us,
    };
    assert_eq!(
        profile.load,
        ProfileLoad::Stages(vec![stage(10, 2.5, 60_000_000), stage(0, 1.0, 500_000)])
    );
    assert_eq!(profile.length(), Some(Duration::from_secs(90)));
    assert_eq!(profile.pacing, Some(Pacing::Class));
    assert_eq!(profile.connections, Some(4));
    assert_eq!(profile.timeout, Some(Duration::from_millis(500)));
    assert_eq!(profile.stop_timeout, Some(Duration::ZERO));
}

#[test]
fn stages_may_be_written_as_tables_and_give_the_length() {
    let text = with(
        "[[stages]]\nusers = 3\nspawn_rate = 1\nduration = 20\n[[stages]]\nusers = 1\nspawn_rate = 1\nduration = \"10s\"\n",
    );
    let profile = Profile::parse(&text, "my.toml").unwrap();
    assert_eq!(profile.length(), Some(Duration::from_secs(30)));
}

#[test]
fn open_profiles_are_read() {
    let profile = Profile::parse(
        &with("rate = 50\narrivals = \"poisson\"\nmax_users = 9\n"),
        "my.toml",
    )
    .unwrap();
    assert_eq!(
        profile.load,
        ProfileLoad::Arrivals {
            rate_per_s: 50.0,
            arrivals: Some(Arrivals::Poisson),
            max_users: Some(9)
        }
    );
}

#[test]
fn an_unknown_key_is_an_error_with_its_place_and_a_suggestion() {
    let unknown = message(&with("  user = 5\n"));
    assert!(
        unknown.starts_with(
            "my.toml:4:3: unknown key `user`; did you mean `users`? (known keys: name,"
        ),
        "{unknown}"
    );
    let in_stage = message(&with(
        "stages = [{ users = 1, spawn_rate = 1, durration = 5 }]\n",
    ));
    assert!(
        in_stage.starts_with("my.toml:4:40: unknown key `durration`; did you mean `duration`?"),
        "{in_stage}"
    );
    let in_table = message(&with("[[stages]]\nusers = 1\nspawnrate = 1\n"));
    assert!(
        in_table.starts_with("my.toml:6:1: unknown key `spawnrate`; did you mean `spawn_rate`?"),
        "{in_table}"
    );
}

#[test]
fn a_wrong_value_is_an_error_that_names_the_key_and_its_place() {
    for (line, expected) in [
        (
            "users = \"many\"",
            "my.toml:4:9: `users`: must be a whole number from 1 to 33554432, not \"many\"",
        ),
        (
            "users = 0",
            "my.toml:4:9: `users`: must be a whole number from 1",
        ),
        ("users = -5", "my.toml:4:9: `users`: must be"),
        ("users = 1.5", "my.toml:4:9: `users`: must be"),
        (
            "spawn_rate = nan",
            "my.toml:4:14: `spawn_rate`: must be a number above 0",
        ),
        (
            "spawn_rate = inf",
            "my.toml:4:14: `spawn_rate`: must be a number above 0",
        ),
        (
            "spawn_rate = 0",
            "my.toml:4:14: `spawn_rate`: must be a number above 0",
        ),
        (
            "rate = -1",
            "my.toml:4:8: `rate`: must be a number above 0 and at most 10000000",
        ),
        (
            "run_time = \"abc\"",
            "my.toml:4:12: `run_time`: `abc` is not a length of time; write it like 20",
        ),
        (
            "run_time = 0",
            "my.toml:4:12: `run_time`: must be longer than 0",
        ),
        (
            "run_time = -1",
            "my.toml:4:12: `run_time`: must be a length of time like 20 or \"2m\", not -1",
        ),
        (
            "pacing = \"fast\"",
            "my.toml:4:10: `pacing`: unknown variant `fast`, expected `class` or `max`",
        ),
        ("arrivals = 3", "my.toml:4:12: `arrivals`:"),
        (
            "aliases = [\"a b\"]",
            "my.toml:4:11: `aliases`: a name has 1 to 64 letters",
        ),
        (
            "stages = []",
            "my.toml:4:1: `stages`: the load has no stage",
        ),
        (
            "stages = [{ users = 0, spawn_rate = 1, duration = 5 }]",
            "my.toml:4:1: `stages`: the load never has a user",
        ),
        (
            "stages = [{ users = 2, spawn_rate = 1, duration = \"x\" }]",
            "my.toml:4:51: `duration`: `x` is not",
        ),
        (
            "stages = [{ users = 2, spawn_rate = 1 }]",
            "my.toml:4:11: `stages`: missing field `duration`",
        ),
        (
            "[[stages]]\nusers = -2\nspawn_rate = 1\nduration = 1",
            "my.toml:5:9: `users`: must be a whole number from 0",
        ),
        (
            "thresholds = [\"lag: p99 < 1ms\", \"lag: p99 <> 1ms\"]",
            "my.toml:4:14: `thresholds`: expected a number, like 300 or 0.5\n  lag: p99 <> 1ms\n            ^",
        ),
        (
            "thresholds = [{ expr = \"lag: p99 < 1ms\", delay = \"5s\" }]",
            "my.toml:4:14: `thresholds`: `delay` means nothing without `abort_on_fail = true`",
        ),
        (
            "thresholds = [{ expr = \"lag: p99 < 1ms\", abortOnFail = true }]",
            "my.toml:4:14: `thresholds`: unknown field `abortOnFail`",
        ),
        (
            "thresholds = [3]",
            "my.toml:4:14: `thresholds`: must be texts like",
        ),
        ("users = = 3", "my.toml:4:9: this is not TOML: "),
    ] {
        let message = message(&with(line));
        assert!(
            message.starts_with(expected),
            "{line}\n  {message}\n  {expected}"
        );
    }
}

#[test]
fn names_classes_and_descriptions_are_needed_and_checked() {
    for (text, expected) in [
        (
            "",
            "my.toml: the key `name` is missing; add a line like name = \"my-test\"",
        ),
        ("name = \"x\"", "my.toml: the key `description` is missing"),
        (
            "name = \"x\"\ndescription = \"d\"",
            "my.toml: the key `classes` is missing",
        ),
        ("name = \"../x\"", "my.toml:1:8: `name`: a name has"),
        (
            "description = \"a\\nb\"",
            "my.toml:1:15: `description`: must be one line",
        ),
        (
            "name = \"x\"\ndescription = \"d\"\nclasses = []",
            "my.toml:3:1: `classes`: name at least one",
        ),
        (
            "classes = [\"A=0\"]",
            "my.toml:1:11: `classes`: `A=0`: the weight must be",
        ),
        (
            "name = \"x\"\ndescription = \"d\"\nclasses = [\"A\", \"A=2\"]",
            "my.toml:3:17: `classes`: A is named twice",
        ),
        (
            "name = \"x\"\ndescription = \"d\"\nclasses = [\"A\"]\nround_every = \"100ms\"",
            "my.toml:4:1: `round_every`: rounds go every 200ms to 1h",
        ),
    ] {
        let message = message(text);
        assert!(
            message.starts_with(expected),
            "{text}\n  {message}\n  {expected}"
        );
    }
}

#[test]
fn keys_that_exclude_each_other_are_refused() {
    let stages = "stages = [{ users = 2, spawn_rate = 1, duration = 1 }]";
    for (lines, expected) in [
        (
            format!("users = 1\n{stages}"),
            "my.toml:4:1: `users` does not go with `stages`",
        ),
        (
            format!("{stages}\nspawn_rate = 1"),
            "my.toml:5:1: `spawn_rate` does not go with `stages`",
        ),
        (
            format!("rate = 1\n{stages}"),
            "my.toml:4:1: `rate` does not go with `stages`",
        ),
        (
            "users = 1\nrate = 1".to_owned(),
            "my.toml:4:1: `users` does not go with `rate`",
        ),
        (
            "max_users = 1".to_owned(),
            "my.toml:4:1: `max_users` means nothing without `rate`",
        ),
        (
            "users = 3\narrivals = \"poisson\"".to_owned(),
            "my.toml:5:1: `arrivals` means nothing without `rate`",
        ),
    ] {
        let message = message(&with(&lines));
        assert!(message.starts_with(expected), "{lines}\n  {message}");
    }
}

#[test]
fn places_count_characters_not_bytes() {
    let message = message("name = \"x\"\n\"größe\" = 1 # é\nabout = \"é\"\nusrs = 1");
    assert!(
        message.starts_with("my.toml:2:1: unknown key `größe`"),
        "{message}"
    );
    let message_after = self::message("about = \"é\" \u{1}");
    assert!(
        message_after.starts_with("my.toml:1:13: "),
        "{message_after}"
    );
}

/// Valid profiles to mutate.
fn seeds() -> Vec<String> {
    BUILT_IN
        .iter()
        .map(|(_, text)| (*text).to_owned())
        .chain([
            with("rate = 50\narrivals = \"poisson\"\nmax_users = 9\n"),
            with("[[stages]]\nusers = 3\nspawn_rate = 1\nduration = 20\n"),
            with("stages = [{ users = 3, spawn_rate = 1.5, duration = \"20s\" }]\nrun_time = 1979-05-27T07:32:00Z"),
        ])
        .collect()
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).*") {
        let _ = Profile::parse(&text, "my.toml").map_err(|error| error.to_string());
    }

    #[test]
    fn no_mutation_of_a_profile_makes_it_panic(
        text in prop::sample::select(seeds()),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, "\\PC{0,3}|[\\[\\]{}=\"'.,#\\n0-9-]{1,3}"), 1..6),
    ) {
        let mut characters: Vec<char> = text.chars().collect();
        for (place, removed, added) in edits {
            let start = place.index(characters.len() + 1);
            let end = (start + removed).min(characters.len());
            characters.splice(start..end, added.chars());
        }
        let mutated: String = characters.into_iter().collect();
        match Profile::parse(&mutated, "my.toml") {
            Ok(profile) => prop_assert!(!profile.classes.is_empty()),
            Err(error) => prop_assert!(error.to_string().starts_with("my.toml:")),
        }
    }
}

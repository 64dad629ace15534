//! The documentation's tables of journeys, classes, profiles, options, generators and rules are those of the
//! code, in whichever chapter of `docs/` each of them stands. `BLESS_GOLDEN=1` writes them anew.

use shopblast::plan::{Pacing, Stage, WaitTime};
use shopblast::shop::ledger::RULES;
use shopblast::shop::{
    GENERATORS, JOURNEYS, JourneyKind, JourneyOption, JourneyOptions, Profile, ProfileLoad, Suite,
    USER_CLASSES, UserClass,
};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A table: its name in the markers of its chapter, and its text.
type Named = (&'static str, String);

fn tables() -> [Named; 7] {
    [
        ("journeys", journeys()),
        ("classes", classes_of_five()),
        ("todays-classes", classes_of_today()),
        ("profiles", profiles()),
        ("options", options()),
        ("generators", generators()),
        ("rules", rules()),
    ]
}

fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!(
        "| {} |\n|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// Up to two decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn journeys() -> String {
    let columns = [
        "Journey",
        "What a user does",
        "Requests",
        "Events",
        "via outbox",
    ];
    let rows = JOURNEYS.iter().map(|journey| {
        let [five, today] = Suite::ALL.map(|suite| pass(*journey, suite));
        let figure = |of: usize| match journey.is_in(Suite::Five) && five[of] != today[of] {
            true => format!("{}, five: {}", today[of], five[of]),
            false => today[of].clone(),
        };
        vec![
            journey.name().to_owned(),
            journey.summary().to_owned(),
            figure(0),
            figure(1),
            // Of today's shop all go there.
            match journey.is_in(Suite::Five) {
                true => five[2].clone(),
                false => "all".to_owned(),
            },
        ]
    });
    table(&columns, rows)
}

/// Mean requests, events, and those of them that the older shop has an outbox for.
fn pass(journey: JourneyKind, suite: Suite) -> [String; 3] {
    let options = JourneyOptions::default().in_suite(suite);
    [
        journey.requests_per_pass(options),
        journey.events_per_pass(options, |_| true),
        journey.events_per_pass(options, |event| event.outbox),
    ]
    .map(number)
}

fn rules() -> String {
    let rows = RULES.iter().map(|rule| {
        let mark = if rule.enforced { "" } else { " *" };
        vec![format!("`{}`{mark}", rule.name), rule.text.to_owned()]
    });
    table(&["Rule", "What must hold"], rows)
}

/// Those that a shop of five contexts has all for.
fn classes_of_five() -> String {
    let classes = USER_CLASSES.iter();
    let classes = classes.filter(|class| class.is_in(Suite::Five));
    classes_table(classes, Suite::Five)
}

/// Those that are otherwise in today's suite, or not in the other one.
fn classes_of_today() -> String {
    let [five, today] = Suite::ALL.map(|suite| JourneyOptions::default().in_suite(suite));
    let is_other = |class: &&UserClass| {
        let [five, today] = [five, today].map(|options| class.journeys_with(options).as_ptr());
        !class.is_in(Suite::Five) || five != today
    };
    classes_table(USER_CLASSES.iter().filter(is_other), Suite::Today)
}

fn classes_table<'a>(classes: impl Iterator<Item = &'a UserClass>, suite: Suite) -> String {
    let options = JourneyOptions::default().in_suite(suite);
    let rows = classes.map(|class| {
        let journeys: Vec<String> = class
            .journeys_with(options)
            .iter()
            .map(|entry| {
                let name = entry.journey.name();
                let short = name.split_once('.').map_or(name, |(_, task)| task);
                format!("{short} {}", entry.weight)
            })
            .collect();
        vec![class.name.to_owned(), wait(class.wait), journeys.join(", ")]
    });
    table(&["Class", "Wait", "Journeys and their weights"], rows)
}

fn wait(wait: WaitTime) -> String {
    let seconds = |us: u64| number(us as f64 / 1e6);
    match wait {
        WaitTime::None => "none".to_owned(),
        WaitTime::ConstantPacing { interval_us } => format!("pacing {} s", seconds(interval_us)),
        WaitTime::Between { min_us, max_us } => {
            format!("{}–{} s", seconds(min_us), seconds(max_us))
        }
        WaitTime::Exponential { mean_us } => format!("exponential, mean {} s", seconds(mean_us)),
    }
}

fn profiles() -> String {
    let columns = [
        "Profile",
        "Users",
        "Started/s",
        "Length",
        "Class",
        "Pacing",
        "What for",
    ];
    let rows = Profile::built_in().map(|profile| {
        let names: Vec<String> = profile.names().map(str::to_owned).collect();
        let (users, rate) = match &profile.load {
            ProfileLoad::Level {
                users,
                spawn_rate_per_s,
            } => (
                users.unwrap_or(1).to_string(),
                number(spawn_rate_per_s.unwrap_or(1.0)),
            ),
            ProfileLoad::Stages(stages) => {
                let of = |figure: fn(&Stage) -> String| {
                    let figures: Vec<String> = stages.iter().map(figure).collect();
                    figures.join(", ")
                };
                (
                    of(|stage| stage.users.to_string()),
                    of(|stage| number(stage.spawn_rate_per_s)),
                )
            }
            other @ ProfileLoad::Arrivals { .. } => panic!("{other:?} is not in the table"),
        };
        let classes: Vec<&str> = profile
            .classes
            .iter()
            .map(|class| class.share.class.as_str())
            .collect();
        let length_s = profile.length().expect("a length").as_secs();
        vec![
            names.join(", "),
            users,
            rate,
            format!("{length_s} s"),
            classes.join(", "),
            match profile.pacing {
                Some(Pacing::Max) => "max".to_owned(),
                _ => "class".to_owned(),
            },
            profile.description.clone(),
        ]
    });
    table(&columns, rows)
}

fn options() -> String {
    let rows = JourneyOption::ALL.iter().map(|option| {
        vec![
            format!("`--with {}`", option.word()),
            option.summary().to_owned(),
        ]
    });
    table(&["Option", "What it changes"], rows)
}

fn generators() -> String {
    let columns = ["Generator", "Domain", "Makes", "The shop's limits"];
    let rows = GENERATORS.iter().map(|generator| {
        vec![
            format!("`{}`", generator.name),
            generator.domain.to_owned(),
            generator.makes.to_owned(),
            generator.limits.to_owned(),
        ]
    });
    table(&columns, rows)
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file of the repository")
}

/// The chapters of the documentation.
fn chapters() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("docs")).expect("the documentation");
    let paths = entries.map(|entry| entry.expect("an entry of it").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// The one chapter that holds `text`.
fn chapter_with(text: &str) -> PathBuf {
    let mut holding = chapters();
    holding.retain(|path| read(path).contains(text));
    match &holding[..] {
        [chapter] => chapter.clone(),
        _ => panic!("{text:?} stands in {holding:?}, and not in one chapter"),
    }
}

#[test]
fn the_tables_are_those_of_the_code() {
    for (name, table) in tables() {
        let (start, end) = (
            format!("<!-- {name}: written by tests/repository/readme_tables.rs -->\n"),
            format!("<!-- end of {name} -->"),
        );
        let path = chapter_with(&start);
        let before = read(&path);
        let from = before.find(&start).expect("found just now") + start.len();
        let length = before[from..]
            .find(&end)
            .unwrap_or_else(|| panic!("no end of {name}"));
        let mut after = before.clone();
        after.replace_range(from..from + length, &table);
        if std::env::var_os("BLESS_GOLDEN").is_some() {
            std::fs::write(&path, after).expect("written");
        } else {
            assert_eq!(before, after, "BLESS_GOLDEN=1 writes the tables anew");
        }
    }
}

/// The worked example of the documentation is the one that tests run.
#[test]
fn the_example_is_the_one_that_runs() {
    let test = read(&repository().join("tests/coupon_workload/coupons.toml"));
    let start = test.find("[journeys.").expect("the journey");
    let end = start + test[start..].find("\n]\n").expect("its end") + 3;
    chapter_with(&format!("```toml\n{}```\n", &test[start..end]));
}

#[test]
fn everything_is_in_a_table() {
    assert_eq!(
        USER_CLASSES.len(),
        13 + 8 + 4 + 5 + 2,
        "today's, lanes, races, own"
    );
    assert_eq!(Profile::built_in().count(), 11);
    assert_eq!(GENERATORS.len(), 34);
    let walked = JOURNEYS
        .iter()
        .filter(|journey| !journey.name().contains('.'));
    let (of_suites, races_in_rust, races_in_files, of_lanes, own) = (46, 11, 24, 2, 5);
    assert_eq!(
        walked.count(),
        of_suites + races_in_rust + races_in_files + of_lanes + own
    );
}

//! A profile, user class or journey at length.

use crate::plan::{Pacing, Stage, WaitTime};
use crate::shop::{
    JourneyKind, JourneyOption, JourneyOptions, Profile, ProfileLoad, TakenStep, UserClass,
    total_weight,
};
use std::fmt::Write;
use std::time::Duration;

/// What a profile is for, and its figures; not its classes.
pub fn of_profile(profile: &Profile) -> String {
    let names: Vec<&str> = profile.names().collect();
    let mut text = format!("{}\n  {}\n", names.join(", "), profile.description);
    for line in profile.about.iter().flat_map(|about| about.trim().lines()) {
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    }
    text.push('\n');
    let length = profile.length().map_or("60 s".to_owned(), length);
    let classes: Vec<String> = profile
        .classes
        .iter()
        .map(|class| match class.share.weight {
            1 => class.share.class.clone(),
            weight => format!("{}={weight}", class.share.class),
        })
        .collect();
    let options: Vec<&str> = profile.options.iter().map(|option| option.word()).collect();
    row(&mut text, "Load", &load(&profile.load));
    row(&mut text, "Length", &length);
    row(&mut text, "Pacing", pacing(profile.pacing));
    if !options.is_empty() {
        row(&mut text, "With", &options.join(", "));
    }
    row(&mut text, "Classes", &classes.join(", "));
    text
}

/// A class, and what its users do in a run with `options`.
pub fn of_class(class: &UserClass, options: JourneyOptions) -> String {
    let mut text = format!("{}\n  {}\n\n", class.name, class.summary);
    row(&mut text, "Wait", &wait(class.wait));
    let pass = PassFigures {
        requests: class.requests_per_pass(options),
        events: class.events_per_pass(options, |_| true),
        outbox: class.events_per_pass(options, |event| event.outbox),
    };
    row(
        &mut text,
        "A pass",
        &format!("{} (means, when all goes well)", pass.words()),
    );
    let journeys = class.journeys_with(options);
    let total = total_weight(journeys);
    for entry in journeys {
        let share = 100.0 * f64::from(entry.weight) / f64::from(total);
        let weight = format!("weight {} of {total}, {share:.1} %", entry.weight);
        let _ = write!(text, "\n  {} ({weight})\n", entry.journey.name());
        write_journey(&mut text, entry.journey, options, "    ");
    }
    text
}

/// A journey and its steps in a run with `options`, those that need another one too.
pub fn of_journey(journey: JourneyKind, options: JourneyOptions) -> String {
    let mut text = format!("{}\n", journey.name());
    write_journey(&mut text, journey, options, "  ");
    for taken in journey.steps() {
        let named = taken
            .option
            .filter(|option| JourneyOption::ALL.contains(option));
        if let Some(option) = named {
            let name = taken.step.name;
            let _ = writeln!(
                text,
                "    {:>4}  {name} (--with {})",
                times(taken),
                option.word()
            );
        }
    }
    text
}

fn write_journey(text: &mut String, journey: JourneyKind, options: JourneyOptions, indent: &str) {
    let pass = PassFigures {
        requests: journey.requests_per_pass(options),
        events: journey.events_per_pass(options, |_| true),
        outbox: journey.events_per_pass(options, |event| event.outbox),
    };
    let _ = writeln!(text, "{indent}{}", journey.summary());
    let _ = writeln!(text, "{indent}{}", pass.words());
    for taken in journey.steps_with(options) {
        let (times, name) = (times(taken), taken.step.name);
        let _ = writeln!(text, "{indent}  {times:>4}  {name}: {}", raised(taken));
    }
}

/// How often a step is taken in a pass: `2×`, or `once` a run.
fn times(taken: &TakenStep) -> String {
    if taken.requests == 0.0 {
        return "once".to_owned();
    }
    format!("{}×", number(taken.requests))
}

/// What a step raises, in words.
fn raised(taken: &TakenStep) -> String {
    let events = taken.step.raises.iter();
    let names: Vec<String> = events
        .map(|event| format!("{}.{}", event.domain, event.name))
        .collect();
    let names = names.join(", ");
    if taken.requests > 0.0 && taken.successes == 0.0 {
        return format!("refused (if not: {names})");
    }
    if names.is_empty() {
        return "no event".to_owned();
    }
    names
}

/// Means of a pass.
struct PassFigures {
    requests: f64,
    events: f64,
    outbox: f64,
}

impl PassFigures {
    fn words(&self) -> String {
        format!(
            "{} requests, {} events, {} of them through the outbox",
            number(self.requests),
            number(self.events),
            number(self.outbox)
        )
    }
}

/// At most two decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:8} {value}");
}

fn load(load: &ProfileLoad) -> String {
    match load {
        ProfileLoad::Level {
            users,
            spawn_rate_per_s,
        } => format!(
            "{} users, {} started a second",
            users.unwrap_or(1),
            number(spawn_rate_per_s.unwrap_or(1.0))
        ),
        ProfileLoad::Stages(stages) => {
            let stages: Vec<String> = stages.iter().map(stage).collect();
            stages.join(", then ")
        }
        ProfileLoad::Arrivals { rate_per_s, .. } => {
            format!("{} journeys arrive a second", number(*rate_per_s))
        }
    }
}

fn stage(stage: &Stage) -> String {
    format!(
        "{} users ({} a second) for {}",
        stage.users,
        number(stage.spawn_rate_per_s),
        length(Duration::from_micros(stage.duration_us))
    )
}

fn length(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    if seconds >= 60.0 && seconds % 60.0 == 0.0 {
        return format!("{} min", number(seconds / 60.0));
    }
    format!("{} s", number(seconds))
}

fn pacing(pacing: Option<Pacing>) -> &'static str {
    match pacing {
        Some(Pacing::Max) => "max: users do not wait (--pacing class: as their class says)",
        Some(Pacing::Class) | None => "class: users wait as their class says",
    }
}

/// How long users wait after steps.
pub fn wait(wait: WaitTime) -> String {
    let seconds = |us: u64| number(us as f64 / 1e6);
    match wait {
        WaitTime::None => "none".to_owned(),
        WaitTime::ConstantPacing { interval_us } => {
            format!(
                "one step every {} s, or later when a reply takes longer",
                seconds(interval_us)
            )
        }
        WaitTime::Between { min_us, max_us } => {
            format!(
                "{} to {} s after each step, uniform",
                seconds(min_us),
                seconds(max_us)
            )
        }
        WaitTime::Exponential { mean_us } => {
            format!(
                "{} s after each step on average, exponential",
                seconds(mean_us)
            )
        }
    }
}

/// Names, one a line, with what they are for.
pub fn write_section(text: &mut String, title: &str, rows: Vec<(String, &str)>) {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let _ = writeln!(text, "{title}:");
    for (name, summary) in rows {
        let _ = writeln!(text, "  {name:width$}  {summary}");
    }
}

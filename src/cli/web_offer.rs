//! What the web page's start form offers: the user classes and profiles there are, and what was
//! typed.

use super::options::RunOptions;
use super::tested::Tested;
use super::{CliError, class_choice, load_choice};
use crate::plan::{Load, Pacing, WaitTime};
use crate::shop::{
    JourneyOption, JourneyOptions, Profile, ProfileLoad, Suite, USER_CLASSES, UserClass,
    total_weight,
};
use crate::ui::web::{FormDefaults, Offer, OfferedClass, OfferedOption, OfferedProfile};
use crate::workload_file::{self, Model};
use std::time::Duration;

/// The form of a page that was started with `options`.
pub(super) fn offer(options: &RunOptions, tested: &Tested) -> Result<Offer, CliError> {
    let named = options
        .workload
        .profile
        .as_deref()
        .map(|name| tested.profile(name));
    let named = named.transpose()?;
    let mut profiles: Vec<OfferedProfile> = match tested.model() {
        None => Profile::built_in()
            .map(|profile| offered(&profile))
            .collect(),
        Some(_) => tested.profiles().iter().map(offered).collect(),
    };
    let is_known = |profile: &Profile| profiles.iter().any(|known| known.name == profile.name);
    if let Some(profile) = named.as_ref().filter(|profile| !is_known(profile)) {
        profiles.push(offered(profile));
    }
    Ok(Offer {
        classes: match tested.model() {
            None => {
                let suite = tested.suite_before_target();
                let classes = USER_CLASSES.iter().filter(|class| class.is_in(suite));
                classes.map(|it| class(it, suite)).collect()
            }
            Some(model) => {
                let options = options_called(model, &options.workload.with);
                let classes = model.classes.iter();
                classes.map(|it| written(it, model, options)).collect()
            }
        },
        profiles,
        options: offered_options(options, tested),
        defaults: defaults(options, named.as_ref(), tested)?,
    })
}

fn defaults(
    options: &RunOptions,
    profile: Option<&Profile>,
    tested: &Tested,
) -> Result<FormDefaults, CliError> {
    let classes = match (&options.workload.classes[..], profile) {
        ([], None) => tested.usual_classes().unwrap_or_default(),
        (typed, profile) => class_choice::choose(typed, profile, tested)?,
    };
    // What could not be run at all is told now, and not when somebody presses Start.
    let (load, _) = load_choice::choose(options, profile)?;
    let is_closed = matches!(load, Load::Closed { .. });
    let arrivals = options.load.rate.filter(|_| !is_closed);
    Ok(FormDefaults {
        load: arrivals.map(|rate_per_s| format!("{rate_per_s} journeys arrive a second")),
        profile: profile.map(|profile| profile.name.clone()),
        classes: classes
            .into_iter()
            .map(|share| (share.class, share.weight))
            .collect(),
        users: options.load.users.filter(|_| is_closed),
        spawn_rate: options.load.spawn_rate.filter(|_| is_closed),
        host: options.target.host.as_ref().map(crate::plan::Target::url),
        run_time: options.load.run_time.map(length),
        pacing: options.workload.pacing.map(pacing),
        with: options.workload.with.clone(),
        sandbox: options.target.sandbox,
    })
}

/// What `--with` takes; nothing of one URL.
fn offered_options(options: &RunOptions, tested: &Tested) -> Vec<OfferedOption> {
    let offered = |name: &str, about: &str| OfferedOption {
        name: name.to_owned(),
        about: about.to_owned(),
    };
    match tested.model() {
        _ if options.workload.url.is_some() => Vec::new(),
        None => JourneyOption::ALL
            .map(|option| offered(option.word(), option.summary()))
            .into(),
        Some(model) => {
            let own = model.options.iter();
            let own = own.map(|option| offered(&option.name, &option.about));
            let strict = JourneyOption::Strict;
            own.chain([offered(strict.word(), strict.summary())])
                .collect()
        }
    }
}

fn class(class: &UserClass, suite: Suite) -> OfferedClass {
    let journeys = class.journeys_with(JourneyOptions::default().in_suite(suite));
    let total = f64::from(total_weight(journeys));
    let journeys = journeys.iter();
    OfferedClass {
        name: class.name.to_owned(),
        summary: class.summary.to_owned(),
        wait: wait(class.wait),
        journeys: journeys
            .map(|entry| {
                let share = f64::from(entry.weight) / total;
                (entry.journey.name().to_owned(), share)
            })
            .collect(),
    }
}

/// The options of these names, by the bits of their positions. What is none of them does not count.
fn options_called(model: &Model, names: &[String]) -> u32 {
    let options = model.options.iter().zip(0..);
    let chosen = options.filter(|(option, _)| names.contains(&option.name));
    chosen.fold(0, |bits, (_, position)| bits | 1 << position)
}

/// A class that somebody wrote down, in runs with the options of these bits.
fn written(class: &workload_file::Class, model: &Model, options: u32) -> OfferedClass {
    let journeys = class.made_with(options);
    let all: u32 = journeys.iter().map(|(_, weight)| weight).sum();
    let journeys = journeys.iter();
    OfferedClass {
        name: class.name.clone(),
        summary: class.about.clone(),
        wait: wait(class.wait),
        journeys: journeys
            .map(|&(place, weight)| {
                let name = model.journeys[place].name.clone();
                (name, f64::from(weight) / f64::from(all))
            })
            .collect(),
    }
}

fn offered(profile: &Profile) -> OfferedProfile {
    let (users, spawn_rate, load) = match &profile.load {
        ProfileLoad::Level {
            users,
            spawn_rate_per_s,
        } => (*users, *spawn_rate_per_s, None),
        ProfileLoad::Stages(stages) => {
            let levels: Vec<String> = stages.iter().map(|stage| stage.users.to_string()).collect();
            (
                None,
                None,
                Some(format!("stages of {} users", levels.join(", "))),
            )
        }
        ProfileLoad::Arrivals { rate_per_s, .. } => {
            let load = format!("{rate_per_s} journeys arrive a second");
            (None, None, Some(load))
        }
    };
    OfferedProfile {
        name: profile.name.clone(),
        description: profile.description.clone(),
        classes: profile
            .classes
            .iter()
            .map(|class| (class.share.class.clone(), class.share.weight))
            .collect(),
        users,
        spawn_rate,
        run_time: profile.length().map(length),
        pacing: profile.pacing.map(pacing),
        load,
    }
}

/// As `--run-time` takes it.
fn length(length: Duration) -> String {
    match length.as_secs() {
        seconds if length.subsec_nanos() > 0 => {
            format!("{}ms", seconds * 1_000 + u64::from(length.subsec_millis()))
        }
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

fn pacing(pacing: Pacing) -> String {
    match pacing {
        Pacing::Class => "class",
        Pacing::Max => "max",
    }
    .to_owned()
}

fn wait(wait: WaitTime) -> String {
    let s = |us: u64| us as f64 / 1e6;
    match wait {
        WaitTime::None => "no waits".to_owned(),
        WaitTime::ConstantPacing { interval_us } => format!("a step every {} s", s(interval_us)),
        WaitTime::Between { min_us, max_us } => format!("waits {}–{} s", s(min_us), s(max_us)),
        WaitTime::Exponential { mean_us } => format!("waits {} s on average", s(mean_us)),
    }
}

//! From the web page's start form to a plan: what the form says takes the place of what was typed.

use super::load_options::ArrivalFlags;
use super::machine::WorkerNeeds;
use super::options::RunOptions;
use super::shop_options::ShopFlags;
use super::subject::subject;
use super::web_offer::offer;
use super::{CliError, Entropy, Machine, plan_builder, profile_source, values};
use crate::plan::{
    ClassShare, LONGEST_DURATION, MOST_USERS, Pacing, Placement, RunId, Target, is_loopback_host,
};
use crate::shop::Profile;
use crate::ui::web::{PlanOrder, Planned, SwarmOrder, WebRequest};
use std::fmt::Display;
use std::time::Duration;

/// What a form calls the absence of a profile.
const NO_PROFILE: &str = "custom";
/// Flags that are the page's own, those with a value first.
const PAGE_FLAGS: [&str; 7] = [
    "--web-host",
    "--web-port",
    "-P",
    "--web-token",
    "--web",
    "--autostart",
    "--headless",
];
const WITH_VALUE: usize = 4;

/// The page that `options` ask for. `typed` are the arguments as they were typed, the program's
/// name first.
pub(super) fn page(
    options: RunOptions,
    typed: &[String],
    machine: &Machine,
) -> Result<WebRequest, CliError> {
    let settings = options.page.settings(&options.output.results)?;
    let first = options.page.autostart.then(SwarmOrder::default);
    let offer = offer(&options)?;
    let planner = Planner {
        typed: without_page_flags(typed),
        machine: machine.clone(),
        options,
    };
    if first.is_some() {
        // What cannot be run is told before a page is opened.
        planner.check()?;
    }
    let placement = page_placement(&planner);
    Ok(WebRequest {
        settings,
        offer,
        placement,
        planner: Box::new(planner),
        subject: subject(None),
        first,
    })
}

/// Where the page's own threads run: where a load test of any number of users has no worker. Nowhere in
/// particular where the flags ask for what cannot be; the order is refused then.
fn page_placement(planner: &Planner) -> Placement {
    let Planner {
        options, machine, ..
    } = planner;
    let target = options.target.target();
    let is_here = target.is_ok_and(|target| is_loopback_host(target.place().0));
    let chosen = machine.worker_cores(&WorkerNeeds {
        choice: options.machine.cores.as_ref(),
        oversubscribe: options.machine.oversubscribe,
        shop_is_here: options.target.sandbox || is_here,
        max_users: MOST_USERS,
        connections: None,
    });
    chosen.map(|(_, placement)| placement).unwrap_or_default()
}

/// Makes plans of the page's orders.
struct Planner {
    options: RunOptions,
    typed: Vec<String>,
    machine: Machine,
}

impl PlanOrder for Planner {
    fn plan(&self, order: &SwarmOrder, seed: u64, run_id: RunId) -> Result<Planned, String> {
        let planned = self.planned(order, Entropy { seed, run_id });
        planned.map_err(|error| error.to_string())
    }
}

impl Planner {
    fn planned(&self, order: &SwarmOrder, entropy: Entropy) -> Result<Planned, CliError> {
        let options = self.options_of(order)?;
        let request = plan_builder::build(options, &self.machine, entropy)?;
        Ok(Planned {
            request,
            command: self.command_of(order),
        })
    }

    fn check(&self) -> Result<(), CliError> {
        let entropy = Entropy {
            seed: 0,
            run_id: RunId::new(0, 0, 0),
        };
        self.planned(&SwarmOrder::default(), entropy).map(|_| ())
    }

    /// The options that were typed, changed by the form.
    fn options_of(&self, order: &SwarmOrder) -> Result<RunOptions, CliError> {
        let mut options = self.options.clone();
        if let Some(name) = &order.profile {
            options.workload.profile = self.profile_called(name)?;
        }
        if let Some(users) = &order.users {
            options.load.users = Some(field("user_count", users, values::parse_count)?);
            options.load.rate = None;
            options.arrivals = ArrivalFlags::default();
        }
        if let Some(rate) = &order.spawn_rate {
            options.load.spawn_rate = Some(field("spawn_rate", rate, values::parse_spawn_rate)?);
        }
        if let Some(host) = &order.host {
            options.target.move_to(Target::parse(host)?);
            options.shop = ShopFlags::default();
        }
        if let Some(pacing) = &order.pacing {
            options.workload.pacing = Some(field("pacing", pacing, parse_pacing)?);
        }
        if !order.classes.is_empty() {
            let classes = order.classes.iter();
            let read = classes.map(|class| field("user_classes", class, ClassShare::parse));
            options.workload.classes = read.collect::<Result<_, _>>()?;
        }
        options.load.run_time = match &order.run_time {
            Some(length) => Some(field("run_time", length, values::parse_time)?),
            None => options.load.run_time.or(self.unbounded(&options)?),
        };
        Ok(options)
    }

    /// A form may name the profiles that are compiled in, and the one that was typed: not files of
    /// this machine.
    fn profile_called(&self, name: &str) -> Result<Option<String>, CliError> {
        if name == NO_PROFILE {
            return Ok(None);
        }
        if let Some(typed) = &self.options.workload.profile
            && profile_source::find(typed).is_ok_and(|profile| profile.name == name)
        {
            return Ok(Some(typed.clone()));
        }
        match Profile::find_built_in(name) {
            Some(profile) => Ok(Some(profile.name)),
            None => Err(profile_source::unknown(name)),
        }
    }

    /// The run time of a run that nobody bounds.
    fn unbounded(&self, options: &RunOptions) -> Result<Option<Duration>, CliError> {
        let profile = options
            .workload
            .profile
            .as_deref()
            .map(profile_source::find);
        let length = profile.transpose()?.and_then(|profile| profile.length());
        Ok(length.is_none().then_some(LONGEST_DURATION))
    }

    /// The command that does the same without a page.
    fn command_of(&self, order: &SwarmOrder) -> String {
        let typed_classes: Vec<String> =
            self.options.workload.classes.iter().map(written).collect();
        let mut words: Vec<String> = self
            .typed
            .iter()
            .filter(|word| order.host.is_none() || *word != "--sandbox")
            .filter(|word| order.classes.is_empty() || !typed_classes.contains(word))
            .cloned()
            .collect();
        words.extend(order.classes.iter().cloned());
        let profile = order.profile.as_ref().filter(|name| *name != NO_PROFILE);
        for (flag, value) in [
            ("--profile", profile),
            ("--users", order.users.as_ref()),
            ("--spawn-rate", order.spawn_rate.as_ref()),
            ("--run-time", order.run_time.as_ref()),
            ("--pacing", order.pacing.as_ref()),
            ("--host", order.host.as_ref()),
        ] {
            words.extend(value.map(|value| format!("{flag}={value}")));
        }
        shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
    }
}

fn written(share: &ClassShare) -> String {
    match share.weight {
        1 => share.class.clone(),
        weight => format!("{}={weight}", share.class),
    }
}

fn parse_pacing(text: &str) -> Result<Pacing, &'static str> {
    match text {
        "class" => Ok(Pacing::Class),
        "max" => Ok(Pacing::Max),
        _ => Err("give class or max"),
    }
}

/// What `text` means in a field of the form.
fn field<T, E: Display>(
    name: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, CliError> {
    parse(text).map_err(|error| CliError::Field {
        name,
        text: text.to_owned(),
        why: error.to_string(),
    })
}

fn without_page_flags(typed: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = typed.iter();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word);
        match PAGE_FLAGS.iter().position(|flag| *flag == name) {
            Some(place) if place < WITH_VALUE && !word.contains('=') => {
                words.next();
            }
            Some(_) => {}
            None => kept.push(word.clone()),
        }
    }
    kept
}

#[cfg(test)]
mod tests;

//! From the web page's start form to a plan: what the form says takes the place of what was typed.

use super::load_options::ArrivalFlags;
use super::machine::WorkerNeeds;
use super::options::RunOptions;
use super::shop_options::ShopFlags;
use super::tested::Tested;
use super::web_command::{command_text, command_words};
use super::web_offer::offer;
use super::{CliError, Entropy, Machine, plan_builder, profile_source, values};
use crate::plan::{
    ClassShare, LONGEST_DURATION, MOST_USERS, Pacing, Placement, RunId, Target, is_loopback_host,
};
use crate::shop::{JourneyOption, Profile};
use crate::ui::web::{FormField, PlanOrder, Planned, Refusal, SwarmOrder, WebRequest};
use std::ffi::OsString;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

/// What a form calls the absence of a profile.
const NO_PROFILE: &str = "custom";
/// The page that `options` ask for. `typed` are the arguments that they came from, the program's name
/// first.
pub(super) fn page(
    mut options: RunOptions,
    typed: &[OsString],
    machine: &Machine,
) -> Result<WebRequest, CliError> {
    let tested = Tested::of(&mut options)?;
    let settings = options.page.settings(&options.output.results)?;
    let first = options.page.autostart.then(SwarmOrder::default);
    let offer = offer(&options, &tested)?;
    let planner = Planner {
        typed: typed.to_vec(),
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
        board: Arc::default(),
        offer,
        placement,
        planner: Box::new(planner),
        subject: match tested {
            // Which generation it is compared with is for each run to say.
            Tested::Shop(..) => Tested::default().subject(),
            tested => tested.subject(),
        },
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
    typed: Vec<OsString>,
    machine: Machine,
}

impl PlanOrder for Planner {
    fn plan(&self, order: &SwarmOrder, seed: u64, run_id: RunId) -> Result<Planned, Refusal> {
        let planned = self.planned(order, Entropy { seed, run_id });
        planned.map_err(|error| refusal(&error))
    }
}

impl Planner {
    /// What is tested, as its file says it now.
    fn tested(&self) -> Result<Tested, CliError> {
        Tested::of(&mut self.options.clone())
    }

    fn planned(&self, order: &SwarmOrder, entropy: Entropy) -> Result<Planned, CliError> {
        let options = self.options_of(order)?;
        let words = command_words(&self.typed, order, &options);
        let request = plan_builder::build(options, &self.machine, entropy)?;
        Ok(Planned {
            request,
            command: command_text(&words),
            words,
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
        if order.whole {
            forget_what_forms_have(&mut options);
        }
        if let Some(name) = &order.profile {
            options.workload.profile = self.profile_called(name)?;
        }
        if let Some(users) = &order.users {
            options.load.users = Some(field(FormField::Users, users, values::parse_count)?);
            options.load.rate = None;
            options.arrivals = ArrivalFlags::default();
        }
        if let Some(rate) = &order.spawn_rate {
            options.load.spawn_rate =
                Some(field(FormField::SpawnRate, rate, values::parse_spawn_rate)?);
        }
        if let Some(host) = &order.host {
            let target = field(FormField::Host, host, Target::parse)?;
            let is_typed = self.options.target.host.as_ref() == Some(&target);
            // Whoever reaches the page is not to reach every service of this machine.
            if target.socket().is_some() && !is_typed {
                let why = "a Unix socket is named where the page is started: -H unix:/path";
                let field = FormField::Host;
                return Err(CliError::EmptyField { field, why });
            }
            options.target.move_to(target);
            options.shop = of_any_shop(&options.shop);
        }
        if let Some(pacing) = &order.pacing {
            options.workload.pacing = Some(field(FormField::Pacing, pacing, parse_pacing)?);
        }
        if !order.with.is_empty() {
            let tested = self.tested()?;
            for word in &order.with {
                field(FormField::With, word, |word| match tested.model() {
                    None => JourneyOption::parse(word)
                        .map(drop)
                        .map_err(|it| it.to_string()),
                    Some(_) => tested
                        .plan_words(&[word.to_owned()])
                        .map(drop)
                        .map_err(|it| it.to_string()),
                })?;
            }
            options.workload.with.clone_from(&order.with);
        }
        if !order.classes.is_empty() {
            let classes = order.classes.iter();
            let read = classes.map(|class| field(FormField::Classes, class, ClassShare::parse));
            options.workload.classes = read.collect::<Result<_, _>>()?;
        } else if order.whole {
            let why = "tick at least one";
            let field = FormField::Classes;
            return Err(CliError::EmptyField { field, why });
        }
        if options.load.rate.is_some() && order.spawn_rate.is_some() {
            let why = "journeys arrive at a rate: say how many users, too";
            let field = FormField::SpawnRate;
            return Err(CliError::EmptyField { field, why });
        }
        options.load.run_time = match &order.run_time {
            Some(length) => Some(field(FormField::RunTime, length, values::parse_time)?),
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
            && self
                .tested()?
                .profile(typed)
                .is_ok_and(|profile| profile.name == name)
        {
            return Ok(Some(typed.clone()));
        }
        if let tested @ Tested::Written(_) = self.tested()? {
            return field(FormField::Profile, name, |name| {
                tested.profile(name).map(|profile| Some(profile.name))
            });
        }
        match Profile::find_built_in(name) {
            Some(profile) => Ok(Some(profile.name)),
            None => field(FormField::Profile, name, |name| {
                Err(profile_source::unknown(name))
            }),
        }
    }

    /// The run time of a run that nobody bounds.
    fn unbounded(&self, options: &RunOptions) -> Result<Option<Duration>, CliError> {
        let named = options.workload.profile.as_deref();
        let profile = named.map(|name| self.tested()?.profile(name));
        let length = profile.transpose()?.and_then(|profile| profile.length());
        Ok(length.is_none().then_some(LONGEST_DURATION))
    }
}

/// Forgets what was typed where a form has a field. How journeys arrive has none: it stays until
/// users are asked for.
fn forget_what_forms_have(options: &mut RunOptions) {
    options.workload.profile = None;
    options.workload.classes.clear();
    options.workload.pacing = None;
    options.workload.with.clear();
    options.load.users = None;
    options.load.spawn_rate = None;
    options.load.run_time = None;
    options.target.host = None;
}

/// What `flags` say of any shop, and not only of the embedded one.
fn of_any_shop(flags: &ShopFlags) -> ShopFlags {
    let mut kept = ShopFlags {
        generation: flags.generation,
        ..ShopFlags::default()
    };
    kept.pipeline.no_observatory = flags.pipeline.no_observatory;
    kept
}

/// The flags that stand for fields of the form.
const LABELS: [(&str, FormField); 7] = [
    ("--users", FormField::Users),
    ("--spawn-rate", FormField::SpawnRate),
    ("--run-time", FormField::RunTime),
    ("--profile", FormField::Profile),
    ("--pacing", FormField::Pacing),
    ("--with", FormField::With),
    ("--host", FormField::Host),
];

/// What `error` says, in the words of the form.
fn refusal(error: &CliError) -> Refusal {
    let field = match error {
        CliError::Field { field, .. } | CliError::EmptyField { field, .. } => Some(*field),
        CliError::UnknownClass { .. } | CliError::ClassTwice { .. } => Some(FormField::Classes),
        CliError::SpawnRateNeedsUsers { .. } => Some(FormField::SpawnRate),
        _ => None,
    };
    let why = match error {
        CliError::NothingToRun { profiles } => {
            format!("say what to run: choose a profile ({profiles}) or user classes")
        }
        error => error.to_string(),
    };
    let words = why.split(' ').map(|word| {
        let label = LABELS
            .iter()
            .find(|(flag, _)| *flag == word.trim_end_matches([',', ';']));
        label.map_or_else(
            || word.to_owned(),
            |(flag, label)| word.replace(flag, &label.to_string()),
        )
    });
    let words: Vec<String> = words.collect();
    Refusal {
        field,
        why: words.join(" "),
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
    field: FormField,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, CliError> {
    parse(text).map_err(|error| {
        let why = error.to_string();
        // Some name what they read themselves.
        let unnamed = why.strip_prefix(&format!("`{text}`"));
        let unnamed = unnamed.map(|rest| rest.trim_start_matches(':').trim_start());
        CliError::Field {
            field,
            text: text.to_owned(),
            why: unnamed.unwrap_or(&why).to_owned(),
        }
    })
}

#[cfg(test)]
mod tests;

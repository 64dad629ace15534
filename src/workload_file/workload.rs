//! A workload that somebody wrote down, as the engine knows workloads: how its target is met, and what a
//! record says of it.

use super::script::{FileScript, options_of};
use crate::engine::inquiry::{Inquiry, NoAnswer, NotRecognised, Recognition};
use crate::engine::{
    Described, DomainName, JourneyShares, Step, TargetFacts, Unprepared, Workload,
};
use crate::plan::Plan;
use crate::workload_file::described::limits::Description;
use crate::workload_file::format::read::sent;
use crate::workload_file::model::bounds::STRICT;
use crate::workload_file::model::definitions::Model;
use crate::workload_file::model::statuses::Statuses;
use crate::workload_file::program::beside::Beside;
use crate::workload_file::program::compile::program_of;
use crate::workload_file::program::compiled::Program;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// Largest body of the first look at a target: what it says does not matter.
const MOST_BODY_BYTES: usize = 16 << 20;
/// Where targets have their description, unless a file says another path.
const USUAL_PATH: &str = "/openapi.json";
/// From here on a status tells that the server cannot, rather than that it will not.
const SERVER_ERROR: u16 = 500;

/// A workload that somebody wrote down.
#[derive(Clone, Debug)]
pub struct FileWorkload {
    program: &'static Program,
    model: Arc<Model>,
    /// Statuses that the first look has to meet; `None` when any will do.
    expect: Option<Statuses>,
}

/// A target that answered.
#[derive(Clone, Debug)]
pub struct MetTarget {
    says: String,
    /// What it says of itself; `None` where it says nothing.
    description: Option<Arc<Description>>,
    /// The path that all of its own are below.
    base_path: String,
}

impl fmt::Display for MetTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.says)
    }
}

impl FileWorkload {
    /// Compiles `model`. Any answer to its first look will do.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        Self {
            program: program_of(model, Beside::NOTHING),
            model: Arc::new(model.clone()),
            expect: None,
        }
    }

    /// The same of a workload of which parts are written in Rust. Whoever carries those out looks for the
    /// journeys that the file calls built in.
    #[must_use]
    pub fn beside(model: &Model, beside: Beside) -> Self {
        Self {
            program: program_of(model, beside),
            model: Arc::new(model.clone()),
            expect: None,
        }
    }

    /// What the users of `plan` do, whatever its target.
    ///
    /// # Errors
    /// When the plan asks for what there is not.
    pub fn of_plan(&self, plan: &Plan) -> Result<FileScript, Unprepared> {
        FileScript::new(self.program, plan)
    }

    /// The same without what is sent.
    ///
    /// # Errors
    /// As [`Self::of_plan`].
    pub fn outline_of_plan(&self, plan: &Plan) -> Result<FileScript, Unprepared> {
        FileScript::outline(self.program, plan)
    }

    /// Every step, those that are written in Rust first.
    #[must_use]
    pub fn steps(&self) -> &'static [Step] {
        self.program.steps
    }

    /// Where `step` stands among the names of statistics that the file orders; behind them when it does not.
    #[must_use]
    pub fn row_of(&self, step: &Step) -> usize {
        let mut rows = self.program.rows.iter();
        let row = rows.position(|row| row == step.name);
        row.unwrap_or(self.program.rows.len() + usize::from(step.index))
    }

    /// The same, where the first look has to meet one of these statuses: with another one no request
    /// would succeed.
    #[must_use]
    pub fn expecting(model: &Model, expect: Statuses) -> Self {
        Self {
            expect: Some(expect),
            ..Self::new(model)
        }
    }

    /// The words for it in plans of runs with the options `typed`: what is done there, whatever file it came
    /// from, and the options in the order of the file.
    ///
    /// # Errors
    /// When one of them is none: a sentence.
    pub fn plan_words(&self, typed: &[String]) -> Result<Vec<&'static str>, String> {
        let (bits, is_strict) = options_of(self.program, typed.iter().map(String::as_str))?;
        let options = self.program.options.iter().zip(0..);
        let chosen = options.filter(|(_, position)| bits & (1 << position) != 0);
        let chosen = chosen.map(|(word, _)| *word);
        let words = std::iter::once(self.program.word).chain(chosen);
        Ok(words.chain(is_strict.then_some(STRICT)).collect())
    }

    /// What the target says of itself, or why that is not known, where the file says that it does.
    fn description(&self, inquiry: &dyn Inquiry) -> (Option<Description>, Option<String>) {
        // Of one URL all is known that there is to know.
        if self.expect.is_some() {
            return (None, None);
        }
        let named = self.model.described_at.as_deref();
        let path = named.unwrap_or(USUAL_PATH);
        let answer = inquiry.ask(inquiry.target(), path, MOST_BODY_BYTES);
        let read = match answer {
            Ok(answer) if answer.status == 200 => match String::from_utf8(answer.body) {
                Ok(text) => Description::parse(&text),
                Err(_) => Err("it is no text".to_owned()),
            },
            Ok(answer) => Err(format!("answered with {}", answer.status)),
            Err(NoAnswer::TooLarge) => Err("it is too large".to_owned()),
            Err(NoAnswer::Unreachable(error)) => Err(error.to_string()),
            Err(NoAnswer::Unreadable(why) | NoAnswer::Tls(why)) => Err(why),
        };
        match read {
            Ok(description) => (Some(description), None),
            Err(why) => (None, named.map(|path| format!("GET {path}: {why}"))),
        }
    }

    /// What a target that says this of itself cannot do for the journeys of `script`.
    fn hindrances(
        &self,
        script: &FileScript,
        description: &Description,
        base_path: &str,
    ) -> Vec<String> {
        let produced = script.produced();
        let mut hindrances = Vec::new();
        for (operation, body) in sent(&self.model) {
            let called = &self.model.operations[operation];
            let word = called.method.word();
            let is_called = produced.iter().any(|step| {
                step.operation.path == called.shown_path && step.operation.method.word() == word
            });
            if !is_called || !(200..400).any(|status| called.expect.has(status)) {
                continue;
            }
            if !description.has(called, base_path) {
                let says = format!("`{}` is not in the target's description", called.label);
                if !hindrances.contains(&says) {
                    hindrances.push(says);
                }
                continue;
            }
            let body = body.map(|body| &self.model.bodies[usize::from(body)]);
            let draws = body.map_or_else(Vec::new, |body| self.model.draws_of(body));
            hindrances.extend(description.complaints(called, base_path, body, &draws));
        }
        hindrances
    }

    fn unexpected(&self, target: &str, status: u16, location: &str) -> NotRecognised {
        let path = self.program.health;
        let answers = format!("{target} answers `GET {path}` with {status}");
        if !location.is_empty() {
            return NotRecognised::Other(format!(
                "{answers}: it points to {location}, which is not followed; name that address, or take \
                 the status for a success with --expect {status}"
            ));
        }
        let skip = "(`--no-preflight` skips this look)";
        match status {
            SERVER_ERROR.. => NotRecognised::NotReady(format!(
                "{answers}; is it up? Take that for a success with --expect {status} {skip}"
            )),
            _ => NotRecognised::Other(format!(
                "{answers}, which is no success; check the path, or take that for one with --expect \
                 {status} {skip}"
            )),
        }
    }
}

impl Workload for FileWorkload {
    type Script = FileScript;
    type Target = MetTarget;

    fn health_path(&self) -> &'static str {
        self.program.health
    }

    fn recognise(&self, inquiry: &dyn Inquiry) -> Result<Recognition<MetTarget>, NotRecognised> {
        let path = self.program.health;
        let answer = inquiry.ask(inquiry.target(), path, MOST_BODY_BYTES);
        let answer = answer.map_err(|why| NotRecognised::NoAnswer { path, why })?;
        let status = answer.status;
        if self
            .expect
            .as_ref()
            .is_some_and(|expect| !expect.has(status))
        {
            let target = inquiry.target().url();
            return Err(self.unexpected(&target, status, &answer.location));
        }
        let (description, caveat) = self.description(inquiry);
        let target = MetTarget {
            says: format!("answers GET {path} with {status}"),
            description: description.map(Arc::new),
            base_path: inquiry.target().base_path.clone(),
        };
        Ok(Recognition { target, caveat })
    }

    fn presumed(&self) -> MetTarget {
        MetTarget {
            says: "not looked at".to_owned(),
            description: None,
            base_path: String::new(),
        }
    }

    fn script(&self, plan: &Plan, _: &MetTarget) -> Result<FileScript, Unprepared> {
        FileScript::new(self.program, plan)
    }

    fn outline(&self, plan: &Plan, _: &MetTarget) -> Result<FileScript, Unprepared> {
        FileScript::outline(self.program, plan)
    }

    fn facts(&self, script: &FileScript, target: &MetTarget) -> TargetFacts {
        let described = target.description.as_ref();
        let hindrances = described.map(|it| self.hindrances(script, it, &target.base_path));
        TargetFacts {
            hindrances: hindrances.unwrap_or_default(),
            says: target.to_string(),
            ..TargetFacts::default()
        }
    }

    /// Those that the events of its operations name.
    fn domains(&self) -> Vec<DomainName> {
        let mut domains: Vec<DomainName> = Vec::new();
        for event in self.program.steps.iter().flat_map(|step| step.raises) {
            if domains.iter().all(|known| known.title != event.domain) {
                domains.push(DomainName {
                    name: event.domain,
                    title: event.domain,
                });
            }
        }
        domains
    }

    /// Of the users of each class alike. Nothing when a class is not known to this workload.
    fn planned_shares(&self, plan: &Map<String, Value>, _: &str) -> JourneyShares {
        let shares = plan.get("classes").and_then(Value::as_array);
        let mut weighted = Vec::new();
        for share in shares.into_iter().flatten() {
            let name = share.get("class").and_then(Value::as_str);
            let weight = share.get("weight").and_then(Value::as_u64);
            let mut classes = self.program.classes.iter();
            let class = classes.find(|class| Some(class.name.as_str()) == name);
            let (Some(class), Some(weight)) = (class, weight) else {
                return Vec::new();
            };
            weighted.push((class, weight as f64));
        }
        let all: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let words = plan.get("options").and_then(Value::as_array);
        let words = words.into_iter().flatten().filter_map(Value::as_str);
        let positions = words.filter_map(|word| {
            let mut options = self.program.options.iter();
            options.position(|option| *option == word)
        });
        let options = positions.fold(0, |bits, position| bits | 1 << position);
        let mut planned: Vec<(&'static str, f64)> = Vec::new();
        for (class, weight) in weighted {
            let made = class.made_with(options);
            let total: u32 = made.iter().map(|(_, weight)| weight).sum();
            for &(place, own) in made {
                let share = weight / all * f64::from(own) / f64::from(total);
                let name = self.program.journeys[place].name;
                match planned.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, sum)) => *sum += share,
                    None => planned.push((name, share)),
                }
            }
        }
        planned
    }
}

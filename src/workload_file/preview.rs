//! What journeys would send, without sending it: for `shopblast check`.

use super::race_preview::write_race;
use super::script::FileScript;
use crate::engine::{PreparedHeads, Script, Values};
use crate::plan::{Plan, UniqueNumbers};
use crate::workload_file::model::definitions::{
    AtOnce, Call, Model, OnFailure, Order, Per, Step, Test, Tested, UsedUp,
};
use crate::workload_file::model::replies::ReadFrom;
use crate::workload_file::program::compiled::Instruction;
use crate::workload_file::program::late_sums::LateSums;
use crate::workload_file::program::request_program::CompiledRequest;
use fastrand::Rng;
use std::fmt::Write;
use std::iter::repeat_n;
use std::ops::Range;

/// What rows there are, a line for each set of them.
#[must_use]
pub fn data_outline(model: &Model) -> String {
    let mut out = String::new();
    for data in &model.data {
        let columns = data.table.columns();
        if columns.is_empty() {
            let _ = writeln!(out, "data {}: no request holds any of it", data.name);
            continue;
        }
        let order = match data.order {
            Order::Sequence => "in sequence",
            Order::Random => "at random",
            Order::Unique => "each once",
        };
        let per = match data.per {
            Per::Pass => "pass of a journey",
            Per::User => "user",
        };
        let then = match (data.order, data.used_up, data.per) {
            (Order::Unique, Some(UsedUp::Again), _) => "; then from the first again",
            (Order::Unique, None, Per::User) => "; no run with more users",
            (Order::Unique, ..) => "; then users stop",
            _ => "",
        };
        let _ = writeln!(
            out,
            "data {}: {} with {}, {order}, one a {per}{then}",
            data.name,
            match data.table.rows() {
                1 => "1 row".to_owned(),
                rows => format!("{rows} rows"),
            },
            columns.join(", ")
        );
    }
    out
}

/// What is done once before and after the load, as lines.
#[must_use]
pub fn once_outline(model: &Model) -> String {
    let mut out = String::new();
    for (journey, when) in [
        (&model.set_up, "once before the load"),
        (&model.tear_down, "once after the load"),
    ] {
        if let Some(journey) = journey {
            let _ = writeln!(out, "\n{}: {when}", journey.name);
            write_steps(model, &journey.steps, 1, &mut out);
        }
    }
    out
}

/// A pass of a journey as lines, one a step.
#[must_use]
pub fn outline(model: &Model, journey: usize) -> String {
    let mut out = String::new();
    let journey = &model.journeys[journey];
    let about = match journey.about.is_empty() {
        true => String::new(),
        false => format!(": {}", journey.about),
    };
    // Writing into memory does not fail.
    let _ = writeln!(out, "journey {}{about}", journey.name);
    if journey.is_built_in {
        out += "  written in Rust, since what must hold of it is more than a file can say\n";
    }
    write_steps(model, &journey.steps, 1, &mut out);
    out
}

fn write_steps(model: &Model, steps: &[Step], depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for step in steps {
        let _ = match step {
            Step::Call(call) => write_call(model, call, depth, out),
            Step::Set(values) => {
                let names = values.iter().map(|(value, _)| name_of(model, *value));
                let names: Vec<&str> = names.collect();
                writeln!(out, "{indent}make up {}", names.join(", "))
            }
            Step::Tally { tally, start } => {
                let name = &model.tallies[usize::from(*tally)];
                writeln!(out, "{indent}count {name} from {start}")
            }
            Step::When { test, steps } => {
                let says = says(model, test);
                let _ = writeln!(out, "{indent}{says}:");
                write_steps(model, steps, depth + 1, out);
                Ok(())
            }
            Step::Race { race } => {
                write_race(model, *race, depth, out);
                Ok(())
            }
            Step::Rest {
                least_ns,
                most_ns,
                is_always,
            } => {
                let seconds = |ns: &u64| *ns as f64 / 1e9;
                let rests = if *is_always { "sleep" } else { "think" };
                match least_ns == most_ns {
                    true => writeln!(out, "{indent}{rests} {} s", seconds(least_ns)),
                    false => writeln!(
                        out,
                        "{indent}{rests} {}..{} s",
                        seconds(least_ns),
                        seconds(most_ns)
                    ),
                }
            }
            Step::Repeat { least, most, steps } => {
                let times = match least == most {
                    true => least.to_string(),
                    false => format!("{least}..{most}"),
                };
                let _ = writeln!(out, "{indent}{times} times:");
                write_steps(model, steps, depth + 1, out);
                Ok(())
            }
            Step::Chance { share, steps } => {
                let _ = writeln!(out, "{indent}in {} % of the passes:", share * 100.0);
                write_steps(model, steps, depth + 1, out);
                Ok(())
            }
        };
    }
}

fn write_call(model: &Model, call: &Call, depth: usize, out: &mut String) -> std::fmt::Result {
    let indent = "  ".repeat(depth);
    let operation = &model.operations[call.operation];
    let label = call.label.as_ref().unwrap_or(&operation.label);
    let reads = call.reads.as_ref().unwrap_or(&operation.reads).iter();
    let reads = reads.map(|read| {
        let name = match read.is_optional {
            true => format!("{} (if it is there)", name_of(model, read.value)),
            false => name_of(model, read.value).to_owned(),
        };
        match &read.from {
            ReadFrom::Json(pointer) => format!("{name} from {}", pointer.as_str()),
            ReadFrom::Header(header) => format!("{name} from the header {header}"),
            ReadFrom::Body => format!("{name} from the body"),
        }
    });
    let reads: Vec<String> = reads.collect();
    let keeps = match reads.is_empty() {
        true => String::new(),
        false => format!("; keeps {}", reads.join(", ")),
    };
    let checks = call.checks.as_ref().unwrap_or(&operation.checks);
    let checks = match checks.len() {
        0 => String::new(),
        1 => "; 1 check".to_owned(),
        count => format!("; {count} checks"),
    };
    let at_once = match call.at_once {
        AtOnce::No => "",
        AtOnce::Yes => "; at once",
        AtOnce::Again => "; at once when again",
    };
    let goes_on = match call.on_failure {
        OnFailure::Abort => "",
        OnFailure::Continue => "; goes on when it fails",
        OnFailure::Break => "; leaves the repetition when it fails",
        OnFailure::Instead(_) => "; when it fails, ends after:",
    };
    let tags = call.tags.as_ref().unwrap_or(&operation.tags);
    let tagged = match tags.is_empty() {
        true => String::new(),
        false => format!("; tags {}", tags.join(", ")),
    };
    let expect = call.expect.as_ref().unwrap_or(&operation.expect);
    writeln!(
        out,
        "{indent}{label} → {expect}{checks}{keeps}{tagged}{at_once}{goes_on}"
    )?;
    write_steps(model, call.on_failure.steps(), depth + 1, out);
    Ok(())
}

fn name_of(model: &Model, value: u16) -> &str {
    &model.values[usize::from(value)]
}

/// What has to be so, in words.
fn says(model: &Model, test: &Test) -> String {
    let no = if test.is_not { "no " } else { "" };
    match &test.of {
        Tested::Option(option) => {
            let option = &model.options[usize::from(*option)].name;
            format!("with {no}option {option}")
        }
        Tested::Value(value) => format!("where there is {no}{}", name_of(model, *value)),
        Tested::Is(value, text) => {
            let is = if test.is_not { "is not" } else { "is" };
            format!("where {} {is} {text}", name_of(model, *value))
        }
        Tested::Done(operation) => {
            let key = &model.operations[*operation].key;
            format!("where {no}{key} succeeded")
        }
    }
}

impl FileScript {
    /// The first `count` requests of passes of the journey at `position` of the plan, with the names of
    /// values where replies would have given them.
    ///
    /// # Errors
    /// When a path cannot be sent.
    pub fn first_requests(
        &self,
        position: usize,
        plan: &Plan,
        names: &[String],
        count: usize,
    ) -> Result<Vec<String>, crate::engine::PathError> {
        let heads = PreparedHeads::new(self.steps(), &plan.target)?;
        let mut values = Values::new(self.values());
        for (name, position) in names.iter().zip(0..) {
            values.set(position, format!("_{name}_").as_bytes(), false);
        }
        let mut rng = Rng::with_seed(plan.seed);
        let journey = self.journey(position);
        self.means().deal(journey, &mut values, &mut rng);
        let mut unique = UniqueNumbers::of_set_up();
        let mut requests = Vec::new();
        let reached = journey.reached(self.means().options);
        let instructions: Vec<&Instruction> = reached.collect();
        // A journey may leave everything out by chance: not for ever.
        for instruction in instructions.iter().cycle().take(count * instructions.len()) {
            if requests.len() == count {
                break;
            }
            let sent: Vec<&CompiledRequest> = match instruction {
                Instruction::Call(call) => vec![&call.request],
                Instruction::Set(recipes) => {
                    for position in recipes.clone() {
                        let drawn_from = (&mut rng, &mut unique);
                        self.supplies().prepare(position, drawn_from, &mut values);
                    }
                    Vec::new()
                }
                Instruction::Race(race) => {
                    self.make(&race.drawn, (&mut rng, &mut unique), &mut values);
                    let sides = race.sides.iter();
                    let racers = sides.flat_map(|side| repeat_n(&side.request, side.racers));
                    let probes = race.probes.iter().map(|probe| &probe.request);
                    racers.chain(probes).collect()
                }
                _ => Vec::new(),
            };
            for request in sent.into_iter().take(count - requests.len()) {
                let drawn_from = (&mut rng, &mut unique);
                requests.push(self.request(request, (&heads, names), drawn_from, &mut values));
            }
        }
        Ok(requests)
    }

    fn request(
        &self,
        request: &CompiledRequest,
        (heads, names): (&PreparedHeads, &[String]),
        (rng, unique): (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) -> String {
        let step = request.step;
        self.make(&request.made, (&mut *rng, &mut *unique), values);
        self.make(&request.body_made, (&mut *rng, &mut *unique), values);
        let mut out = Vec::new();
        match request.body.and_then(|body| self.supplies().body(body)) {
            None => {
                self.sum_up_or_tell(request, 0, names, values);
                heads.of(step).append_without_body(None, values, &mut out);
            }
            Some(arena) => {
                let index = arena.pick(rng);
                self.sum_up_or_tell(request, index, names, values);
                let length = arena.patched_len(index, &[], values);
                heads.of(step).append(None, values, length, &mut out);
                arena.append(index, (&[], values), unique, &mut out);
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Makes the sums that `request` holds; where replies would have given their numbers, says what they are.
    fn sum_up_or_tell(
        &self,
        request: &CompiledRequest,
        index: usize,
        names: &[String],
        values: &mut Values,
    ) {
        let body = self.means().sums_of(request);
        let head = self.supplies().head_sums();
        let of_head = usize::from(request.head_sums.start)..usize::from(request.head_sums.end);
        let of_body = 0..body.map_or(0, LateSums::count);
        let of_head = of_head.map(|at| (head, 0, at));
        let of_body = body
            .into_iter()
            .flat_map(|body| of_body.clone().map(move |at| (body, index, at)));
        for (sums, index, at) in of_head.chain(of_body) {
            if sums.make(index, at..at + 1, values).is_err() {
                let words = format!("_{}_", sums.in_words(index, at, names));
                values.set(sums.value(at), words.as_bytes(), false);
            }
        }
    }

    /// Makes up what heads hold.
    fn make(
        &self,
        made: &Range<u16>,
        (rng, unique): (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        for position in made.clone() {
            let drawn_from = (&mut *rng, &mut *unique);
            self.means()
                .make_into(usize::from(position), drawn_from, values);
        }
    }
}

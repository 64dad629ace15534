//! What journeys would send, without sending it: for `shopblast check`.

use super::model::{Model, OnFailure, Order, Per, ReadFrom, Step, UsedUp};
use super::program::Instruction;
use super::script::FileScript;
use crate::engine::{PreparedHeads, Script, Values};
use crate::plan::{Plan, UniqueNumbers};
use fastrand::Rng;
use std::fmt::Write;

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
    write_steps(model, &journey.steps, 1, &mut out);
    out
}

fn write_steps(model: &Model, steps: &[Step], depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for step in steps {
        let _ = match step {
            Step::Call {
                operation,
                label,
                on_failure,
            } => {
                let operation = &model.operations[*operation];
                let label = label.as_ref().unwrap_or(&operation.label);
                let reads = operation.reads.iter().map(|read| {
                    let name = &model.values[usize::from(read.value)];
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
                let checks = match operation.checks.len() {
                    0 => String::new(),
                    1 => "; 1 check".to_owned(),
                    count => format!("; {count} checks"),
                };
                let goes_on = match on_failure {
                    OnFailure::Abort => "",
                    OnFailure::Continue => "; goes on when it fails",
                };
                writeln!(
                    out,
                    "{indent}{label} → {}{checks}{keeps}{goes_on}",
                    operation.expect
                )
            }
            Step::Rest { least_ns, most_ns } => {
                let seconds = |ns: &u64| *ns as f64 / 1e9;
                match least_ns == most_ns {
                    true => writeln!(out, "{indent}think {} s", seconds(least_ns)),
                    false => writeln!(
                        out,
                        "{indent}think {}..{} s",
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
        self.deal_into(position, &mut values, &mut rng);
        let mut unique = UniqueNumbers::of_set_up();
        let mut requests = Vec::new();
        let instructions = self.instructions(position);
        // A journey may leave everything out by chance: not for ever.
        for instruction in instructions.iter().cycle().take(count * instructions.len()) {
            if requests.len() == count {
                break;
            }
            let Instruction::Call {
                step, body, made, ..
            } = instruction
            else {
                continue;
            };
            let of_body = body.map(|body| self.made_for(body));
            for position in made.clone().chain(of_body.into_iter().flatten()) {
                let drawn_from = (&mut rng, &mut unique);
                self.make_into(usize::from(position), drawn_from, &mut values);
            }
            let mut out = Vec::new();
            match body.and_then(|body| self.supplies().body(body)) {
                None => heads.of(step).append_without_body(None, &values, &mut out),
                Some(arena) => {
                    let index = arena.pick(&mut rng);
                    let length = arena.patched_len(index, &[], &values);
                    heads.of(step).append(None, &values, length, &mut out);
                    arena.append(index, (&[], &values), &mut unique, &mut out);
                }
            }
            requests.push(String::from_utf8_lossy(&out).into_owned());
        }
        Ok(requests)
    }
}

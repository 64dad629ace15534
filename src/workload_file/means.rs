//! How often a pass of a journey sends what, on average, when all goes well.

use crate::workload_file::model::definitions::{Model, Step, Test, Tested};
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::texts::Part;

/// The names in statistics under which `journey` of `model` may send anything, in the order of its steps,
/// each with its mean requests of a pass in a run with the options of these bits. What comes only after a
/// failure is left out.
#[must_use]
pub fn mean_requests(model: &Model, journey: usize, options: u32) -> Vec<(&str, f64)> {
    let mut walk = Walk {
        model,
        options,
        chosen: Vec::new(),
        means: Vec::new(),
    };
    walk.steps(&model.journeys[journey].steps, 1.0);
    walk.means
}

struct Walk<'m> {
    model: &'m Model,
    options: u32,
    /// What was made up by choice: the value that has it, and what it may be.
    chosen: Vec<(u16, &'m [(String, u32)])>,
    means: Vec<(&'m str, f64)>,
}

impl<'m> Walk<'m> {
    fn steps(&mut self, steps: &'m [Step], share: f64) {
        for step in steps {
            match step {
                Step::Call(call) => {
                    let operation = &self.model.operations[call.operation];
                    self.add(call.label.as_ref().unwrap_or(&operation.label), share);
                }
                Step::Race { race } => {
                    for side in &self.model.races[*race].sides {
                        let operation = &self.model.operations[side.operation];
                        let label = side.label.as_ref().unwrap_or(&operation.label);
                        self.add(label, share * f64::from(side.racers));
                    }
                }
                Step::Set(values) => {
                    for (value, parts) in values {
                        if let [Part::Made(Generator::Choice(choices))] = &parts[..] {
                            self.chosen.push((*value, choices));
                        }
                    }
                }
                Step::Repeat { least, most, steps } => {
                    let times = f64::midpoint(f64::from(*least), f64::from(*most));
                    self.steps(steps, share * times);
                }
                Step::Chance { share: part, steps } => self.steps(steps, share * part),
                Step::When { test, steps } => {
                    let part = self.part(test);
                    self.steps(steps, share * part);
                }
                Step::Tally { .. } | Step::Rest { .. } => {}
            }
        }
    }

    fn add(&mut self, label: &'m str, requests: f64) {
        match self.means.iter_mut().find(|(known, _)| *known == label) {
            Some((_, mean)) => *mean += requests,
            None => self.means.push((label, requests)),
        }
    }

    /// In which part of the passes it is so: calls succeed, and values are there.
    fn part(&self, test: &Test) -> f64 {
        let part = match &test.of {
            Tested::Option(position) => f64::from(u8::from(self.options & (1 << position) != 0)),
            Tested::Is(value, text) => {
                let mut chosen = self.chosen.iter().rev();
                let chosen = chosen.find(|(of, _)| of == value);
                chosen.map_or(1.0, |(_, choices)| share_of(choices, text))
            }
            Tested::Value(_) | Tested::Done(_) => 1.0,
        };
        if test.is_not { 1.0 - part } else { part }
    }
}

fn share_of(choices: &[(String, u32)], text: &str) -> f64 {
    let sum = |of: &dyn Fn(&str) -> bool| -> u32 {
        let chosen = choices.iter().filter(|(choice, _)| of(choice));
        chosen.map(|(_, weight)| weight).sum()
    };
    f64::from(sum(&|choice| choice == text)) / f64::from(sum(&|_| true).max(1))
}

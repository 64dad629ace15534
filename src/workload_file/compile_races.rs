//! From checked races and rules to what users run and judge.

use super::compile_operations::{Compiler, kept, kept_all, kept_text};
use super::generators::Generator;
use super::model::Call;
use super::race_program::{CompiledProbe, CompiledRace, CompiledRule, CompiledSide, RaceCall};
use crate::stats::{Race, Rule};
use std::ops::Range;

/// The races of a workload, and the tables that statistics know them by.
pub struct CompiledRaces {
    /// Every race, by its position.
    pub races: &'static [CompiledRace],
    /// What the statistics call them.
    pub table: &'static [Race],
    /// What must hold of them.
    pub rules: &'static [Rule],
}

impl Compiler<'_> {
    /// What races draw is made up by these, beside what heads hold.
    pub(super) fn note_draws(&mut self) -> Vec<Range<u16>> {
        let model = self.model;
        let draws = model.races.iter().map(|race| {
            let first = self.made.len() as u16;
            let drawn: Vec<(u16, Generator)> = race.draws.clone();
            self.made.extend(drawn);
            first..self.made.len() as u16
        });
        draws.collect()
    }

    /// What a call of a race consists of.
    fn called(&self, operation: usize, label: Option<&String>) -> Option<RaceCall> {
        let call = Call {
            label: label.cloned(),
            ..Call::of(operation)
        };
        let (step, made) = self.step_of(&call)?;
        let body = self.model.operations[operation].body;
        Some(RaceCall {
            step,
            body,
            made,
            body_made: self.made_for(body),
        })
    }

    /// Compiles the races.
    pub(super) fn races(&self, draws: Vec<Range<u16>>) -> CompiledRaces {
        let model = self.model;
        let table = model.races.iter().zip(0..).map(|(race, index)| {
            let sides = race.sides.iter().map(|side| kept_text(&side.name));
            Race {
                index,
                name: kept_text(&race.name),
                sides: kept_all(sides.collect()),
            }
        });
        let table = kept_all(table.collect());
        let rules = model.rules.iter().zip(0..).map(|(rule, index)| Rule {
            index,
            name: kept_text(&rule.name),
            text: kept_text(&rule.text),
            enforced: true,
        });
        let rules = kept_all(rules.collect());
        let races = model.races.iter().zip(draws).enumerate();
        let races = races.map(|(place, (race, drawn))| {
            let sides = race.sides.iter().filter_map(|side| {
                Some(CompiledSide {
                    call: self.called(side.operation, side.label.as_ref())?,
                    racers: side.racers as usize,
                })
            });
            let probes = race.probes.iter().filter_map(|probe| {
                Some(CompiledProbe {
                    call: self.called(probe.operation, None)?,
                    after: probe.after,
                })
            });
            let own = model.rules.iter().zip(rules);
            let own = own.filter(|(rule, _)| rule.race == place);
            CompiledRace {
                race: &table[place],
                drawn,
                sides: sides.collect(),
                probes: probes.collect(),
                rules: own
                    .map(|(rule, compiled)| CompiledRule {
                        rule: compiled,
                        check: rule.check.clone(),
                        places: rule.places.clone(),
                        probe: rule.probe,
                    })
                    .collect(),
            }
        });
        CompiledRaces {
            races: kept(races.collect::<Vec<_>>()),
            table,
            rules,
        }
    }
}

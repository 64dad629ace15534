//! From checked races and rules to what users run and judge.

use super::beside::Beside;
use super::compile_operations::{Compiler, kept_all, kept_text};
use super::race_program::{CompiledProbe, CompiledRace, CompiledRule, CompiledSide};
use super::request_program::CompiledRequest;
use crate::stats::{Race, Rule};
use crate::workload_file::model::definitions::Call;
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

/// Compiles the races of the workload, whose steps have their rows already.
pub fn races_of(compiler: &mut Compiler<'_>, beside: Beside) -> CompiledRaces {
    let model = compiler.model;
    let draws = note_draws(compiler);
    let first = beside.races.len();
    let own = model.races.iter().zip(first as u16..).map(|(race, index)| {
        let sides = race.sides.iter().map(|side| kept_text(&side.name));
        Race {
            index,
            name: kept_text(&race.name),
            sides: kept_all(sides.collect()),
        }
    });
    let table = beside.races.iter().map(|race| Race { ..*race });
    let table = kept_all(table.chain(own).collect());
    let first_rule = beside.rules.len();
    let own = model.rules.iter().zip(first_rule as u16..);
    let own = own.map(|(rule, index)| Rule {
        index,
        name: kept_text(&rule.name),
        text: kept_text(&rule.text),
        enforced: rule.is_promised,
    });
    let rules = beside.rules.iter().map(|rule| Rule { ..*rule });
    let rules = kept_all(rules.chain(own).collect());
    let races = model.races.iter().zip(draws).enumerate();
    let races = races.map(|(place, (race, drawn))| {
        let sides = race.sides.iter().filter_map(|side| {
            Some(CompiledSide {
                request: request(compiler, &side.into())?,
                racers: side.racers as usize,
            })
        });
        let probes = race.probes.iter().filter_map(|probe| {
            Some(CompiledProbe {
                request: request(compiler, &probe.into())?,
                after: probe.after,
            })
        });
        let own = model.rules.iter().zip(&rules[first_rule..]);
        let own = own.filter(|(rule, _)| rule.race == place);
        let own = own.map(|(rule, compiled)| CompiledRule {
            rule: compiled,
            check: rule.check.clone(),
            places: rule.places.clone(),
            probe: rule.probe,
        });
        CompiledRace {
            race: &table[first + place],
            drawn,
            sides: sides.collect(),
            probes: probes.collect(),
            rules: own.collect(),
        }
    });
    CompiledRaces {
        races: kept_all(races.collect()),
        table,
        rules,
    }
}

/// What races draw is made up by these, beside what heads hold.
fn note_draws(compiler: &mut Compiler<'_>) -> Vec<Range<u16>> {
    let draws = compiler.model.races.iter().map(|race| {
        let first = compiler.made.len() as u16;
        compiler.made.extend(race.draws.iter().cloned());
        first..compiler.made.len() as u16
    });
    draws.collect()
}

/// `None` for a race that no journey runs.
fn request(compiler: &Compiler<'_>, call: &Call) -> Option<CompiledRequest> {
    let (step, made) = compiler.step_of(call)?;
    let body = compiler.model.body_of(call);
    Some(CompiledRequest {
        step,
        body,
        choice: compiler.choice_of(body),
        made: made.made,
        body_made: compiler.made_for(body),
        head_sums: made.sums,
    })
}

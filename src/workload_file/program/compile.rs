//! From a checked workload to the program that users carry out. What the statistics and requests of a
//! whole process refer to is kept to its end; a workload that was compiled before is not compiled again,
//! so that a page that reads its file for each run keeps one program for each text of it.

use super::beside::Beside;
use super::compile_operations::{Compiler, kept, kept_all, kept_text};
use super::compile_races::races_of;
use super::compile_steps::{Noted, StepCompiler};
use super::compiled::{CompiledJourney, Program};
use crate::plan::fnv1a;
use crate::workload_file::format::flow::{data_of, reads_of};
use crate::workload_file::model::definitions::{Journey, Model};
use std::sync::{Mutex, PoisonError};

/// Programs of this process.
static PROGRAMS: Mutex<Vec<&'static Program>> = Mutex::new(Vec::new());

/// The program of `model`, with what is `beside` it.
pub fn program_of(model: &Model, beside: Beside) -> &'static Program {
    // What must hold of a run changes nothing of what is sent.
    let sent = Model {
        thresholds: Vec::new(),
        ..model.clone()
    };
    // Everything in it is in its debugging form.
    let hash = fnv1a(format!("{sent:?}").as_bytes()) ^ beside.steps.len() as u64;
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = programs.iter().find(|known| known.hash == hash) {
        return known;
    }
    let program = kept(compile(model, hash, beside));
    programs.push(program);
    program
}

fn compile(model: &Model, hash: u64, beside: Beside) -> Program {
    let mut compiler = Compiler::of_all(model, beside);
    let races = races_of(&mut compiler, beside);
    let mut noted = Noted::new(compiler.values);
    let mut compiled = |journey: &Journey| CompiledJourney {
        name: kept_text(&journey.name),
        about: journey.about.clone(),
        data: data_of(model, &journey.steps),
        instructions: StepCompiler::new((&compiler, races.races), &mut noted).compile(journey),
    };
    let journeys = model.journeys.iter().map(&mut compiled).collect();
    let set_up = model.set_up.as_ref().map(|journey| {
        let reads = reads_of(model, &journey.steps);
        (compiled(journey), reads)
    });
    let tear_down = model.tear_down.as_ref().map(&mut compiled);
    let options = model.options.iter().map(|option| kept_text(&option.name));
    Program {
        name: model.name.clone(),
        word: kept_text(&format!("workload {} {hash:016x}", model.name)),
        hash,
        health: kept_text(&model.health),
        options: kept_all(options.collect()),
        tags: compiler.tags(),
        steps: compiler.steps,
        rows: model.rows.clone(),
        bodies: compiler.bodies,
        draws: model.draws.clone(),
        data: model.data.clone(),
        journeys,
        set_up,
        tear_down,
        cookies: model.cookies,
        recipes: noted.recipes,
        numbers: noted.numbers,
        classes: model.classes.clone(),
        races: races.table,
        rules: races.rules,
        values: usize::from(noted.values),
        made: compiler.made,
        body_sums: compiler.body_sums,
        head_sums: compiler.head_sums,
        names: compiler.names,
    }
}

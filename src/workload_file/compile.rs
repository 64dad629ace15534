//! From a checked workload to the program that users carry out. What the statistics and requests of a
//! whole process refer to is kept to its end; a workload that was compiled before is not compiled again,
//! so that a page that reads its file for each run keeps one program for each text of it.

use super::compile_operations::{Compiler, kept, kept_all, kept_text};
use super::compile_races::races_of;
use super::compile_steps::{Noted, StepCompiler};
use super::model::Model;
use super::program::{CompiledJourney, Program};
use crate::plan::fnv1a;
use std::sync::{Mutex, PoisonError};

/// Programs of this process.
static PROGRAMS: Mutex<Vec<&'static Program>> = Mutex::new(Vec::new());

/// The program of `model`.
pub fn program_of(model: &Model) -> &'static Program {
    // Everything in it is in its debugging form.
    let hash = fnv1a(format!("{model:?}").as_bytes());
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = programs.iter().find(|known| known.hash == hash) {
        return known;
    }
    let program = kept(compile(model, hash));
    programs.push(program);
    program
}

fn compile(model: &Model, hash: u64) -> Program {
    let mut compiler = Compiler::of_all(model);
    let races = races_of(&mut compiler);
    let mut noted = Noted::default();
    let mut journeys = Vec::new();
    for journey in &model.journeys {
        journeys.push(CompiledJourney {
            name: kept_text(&journey.name),
            about: journey.about.clone(),
            instructions: StepCompiler::new((&compiler, races.races), &mut noted).compile(journey),
        });
    }
    let options = model.options.iter().map(|option| kept_text(&option.name));
    Program {
        name: model.name.clone(),
        word: kept_text(&format!("workload {} {hash:016x}", model.name)),
        hash,
        health: kept_text(&model.health),
        options: kept_all(options.collect()),
        steps: compiler.steps,
        bodies: model.bodies.clone(),
        draws: model.draws.clone(),
        journeys,
        recipes: noted.recipes,
        numbers: noted.numbers,
        classes: model.classes.clone(),
        races: races.table,
        rules: races.rules,
        values: usize::from(compiler.values),
        made: compiler.made,
    }
}

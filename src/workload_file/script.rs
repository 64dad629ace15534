//! A compiled workload as a script that the engine carries out: the user classes of one plan.

use super::model::Class;
use super::prepared::{Source, Supplies};
use super::program::{CompiledJourney, DEEPEST_REPEAT, Instruction, Program};
use super::race_program::CompiledRace;
use crate::engine::{Abort, Described, Journey, Link, Script, Session, Step, Unprepared, Values};
use crate::plan::{Pacing, Plan, RaceRules, Suggestion, UniqueNumbers, WaitTime};
use crate::stats::{Outcome, Race, Rule};
use fastrand::Rng;

/// What the users of one plan do.
#[derive(Debug)]
pub struct FileScript {
    program: &'static Program,
    supplies: Supplies,
    /// By the index of the class in the plan.
    classes: Vec<PlannedClass>,
    /// Every journey that the plan's classes make, in the order of the workload.
    journeys: Vec<&'static CompiledJourney>,
    pacing: Pacing,
    race_rules: RaceRules,
}

#[derive(Debug)]
struct PlannedClass {
    class: &'static Class,
    /// Position of each of its journeys among those of the plan, and its weight.
    journeys: Vec<(u16, u32)>,
    total_weight: u32,
    /// Position of the journey that comes before all others.
    first: Option<u16>,
    /// Whether what is asked and answered in that is kept, since journeys after it have races.
    keeps_first: bool,
}

/// Races that can be on the connections of one core at the same time, however wide; more wait in line.
const RACES_AT_ONCE: usize = 16;

impl FileScript {
    /// Prepares bodies and classes of `plan`.
    ///
    /// # Errors
    /// When the plan names a class that there is not.
    pub fn new(program: &'static Program, plan: &Plan) -> Result<Self, Unprepared> {
        let find = |name: &str| {
            let found = program.classes.iter().find(|class| class.name == name);
            found.ok_or_else(|| {
                let known = program.classes.iter().map(|class| class.name.as_str());
                let suggestion = Suggestion::for_word(name, known);
                let workload = &program.name;
                Unprepared(format!("{workload} has no user class `{name}`{suggestion}"))
            })
        };
        let classes = plan.classes.iter().map(|share| find(&share.class));
        let classes: Vec<&'static Class> = classes.collect::<Result<_, _>>()?;
        let is_made = |place: usize| {
            let mut classes = classes.iter();
            classes.any(|class| {
                class.first == Some(place) || class.journeys.iter().any(|(made, _)| *made == place)
            })
        };
        let places: Vec<usize> = (0..program.journeys.len())
            .filter(|at| is_made(*at))
            .collect();
        let journeys: Vec<&'static CompiledJourney> = places
            .iter()
            .map(|&place| &program.journeys[place])
            .collect();
        let position = |place: usize| {
            let found = places.iter().position(|known| *known == place);
            found.unwrap_or_default() as u16
        };
        let planned = classes.into_iter().map(|class| PlannedClass {
            class,
            journeys: class
                .journeys
                .iter()
                .map(|&(place, weight)| (position(place), weight))
                .collect(),
            total_weight: class.journeys.iter().map(|(_, weight)| weight).sum(),
            first: class.first.map(position),
            keeps_first: class
                .journeys
                .iter()
                .any(|&(place, _)| program.journeys[place].is_logged),
        });
        let planned = planned.collect();
        let is_needed = |body| {
            let mut journeys = journeys.iter();
            journeys.any(|journey| journey.bodies().any(|sent| sent == body))
        };
        let source = Source {
            seed: plan.seed,
            run_id: &plan.run_id,
        };
        Ok(Self {
            supplies: Supplies::new(program, is_needed, source),
            program,
            classes: planned,
            journeys,
            pacing: plan.pacing,
            race_rules: plan.races.rules,
        })
    }

    /// What is sent.
    #[must_use]
    pub fn supplies(&self) -> &Supplies {
        &self.supplies
    }

    #[inline]
    async fn carry_out<L: Link>(
        &self,
        user: &mut Session<L>,
        journey: &CompiledJourney,
    ) -> Journey {
        if journey.is_logged {
            user.begin_log();
        }
        let instructions = &journey.instructions;
        let mut counters = [0_u32; DEEPEST_REPEAT];
        let mut at = 0;
        while let Some(instruction) = instructions.get(at) {
            at += 1;
            match instruction {
                Instruction::Call {
                    step,
                    body,
                    made,
                    goes_on,
                } => {
                    for position in made.clone() {
                        self.make(user, usize::from(position));
                    }
                    let body = body.and_then(|body| self.supplies.body(body));
                    let call = user.call(step);
                    let call = match body {
                        Some(arena) => call.body(arena),
                        None => call,
                    };
                    let outcome = call.outcome().await?;
                    if outcome != Outcome::Success {
                        heed_rest(user).await?;
                        if !goes_on {
                            return Err(Abort);
                        }
                    }
                }
                Instruction::Race { race } => self.race(user, race).await?,
                Instruction::Rest { least_ns, most_ns } => {
                    if self.pacing == Pacing::Class {
                        let rest_ns = user.rng().u64(*least_ns..=*most_ns);
                        user.rest(rest_ns).await?;
                    }
                }
                Instruction::Repeat {
                    counter,
                    least,
                    most,
                    past,
                } => {
                    let times = match least == most {
                        true => *least,
                        false => user.rng().u32(*least..=*most),
                    };
                    counters[usize::from(*counter)] = times;
                    if times == 0 {
                        at = usize::from(*past);
                    }
                }
                Instruction::Again { counter, to } => {
                    let left = &mut counters[usize::from(*counter)];
                    *left -= 1;
                    if *left > 0 {
                        at = usize::from(*to);
                    }
                }
                Instruction::Chance { share, past } => {
                    if user.rng().f64() >= *share {
                        at = usize::from(*past);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is done in the journey at `position` of the plan.
    #[must_use]
    pub(super) fn instructions(&self, position: usize) -> &[Instruction] {
        &self.journeys[position].instructions
    }

    #[inline]
    pub(super) fn make<L: Link>(&self, user: &mut Session<L>, position: usize) {
        let (values, drawn_from) = user.values_and_chance();
        self.make_into(position, drawn_from, values);
    }

    /// Makes up what stands at `position` of that, into its value.
    #[inline]
    pub(super) fn make_into(
        &self,
        position: usize,
        drawn_from: (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        let (value, _) = self.program.made[position];
        self.supplies.make(position, value, drawn_from, values);
    }
}

/// A reply asked for no request for a while.
#[cold]
pub(super) async fn heed_rest<L: Link>(user: &mut Session<L>) -> Journey {
    match user.values().take_rest() {
        0 => Ok(()),
        rest_ns => user.rest(rest_ns).await,
    }
}

impl Script for FileScript {
    fn steps(&self) -> &'static [Step] {
        self.program.steps
    }

    fn values(&self) -> usize {
        self.program.values
    }

    fn race_rules(&self) -> RaceRules {
        self.race_rules
    }

    fn race_connections(&self, users: usize) -> usize {
        if self.race_rules.sequential {
            return 0;
        }
        let races = self.journeys.iter().flat_map(|journey| journey.races());
        let widest = races.map(CompiledRace::racers).max();
        widest.unwrap_or(0) * users.min(RACES_AT_ONCE)
    }

    #[inline]
    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        let planned = &self.classes[user.class()];
        if let Some(first) = planned.first
            && !user.values().has_begun()
        {
            user.begin_journey(first);
            if planned.keeps_first {
                user.begin_log();
            }
            self.carry_out(user, self.journeys[usize::from(first)])
                .await?;
            if planned.keeps_first {
                user.keep_as_first();
            }
            user.values().begin();
            return Ok(());
        }
        let mut drawn = user.rng().u32(..planned.total_weight);
        for &(position, weight) in &planned.journeys {
            if drawn < weight {
                user.begin_journey(position);
                return self
                    .carry_out(user, self.journeys[usize::from(position)])
                    .await;
            }
            drawn -= weight;
        }
        Ok(())
    }
}

impl Described for FileScript {
    fn journeys(&self) -> Vec<&'static str> {
        self.journeys.iter().map(|journey| journey.name).collect()
    }

    fn produced(&self) -> Vec<&'static Step> {
        let is_taken = |step: &&Step| {
            let mut journeys = self.journeys.iter();
            journeys.any(|journey| journey.steps().any(|taken| taken.index == step.index))
        };
        self.program.steps.iter().filter(is_taken).collect()
    }

    fn race_table(&self) -> &'static [Race] {
        self.program.races
    }

    fn races(&self) -> Vec<&'static Race> {
        let is_run = |race: &&Race| {
            let mut run = self.journeys.iter().flat_map(|journey| journey.races());
            run.any(|run| run.race.index == race.index)
        };
        self.program.races.iter().filter(is_run).collect()
    }

    fn rules(&self) -> &'static [Rule] {
        self.program.rules
    }

    fn wait_of(&self, class: usize) -> WaitTime {
        match self.pacing {
            Pacing::Class => self.classes[class].class.wait,
            Pacing::Max => WaitTime::None,
        }
    }
}

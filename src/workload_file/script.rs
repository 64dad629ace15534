//! A compiled workload as a script that the engine carries out: the user classes of one plan.

use super::model::Class;
use super::prepared::{Source, Supplies};
use super::program::{CompiledJourney, DEEPEST_REPEAT, Instruction, Program};
use super::rows::{Dealer, Dealt};
use super::shared::Shared;
use crate::engine::{
    Abort, CookieRoom, Described, Journey, Link, Script, Session, SetUpFailure, Step, Unprepared,
    Values,
};
use crate::plan::{Pacing, Plan, Suggestion, UniqueNumbers, WaitTime};
use crate::stats::Outcome;
use fastrand::Rng;
use std::ops::Range;

/// What the users of one plan do.
#[derive(Debug)]
pub struct FileScript {
    program: &'static Program,
    supplies: Supplies,
    /// By the index of the class in the plan.
    classes: Vec<PlannedClass>,
    /// Every journey that the plan's classes make, in the order of the workload.
    journeys: Vec<&'static CompiledJourney>,
    /// By the position of the data.
    dealers: Vec<Dealer>,
    /// What a set-up reads for all users.
    shared: Shared,
    pacing: Pacing,
}

#[derive(Debug)]
struct PlannedClass {
    class: &'static Class,
    /// Position of each of its journeys among those of the plan, and its weight.
    journeys: Vec<(u16, u32)>,
    total_weight: u32,
    /// Position of the journey that comes before all others.
    first: Option<u16>,
}

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
        });
        let planned: Vec<PlannedClass> = planned.collect();
        let dealers = dealers(program, plan, &planned, &journeys)?;
        let once = program.set_up.iter().map(|(journey, _)| journey);
        let once: Vec<&CompiledJourney> = once.chain(&program.tear_down).collect();
        let is_needed = |body| {
            let mut journeys = journeys.iter().chain(&once);
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
            dealers,
            shared: Shared::new(
                program
                    .set_up
                    .as_ref()
                    .map_or_else(Vec::new, |it| it.1.clone()),
                plan.cores.len(),
            ),
            pacing: plan.pacing,
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
        self.deal(user, journey).await?;
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
                    if let Some(body) = body {
                        for position in self.made_for(*body) {
                            self.make(user, usize::from(position));
                        }
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

    /// Gives `user` the rows that `journey` needs. Without one left it has nothing more to do.
    #[inline]
    async fn deal<L: Link>(&self, user: &mut Session<L>, journey: &CompiledJourney) -> Journey {
        for &position in &journey.data {
            let (values, (rng, _)) = user.values_and_chance();
            if self.dealers[usize::from(position)].deal(values, rng) == Dealt::Nothing {
                return rest_of_its_life(user).await;
            }
        }
        Ok(())
    }

    /// Gives the rows that the journey at `position` of the plan needs.
    pub(super) fn deal_into(&self, position: usize, values: &mut Values, rng: &mut Rng) {
        for &data in &self.journeys[position].data {
            self.dealers[usize::from(data)].deal(values, rng);
        }
    }

    /// What is done in the journey at `position` of the plan.
    #[must_use]
    pub(super) fn instructions(&self, position: usize) -> &[Instruction] {
        &self.journeys[position].instructions
    }

    #[inline]
    fn make<L: Link>(&self, user: &mut Session<L>, position: usize) {
        let (values, drawn_from) = user.values_and_chance();
        self.make_into(position, drawn_from, values);
    }

    /// Positions of what is made up where the body at `body` is sent.
    pub(super) fn made_for(&self, body: u16) -> Range<u16> {
        self.program.body_made[usize::from(body)].clone()
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

/// Why what all users share is not there.
#[cold]
fn not_set_up<L: Link>(user: &Session<L>, journey: &CompiledJourney) -> SetUpFailure {
    let steps: Vec<&str> = journey.steps().map(|step| step.name).collect();
    let steps = steps.join(", ");
    let why = match user.trouble() {
        None => format!("the run was over before ({steps})"),
        Some(trouble) if trouble.status == 0 => {
            format!("no reply: {} ({steps})", trouble.reason.as_str())
        }
        Some(trouble) => format!(
            "the last answer was {}: {} ({steps})",
            trouble.status,
            trouble.reason.as_str()
        ),
    };
    SetUpFailure {
        what: "what all users share",
        why,
    }
}

/// There is no row left for `user`. An arrival is not carried out then, which is counted.
#[cold]
async fn rest_of_its_life<L: Link>(user: &mut Session<L>) -> Journey {
    if user.values().arrival().is_none() {
        return user.sit_out().await;
    }
    user.recorder().borrow_mut().interval().counters.shed += 1;
    Err(Abort)
}

/// How each of the data is dealt to the users of `plan` whose classes make journeys that hold it.
fn dealers(
    program: &'static Program,
    plan: &Plan,
    classes: &[PlannedClass],
    journeys: &[&'static CompiledJourney],
) -> Result<Vec<Dealer>, Unprepared> {
    let data = (0..).zip(&program.data);
    let dealers = data.map(|(position, data)| {
        let holds = |journey: u16| journeys[usize::from(journey)].data.contains(&position);
        let served = |class: usize| {
            let class: &PlannedClass = &classes[class];
            let mut made = class.journeys.iter();
            class.first.is_some_and(holds) || made.any(|(journey, _)| holds(*journey))
        };
        let dealer = Dealer::new(data, plan, served);
        match dealer.lack() {
            None => Ok(dealer),
            Some(lack) => Err(Unprepared(format!("{}: {lack}", program.name))),
        }
    });
    dealers.collect()
}

/// A reply asked for no request for a while.
#[cold]
async fn heed_rest<L: Link>(user: &mut Session<L>) -> Journey {
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

    fn cookies(&self) -> Option<CookieRoom> {
        self.program.cookies.then(CookieRoom::default)
    }

    async fn set_up<L: Link>(&self, user: &mut Session<L>) -> Result<(), SetUpFailure> {
        let Some((journey, _)) = &self.program.set_up else {
            return Ok(());
        };
        match self.carry_out(user, journey).await {
            Ok(()) => {
                self.shared.keep(user.values());
                Ok(())
            }
            Err(Abort) => Err(not_set_up(user, journey)),
        }
    }

    fn tears_down(&self) -> bool {
        self.program.tear_down.is_some() && self.shared.is_last()
    }

    async fn tear_down<L: Link>(&self, user: &mut Session<L>) {
        if let Some(journey) = &self.program.tear_down
            && self.shared.give(user.values())
        {
            // What it cannot do is among the errors.
            let _ = self.carry_out(user, journey).await;
        }
    }

    #[inline]
    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        if !self.shared.give(user.values()) {
            return user.sit_out().await;
        }
        let planned = &self.classes[user.class()];
        if let Some(first) = planned.first
            && !user.values().has_begun()
        {
            user.begin_journey(first);
            self.carry_out(user, self.journeys[usize::from(first)])
                .await?;
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
        let once = self.program.set_up.iter().map(|(journey, _)| journey);
        let once = once.chain(&self.program.tear_down);
        let is_taken = |step: &&Step| {
            let mut journeys = self.journeys.iter().copied().chain(once.clone());
            journeys.any(|journey| journey.steps().any(|taken| taken.index == step.index))
        };
        self.program.steps.iter().filter(is_taken).collect()
    }

    fn wait_of(&self, class: usize) -> WaitTime {
        match self.pacing {
            Pacing::Class => self.classes[class].class.wait,
            Pacing::Max => WaitTime::None,
        }
    }
}

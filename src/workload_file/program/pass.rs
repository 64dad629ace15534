//! One pass of a journey: its instructions, one after the other.

use super::compiled::{
    CompiledCall, CompiledJourney, CompiledTest, CompiledTested, Failure, Following, Instruction,
    Program,
};
use super::late_sums::{Lack, LateSums};
use super::prepared::Supplies;
use super::request_program::{BodyChoice, CompiledRequest};
use super::rows::{Dealer, Dealt};
use crate::engine::{Abort, Arena, Journey, Link, Session, Values};
use crate::plan::{Pacing, UniqueNumbers};
use crate::stats::{Correction, Corrections, Outcome, Reason};
use crate::workload_file::model::bounds::{DEEPEST_REPEAT, MOST_TALLIES, MOST_TIES};
use crate::workload_file::model::replies::NotRaised;
use fastrand::Rng;
use std::fmt::Write;
use std::ops::Range;

/// Stands for a body that was not chosen yet.
const NONE: u16 = u16::MAX;

/// What journeys are carried out with.
#[derive(Debug)]
pub struct Means {
    /// The workload.
    pub program: &'static Program,
    /// What is sent.
    pub supplies: Supplies,
    /// Who deals the rows of each of the data, by its position.
    pub dealers: Vec<Dealer>,
    /// Whether users think.
    pub pacing: Pacing,
    /// The options of the run, by the bits of their positions.
    pub options: u32,
    /// Whether every failed step ends its journey.
    pub is_strict: bool,
}

impl Means {
    /// Makes up what stands at `position` of what heads need, into its value.
    #[inline]
    pub fn make_into(
        &self,
        position: usize,
        drawn_from: (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        let (value, _) = self.program.made[position];
        self.supplies.make(position, value, drawn_from, values);
    }

    /// Makes the sums that `request` holds, for the body at `index` of its kind.
    ///
    /// # Errors
    /// Why it may not be sent.
    #[inline]
    pub fn sum_up(
        &self,
        request: &CompiledRequest,
        index: Option<usize>,
        values: &mut Values,
    ) -> Result<(), Lack> {
        if !request.head_sums.is_empty() {
            let sums = usize::from(request.head_sums.start)..usize::from(request.head_sums.end);
            self.supplies.head_sums().make(0, sums, values)?;
        }
        match (self.sums_of(request), index) {
            (Some(sums), Some(index)) => sums.make_all(index, values),
            _ => Ok(()),
        }
    }

    /// The sums in the body of `request`, if it has any.
    #[inline]
    pub fn sums_of(&self, request: &CompiledRequest) -> Option<&LateSums> {
        self.supplies.body_sums(request.body?)
    }

    /// Why a request is not sent, in words.
    #[cold]
    pub fn unsummed(&self, lack: Lack) -> Reason {
        let mut reason = Reason::default();
        // A reason is cut, and never fails.
        let _ = match lack {
            Lack::NoNumber(value) => {
                let name = self.program.names.get(usize::from(value));
                let name = name.map_or("a sum", String::as_str);
                write!(
                    reason,
                    "not sent: `{name}` is no number, and a sum of it is asked for"
                )
            }
            Lack::TooLarge => write!(reason, "not sent: a sum in it gets too large"),
        };
        reason
    }

    /// Gives the rows that `journey` needs.
    #[inline]
    pub fn deal(&self, journey: &CompiledJourney, values: &mut Values, rng: &mut Rng) -> Dealt {
        for &position in &journey.data {
            if self.dealers[usize::from(position)].deal(values, rng) == Dealt::Nothing {
                return Dealt::Nothing;
            }
        }
        Dealt::Row
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

/// A journey that is being carried out.
pub struct Pass<'a> {
    pub means: &'a Means,
    journey: &'a CompiledJourney,
    /// How often repetitions are still to be done, by their depth.
    counters: [u32; DEEPEST_REPEAT],
    /// Bits of the counters whose repetition was begun again.
    again: u8,
    /// Bits of operations that succeeded.
    done: u32,
    /// Which bodies were sent, by the group of those that agree.
    chosen: [u16; MOST_TIES],
    tallies: [i32; MOST_TALLIES],
    /// Bits of the counts of which is not known whether something was added.
    open: u8,
}

const _: () = assert!(MOST_TALLIES <= 8);

impl<'a> Pass<'a> {
    /// Of this journey.
    #[inline]
    pub fn new(means: &'a Means, journey: &'a CompiledJourney) -> Self {
        Self {
            means,
            journey,
            counters: [0; DEEPEST_REPEAT],
            again: 0,
            done: 0,
            chosen: [NONE; MOST_TIES],
            tallies: [0; MOST_TALLIES],
            open: 0,
        }
    }

    /// Carries it out. Without a row that it needs the user has nothing more to do.
    #[inline]
    pub async fn carry_out<L: Link>(mut self, user: &mut Session<L>) -> Journey {
        let (values, (rng, _)) = user.values_and_chance();
        if self.means.deal(self.journey, values, rng) == Dealt::Nothing {
            return rest_of_its_life(user).await;
        }
        let mut at = 0;
        while let Some(instruction) = self.journey.instructions.get(at) {
            at += 1;
            match instruction {
                Instruction::Call(call) => {
                    if let Some(to) = self.call(call, user).await? {
                        at = to as usize;
                    }
                }
                Instruction::Race(race) => self.race(race, user).await?,
                Instruction::Set(recipes) => self.prepare(recipes, user),
                Instruction::Tally { tally, start } => {
                    self.tallies[usize::from(*tally)] = *start;
                    self.open &= !(1 << tally);
                }
                Instruction::When { test, past } => {
                    if !self.is_so(test, user) {
                        at = *past as usize;
                    }
                }
                Instruction::Jump { to } => at = *to as usize,
                Instruction::End => return Err(Abort),
                Instruction::Rest {
                    least_ns,
                    most_ns,
                    is_always,
                } => {
                    if *is_always || self.means.pacing == Pacing::Class {
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
                    self.counters[usize::from(*counter)] = times;
                    self.again &= !(1 << counter);
                    if times == 0 {
                        at = *past as usize;
                    }
                }
                Instruction::Again { counter, to } => {
                    let left = &mut self.counters[usize::from(*counter)];
                    *left -= 1;
                    if *left > 0 {
                        self.again |= 1 << counter;
                        at = *to as usize;
                    }
                }
                Instruction::Chance { share, past } => {
                    if user.rng().f64() >= *share {
                        at = *past as usize;
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives the instruction that comes next, where that is not the one behind.
    #[inline]
    async fn call<L: Link>(
        &mut self,
        call: &CompiledCall,
        user: &mut Session<L>,
    ) -> Result<Option<u32>, Abort> {
        let means = self.means;
        let request = &call.request;
        self.make(&request.made, user);
        self.make(&request.body_made, user);
        let body = request.body.and_then(|body| means.supplies.body(body));
        let chosen = body.and_then(|arena| self.choose(request, arena, user));
        // What is added to a count, or up, has to be known.
        let is_known = !call.adds.is_empty() || means.sums_of(request).is_some();
        let chosen = match (body, chosen) {
            (Some(arena), None) if is_known => Some(arena.pick(user.rng())),
            _ => chosen,
        };
        let summed = means.sum_up(request, chosen, user.values());
        let sent = user.call(request.step);
        let sent = match (body, chosen) {
            (Some(arena), Some(index)) => sent.body_at(arena, index),
            (Some(arena), None) => sent.body(arena),
            (None, _) => sent,
        };
        let follows = match call.at_once {
            Following::No => false,
            Following::Yes => true,
            Following::Again(counter) => self.again & (1 << counter) != 0,
        };
        let sent = if follows { sent.at_once() } else { sent };
        let outcome = match summed {
            Ok(()) => sent.outcome().await?,
            Err(lack) => sent.withheld(&means.unsummed(lack)).await?,
        };
        if outcome == Outcome::Success {
            self.done |= call.mark;
            for &(tally, numbers) in call.adds {
                let numbers = means.supplies.numbers(numbers);
                let number = chosen.and_then(|index| numbers.get(index));
                self.tallies[usize::from(tally)] += number.copied().unwrap_or(0);
            }
            if let Some(not_raised) = &call.not_raised {
                let corrections = self.correction(not_raised);
                user.correct(request.step, &corrections);
            }
            return Ok(None);
        }
        if matches!(outcome, Outcome::Failed | Outcome::Unknown) {
            let added = call.adds.iter();
            added.for_each(|(tally, _)| self.open |= 1 << tally);
        }
        self.failed(call, outcome, user).await
    }

    /// What a success raised beside what it tells: not this event where the counts are equal, which is
    /// not certain when an addition to one of them is not.
    fn correction(&self, not_raised: &NotRaised) -> Corrections {
        let (one, other) = not_raised.equal;
        let is_open = self.open & (1 << one | 1 << other) != 0;
        let count = |tally: u16| self.tallies[usize::from(tally)];
        let open = i64::from(is_open);
        let mut corrections = Corrections::default();
        corrections[usize::from(not_raised.event)] = match count(one) == count(other) {
            true => Correction {
                may_be_more: open,
                ..Correction::NOT_RAISED
            },
            false => Correction {
                may_be_less: open,
                ..Correction::default()
            },
        };
        corrections
    }

    #[cold]
    async fn failed<L: Link>(
        &self,
        call: &CompiledCall,
        outcome: Outcome,
        user: &mut Session<L>,
    ) -> Result<Option<u32>, Abort> {
        heed_rest(user).await?;
        let ends = self.means.is_strict && matches!(outcome, Outcome::Failed | Outcome::Unknown);
        let next = match call.failure {
            Failure::Abort => return Err(Abort),
            Failure::GoOn | Failure::Leave(_) if ends => return Err(Abort),
            Failure::GoOn => None,
            Failure::Leave(to) | Failure::Instead(to) => Some(to),
        };
        for value in call.clears {
            user.values().clear(*value);
        }
        self.prepare(&call.otherwise, user);
        Ok(next)
    }

    /// The body that is sent, where that is not any.
    #[inline]
    pub fn choose<L: Link>(
        &mut self,
        request: &CompiledRequest,
        arena: &Arena,
        user: &mut Session<L>,
    ) -> Option<usize> {
        match request.choice {
            BodyChoice::Any => None,
            BodyChoice::Tied(group) => {
                let known = &mut self.chosen[usize::from(group)];
                if *known == NONE {
                    *known = arena.pick(user.rng()) as u16;
                }
                Some(usize::from(*known))
            }
            BodyChoice::Counted { numbers, tally } => {
                let count = self.tallies[usize::from(tally)];
                let numbers = self.means.supplies.numbers(numbers).iter();
                let nearest = numbers.enumerate().min_by_key(|(_, it)| it.abs_diff(count));
                nearest.map(|(index, _)| index)
            }
        }
    }

    /// Makes up what heads hold.
    #[inline]
    pub fn make<L: Link>(&self, made: &Range<u16>, user: &mut Session<L>) {
        for position in made.clone() {
            let (values, drawn_from) = user.values_and_chance();
            self.means
                .make_into(usize::from(position), drawn_from, values);
        }
    }

    #[inline]
    fn prepare<L: Link>(&self, recipes: &Range<u16>, user: &mut Session<L>) {
        for position in recipes.clone() {
            let (values, drawn_from) = user.values_and_chance();
            self.means.supplies.prepare(position, drawn_from, values);
        }
    }

    #[inline]
    fn is_so<L: Link>(&self, test: &CompiledTest, user: &mut Session<L>) -> bool {
        let is_so = match test.of {
            CompiledTested::Option(bits) => self.means.options & bits != 0,
            CompiledTested::Value(position) => !user.values().raw(position).is_empty(),
            CompiledTested::Is(position, text) => user.values().raw(position) == text,
            CompiledTested::Done(bits) => self.done & bits != 0,
        };
        is_so != test.is_not
    }
}

/// A reply may have asked for no request for a while.
#[cold]
pub async fn heed_rest<L: Link>(user: &mut Session<L>) -> Journey {
    match user.values().take_rest() {
        0 => Ok(()),
        rest_ns => user.rest(rest_ns).await,
    }
}

//! A race as a user of a workload runs it: what is drawn, who leaves, what is asked afterwards, and whether
//! the rules held.

use super::contest::LoggedContest;
use super::pass::Means;
use super::race_program::{CompiledRace, RaceCall};
use super::read_rules::MOST_PROBES;
use crate::engine::{Abort, Journey, Link, MakesUp, Racer, RacerRange, Session, Values};
use crate::plan::UniqueNumbers;
use crate::stats::{MOST_SIDES, Outcome};
use fastrand::Rng;
use smallvec::SmallVec;

/// Makes up what a side's requests hold.
struct SideMaker<'a> {
    means: &'a Means,
    of: &'a RaceCall,
}

impl MakesUp for SideMaker<'_> {
    fn make_up(&self, values: &mut Values, (rng, unique): (&mut Rng, &mut UniqueNumbers)) {
        for position in self.of.made_up() {
            let drawn_from = (&mut *rng, &mut *unique);
            self.means
                .make_into(usize::from(position), drawn_from, values);
        }
    }
}

impl Means {
    /// Runs `race`.
    pub(super) async fn race<L: Link>(
        &self,
        user: &mut Session<L>,
        race: &CompiledRace,
    ) -> Journey {
        for position in race.drawn.clone() {
            let (values, drawn_from) = user.values_and_chance();
            self.make_into(usize::from(position), drawn_from, values);
        }
        let sides = race.sides.iter();
        let makers: SmallVec<[SideMaker<'_>; MOST_SIDES]> = sides
            .map(|side| SideMaker {
                means: self,
                of: &side.call,
            })
            .collect();
        let sides = race.sides.iter().zip(&makers).zip(0..);
        let racers: SmallVec<[Racer<'_>; MOST_SIDES]> = sides
            .map(|((side, maker), number)| {
                let racer = Racer::of(side.call.step)
                    .side(number)
                    .times(side.racers)
                    .making(maker);
                let body = side.call.body.and_then(|body| self.supplies.body(body));
                body.map_or(racer, |arena| racer.body(arena))
            })
            .collect();
        let range = user.race(race.race, &racers).await?;
        let mut told = [None; MOST_PROBES];
        let asked = self.ask(user, race, &range, &mut told).await;
        for rule in &race.rules {
            let found = {
                let (values, log) = user.values_and_log();
                let contest = LoggedContest {
                    log,
                    values,
                    racers: &range,
                    probe: rule.probe.and_then(|probe| told[probe]),
                    places: &rule.places,
                };
                rule.check.judge(&contest)
            };
            user.settle_check(rule.rule, found, &rule.check);
        }
        asked?;
        // A reply may ask for no request for a while.
        match user.values().take_rest() {
            0 => Ok(()),
            rest_ns => user.rest(rest_ns).await,
        }
    }

    /// Asks what the rules want to know: where in the log the answers are.
    async fn ask<L: Link>(
        &self,
        user: &mut Session<L>,
        race: &CompiledRace,
        range: &RacerRange,
        told: &mut [Option<usize>; MOST_PROBES],
    ) -> Result<(), Abort> {
        // What may change something is asked last.
        for is_last in [false, true] {
            for (probe, told) in race.probes.iter().zip(told.iter_mut()) {
                let won = |side| {
                    let mut racers = user.log().entries()[range.clone()].iter();
                    racers.any(|it| it.side == side && it.outcome == Outcome::Success)
                };
                if probe.after.is_some() != is_last || !probe.after.is_none_or(won) {
                    continue;
                }
                *told = self.probe(user, &probe.call).await?;
            }
        }
        Ok(())
    }

    async fn probe<L: Link>(
        &self,
        user: &mut Session<L>,
        call: &RaceCall,
    ) -> Result<Option<usize>, Abort> {
        for position in call.made_up() {
            let (values, drawn_from) = user.values_and_chance();
            self.make_into(usize::from(position), drawn_from, values);
        }
        let body = call.body.and_then(|body| self.supplies.body(body));
        let probe = user.call(call.step);
        match body {
            Some(arena) => probe.body(arena).probe().await,
            None => probe.probe().await,
        }
    }
}

//! A race as a user of a workload runs it: what is drawn, who leaves, what is asked afterwards, and whether
//! the rules held.

use super::contest::LoggedContest;
use super::late_sums::Lack;
use super::pass::{Means, Pass, heed_rest};
use super::race_program::CompiledRace;
use super::request_program::CompiledRequest;
use crate::engine::{Abort, Journey, Link, MakesUp, Racer, RacerRange, Session, Values};
use crate::plan::UniqueNumbers;
use crate::stats::{MOST_SIDES, Outcome};
use crate::workload_file::model::bounds::MOST_PROBES;
use fastrand::Rng;
use smallvec::SmallVec;

/// Makes up what a side's requests hold.
struct SideMaker<'a> {
    means: &'a Means,
    of: &'a CompiledRequest,
    /// The body that all of them send, where that is one.
    chosen: Option<usize>,
}

impl MakesUp for SideMaker<'_> {
    fn make_up(
        &self,
        values: &mut Values,
        (rng, unique): (&mut Rng, &mut UniqueNumbers),
    ) -> Option<usize> {
        for position in self.of.made_up() {
            let drawn_from = (&mut *rng, &mut *unique);
            self.means
                .make_into(usize::from(position), drawn_from, values);
        }
        let arena = self.of.body.and_then(|body| self.means.supplies.body(body));
        let summed = arena.filter(|_| self.means.sums_of(self.of).is_some());
        let index = self.chosen.or_else(|| summed.map(|arena| arena.pick(rng)));
        // That they can be made was seen before the race.
        let _ = self.means.sum_up(self.of, index, values);
        index
    }
}

impl Pass<'_> {
    /// Runs `race`.
    pub async fn race<L: Link>(
        &mut self,
        race: &'static CompiledRace,
        user: &mut Session<L>,
    ) -> Journey {
        let means = self.means;
        self.make(&race.drawn, user);
        for side in &race.sides {
            if let Err(lack) = self.can_sum_up(&side.request, user.values()) {
                return self.call_off(&side.request, lack, user).await;
            }
        }
        let sides = race.sides.iter();
        let makers: SmallVec<[SideMaker<'_>; MOST_SIDES]> = sides
            .map(|side| {
                let request = &side.request;
                let body = request.body.and_then(|body| means.supplies.body(body));
                SideMaker {
                    means,
                    of: request,
                    chosen: body.and_then(|arena| self.choose(request, arena, user)),
                }
            })
            .collect();
        let sides = race.sides.iter().zip(&makers).zip(0..);
        let racers: SmallVec<[Racer<'_>; MOST_SIDES]> = sides
            .map(|((side, maker), number)| {
                let request = &side.request;
                let racer = Racer::of(request.step)
                    .side(number)
                    .times(side.racers)
                    .making(maker);
                match request.body.and_then(|body| means.supplies.body(body)) {
                    Some(arena) => racer.body(arena),
                    None => racer,
                }
            })
            .collect();
        let range = user.race(race.race, &racers).await?;
        let mut told = [None; MOST_PROBES];
        let asked = self.ask(race, user, (&range, &mut told)).await;
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
        heed_rest(user).await
    }

    /// Whether the sums of whatever body `request` sends can be made.
    fn can_sum_up(&self, request: &CompiledRequest, values: &mut Values) -> Result<(), Lack> {
        self.means.sum_up(request, None, values)?;
        let sums = self.means.sums_of(request);
        sums.map_or(Ok(()), |sums| sums.can_make(values))
    }

    /// A racer's request cannot be written: nobody leaves, and the journey goes on as after any race.
    #[cold]
    async fn call_off<L: Link>(
        &self,
        request: &CompiledRequest,
        lack: Lack,
        user: &mut Session<L>,
    ) -> Journey {
        let reason = self.means.unsummed(lack);
        user.call(request.step).withheld(&reason).await?;
        match self.means.is_strict {
            true => Err(Abort),
            false => Ok(()),
        }
    }

    /// Asks what the rules want to know: where in the log the answers are.
    async fn ask<L: Link>(
        &mut self,
        race: &CompiledRace,
        user: &mut Session<L>,
        (range, told): (&RacerRange, &mut [Option<usize>; MOST_PROBES]),
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
                *told = self.probe(&probe.request, user).await?;
            }
        }
        Ok(())
    }

    async fn probe<L: Link>(
        &mut self,
        request: &CompiledRequest,
        user: &mut Session<L>,
    ) -> Result<Option<usize>, Abort> {
        self.make(&request.made, user);
        self.make(&request.body_made, user);
        let supplies = &self.means.supplies;
        let body = request.body.and_then(|body| supplies.body(body));
        let chosen = body.and_then(|arena| self.choose(request, arena, user));
        let is_summed = self.means.sums_of(request).is_some();
        let chosen = match (body, chosen) {
            (Some(arena), None) if is_summed => Some(arena.pick(user.rng())),
            _ => chosen,
        };
        if self.means.sum_up(request, chosen, user.values()).is_err() {
            // What the target would have said is not known.
            return Ok(None);
        }
        let probe = user.call(request.step);
        match (body, chosen) {
            (Some(arena), Some(index)) => probe.body_at(arena, index).probe().await,
            (Some(arena), None) => probe.body(arena).probe().await,
            (None, _) => probe.probe().await,
        }
    }
}

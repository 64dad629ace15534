//! Whether a rule holds of a race: broken only where it is whatever became of the requests whose outcome
//! nobody knows.

use super::contest::{Contest, Fate, Told, ToldPlace};
use super::reached::{Reached, is_outside};
use super::{CheckKind, RuleCheck};
use crate::stats::decimal::Decimal;
use crate::stats::{RuleFinding, ShownExchanges};

const LOST: RuleFinding =
    RuleFinding::Undecided("a reply was lost whose request may have succeeded");
const LOST_BEFORE: RuleFinding = RuleFinding::Undecided(
    "a reply was lost before the race whose request may have succeeded late",
);
const UNTOLD: &str = "a success does not tell what the rule reads of it";
const NO_AMOUNT: &str = "what is added up is no amount: a number from 0 on";
const NO_BOUND: RuleFinding = RuleFinding::Undecided("what it is compared with is no number");
const UNASKED: RuleFinding =
    RuleFinding::Undecided("what is asked after the race was not answered as expected");

impl RuleCheck {
    /// Whether it holds. Allocates nothing while it does, and nothing was lost.
    pub fn judge<C: Contest>(&self, contest: &C) -> RuleFinding {
        let found = match self.kind {
            CheckKind::AtMost => self.at_most(contest),
            CheckKind::SumAtMost => self.sum_at_most(contest),
            CheckKind::Excludes => self.excludes(contest),
            CheckKind::OneId => self.one_id(contest),
            CheckKind::Within => self.within(contest),
            CheckKind::Names => self.names(contest),
        };
        match found {
            // What was asked before the race, and timed out, may have been done in the middle of it.
            RuleFinding::Broken { .. } if contest.is_anything_open_before() => LOST_BEFORE,
            found => found,
        }
    }

    /// The requests that it is about and that ended so.
    fn ended<'a, C: Contest>(
        &'a self,
        contest: &'a C,
        fate: Fate,
    ) -> impl Iterator<Item = usize> + Clone + 'a {
        contest.racers().filter(move |&at| {
            let contender = contest.contender(at);
            contender.fate == fate && self.of.contains(&contender.side)
        })
    }

    /// All that succeeded, of whatever side: any of it may be why something else is read afterwards.
    fn all_done<'a, C: Contest>(contest: &'a C) -> impl Iterator<Item = usize> + 'a {
        let mut racers = contest.racers();
        std::iter::from_fn(move || racers.find(|&at| contest.contender(at).fate == Fate::Happened))
    }

    fn at_most<C: Contest>(&self, contest: &C) -> RuleFinding {
        let most = self.most.unwrap_or(1) as usize;
        let won = self.ended(contest, Fate::Happened);
        let wins = won.clone().count();
        if wins > most {
            return RuleFinding::broken(
                format_args!("{wins} requests succeeded, and {most} may"),
                won.take(most + 1),
            );
        }
        match wins + self.ended(contest, Fate::MayHave).count() > most {
            true => LOST,
            false => RuleFinding::Held,
        }
    }

    /// What the successes come to; nothing where one of them tells no amount.
    fn sum<C: Contest>(&self, contest: &C) -> Result<Decimal, &'static str> {
        let mut sum = Decimal::default();
        for at in self.ended(contest, Fate::Happened) {
            let told = contest.told(at, ToldPlace::Sum).ok_or(UNTOLD)?;
            sum = sum.plus(amount(&told).ok_or(NO_AMOUNT)?);
        }
        Ok(sum)
    }

    /// What a request that may have succeeded would come to.
    fn possible<C: Contest>(contest: &C, at: usize) -> Option<Decimal> {
        match contest.is_asked(ToldPlace::Sum) {
            true => amount(&contest.told(at, ToldPlace::Sum)?),
            // A reply to what nobody knows the outcome of tells nothing of it.
            false => None,
        }
    }

    /// Whether a request that may have succeeded asks for something that is no amount.
    fn is_unclear<C: Contest>(&self, contest: &C) -> bool {
        let mut lost = self.ended(contest, Fate::MayHave);
        contest.is_asked(ToldPlace::Sum) && lost.any(|at| Self::possible(contest, at).is_none())
    }

    fn sum_at_most<C: Contest>(&self, contest: &C) -> RuleFinding {
        let high = contest.high().and_then(|high| high.number());
        let Some(high) = high else {
            return NO_BOUND;
        };
        let sum = match self.sum(contest) {
            Ok(sum) => sum,
            Err(why) => return RuleFinding::Undecided(why),
        };
        if self.is_unclear(contest) {
            return RuleFinding::Undecided(NO_AMOUNT);
        }
        if sum > high {
            return RuleFinding::broken(
                format_args!("the successes come to {sum} in all, and {high} is the most"),
                self.enough(contest, high),
            );
        }
        let mut most = sum;
        for at in self.ended(contest, Fate::MayHave) {
            match Self::possible(contest, at) {
                Some(amount) => most = most.plus(amount),
                None => return LOST,
            }
        }
        if most > high { LOST } else { RuleFinding::Held }
    }

    /// As few successes as come to more than `high`.
    fn enough<C: Contest>(&self, contest: &C, high: Decimal) -> ShownExchanges {
        let amount_of = |at: usize| {
            let told = contest.told(at, ToldPlace::Sum);
            told.and_then(|told| amount(&told)).unwrap_or_default()
        };
        let mut shown: ShownExchanges = self.ended(contest, Fate::Happened).collect();
        shown.sort_by_key(|&at| std::cmp::Reverse(amount_of(at)));
        let mut sum = Decimal::default();
        let enough = shown.iter().position(|&at| {
            sum = sum.plus(amount_of(at));
            sum > high
        });
        shown.truncate(enough.map_or(shown.len(), |last| last + 1));
        shown
    }

    fn excludes<C: Contest>(&self, contest: &C) -> RuleFinding {
        let after = self.after.unwrap_or_default();
        let ends = contest
            .racers()
            .filter(|&at| contest.contender(at).side == after);
        let others = contest
            .racers()
            .filter(|&at| self.of.contains(&contest.contender(at).side))
            .chain(contest.probe());
        let mut is_open = false;
        for end in ends {
            let ending = contest.contender(end);
            if ending.fate == Fate::DidNot {
                continue;
            }
            for at in others.clone().filter(|&at| at != end) {
                let other = contest.contender(at);
                let Some(sent_ns) = other.sent_ns.filter(|_| other.fate != Fate::DidNot) else {
                    continue;
                };
                // What nobody knows of may happen later still.
                let is_later = sent_ns >= ending.done_ns || ending.fate == Fate::MayHave;
                if !is_later {
                    continue;
                }
                if (ending.fate, other.fate) == (Fate::Happened, Fate::Happened) {
                    return RuleFinding::broken(
                        format_args!("it succeeded, and was sent after what excludes it had"),
                        [end, at],
                    );
                }
                is_open = true;
            }
            if self.value.is_some() && contest.probe().is_none() {
                return UNASKED;
            }
        }
        if is_open { LOST } else { RuleFinding::Held }
    }

    fn one_id<C: Contest>(&self, contest: &C) -> RuleFinding {
        let mut is_told = true;
        let made = self.ended(contest, Fate::Happened);
        for first in made.clone() {
            let key = contest.told(first, ToldPlace::Key);
            let id = contest.told(first, ToldPlace::Id);
            let (Some(key), Some(id)) = (key, id) else {
                is_told = false;
                continue;
            };
            for second in made.clone().filter(|&second| second > first) {
                let same = contest.told(second, ToldPlace::Key);
                let other = contest.told(second, ToldPlace::Id);
                let is_same = same.is_some_and(|same| same.text == key.text);
                if is_same && other.is_some_and(|other| other.differs_from(&id)) {
                    return RuleFinding::broken(
                        format_args!("one key made two things"),
                        [first, second],
                    );
                }
            }
        }
        let mut lost = self.ended(contest, Fate::MayHave);
        match (is_told, lost.next()) {
            (false, _) => RuleFinding::Undecided(UNTOLD),
            (true, Some(_)) => LOST,
            (true, None) => RuleFinding::Held,
        }
    }

    /// What the one that asked afterwards was told.
    fn told_afterwards<'a, C: Contest>(contest: &'a C) -> Option<(usize, Told<'a>)> {
        let at = contest.probe()?;
        let told = contest.told(at, ToldPlace::Value);
        let is_answered = contest.contender(at).fate == Fate::Happened;
        told.filter(|_| is_answered).map(|told| (at, told))
    }

    fn within<C: Contest>(&self, contest: &C) -> RuleFinding {
        let Some((at, told)) = Self::told_afterwards(contest) else {
            return UNASKED;
        };
        let (low, high) = (contest.low(), contest.high());
        let lacks_bound =
            self.low.is_some() && low.is_none() || self.high.is_some() && high.is_none();
        if lacks_bound {
            return NO_BOUND;
        }
        if self.sum.is_some() {
            return self.within_with_sum(contest, (at, &told), (low, high));
        }
        let wanted = Bounds(low.as_ref(), high.as_ref());
        match is_outside(&told, low.as_ref(), high.as_ref()) {
            None => NO_BOUND,
            Some(false) => RuleFinding::Held,
            // What has to be one thing depends on who won; what has to lie between does not.
            Some(true) if wanted.is_one() && self.is_anything_lost(contest) => LOST,
            // What asks afterwards sees what those before it did.
            Some(true) => RuleFinding::broken(
                format_args!(
                    "{} is told after the race, and must be {wanted}",
                    Shown(&told)
                ),
                Self::all_done(contest).chain([at]),
            ),
        }
    }

    fn within_with_sum<C: Contest>(
        &self,
        contest: &C,
        (at, told): (usize, &Told<'_>),
        (low, high): (Option<Told<'_>>, Option<Told<'_>>),
    ) -> RuleFinding {
        let number = |told: &Option<Told<'_>>| told.as_ref().map(Told::number);
        let (low_number, high_number) = match (number(&low), number(&high)) {
            (Some(None), _) | (_, Some(None)) => return NO_BOUND,
            (low, high) => (low.flatten(), high.flatten()),
        };
        let Some(value) = told.number() else {
            return NO_BOUND;
        };
        let sum = match self.sum(contest) {
            Ok(sum) => sum,
            Err(why) => return RuleFinding::Undecided(why),
        };
        if self.is_unclear(contest) {
            return RuleFinding::Undecided(NO_AMOUNT);
        }
        let total = value.plus(sum);
        let lost = self.ended(contest, Fate::MayHave);
        let is_within = |reached: &Reached| reached.meets(low_number, high_number);
        if lost.clone().next().is_none() && !self.is_anything_lost(contest) {
            let is_met = low_number.is_none_or(|low| total >= low)
                && high_number.is_none_or(|high| total <= high);
            if is_met {
                return RuleFinding::Held;
            }
        } else {
            let possible = lost.map(|at| Self::possible(contest, at));
            let reached = Reached::of(total, possible);
            if is_within(&reached) || self.is_anything_else_lost(contest) {
                return LOST;
            }
        }
        RuleFinding::broken(
            format_args!(
                "{value} is told after the race, which with the {sum} of the successes must be {}",
                Bounds(low.as_ref(), high.as_ref())
            ),
            Self::all_done(contest).chain([at]),
        )
    }

    /// Whether nobody knows the outcome of a request of the race.
    fn is_anything_lost<C: Contest>(&self, contest: &C) -> bool {
        let mut racers = contest.racers();
        racers.any(|at| contest.contender(at).fate == Fate::MayHave)
    }

    /// Whether that is one that the rule is not about.
    fn is_anything_else_lost<C: Contest>(&self, contest: &C) -> bool {
        let mut racers = contest.racers();
        racers.any(|at| {
            let contender = contest.contender(at);
            contender.fate == Fate::MayHave && !self.of.contains(&contender.side)
        })
    }

    fn names<C: Contest>(&self, contest: &C) -> RuleFinding {
        let Some((at, told)) = Self::told_afterwards(contest) else {
            return UNASKED;
        };
        let won = self.ended(contest, Fate::Happened);
        let mut is_told = true;
        for winner in won.clone() {
            match contest.told(winner, ToldPlace::Names) {
                Some(named) if !named.differs_from(&told) => return RuleFinding::Held,
                Some(_) => {}
                None => is_told = false,
            }
        }
        if won.clone().next().is_none() {
            return match self.is_anything_lost(contest) {
                true => LOST,
                false => RuleFinding::Held,
            };
        }
        if !is_told {
            return RuleFinding::Undecided(UNTOLD);
        }
        for lost in self.ended(contest, Fate::MayHave) {
            let named = contest.told(lost, ToldPlace::Names);
            let is_asked = contest.is_asked(ToldPlace::Names);
            match named.filter(|_| is_asked) {
                Some(named) if named.differs_from(&told) => {}
                _ => return LOST,
            }
        }
        if self.is_anything_else_lost(contest) {
            return LOST;
        }
        RuleFinding::broken(
            format_args!(
                "{} is told after the race, which no success names",
                Shown(&told)
            ),
            Self::all_done(contest).chain([at]),
        )
    }
}

/// The amount that is told, if it is one.
fn amount(told: &Told<'_>) -> Option<Decimal> {
    told.number().filter(|number| !number.is_negative())
}

/// A text as far as a sentence has room for it.
struct Shown<'a>(&'a Told<'a>);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const MOST_CHARS: usize = 24;
        let text = String::from_utf8_lossy(&self.0.text);
        let more = if text.chars().nth(MOST_CHARS).is_some() {
            "…"
        } else {
            ""
        };
        let start: String = text.chars().take(MOST_CHARS).collect();
        write!(formatter, "{start}{more}")
    }
}

/// What something must be.
struct Bounds<'a>(Option<&'a Told<'a>>, Option<&'a Told<'a>>);

impl Bounds<'_> {
    /// Whether that is one thing.
    fn is_one(&self) -> bool {
        self.0.is_some() && self.0 == self.1
    }
}

impl std::fmt::Display for Bounds<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0, self.1) {
            (Some(low), Some(high)) if low == high => write!(formatter, "{}", Shown(low)),
            (Some(low), Some(high)) => write!(formatter, "{} to {}", Shown(low), Shown(high)),
            (Some(low), None) => write!(formatter, "{} or more", Shown(low)),
            (None, Some(high)) => write!(formatter, "{} or less", Shown(high)),
            (None, None) => write!(formatter, "anything"),
        }
    }
}

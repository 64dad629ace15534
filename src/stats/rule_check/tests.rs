//! Rules over arbitrary races, against an oracle that knows what became of every request: nothing is held
//! against a target that one course of events would explain, and what none explains is always found.

use super::{CheckKind, Contender, Contest, Fate, RuleCheck, Told, ToldPlace};
use crate::stats::{Outcome, RuleFinding};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::borrow::Cow;
use std::ops::Range;

/// A request as the oracle knows it.
#[derive(Clone, Debug)]
struct Made {
    fate: Fate,
    side: u8,
    sent_ns: u64,
    took_ns: u64,
    /// The amount that it asks for or is granted, and the key, id or name that it holds.
    amount: u8,
    key: u8,
    id: u8,
}

/// A race and what was asked afterwards.
#[derive(Clone, Debug)]
struct Course {
    racers: Vec<Made>,
    probe: Option<Made>,
    low: u8,
    high: u8,
    is_asked: bool,
    is_open_before: bool,
}

fn told(number: u8) -> Told<'static> {
    Told {
        text: Cow::Owned(number.to_string().into_bytes()),
        is_text: number.is_multiple_of(2),
    }
}

impl Contest for Course {
    fn racers(&self) -> Range<usize> {
        0..self.racers.len()
    }

    fn is_anything_open_before(&self) -> bool {
        self.is_open_before
    }

    fn probe(&self) -> Option<usize> {
        self.probe.as_ref().map(|_| self.racers.len())
    }

    fn contender(&self, at: usize) -> Contender {
        let made = self.racers.get(at).or(self.probe.as_ref()).unwrap();
        Contender {
            fate: made.fate,
            side: made.side,
            sent_ns: Some(made.sent_ns),
            done_ns: made.sent_ns + made.took_ns,
        }
    }

    fn told(&self, at: usize, place: ToldPlace) -> Option<Told<'_>> {
        let made = self.racers.get(at).or(self.probe.as_ref()).unwrap();
        let is_lost = made.fate != Fate::Happened && !self.is_asked(place);
        let number = match place {
            ToldPlace::Sum | ToldPlace::Value => made.amount,
            ToldPlace::Key => made.key,
            ToldPlace::Id | ToldPlace::Names => made.id,
        };
        (!is_lost).then(|| told(number))
    }

    fn is_asked(&self, place: ToldPlace) -> bool {
        match place {
            ToldPlace::Sum | ToldPlace::Names => self.is_asked,
            ToldPlace::Key => true,
            ToldPlace::Id | ToldPlace::Value => false,
        }
    }

    fn low(&self) -> Option<Told<'_>> {
        Some(told(self.low))
    }

    fn high(&self) -> Option<Told<'_>> {
        Some(told(self.high))
    }
}

fn made() -> impl Strategy<Value = Made> {
    let fate = prop_oneof![
        3 => Just(Fate::Happened),
        1 => Just(Fate::MayHave),
        2 => Just(Fate::DidNot)
    ];
    (
        fate,
        0..2_u8,
        0..20_u64,
        1..20_u64,
        0..5_u8,
        0..3_u8,
        0..3_u8,
    )
        .prop_map(|(fate, side, sent_ns, took_ns, amount, key, id)| Made {
            fate,
            side,
            sent_ns,
            took_ns,
            amount,
            key,
            id,
        })
}

fn course() -> impl Strategy<Value = Course> {
    let probe = proptest::option::weighted(0.9, made());
    (vec(made(), 1..7), probe, 0..8_u8, 0..8_u8, any::<bool>()).prop_map(
        |(racers, probe, low, high, is_asked)| Course {
            racers,
            probe,
            low: low.min(high),
            high,
            is_asked,
            is_open_before: false,
        },
    )
}

/// Every course of events that the answers allow: what nobody knows of happened or did not, and what a reply
/// would have told may be anything.
fn courses(course: &Course) -> Vec<Vec<Made>> {
    let mut all = vec![Vec::new()];
    for racer in &course.racers {
        let mut ways = vec![racer.clone()];
        if racer.fate == Fate::MayHave {
            let not = Made {
                fate: Fate::DidNot,
                ..racer.clone()
            };
            let granted: Vec<u8> = match course.is_asked {
                true => vec![racer.amount],
                false => vec![0, 1, 3, 9],
            };
            let named: Vec<u8> = match course.is_asked {
                true => vec![racer.id],
                false => (0..3).collect(),
            };
            ways = vec![not];
            for &amount in &granted {
                ways.extend(named.iter().map(|&id| Made {
                    fate: Fate::Happened,
                    amount,
                    id,
                    ..racer.clone()
                }));
            }
        }
        all = all
            .iter()
            .flat_map(|known: &Vec<Made>| {
                ways.iter()
                    .map(|way| [&known[..], std::slice::from_ref(way)].concat())
            })
            .take(3_000)
            .collect();
    }
    all
}

fn won<'a>(rule: &'a RuleCheck, racers: &'a [Made]) -> impl Iterator<Item = &'a Made> + Clone {
    racers
        .iter()
        .filter(|made| made.fate == Fate::Happened && rule.of.contains(&made.side))
}

/// Whether the rule is broken in a world of which everything is known. `None` where it says nothing.
fn is_broken(rule: &RuleCheck, course: &Course, racers: &[Made]) -> Option<bool> {
    let probe = course.probe.as_ref();
    let sum: u64 = won(rule, racers).map(|made| u64::from(made.amount)).sum();
    let (low, high) = (u64::from(course.low), u64::from(course.high));
    Some(match rule.kind {
        CheckKind::AtMost => won(rule, racers).count() as u32 > rule.most?,
        CheckKind::SumAtMost => sum > high,
        CheckKind::Excludes => {
            let probe = probe.filter(|probe| probe.fate == Fate::Happened);
            let mut later = won(rule, racers).chain(probe);
            let ends = racers
                .iter()
                .filter(|made| made.fate == Fate::Happened && Some(made.side) == rule.after);
            // Of those that nobody knows of it is not known when they happened.
            let known: Vec<bool> = course
                .racers
                .iter()
                .map(|made| made.fate == Fate::Happened)
                .collect();
            let is_known = |made: &Made| {
                let mut same = racers.iter().zip(&known);
                same.any(|(other, known)| std::ptr::eq(other, made) && *known)
            };
            let ends: Vec<&Made> = ends.filter(|end| is_known(end)).collect();
            later.any(|made| {
                let mut ends = ends.iter();
                ends.any(|end| {
                    !std::ptr::eq(*end, made) && made.sent_ns >= end.sent_ns + end.took_ns
                })
            })
        }
        CheckKind::OneId => {
            let mut won = won(rule, racers);
            let all: Vec<&Made> = won.clone().collect();
            won.any(|one| {
                all.iter()
                    .any(|other| other.key == one.key && other.id != one.id)
            })
        }
        CheckKind::Within => {
            let probe = probe.filter(|probe| probe.fate == Fate::Happened)?;
            let value = u64::from(probe.amount) + if rule.sum.is_some() { sum } else { 0 };
            !(low..=high).contains(&value)
        }
        CheckKind::Names => {
            let probe = probe.filter(|probe| probe.fate == Fate::Happened)?;
            // What is read afterwards is compared by its text.
            let mut won = won(rule, racers);
            won.clone().next().is_some() && !won.any(|made| made.id == probe.amount)
        }
    })
}

fn rule() -> impl Strategy<Value = RuleCheck> {
    let kind = prop_oneof![
        Just(CheckKind::AtMost),
        Just(CheckKind::SumAtMost),
        Just(CheckKind::Excludes),
        Just(CheckKind::OneId),
        Just(CheckKind::Within),
        Just(CheckKind::Names)
    ];
    (kind, 0..3_u8, 0..4_u32, any::<bool>()).prop_map(|(kind, of, most, has_sum)| RuleCheck {
        most: Some(most),
        after: Some(0),
        sum: has_sum.then(String::new),
        low: Some(String::new()),
        high: Some(String::new()),
        ..RuleCheck::of(
            kind,
            match of {
                2 => vec![0, 1],
                side => vec![side],
            },
        )
    })
}

proptest! {
    #[test]
    fn nothing_is_broken_that_something_asked_before_the_race_may_have_done_in_it(
        rule in rule(),
        course in course(),
    ) {
        let open = Course { is_open_before: true, ..course.clone() };
        let (found, told) = (rule.judge(&course), rule.judge(&open));
        let is_broken = |found: &RuleFinding| matches!(found, RuleFinding::Broken { .. });
        prop_assert!(!is_broken(&told));
        prop_assert!(is_broken(&found) || found == told);
    }

    #[test]
    fn it_is_broken_where_no_course_of_events_explains_it_and_nowhere_else(
        rule in rule(),
        course in course(),
    ) {
        let found = rule.judge(&course);
        let all = courses(&course);
        let certainly = all
            .iter()
            .all(|racers| is_broken(&rule, &course, racers) == Some(true));
        let never = all
            .iter()
            .all(|racers| is_broken(&rule, &course, racers) == Some(false));
        let is_found = matches!(found, RuleFinding::Broken { .. });
        // What must be one thing is not judged while anything is open; nor is what other sides may have changed.
        let is_shy = matches!(rule.kind, CheckKind::Within | CheckKind::Names);
        let is_open = course.racers.iter().any(|made| made.fate == Fate::MayHave);
        if is_found {
            prop_assert!(certainly, "{:?}", found);
        } else if !(is_shy && is_open) {
            prop_assert!(!certainly, "{:?}", found);
        }
        if found == RuleFinding::Held {
            prop_assert!(!certainly && (never || rule.kind == CheckKind::Names), "{:?}", found);
        }
        // Without anything lost, all is told for certain.
        if !is_open && course.probe.as_ref().is_some_and(|it| it.fate == Fate::Happened) {
            prop_assert_eq!(is_found, certainly);
            prop_assert!(!matches!(found, RuleFinding::Undecided(_)), "{:?}", found);
        }
    }

    #[test]
    fn what_is_shown_shows_it(rule in rule(), course in course()) {
        let RuleFinding::Broken { shown_by, .. } = rule.judge(&course) else {
            return Ok(());
        };
        let mut only = course.clone();
        for (at, racer) in only.racers.iter_mut().enumerate() {
            if !shown_by.contains(&at) {
                racer.fate = Fate::DidNot;
            }
        }
        let found = rule.judge(&only);
        prop_assert!(matches!(found, RuleFinding::Broken { .. }), "{:?}", found);
    }
}

#[test]
fn sums_with_gaps_are_found_although_replies_were_lost() {
    let racer = |fate, amount| Made {
        fate,
        side: 0,
        sent_ns: 0,
        took_ns: 1,
        amount,
        key: 0,
        id: 0,
    };
    let rule = RuleCheck {
        sum: Some(String::new()),
        low: Some(String::new()),
        high: Some(String::new()),
        ..RuleCheck::of(CheckKind::Within, vec![0])
    };
    let of = |left: u8, lost: u8| {
        let course = Course {
            racers: vec![racer(Fate::Happened, 1), racer(Fate::MayHave, lost)],
            probe: Some(racer(Fate::Happened, left)),
            low: 5,
            high: 5,
            is_asked: true,
            is_open_before: false,
        };
        rule.judge(&course)
    };
    assert!(matches!(of(2, 2), RuleFinding::Undecided(_)));
    assert!(matches!(of(3, 1), RuleFinding::Undecided(_)));
    // One piece is gone, and a lost request for two does not explain it.
    match of(3, 2) {
        RuleFinding::Broken { why, shown_by } => {
            assert_eq!(
                why.as_str(),
                "3 is told after the race, which with the 1 of the successes must be 5"
            );
            assert_eq!(shown_by.as_slice(), [0, 2]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_a_clear_no_did_nothing() {
    for (outcome, status, was_sent, fate) in [
        (Outcome::Success, 201, true, Fate::Happened),
        (Outcome::Refused, 429, true, Fate::DidNot),
        (Outcome::Conflict, 500, true, Fate::DidNot),
        (Outcome::Failed, 0, false, Fate::DidNot),
        (Outcome::Failed, 404, true, Fate::DidNot),
        // The file expects another status, or a value that is not there.
        (Outcome::Failed, 200, true, Fate::MayHave),
        (Outcome::Failed, 303, true, Fate::MayHave),
        (Outcome::Failed, 503, true, Fate::MayHave),
        (Outcome::Unknown, 0, true, Fate::MayHave),
    ] {
        assert_eq!(
            Fate::of(outcome, status, was_sent),
            fate,
            "{outcome:?} {status}"
        );
    }
}

#[test]
fn what_can_be_written_in_two_ways_is_no_difference() {
    let of = |text: &'static str, is_text| Told {
        text: text.as_bytes().into(),
        is_text,
    };
    for (one, other, differ) in [
        (of("7", false), of("7.0", false), false),
        (of("7", false), of("7", true), false),
        (of("1e3", false), of("1000", false), false),
        (of("1e3", true), of("1000", true), true),
        (of("a", true), of("b", true), true),
        (of("true", false), of("false", false), true),
        (of("7", false), of("8", false), true),
    ] {
        assert_eq!(one.differs_from(&other), differ, "{one:?} {other:?}");
    }
}

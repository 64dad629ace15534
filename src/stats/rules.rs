//! How rules of the shop fared: what was checked, and the witnesses of what was broken.

use super::sums::sums;
use super::{Absorb, Forget, Reason, SharedStocks, Violation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt::Write;

/// Reasons for undecided checks that are told apart; further ones are counted with the last.
pub(super) const MOST_REASONS: usize = 8;

/// Something that must hold, whatever happens at once.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Position in the script's table of rules.
    pub index: u16,
    /// Name in reports, for example `not-oversold`.
    pub name: &'static str,
    /// What must hold, in one clause.
    pub text: &'static str,
    /// Whether the target of today enforces it. One that it does not is reported when broken, and
    /// fails the run only when the user is strict.
    pub enforced: bool,
}

/// Positions of exchanges in a log. As few as a witness usually has take no allocation.
pub type ShownExchanges = SmallVec<[usize; 16]>;

/// What a check of a rule came to.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "judged on the stack: the hot path allocates nothing"
)]
pub enum RuleFinding {
    /// It holds.
    Held,
    /// It does not.
    Broken {
        /// What is wrong, in one sentence with the figures.
        why: Reason,
        /// Which exchanges of the log show it: as few as possible.
        shown_by: ShownExchanges,
    },
    /// Nobody can tell, and why.
    Undecided(&'static str),
    /// The run ended before it could be told.
    Cut,
}

impl RuleFinding {
    /// The rule is broken: `why` says how, `shown_by` are the exchanges that show it.
    pub fn broken(why: std::fmt::Arguments<'_>, shown_by: impl IntoIterator<Item = usize>) -> Self {
        let mut reason = Reason::default();
        // Writing into a reason never fails; what is too long is cut.
        let _ = reason.write_fmt(why);
        Self::Broken {
            why: reason,
            shown_by: shown_by.into_iter().collect(),
        }
    }

    /// The same, found when the run was over or not: what could not be told then was cut short.
    #[must_use]
    pub fn unless_over(self, is_over: bool) -> Self {
        match self {
            Self::Undecided(_) if is_over => Self::Cut,
            found => found,
        }
    }
}

impl std::fmt::Debug for RuleFinding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Held => formatter.write_str("Held"),
            Self::Undecided(why) => write!(formatter, "Undecided({why})"),
            Self::Cut => formatter.write_str("Cut"),
            Self::Broken { why, shown_by } => {
                write!(formatter, "Broken({}, {shown_by:?})", why.as_str())
            }
        }
    }
}

/// Why checks could not tell, and how often: a bounded number of reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons(Vec<(Cow<'static, str>, u64)>);

/// With room for all there can be.
impl Default for Reasons {
    fn default() -> Self {
        Self(Vec::with_capacity(MOST_REASONS))
    }
}

impl Reasons {
    /// Each with its count, in the order in which they were seen first.
    #[must_use]
    pub fn as_slice(&self) -> &[(Cow<'static, str>, u64)] {
        &self.0
    }

    pub(super) fn add(&mut self, reason: Cow<'static, str>, count: u64) {
        let has_room = self.0.len() < MOST_REASONS;
        let mut known = self.0.iter_mut();
        match known.find(|(known, _)| *known == reason) {
            Some((_, counted)) => *counted += count,
            None if has_room => self.0.push((reason, count)),
            None => {}
        }
    }
}

impl Absorb for Reasons {
    fn absorb(&mut self, other: &Self) {
        for (reason, count) in &other.0 {
            self.add(reason.clone(), *count);
        }
    }
}

impl Forget for Reasons {
    fn forget(&mut self) {
        self.0.clear();
    }
}

sums! {
    /// Checks of one rule.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct RuleCounts {
        /// Checks that found it to hold.
        pub held: u64,
        /// Checks that found it broken.
        pub broken: u64,
        /// Checks that could not tell.
        pub undecided: u64,
        /// Checks that the end of the run cut short.
        pub cut: u64,
        /// Why they could not, most of them.
        pub reasons: Reasons,
    }
}

impl RuleCounts {
    /// Checks that came to something.
    #[must_use]
    pub fn checked(&self) -> u64 {
        self.held + self.broken
    }

    /// Whether there was anything to check.
    #[must_use]
    pub fn were_made(&self) -> bool {
        self.checked() + self.undecided + self.cut > 0
    }
}

/// What is known of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleVerdict {
    /// It held wherever it could be checked.
    Held,
    /// It was broken.
    Violated,
    /// It could not be checked.
    Undecided,
    /// It was broken, as today's ShopStream is known to break it.
    Known,
}

impl RuleVerdict {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Violated => "VIOLATED",
            Self::Undecided => "undecided",
            Self::Known => "known",
        }
    }

    /// The mark that lines of reports begin with.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Held => "✓",
            Self::Violated => "✗",
            Self::Undecided => "?",
            Self::Known => "!",
        }
    }

    /// The verdict on `rule`; with `strict` one that today's target does not enforce counts, too.
    #[must_use]
    pub fn of(rule: &Rule, counts: &RuleCounts, strict: bool) -> Self {
        match (counts.broken, counts.held) {
            (1.., _) if rule.enforced || strict => Self::Violated,
            (1.., _) => Self::Known,
            (0, 1..) => Self::Held,
            (0, 0) => Self::Undecided,
        }
    }
}

/// Checks of all rules, and the first witnesses.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// One entry a rule, in the script's order.
    pub rules: Vec<RuleCounts>,
    /// What was broken; not every time, see [`RuleCounts::broken`].
    pub violations: Vec<Violation>,
    /// What was taken of things that all users share: judged on the sum of all of them.
    pub shared: SharedStocks,
    /// Violations of one rule that are taken from other ledgers.
    most_a_rule: usize,
}

impl Ledger {
    /// Nothing checked of so many rules; keeps every violation.
    #[must_use]
    pub fn new(rules: usize) -> Self {
        Self {
            rules: (0..rules).map(|_| RuleCounts::default()).collect(),
            violations: Vec::new(),
            shared: SharedStocks::default(),
            most_a_rule: usize::MAX,
        }
    }

    /// The same, taking the first `most_a_rule` violations of each rule from others.
    #[must_use]
    pub fn keeping(self, most_a_rule: usize) -> Self {
        Self {
            most_a_rule,
            ..self
        }
    }

    /// Counts a check. Allocates nothing.
    pub fn count(&mut self, rule: &Rule, finding: &RuleFinding) {
        let counts = &mut self.rules[usize::from(rule.index)];
        match finding {
            RuleFinding::Held => counts.held += 1,
            RuleFinding::Undecided(reason) => {
                counts.undecided += 1;
                counts.reasons.add(Cow::Borrowed(*reason), 1);
            }
            RuleFinding::Cut => counts.cut += 1,
            RuleFinding::Broken { .. } => counts.broken += 1,
        }
    }

    fn keeps(&self, violation: &Violation) -> bool {
        let kept = self.violations.iter();
        let of_rule = kept.filter(|kept| kept.rule == violation.rule);
        self.most_a_rule == usize::MAX || of_rule.count() < self.most_a_rule
    }
}

impl Absorb for Ledger {
    fn absorb(&mut self, other: &Self) {
        self.rules.absorb(&other.rules);
        self.shared.absorb(&other.shared);
        for violation in &other.violations {
            if self.keeps(violation) {
                self.violations.push(violation.clone());
            }
        }
    }
}

impl Forget for Ledger {
    fn forget(&mut self) {
        self.rules.forget();
        self.violations.clear();
        self.shared.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static RULE: Rule = Rule {
        index: 0,
        name: "one-winner",
        text: "at most one wins",
        enforced: true,
    };

    fn violation() -> Violation {
        Violation {
            rule: RULE.name.into(),
            race: None,
            at_us: 0,
            why: "two won".into(),
            exchanges: Vec::new(),
            check: None,
        }
    }

    #[test]
    fn every_violation_counts_and_the_first_keep_their_witness() {
        let mut ledger = Ledger::new(1);
        let broken = RuleFinding::broken(format_args!("{} won", 2), [1, 2]);
        assert_eq!(format!("{broken:?}"), "Broken(2 won, [1, 2])");
        for _ in 0..100 {
            ledger.count(&RULE, &broken);
            ledger.violations.push(violation());
        }
        ledger.count(&RULE, &RuleFinding::Held);
        ledger.count(&RULE, &RuleFinding::Undecided("no reply"));
        ledger.count(&RULE, &RuleFinding::Undecided("no reply"));
        let over = RuleFinding::Undecided("no reply").unless_over(true);
        ledger.count(&RULE, &over);
        assert_eq!(RuleFinding::Held.unless_over(true), RuleFinding::Held);
        let counts = &ledger.rules[0];
        assert_eq!(
            (counts.checked(), counts.broken, counts.undecided),
            (101, 100, 2)
        );
        assert_eq!(
            (counts.reasons.as_slice(), counts.cut),
            (&[("no reply".into(), 2)][..], 1)
        );

        let mut total = Ledger::new(1).keeping(5);
        total.absorb(&ledger);
        total.absorb(&ledger);
        assert_eq!(total.rules[0].broken, 200);
        assert_eq!(total.violations.len(), 5);
        ledger.forget();
        assert_eq!(ledger, Ledger::new(1));
    }
}

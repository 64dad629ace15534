//! The observers of a run: which sources, where their threads may run, what they say meanwhile.

use crate::engine::{RecognisedBy, TargetFacts};
use crate::observe::{DrainProgress, EventTrail, Observation, ObserverConfig, OutboxRows, Watch};
use crate::pieces::{amount_text, tell, time_left_text};
use crate::plan::{AddressPolicy, Plan};
use crate::record::ObservedCsv;
use crate::report::ProgressLine;
use crate::stats::{Amount, Ledger, ObservedTable, Rule, Violation};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two lines while the backlog drains.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Leaves out the outboxes of contexts that the shop does not have, and says so: the variables of a
/// newer shop may be set while an older one runs.
#[must_use]
pub fn of_target(mut config: ObserverConfig, target: &TargetFacts, muted: bool) -> ObserverConfig {
    if target.recognised_by == RecognisedBy::Told {
        return config;
    }
    config.outboxes.retain(|(domain, _)| {
        let is_there = target.contexts.contains(domain);
        if !is_there && !muted {
            tell(format!(
                "note: the outbox of {domain} is not read: the shop has no such context"
            ));
        }
        is_there
    });
    config
}

/// Starts the observers and has them read everything once, before there is any load. Sources that
/// cannot be read are named on standard error; the run goes on without them.
#[must_use]
pub fn prepare(
    config: &ObserverConfig,
    trail: Option<Arc<EventTrail>>,
    plan: &Plan,
    policy: &AddressPolicy,
) -> Option<Watch> {
    let watch =
        Watch::prepare(config, trail, policy, plan.placement.spare()).unwrap_or_else(|error| {
            tell(format!(
                "warning: the back end is not observed: no thread for it: {error}"
            ));
            None
        })?;
    for (source, problem) in watch.problems() {
        tell(format!(
            "warning: {source} was not read: {problem} (the run goes on without it)"
        ));
    }
    Some(watch)
}

/// Tells the observers when the clock starts, and where samples go.
pub fn start(watch: &Watch, start_ns: u64, table: ObservedTable, mut csv: ObservedCsv) {
    watch.start(start_ns, table, Box::new(move |samples| csv.write(samples)));
}

/// Has everything read once more, and watches the backlog drain for at most `drain_wait`, unless
/// `is_called_off`. Tells how far it is on standard error, when not `muted`.
#[must_use]
pub fn finish(
    watch: Watch,
    load_end_s: f64,
    drain_wait: Duration,
    is_called_off: impl Fn() -> bool,
    muted: bool,
) -> Observation {
    let mut line_due = Instant::now();
    let mut draining = Draining::begin(drain_wait);
    let shown = ProgressLine::new(muted);
    let observation = watch.finish(load_end_s, drain_wait, |progress| {
        let line = format!("{} (Ctrl-C ends the wait)", draining.line(progress));
        shown.show(&line);
        if !muted && !shown.is_drawn() && Instant::now() >= line_due {
            line_due = Instant::now() + LINE_EVERY;
            tell(line);
        }
        !is_called_off()
    });
    drop(shown);
    if let Some(failure) = &observation.sink_failure {
        tell(format!("warning: {failure}"));
    }
    observation
}

/// Counts in `ledger` how the `rule` fared that outboxes decide: each message id of their rows is a
/// check. Without an outbox that was counted there are none, and the rule is not spoken of.
pub fn judge_outboxes(rule: &Rule, observation: &Observation, ledger: &mut Ledger) {
    for kept in &observation.accounts {
        let Some(rows) = kept.account.as_ref().ok().and_then(|it| it.outbox.as_ref()) else {
            continue;
        };
        let counts = &mut ledger.rules[usize::from(rule.index)];
        counts.held += rows.message_ids - rows.repeated;
        counts.broken += rows.repeated;
        if let Some(why) = repeated_text(&kept.source, rows) {
            ledger.violations.push(Violation {
                rule: rule.name.to_owned(),
                race: None,
                at_us: (observation.load_end_s * 1e6) as i64,
                why,
                exchanges: Vec::new(),
                check: None,
            });
        }
    }
}

/// What is wrong in an outbox, with the worst row as the witness; `None` when nothing is.
fn repeated_text(source: &str, rows: &OutboxRows) -> Option<String> {
    let worst = rows.examples.first()?;
    let ids = match rows.repeated {
        1 => "1 event has".to_owned(),
        repeated => format!("{repeated} events have"),
    };
    Some(format!(
        "{ids} {} rows in {source}, to be published more than once; {} has {} ({}; stream {})",
        rows.rows_of_repeated, worst.message_id, worst.rows, worst.types, worst.stream
    ))
}

/// A backlog that is watched while it drains.
struct Draining {
    began: Instant,
    /// How long it is watched at most.
    wait: Duration,
    /// What it was when it was seen first, and when that was.
    first: Option<(Instant, f64)>,
}

impl Draining {
    fn begin(wait: Duration) -> Self {
        Self {
            began: Instant::now(),
            wait,
            first: None,
        }
    }

    /// How far it is, and how long it still takes.
    fn line(&mut self, progress: &DrainProgress) -> String {
        let all = progress.backlogs.iter().map(|(_, backlog)| *backlog);
        let all = all.reduce(Amount::plus).unwrap_or_default();
        let now = Instant::now();
        let (since, first) = *self.first.get_or_insert((now, all.value));
        let left = self.wait.saturating_sub(self.began.elapsed());
        drain_line(progress, all, first - all.value, now - since, left)
    }
}

/// What is left of a backlog of which `drained` went in `spent`, watched for `at_most` from now.
fn drain_line(
    progress: &DrainProgress,
    all: Amount,
    drained: f64,
    spent: Duration,
    at_most: Duration,
) -> String {
    let left: Vec<String> = progress
        .backlogs
        .iter()
        .filter(|(_, backlog)| backlog.value > 0.0)
        .map(|(domain, backlog)| format!("{domain} {}", amount_text(*backlog)))
        .collect();
    let at_most = time_left_text(at_most.as_secs_f64());
    let per_s = drained / spent.as_secs_f64();
    let expected = match per_s.is_finite() && per_s > 0.0 && !all.at_least {
        true => format!("about {}, ", time_left_text(all.value / per_s)),
        false => String::new(),
    };
    format!(
        "draining: backlog {}, {expected}at most {at_most} left ({})",
        amount_text(all),
        left.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Account, RepeatedId, SourceAccount};

    /// The second of two rules.
    const RULE: Rule = Rule {
        index: 1,
        name: "one-row",
        text: "an event has one row",
        enforced: false,
    };

    #[test]
    fn outboxes_of_contexts_that_the_shop_lacks_are_left_out() {
        let address = crate::observe::PostgresAddress::parse("postgres://h/d").unwrap();
        let config = || ObserverConfig {
            outboxes: ["identity", "notifications"]
                .map(|domain| (domain.to_owned(), address.clone()))
                .to_vec(),
            ..ObserverConfig::default()
        };
        let left = |target: &TargetFacts| {
            let config = of_target(config(), target, false);
            let domains = config.outboxes.into_iter().map(|(domain, _)| domain);
            domains.collect::<Vec<String>>()
        };
        let of = |recognised_by, contexts: &[&str]| TargetFacts {
            recognised_by,
            contexts: contexts.iter().map(|&context| context.to_owned()).collect(),
            ..TargetFacts::default()
        };
        let five = ["identity", "catalogue", "ordering", "inventory", "payments"];
        let today = [&five[..], &["fulfillment", "reviews", "notifications"]].concat();
        for known in [RecognisedBy::Contexts, RecognisedBy::Description] {
            assert_eq!(left(&of(known, &five)), ["identity"]);
            assert_eq!(left(&of(known, &today)), ["identity", "notifications"]);
        }
        // Who insists is believed.
        let told = of(RecognisedBy::Told, &five);
        assert_eq!(left(&told), ["identity", "notifications"]);
    }

    #[test]
    fn rows_that_share_a_message_id_break_a_rule_and_tell_which() {
        let account = |source: &str, account| SourceAccount {
            source: source.into(),
            account,
        };
        let outbox = |rows| {
            Ok(Account {
                outbox: Some(rows),
                ..Account::default()
            })
        };
        let repeated = OutboxRows {
            rows: 14,
            message_ids: 10,
            repeated: 2,
            rows_of_repeated: 6,
            examples: vec![RepeatedId {
                message_id: "ordering::order-7-3".to_owned(),
                rows: 4,
                stream: "ordering::order-7".to_owned(),
                types: "Ordering.OrderCancelled.v1, Ordering.OrderPaid.v1".to_owned(),
            }],
        };
        let clean = OutboxRows {
            rows: 5,
            message_ids: 5,
            ..OutboxRows::default()
        };
        let mut observation = Observation {
            load_end_s: 2.0,
            accounts: vec![
                account("message-db", Ok(Account::default())),
                account("outbox:identity", Err("it is gone".to_owned())),
            ],
            ..Observation::default()
        };
        let mut ledger = Ledger::new(2);
        judge_outboxes(&RULE, &observation, &mut ledger);
        let counts = |ledger: &Ledger| {
            let counts = &ledger.rules[usize::from(RULE.index)];
            (counts.held, counts.broken, counts.undecided)
        };
        assert_eq!(counts(&ledger), (0, 0, 0), "not applicable is no check");
        observation.accounts.extend([
            account("outbox:payments", outbox(clean)),
            account("outbox:ordering", outbox(repeated)),
        ]);
        judge_outboxes(&RULE, &observation, &mut ledger);
        assert_eq!(counts(&ledger), (13, 2, 0));
        assert_eq!(ledger.violations.len(), 1);
        assert_eq!(
            ledger.violations[0].why,
            "2 events have 6 rows in outbox:ordering, to be published more than once; \
             ordering::order-7-3 has 4 (Ordering.OrderCancelled.v1, Ordering.OrderPaid.v1; \
             stream ordering::order-7)"
        );
    }

    #[test]
    fn the_line_names_the_domains_that_have_something_left() {
        let amount = |value, at_least| Amount { value, at_least };
        let progress = DrainProgress {
            sources: 1,
            all_have_answered: true,
            all_answered_after_load: true,
            all_have_accounted: false,
            backlogs: vec![
                ("identity".into(), amount(1_100.0, true)),
                ("catalogue".into(), amount(0.0, false)),
                ("ordering".into(), amount(7.0, false)),
            ],
            drained: false,
            problems: Vec::new(),
        };
        let seconds = Duration::from_secs;
        let all = amount(1_107.0, true);
        assert_eq!(
            drain_line(&progress, all, 0.0, seconds(0), seconds(30)),
            "draining: backlog ≥ 1,107, at most 30 s left (identity ≥ 1,100, ordering 7)"
        );
        let all = amount(1_107.0, false);
        assert_eq!(
            drain_line(&progress, all, 100.0, seconds(4), seconds(130)),
            "draining: backlog 1,107, about 45 s, at most 2 min left (identity ≥ 1,100, ordering 7)"
        );
    }
}

//! A run's figures as metrics for other programs: counters, gauges and histograms that only grow,
//! in base units. Nothing is computed here that their readers can compute: no rates, no percentiles.

use crate::record::{Generator, InvariantRecord, Live};
use crate::stats::{
    Buckets, EventNow, GeneratorState, Measured, Phase, StatName, StretchNow, ThresholdVerdict,
};

/// The family whose labels tell which run the figures are of.
pub(crate) const RUN_FAMILY: &str = "shopblast_run";

/// Metrics of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFamily {
    /// Name, without unit and without `_total`.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Base unit: `seconds`, `bytes`, or nothing.
    pub unit: &'static str,
    /// Its points.
    pub points: MetricPoints,
}

/// The points of a family, each with its labels.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricPoints {
    /// Whole numbers that only grow.
    Counters(Vec<(FamilyLabels, u64)>),
    /// Numbers that only grow.
    Sums(Vec<(FamilyLabels, f64)>),
    /// Levels.
    Gauges(Vec<(FamilyLabels, f64)>),
    /// Distributions.
    Histograms(Vec<(FamilyLabels, Buckets)>),
}

/// Label names and values.
pub type FamilyLabels = Vec<(&'static str, String)>;

/// Every metric of the whole run so far, resets or not.
#[must_use]
pub fn metric_families(live: &Live) -> Vec<MetricFamily> {
    let mut families = vec![run_family(live)];
    families.extend(request_families(live));
    families.extend(work_families(live));
    families.extend(contest_families(live));
    families.extend(judgement_families(live));
    families.extend(event_families(live));
    families
}

/// What events took, kind by kind. Percentiles are made here, since events that are on their way count
/// with their age: no histogram that only grows can tell that.
fn event_families(live: &Live) -> [MetricFamily; 3] {
    let of_event = |event: &EventNow| {
        vec![
            ("domain", event.domain.clone()),
            ("event", event.name.clone()),
        ]
    };
    let stages = |event: &EventNow| {
        let labels = of_event(event);
        let stages = [
            ("published", event.published),
            ("done", event.done),
            ("visible", event.visible),
        ];
        let told = stages.into_iter().filter_map(move |(stage, now)| {
            let mut labels = labels.clone();
            labels.push(("stage", stage.to_owned()));
            Some((labels, now?))
        });
        told.collect::<Vec<(FamilyLabels, StretchNow)>>()
    };
    let all = || live.events.iter().flat_map(stages);
    let latencies = all().flat_map(|(labels, now)| {
        [("p50", now.p50), ("p99", now.p99)].map(|(percentile, amount)| {
            let mut labels = labels.clone();
            labels.push(("percentile", percentile.to_owned()));
            (labels, amount.value / 1e6)
        })
    });
    let seen = all().map(|(labels, now)| (labels, now.over));
    let followed = live.events.iter();
    let followed = followed.map(|event| (of_event(event), event.followed));
    [
        MetricFamily {
            unit: "seconds",
            ..gauge(
                "shopblast_event_latency",
                "From the reply to when events were published, done by all consumer groups, or visible to reads; those on their way count with their age.",
                latencies.collect(),
            )
        },
        counter(
            "shopblast_events_followed",
            "Events whose way was looked at.",
            followed.collect(),
        ),
        counter(
            "shopblast_events_seen",
            "Followed events that were seen to be published, done, or visible.",
            seen.collect(),
        ),
    ]
}

fn run_family(live: &Live) -> MetricFamily {
    let labels = vec![
        ("profile", live.record.profile.clone()),
        ("run_id", live.record.run_id.clone()),
        ("version", live.record.shopblast.clone()),
    ];
    gauge(
        RUN_FAMILY,
        "The run that the figures are of.",
        vec![(labels, 1.0)],
    )
}

fn request_families(live: &Live) -> [MetricFamily; 6] {
    let named = || live.context.names.iter().zip(&live.measured);
    let outcomes = named().flat_map(|(name, measured)| {
        measured.outcomes.iter().map(|(outcome, count)| {
            let mut labels = of_name(name);
            labels.push(("outcome", outcome.word().to_owned()));
            (labels, count)
        })
    });
    let bytes = |amount: fn(&Measured<Buckets>) -> u64| {
        named()
            .map(|(name, measured)| (of_name(name), amount(measured)))
            .collect()
    };
    let times = |part: fn(&Measured<Buckets>) -> &Buckets| {
        named()
            .map(|(name, measured)| (of_name(name), part(measured).clone()))
            .collect()
    };
    [
        counter(
            "shopblast_requests",
            "Requests that ended, by what they came to.",
            outcomes.collect(),
        ),
        histogram(
            "shopblast_response_time",
            "From when a request was due to its whole reply.",
            times(|name| &name.response),
        ),
        histogram(
            "shopblast_service_time",
            "From when a request was sent to its whole reply.",
            times(|name| &name.service),
        ),
        histogram(
            "shopblast_send_lag",
            "From when a request was due to when it was sent.",
            times(|name| &name.lag),
        ),
        in_bytes(
            "shopblast_sent",
            "Bytes of requests, heads included.",
            bytes(|name| name.bytes_out),
        ),
        in_bytes(
            "shopblast_received",
            "Bytes of whole replies, heads included.",
            bytes(|name| name.bytes_in),
        ),
    ]
}

fn contest_families(live: &Live) -> [MetricFamily; 4] {
    let races = || live.context.races.iter().zip(&live.races);
    let of_race = |name: &str| vec![("race", name.to_owned())];
    [
        counter(
            "shopblast_races",
            "Races.",
            races()
                .map(|(race, measured)| (of_race(race.name), measured.counts.count))
                .collect(),
        ),
        counter(
            "shopblast_races_overlapped",
            "Races that the target was seen to handle two requests of at once.",
            races()
                .map(|(race, measured)| (of_race(race.name), measured.counts.overlapped))
                .collect(),
        ),
        histogram(
            "shopblast_race_spread",
            "From the first to the last request of a race being sent.",
            races()
                .map(|(race, measured)| (of_race(race.name), measured.spread.clone()))
                .collect(),
        ),
        counter(
            "shopblast_rule_checks",
            "Checks of rules that must hold, by what they found.",
            rule_checks(live),
        ),
    ]
}

/// Of all rules: those that the record does not speak of were not checked.
fn rule_checks(live: &Live) -> Vec<(FamilyLabels, u64)> {
    let counts = |rule: &InvariantRecord| {
        let held = rule.checked.saturating_sub(rule.violated);
        [held, rule.violated, rule.undecided, rule.cut]
    };
    let rules = live.context.rules.iter();
    let checks = rules.flat_map(|rule| {
        let mut checked = live.record.invariants.iter();
        let record = checked.find(|record| record.name == rule.name);
        let results = ["held", "broken", "undecided", "cut"].into_iter();
        results
            .zip(record.map_or([0; 4], counts))
            .map(|(result, count)| {
                let labels = vec![
                    ("rule", rule.name.to_owned()),
                    ("result", result.to_owned()),
                ];
                (labels, count)
            })
    });
    checks.collect()
}

/// Users, journeys, events, connections.
fn work_families(live: &Live) -> [MetricFamily; 6] {
    let record = &live.record;
    let journeys = record.journeys.iter().flat_map(|journey| {
        let states = [
            ("started", journey.started),
            ("completed", journey.completed),
            ("aborted", journey.aborted),
        ];
        states.map(|(state, count)| {
            let labels = vec![
                ("journey", journey.name.clone()),
                ("state", state.to_owned()),
            ];
            (labels, count)
        })
    });
    let connections = [
        ("opened", record.connections.opened),
        ("replaced", record.connections.reconnects),
        ("failed", record.connections.failed),
        (
            "closed_between_requests",
            record.connections.closed_between_requests,
        ),
        ("unsolicited", record.connections.unsolicited),
        ("answered_early", record.connections.answered_early),
        ("handshakes_full", record.connections.handshakes_full),
        ("handshakes_resumed", record.connections.handshakes_resumed),
    ];
    let connections = connections.map(|(what, count)| (vec![("what", what.to_owned())], count));
    let domains = record.domains.iter();
    let events = domains.map(|domain| (vec![("domain", domain.domain.clone())], domain.events));
    let spawning = f64::from(u8::from(live.now.phase == Phase::Spawning));
    [
        gauge(
            "shopblast_users",
            "Users that are active.",
            vec![(Vec::new(), live.now.users.into())],
        ),
        gauge(
            "shopblast_spawning",
            "1 while users are being started.",
            vec![(Vec::new(), spawning)],
        ),
        counter(
            "shopblast_journeys",
            "Journeys, by how far they are: completed and aborted ones were started, too.",
            journeys.collect(),
        ),
        counter(
            "shopblast_shed_arrivals",
            "Arrivals that were given up, because no user became free in time.",
            vec![(Vec::new(), record.shed)],
        ),
        counter(
            "shopblast_events_raised",
            "Events that accepted requests must have made the shop raise.",
            events.collect(),
        ),
        counter(
            "shopblast_connections",
            "Connections, by what became of them.",
            connections.into(),
        ),
    ]
}

/// Thresholds, the generator's look at itself, the back end.
fn judgement_families(live: &Live) -> [MetricFamily; 6] {
    let crossed = live.record.thresholds.iter().map(|threshold| {
        let labels = vec![("threshold", threshold.expression.clone())];
        let is_crossed = threshold.verdict == ThresholdVerdict::Crossed;
        (labels, f64::from(u8::from(is_crossed)))
    });
    let generator: &Generator = &live.record.generator;
    let state = GeneratorState::ALL.map(|state| {
        let labels = vec![("state", state.word().to_owned())];
        (labels, f64::from(u8::from(state == generator.state)))
    });
    let shares = generator.own_share.all();
    let shares = ["p50", "p95", "p99"].into_iter().zip(shares);
    let shares = shares.map(|(name, share)| (vec![("percentile", name.to_owned())], share));
    let health = &live.health;
    let cpu = [
        ("user", health.cpu_user_ns),
        ("system", health.cpu_system_ns),
    ];
    let cpu = cpu.map(|(mode, ns)| (vec![("mode", mode.to_owned())], ns as f64 / 1e9));
    let observed = live.observed.iter().map(|sample| {
        let labels = vec![
            ("metric", sample.metric.name().to_owned()),
            ("domain", (*sample.domain).to_owned()),
            ("source", (*sample.source).to_owned()),
        ];
        (labels, sample.amount.value)
    });
    [
        gauge(
            "shopblast_threshold_crossed",
            "1 when the threshold is crossed, or was.",
            crossed.collect(),
        ),
        gauge(
            "shopblast_generator_state",
            "1 for what the generator is: clean, disturbed, or at its limit, when the figures are its own.",
            state.into(),
        ),
        gauge(
            "shopblast_generator_own_share",
            "The most that the generator can have added to percentiles of the response time, 0 to 1.",
            shares.collect(),
        ),
        MetricFamily {
            name: "shopblast_worker_cpu",
            help: "CPU time of the workers.",
            unit: "seconds",
            points: MetricPoints::Sums(cpu.into()),
        },
        MetricFamily {
            name: "shopblast_worker_run_queue",
            help: "Time that workers were runnable but not running.",
            unit: "seconds",
            points: MetricPoints::Sums(vec![(Vec::new(), health.run_queue_ns as f64 / 1e9)]),
        },
        gauge(
            "shopblast_observed",
            "The latest figure of the shop's back end, in its own unit.",
            observed.collect(),
        ),
    ]
}

fn of_name(name: &StatName) -> FamilyLabels {
    vec![
        ("method", name.method.to_owned()),
        ("name", name.name.to_owned()),
    ]
}

fn counter(
    name: &'static str,
    help: &'static str,
    points: Vec<(FamilyLabels, u64)>,
) -> MetricFamily {
    let points = MetricPoints::Counters(points);
    MetricFamily {
        name,
        help,
        unit: "",
        points,
    }
}

fn in_bytes(
    name: &'static str,
    help: &'static str,
    points: Vec<(FamilyLabels, u64)>,
) -> MetricFamily {
    let unit = "bytes";
    MetricFamily {
        unit,
        ..counter(name, help, points)
    }
}

fn gauge(name: &'static str, help: &'static str, points: Vec<(FamilyLabels, f64)>) -> MetricFamily {
    let points = MetricPoints::Gauges(points);
    MetricFamily {
        name,
        help,
        unit: "",
        points,
    }
}

fn histogram(
    name: &'static str,
    help: &'static str,
    points: Vec<(FamilyLabels, Buckets)>,
) -> MetricFamily {
    let points = MetricPoints::Histograms(points);
    let unit = "seconds";
    MetricFamily {
        name,
        help,
        unit,
        points,
    }
}

/// The families after a whole run, for tests of their readers.
#[cfg(test)]
pub(crate) fn made_up_families() -> Vec<MetricFamily> {
    use crate::record::made_up;
    let mut context = made_up::context();
    context.thresholds = vec![crate::plan::Threshold::parse("failed: count < 1").unwrap()];
    let mut live = made_up::lives(context, &made_up::seconds())
        .pop()
        .expect("seconds");
    live.events = made_up::events();
    metric_families(&live)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_histograms_agree_with_the_totals() {
        let families = made_up_families();
        let family = |name: &str| families.iter().find(|family| family.name == name).unwrap();
        let MetricPoints::Counters(requests) = &family("shopblast_requests").points else {
            panic!("counters")
        };
        let sum: u64 = requests.iter().map(|(_, count)| count).sum();
        assert_eq!(sum, 1_500);
        let MetricPoints::Histograms(times) = &family("shopblast_response_time").points else {
            panic!("histograms")
        };
        let times: u64 = times.iter().map(|(_, buckets)| buckets.count()).sum();
        assert_eq!(times, 1_500);
    }

    #[test]
    fn races_and_rules_are_told_from_the_first_second_on() {
        use crate::record::made_up;
        let of = |seconds: &[crate::stats::MergedInterval]| {
            let lives = made_up::lives(made_up::contested_context(), seconds);
            metric_families(lives.last().unwrap())
        };
        let told = |families: &[MetricFamily], name: &str| -> Vec<u64> {
            let family = families.iter().find(|family| family.name == name);
            match &family.unwrap().points {
                MetricPoints::Counters(points) => points.iter().map(|(_, count)| *count).collect(),
                MetricPoints::Histograms(points) => {
                    points.iter().map(|(_, times)| times.count()).collect()
                }
                _ => panic!("counts"),
            }
        };
        let nothing = of(&[made_up::seconds().remove(0)]);
        assert_eq!(told(&nothing, "shopblast_races"), [0; 2]);
        assert_eq!(told(&nothing, "shopblast_race_spread"), [0; 2]);
        assert_eq!(told(&nothing, "shopblast_rule_checks"), [0; 16]);
        let families = of(&[made_up::contested_second()]);
        assert_eq!(told(&families, "shopblast_races"), [90, 25]);
        assert_eq!(told(&families, "shopblast_races_overlapped"), [30, 25]);
        assert_eq!(told(&families, "shopblast_race_spread"), [90, 25]);
        let checks = told(&families, "shopblast_rule_checks");
        let (of_stock, others) = checks.split_at(4);
        assert_eq!(of_stock, [88, 2, 0, 0]);
        assert_eq!(others, [0, 7, 0, 0, 90, 0, 1, 0, 0, 0, 3, 0]);
    }
}

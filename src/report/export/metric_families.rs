//! A run's figures as metrics for other programs: counters, gauges and histograms that only grow,
//! in base units. Nothing is computed here that their readers can compute: no rates, no percentiles.

use crate::record::RunFacts;
use crate::record::raised::{domains, raised};
use crate::stats::{
    GeneratorState, Interval, LatencyCounts, LatencyTotal, Measured, Phase, StatName,
    ThresholdVerdict, Totals,
};

/// Upper edges of the histograms' buckets, in microseconds; above the last one is one more.
pub const BUCKET_EDGES_US: [u64; 19] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];
const BUCKETS: usize = BUCKET_EDGES_US.len() + 1;

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
    Counters(Vec<(Labels, u64)>),
    /// Numbers that only grow.
    Sums(Vec<(Labels, f64)>),
    /// Levels.
    Gauges(Vec<(Labels, f64)>),
    /// Distributions.
    Histograms(Vec<(Labels, Buckets)>),
}

/// Label names and values.
pub type Labels = Vec<(&'static str, String)>;

/// A distribution of times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Times up to each of `BUCKET_EDGES_US` and above the one before, then those above all.
    pub counts: [u64; BUCKETS],
    /// Sum of the times, in microseconds.
    pub sum_us: u128,
}

impl Buckets {
    /// Adds the times of an interval. Times within 0.1 % above an edge may count as below it: that
    /// is how finely they are known.
    fn add(&mut self, counts: &LatencyCounts) {
        for (us, count) in counts.buckets() {
            let place = BUCKET_EDGES_US.partition_point(|edge| *edge < us);
            self.counts[place] += u64::from(count);
        }
        self.sum_us += u128::from(counts.sum_us());
    }

    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// The distributions of one statistic name.
#[derive(Clone, Debug, Default)]
struct NameBuckets {
    response: Buckets,
    service: Buckets,
    lag: Buckets,
}

/// Follows a run second by second. Buckets are added up here, at the cost of what each second
/// measured.
pub struct MetricsFollower {
    facts: RunFacts,
    names: Vec<NameBuckets>,
    races: Vec<Buckets>,
}

impl MetricsFollower {
    /// For the run of these `facts`.
    #[must_use]
    pub fn new(facts: RunFacts) -> Self {
        Self {
            facts,
            names: Vec::new(),
            races: Vec::new(),
        }
    }

    /// Adds a second, which `totals` hold already, and returns every metric.
    pub fn second(&mut self, interval: &Interval, totals: &Totals) -> Vec<MetricFamily> {
        self.names
            .resize_with(interval.names.len(), NameBuckets::default);
        for (buckets, name) in self.names.iter_mut().zip(&interval.names) {
            buckets.response.add(&name.response);
            buckets.service.add(&name.service);
            buckets.lag.add(&name.lag);
        }
        let races = &interval.contests.races;
        self.races.resize_with(races.len(), Buckets::default);
        for (buckets, race) in self.races.iter_mut().zip(races) {
            buckets.add(&race.spread);
        }
        self.families(interval, totals)
    }

    fn families(&self, interval: &Interval, totals: &Totals) -> Vec<MetricFamily> {
        let mut families = vec![self.run_family()];
        families.extend(self.request_families(totals));
        families.extend(work_families(interval, totals));
        families.extend(self.contest_families(totals));
        families.extend(judgement_families(totals));
        families
    }

    fn run_family(&self) -> MetricFamily {
        let labels = vec![
            ("profile", self.facts.profile.clone()),
            ("run_id", self.facts.run_id.clone()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        gauge(
            "shopblast_run",
            "The run that the figures are of.",
            vec![(labels, 1.0)],
        )
    }

    fn request_families(&self, totals: &Totals) -> [MetricFamily; 6] {
        let named = || totals.context.names.iter().zip(&totals.names);
        let outcomes = named().flat_map(|(name, total)| {
            total.outcomes.iter().map(|(outcome, count)| {
                let mut labels = of_name(name);
                labels.push(("outcome", outcome.word().to_owned()));
                (labels, count)
            })
        });
        let bytes = |amount: fn(&Measured<LatencyTotal>) -> u64| {
            named()
                .map(|(name, total)| (of_name(name), amount(total)))
                .collect()
        };
        let times = |part: fn(&NameBuckets) -> &Buckets| {
            let names = totals.context.names.iter().zip(&self.names);
            names
                .map(|(name, buckets)| (of_name(name), part(buckets).clone()))
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

    fn contest_families(&self, totals: &Totals) -> [MetricFamily; 4] {
        let contests = &totals.contests;
        let races = || totals.context.races.iter().zip(&contests.races);
        let of_race = |name: &str| vec![("race", name.to_owned())];
        let spreads = totals.context.races.iter().zip(&self.races);
        let rules = totals.context.rules.iter().zip(&contests.ledger.rules);
        let checks = rules.flat_map(|(rule, counts)| {
            let results = [
                ("held", counts.held),
                ("broken", counts.broken),
                ("undecided", counts.undecided),
                ("cut", counts.cut),
            ];
            results.map(|(result, count)| {
                let labels = vec![
                    ("rule", rule.name.to_owned()),
                    ("result", result.to_owned()),
                ];
                (labels, count)
            })
        });
        [
            counter(
                "shopblast_races",
                "Races.",
                races()
                    .map(|(race, total)| (of_race(race.name), total.counts.count))
                    .collect(),
            ),
            counter(
                "shopblast_races_overlapped",
                "Races that the target was seen to handle two requests of at once.",
                races()
                    .map(|(race, total)| (of_race(race.name), total.counts.overlapped))
                    .collect(),
            ),
            histogram(
                "shopblast_race_spread",
                "From the first to the last request of a race being sent.",
                spreads
                    .map(|(race, buckets)| (of_race(race.name), buckets.clone()))
                    .collect(),
            ),
            counter(
                "shopblast_rule_checks",
                "Checks of rules that must hold, by what they found.",
                checks.collect(),
            ),
        ]
    }
}

/// Users, journeys, events, connections.
fn work_families(interval: &Interval, totals: &Totals) -> [MetricFamily; 6] {
    let journeys = totals.context.journeys.iter().zip(&totals.journeys);
    let journeys = journeys.flat_map(|(name, counts)| {
        let states = [
            ("started", counts.started),
            ("completed", counts.completed),
            ("aborted", counts.aborted),
        ];
        states.map(|(state, count)| {
            let labels = vec![("journey", (*name).to_owned()), ("state", state.to_owned())];
            (labels, count)
        })
    });
    let connections = [
        ("opened", totals.counters.connects),
        ("replaced", totals.counters.reconnects),
        ("failed", totals.counters.connect_failures),
    ];
    let connections = connections.map(|(what, count)| (vec![("what", what.to_owned())], count));
    let spawning = f64::from(u8::from(interval.phase == Phase::Spawning));
    [
        gauge(
            "shopblast_users",
            "Users that are active.",
            vec![(Vec::new(), interval.users.into())],
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
            vec![(Vec::new(), totals.counters.shed)],
        ),
        counter(
            "shopblast_events_raised",
            "Events that accepted requests must have made the shop raise.",
            events(totals),
        ),
        counter(
            "shopblast_connections",
            "Connections, by what became of them.",
            connections.into(),
        ),
    ]
}

fn events(totals: &Totals) -> Vec<(Labels, u64)> {
    domains(&totals.context.raises)
        .into_iter()
        .map(|domain| {
            let told = raised(domain, &totals.context.raises, &totals.names);
            let labels = vec![("domain", domain.to_owned())];
            (labels, told.count.max(0) as u64)
        })
        .collect()
}

/// Thresholds, the generator's look at itself, the back end.
fn judgement_families(totals: &Totals) -> [MetricFamily; 6] {
    let states = totals.thresholds.states();
    let crossed = states.iter().map(|state| {
        let labels = vec![("threshold", state.threshold.text().to_owned())];
        let is_crossed = state.verdict == ThresholdVerdict::Crossed;
        (labels, f64::from(u8::from(is_crossed)))
    });
    let fitness = totals.fitness();
    let state = GeneratorState::ALL.map(|state| {
        let labels = vec![("state", state.word().to_owned())];
        (labels, f64::from(u8::from(state == fitness.state)))
    });
    let shares = ["p50", "p95", "p99"].into_iter().zip(fitness.own.all());
    let shares = shares.map(|(name, share)| (vec![("percentile", name.to_owned())], share));
    let health = &totals.health;
    let cpu = [
        ("user", health.cpu_user_ns),
        ("system", health.cpu_system_ns),
    ];
    let cpu = cpu.map(|(mode, ns)| (vec![("mode", mode.to_owned())], ns as f64 / 1e9));
    let observed = totals.context.observed.latest();
    let observed = observed.into_iter().map(|sample| {
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

fn of_name(name: &StatName) -> Labels {
    vec![
        ("method", name.method.to_owned()),
        ("name", name.name.to_owned()),
    ]
}

fn counter(name: &'static str, help: &'static str, points: Vec<(Labels, u64)>) -> MetricFamily {
    let points = MetricPoints::Counters(points);
    MetricFamily {
        name,
        help,
        unit: "",
        points,
    }
}

fn in_bytes(name: &'static str, help: &'static str, points: Vec<(Labels, u64)>) -> MetricFamily {
    let unit = "bytes";
    MetricFamily {
        unit,
        ..counter(name, help, points)
    }
}

fn gauge(name: &'static str, help: &'static str, points: Vec<(Labels, f64)>) -> MetricFamily {
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
    points: Vec<(Labels, Buckets)>,
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
    let mut totals = Totals::new(std::sync::Arc::new(context));
    let mut follower = MetricsFollower::new(made_up::facts());
    let mut families = Vec::new();
    for second in made_up::seconds() {
        totals.absorb(&second);
        families = follower.second(&second, &totals);
    }
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_is_up_to_their_edge() {
        let mut counts = LatencyCounts::default();
        for us in [1, 50, 51, 100, 60_000_000, 60_100_000, 599_000_000] {
            counts.record_us(us);
        }
        let mut buckets = Buckets::default();
        buckets.add(&counts);
        assert_eq!(buckets.counts[..3], [2, 2, 0]);
        assert_eq!(buckets.counts[BUCKETS - 2..], [1, 2]);
        assert_eq!(buckets.count(), 7);
        assert_eq!(buckets.sum_us, u128::from(counts.sum_us()));
    }

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
}

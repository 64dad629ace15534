//! The embedded shop as words: the flags that make another one like it, as a record keeps them.

use super::bugs::Bug;
use super::chaos::Mishap;
use super::pipeline::{Domain, DrainRate};
use super::request_handler::Conflicts;
use super::server::ShopConfig;
use super::service_queue::ServiceTime;
use std::time::Duration;

impl ShopConfig {
    /// The flags of `shopblast sandbox` that make a shop that behaves like this one: its generation and
    /// its API workers, and whatever is not as usual. Where it listens is left out.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let usual = Self::default();
        let mut words = vec![
            format!("--generation={}", self.generation.name()),
            format!("--api-workers={}", self.api_workers),
        ];
        let mut say = |flag: &str, value: Option<String>| {
            words.extend(value.map(|value| format!("--{flag}={value}")));
        };
        say("service-time", service_time(self.service));
        say("servers", self.servers.map(|servers| servers.to_string()));
        say("conflicts", conflicts(self.conflicts));
        let retain = (self.retain != usual.retain).then(|| self.retain.to_string());
        say("retain", retain);
        for bug in Bug::ALL {
            say("bug", fault(bug.word(), self.bugs.probability(bug)));
        }
        for mishap in Mishap::ALL {
            say(
                "chaos",
                fault(mishap.word(), self.chaos.probability(mishap)),
            );
        }
        let falls = self.falls_over.as_ref();
        say("falls-over-at", falls.map(|falls| falls.above.to_string()));
        let back_after = falls.and_then(|falls| falls.back_after);
        say("back-after", back_after.map(time));
        let requests = self.keepalive_requests;
        say("keepalive-requests", requests.map(|it| it.to_string()));
        let engines = &self.pipeline.engines;
        let engines = (*engines != usual.pipeline.engines).then(|| self.engines());
        say("engines", engines);
        say("drain-rate", drain_rate(self.pipeline.drain_rate));
        let observatory = self.observatory.as_ref();
        let names = observatory.map(|observatory| observatory.names.word().to_owned());
        say("observatory-names", names);
        say("observatory-port", observatory.map(|_| "0".to_owned()));
        words
    }

    /// Engines of every domain that its generation has.
    fn engines(&self) -> String {
        let domains = Domain::of_generation(self.generation).iter();
        let engines: Vec<String> = domains
            .map(|domain| {
                format!(
                    "{}={}",
                    domain.name(),
                    self.pipeline.engines[*domain as usize]
                )
            })
            .collect();
        engines.join(",")
    }
}

fn service_time(service: ServiceTime) -> Option<String> {
    let (name, ns) = match service {
        ServiceTime::Computed => return None,
        ServiceTime::Constant(ns) => ("constant", ns),
        ServiceTime::Exponential(ns) => ("exponential", ns),
    };
    Some(format!("{name}:{}", time(Duration::from_nanos(ns))))
}

/// To the nanosecond, as flags take it.
fn time(time: Duration) -> String {
    let ns = time.as_nanos();
    format!("{}.{:03}us", ns / 1_000, ns % 1_000)
}

fn conflicts(conflicts: Conflicts) -> Option<String> {
    match conflicts {
        Conflicts::Crash => None,
        Conflicts::Conflict => Some("409".to_owned()),
        Conflicts::CrashWritten => Some("500-written".to_owned()),
    }
}

fn fault(word: &str, probability: f64) -> Option<String> {
    (probability > 0.0).then(|| format!("{word}={probability}"))
}

fn drain_rate(rate: DrainRate) -> Option<String> {
    match rate {
        DrainRate::MEASURED => None,
        DrainRate::Per1000S(events) => Some(format!("{}", events as f64 / 1e3)),
        DrainRate::Unlimited => Some("unlimited".to_owned()),
    }
}

//! Live figures for other programs: a page that Prometheus scrapes, and pushes to a collector of
//! OpenTelemetry. The collector only says which second is the latest; workers notice nothing.

mod accept;
mod latest;
mod pusher;
mod server;

use crate::record::RunFacts;
use crate::run::{Face, Follower, MetricsTargets, RunError};
use latest::Latest;
use pusher::Pusher;
use server::MetricsServer;
use std::time::Duration;

/// Seconds between two pushes.
const PUSH_EVERY_S: u64 = 5;
/// Descriptors of what pushes.
const PUSHER_DESCRIPTORS: u64 = 4;
/// How long the last push may take.
const LAST_PUSH: Duration = Duration::from_secs(5);

/// Offers a run's figures in the places that were asked for.
pub struct MetricsFace {
    latest: Latest,
    descriptors: u64,
    pusher: Option<Pusher>,
    _server: Option<MetricsServer>,
}

impl MetricsFace {
    /// Descriptors that it takes at most to serve `targets`.
    #[must_use]
    pub fn descriptors_for(targets: &MetricsTargets) -> u64 {
        let server = targets.prometheus.map_or(0, |_| server::DESCRIPTORS);
        let pusher = targets.otlp.as_ref().map_or(0, |_| PUSHER_DESCRIPTORS);
        server + pusher
    }

    /// Begins to listen, and to push; `None` when nothing was asked for.
    ///
    /// # Errors
    /// When the address cannot be listened on, or there is no thread for it.
    pub fn start(targets: &MetricsTargets) -> Result<Option<Self>, RunError> {
        if targets.is_empty() {
            return Ok(None);
        }
        let latest = Latest::default();
        let descriptors = Self::descriptors_for(targets);
        let server = targets.prometheus.map(|address| {
            MetricsServer::start(address, targets.identity.as_ref(), latest.clone())
                .map_err(|error| RunError::Metrics { address, error })
        });
        Ok(Some(Self {
            _server: server.transpose()?,
            pusher: targets
                .otlp
                .clone()
                .map(|url| Pusher::start(url, &targets.otlp_tls)),
            latest,
            descriptors,
        }))
    }
}

impl Face for MetricsFace {
    fn descriptors(&self) -> u64 {
        self.descriptors
    }

    fn follower(&mut self, facts: &RunFacts) -> Option<Follower> {
        let (latest, pusher) = (self.latest.clone(), self.pusher.clone());
        let started = facts.started;
        Some(Box::new(move |live| {
            latest.put(live, started);
            let second = live.now.start_us / 1_000_000;
            let due = second.is_multiple_of(PUSH_EVERY_S);
            if let Some(pusher) = pusher.as_ref().filter(|_| due) {
                pusher.offer(latest.push());
            }
        }))
    }

    fn finish(&mut self) {
        if let Some(pusher) = self.pusher.take() {
            pusher.last(self.latest.push());
            pusher.wait(LAST_PUSH);
        }
    }
}

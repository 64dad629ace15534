//! Live figures for other programs: a page that Prometheus scrapes, and pushes to a collector of
//! OpenTelemetry. Made on the collector's thread, once a second; workers notice nothing.

mod latest;
mod pusher;
mod server;

use crate::record::RunFacts;
use crate::report::MetricsFollower;
use crate::run::{Face, MetricsTargets, RunError};
use crate::stats::{Interval, IntervalSink, Snapshot, Totals};
use latest::Latest;
use pusher::{Push, Pusher};
use server::MetricsServer;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Seconds between two pushes.
const PUSH_EVERY_S: u64 = 5;
/// How long the last push may take.
const LAST_PUSH: Duration = Duration::from_secs(5);

/// Offers a run's figures in the places that were asked for.
pub struct MetricsFace {
    latest: Latest,
    pusher: Option<Pusher>,
    _server: Option<MetricsServer>,
}

impl MetricsFace {
    /// Begins to listen, and to push; `None` when nothing was asked for.
    ///
    /// # Errors
    /// When the address cannot be listened on, or there is no thread for it.
    pub fn start(targets: &MetricsTargets) -> Result<Option<Self>, RunError> {
        if *targets == MetricsTargets::default() {
            return Ok(None);
        }
        let latest = Latest::default();
        let server = targets.prometheus.map(|address| {
            MetricsServer::start(address, latest.clone())
                .map_err(|error| RunError::Metrics { address, error })
        });
        Ok(Some(Self {
            _server: server.transpose()?,
            pusher: targets.otlp.clone().map(Pusher::start),
            latest,
        }))
    }
}

impl Face for MetricsFace {
    fn sink(&mut self, facts: &RunFacts) -> Option<Box<dyn IntervalSink>> {
        Some(Box::new(MetricsSink {
            started: facts.started,
            follower: MetricsFollower::new(facts.clone()),
            latest: self.latest.clone(),
            pusher: self.pusher.clone(),
        }))
    }

    fn show(&mut self, _snapshot: &Arc<Snapshot>) {}

    fn finish(&mut self) {
        if let Some(pusher) = self.pusher.take() {
            pusher.wait(LAST_PUSH);
        }
    }
}

struct MetricsSink {
    started: SystemTime,
    follower: MetricsFollower,
    latest: Latest,
    pusher: Option<Pusher>,
}

impl MetricsSink {
    fn push(&self) -> Option<Push> {
        Some(Push {
            families: self.latest.get(),
            started: self.started,
            now: SystemTime::now(),
        })
    }
}

impl IntervalSink for MetricsSink {
    fn path(&self) -> &Path {
        Path::new("the metrics")
    }

    fn second(&mut self, interval: &Interval, totals: &Totals) -> io::Result<()> {
        let families = self.follower.second(interval, totals);
        self.latest.put(Arc::new(families));
        let second = interval.start_us / 1_000_000;
        if second.is_multiple_of(PUSH_EVERY_S)
            && let Some(pusher) = &self.pusher
        {
            pusher.offer(self.push());
        }
        Ok(())
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        if let Some(pusher) = &self.pusher {
            pusher.last(self.push());
        }
        Ok(())
    }
}

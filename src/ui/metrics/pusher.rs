//! Pushes figures to a collector of OpenTelemetry, on a thread of its own. One that is slow or away
//! costs the run nothing: what it misses is in the next push, since figures only grow.

use crate::observe::{agent, no_answer_text};
use crate::pieces::tell;
use crate::plan::{TlsSettings, shown_start};
use crate::report::{MetricFamily, otlp_json};
use crate::run::CollectorUrl;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long one push may take.
const PUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Characters of a warning that are told.
const MOST_CHARACTERS: usize = 300;

/// Figures at one moment.
pub struct Push {
    /// The figures.
    pub families: Vec<MetricFamily>,
    /// When the run's clock started.
    pub started: SystemTime,
    /// The moment.
    pub now: SystemTime,
}

/// The handle of the thread that pushes.
#[derive(Clone)]
pub struct Pusher {
    pushes: Sender<Push>,
    done: Receiver<()>,
}

impl Pusher {
    /// Starts the thread, which ends when all handles are gone. Without one nothing is pushed, which
    /// is told. A collector in TLS is trusted as `tls` says.
    pub fn start(url: CollectorUrl, tls: &TlsSettings) -> Self {
        let tls = tls.clone();
        let (pushes, waiting) = bounded(1);
        let (done_sender, done) = bounded(0);
        let pushing = thread::Builder::new()
            .name("otlp".to_owned())
            .spawn(move || {
                push_all(&url, &tls, &waiting);
                drop(done_sender);
            });
        if let Err(error) = pushing {
            tell(format!("warning: no figures are pushed: {error}"));
        }
        Self { pushes, done }
    }

    /// Pushes, unless the push before is still on its way.
    pub fn offer(&self, push: Option<Push>) {
        if let Some(push) = push {
            let _ = self.pushes.try_send(push);
        }
    }

    /// Pushes when the push before is done, within its time.
    pub fn last(&self, push: Option<Push>) {
        if let Some(push) = push {
            let _ = self.pushes.send_timeout(push, PUSH_TIMEOUT);
        }
    }

    /// Waits for what is on its way, at most so long. No other handle may be left.
    pub fn wait(self, longest: Duration) {
        let Self { pushes, done } = self;
        drop(pushes);
        // Ends with an error when the thread has ended.
        let _ = done.recv_timeout(longest);
    }
}

fn push_all(url: &CollectorUrl, tls: &TlsSettings, waiting: &Receiver<Push>) {
    // A redirect would make another request of the push, and a proxy that the surroundings name may
    // be none for the collector.
    let agent = agent(PUSH_TIMEOUT, Some(tls));
    let mut is_told = false;
    for push in waiting {
        let body = otlp_json(&push.families, unix_ns(push.started), unix_ns(push.now)).to_string();
        let request = agent
            .post(&url.0)
            .header("content-type", "application/json");
        let refusal = match request.send(body.as_bytes()) {
            Ok(response) => refusal(&response),
            Err(error) => Some(no_answer_text(&url.0, &error)),
        };
        if let Some(why) = refusal.filter(|_| !is_told) {
            is_told = true;
            let why = shown_start(&why, MOST_CHARACTERS);
            tell(format!(
                "warning: cannot push figures to {}: {why}; the run goes on",
                url
            ));
        }
    }
}

/// Why figures that were answered so are not taken.
fn refusal<T>(response: &http::Response<T>) -> Option<String> {
    let status = response.status();
    let location = response.headers().get(http::header::LOCATION);
    match location.and_then(|location| location.to_str().ok()) {
        _ if status.is_success() => None,
        Some(location) if status.is_redirection() => Some(format!(
            "it answers {status} and points to {location}, which is not followed"
        )),
        _ => Some(format!("it answers {status}")),
    }
}

fn unix_ns(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64
}

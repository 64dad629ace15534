//! The Observatory: what Protean shows of all domains over HTTP.

use super::Problem;
use super::aliases::{AliasReader, is_outbox};
use super::http::{agent, bad_request_text, get, tls_trouble_text};
use super::meter::Meter;
use super::prometheus::{METRICS_PATH, parse_prometheus};
use super::source::{FigureSource, Readout};
use super::store_address::check_name;
use crate::plan::{AddressPolicy, Target, shown_start};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;

/// Where its counts are, for one whose metrics have none.
const OUTBOX_PATH: &str = "/api/outbox";
/// Longest wait for an answer, as in the Locust suite: with many rows it takes more than a second.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Lines that the Locust suite prints at the end of a run.
const KEPT_LINES: [&str; 3] = ["protean_outbox", "protean_stream", "protean_broker"];

/// How many of them are kept, and how much of each.
const MOST_LINES: usize = 200;
const MOST_CHARACTERS: usize = 400;

/// Reads `/metrics`, and `/api/outbox` when that has no outbox.
pub struct ObservatorySource {
    target: Target,
    policy: AddressPolicy,
    agent: Agent,
    aliases: AliasReader,
}

impl ObservatorySource {
    /// The one at `target`, whose name may mean what `policy` allows.
    #[must_use]
    pub fn new(target: Target, policy: AddressPolicy) -> Self {
        Self {
            agent: agent(TIMEOUT, target.tls.as_ref()),
            target,
            policy,
            aliases: AliasReader::default(),
        }
    }

    fn get(&self, path: &str) -> Result<String, Problem> {
        let url = self.target.url();
        check_name(&self.target.host, &self.policy)
            .map_err(|public| Problem::new(public.to_string()))?;
        let reply = get(&self.agent, &self.target, path).map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(most_bytes) => {
                Problem::new(format!("{url}{path}: {}", Meter::new(most_bytes).told()))
            }
            error => match tls_trouble_text(&url, &error) {
                Some(why) => Problem::new(format!("{url}{path} does not answer: {why}")),
                None => Problem::new(format!(
                    "{url}{path} does not answer ({error}); is the Observatory up?"
                )),
            },
        })?;
        match reply.status {
            200 => Ok(reply.body),
            status => {
                let why = match status {
                    400 => bad_request_text(&url, &reply.body),
                    _ => None,
                };
                let why = why.map_or_else(String::new, |why| format!("; {why}"));
                Err(Problem::new(format!("{url}{path} answers {status}{why}")))
            }
        }
    }

    fn metrics(&mut self) -> Result<Readout, Problem> {
        let text = self.get(METRICS_PATH)?;
        self.read_metrics(&text)
    }

    /// What a text of metrics says.
    pub(super) fn read_metrics(&mut self, text: &str) -> Result<Readout, Problem> {
        let samples = parse_prometheus(text).map_err(|error| {
            Problem::new(format!("{}{METRICS_PATH}: {error}", self.target.url()))
        })?;
        let mut readout = self.aliases.figures(&samples);
        let mut kept = text
            .lines()
            .filter(|line| KEPT_LINES.iter().any(|start| line.starts_with(start)));
        let shown = kept.by_ref().take(MOST_LINES);
        readout.lines = shown
            .map(|line| shown_start(line, MOST_CHARACTERS).into_owned())
            .collect();
        let more = kept.count();
        if more > 0 {
            readout.lines.push(format!("# and {more} more lines"));
        }
        Ok(readout)
    }

    fn outbox_counts(&mut self) -> Result<Readout, Problem> {
        let text = self.get(OUTBOX_PATH)?;
        self.read_outbox_counts(&text)
    }

    /// What a text of counts says.
    pub(super) fn read_outbox_counts(&mut self, text: &str) -> Result<Readout, Problem> {
        let place = format!("{}{OUTBOX_PATH}", self.target.url());
        let domains: Value = serde_json::from_str(text)
            .map_err(|error| Problem::new(format!("{place} is no JSON: {error}")))?;
        let mut counts = Vec::new();
        let mut caveats = Vec::new();
        for (domain, outbox) in domains.as_object().into_iter().flatten() {
            match outbox["status"].as_str() {
                Some("ok") => {}
                status => caveats.push(format!(
                    "the Observatory cannot count the outbox of {domain}: it says {}",
                    status.unwrap_or("nothing of its state")
                )),
            }
            let statuses = outbox["counts"].as_object().into_iter().flatten();
            let numbers = statuses.filter_map(|(status, count)| Some((status, count.as_f64()?)));
            counts.extend(numbers.map(|(status, count)| (domain.as_str(), status.as_str(), count)));
        }
        let mut readout = self.aliases.outbox_counts(counts);
        caveats.into_iter().for_each(|says| readout.caveat(says));
        Ok(readout)
    }
}

impl FigureSource for ObservatorySource {
    fn name(&self) -> Arc<str> {
        "observatory".into()
    }

    fn address(&self) -> String {
        self.target.url()
    }

    fn read(&mut self) -> Result<Readout, Problem> {
        let metrics = self.metrics();
        let has_outbox = |readout: &Readout| {
            let mut figures = readout.figures.iter();
            figures.any(|figure| is_outbox(figure.metric))
        };
        if metrics.as_ref().is_ok_and(has_outbox) {
            return metrics;
        }
        match (metrics, self.outbox_counts()) {
            (Ok(mut metrics), Ok(counts)) => {
                metrics.figures.extend(counts.figures);
                metrics.caveats.extend(counts.caveats);
                if metrics.figures.is_empty() {
                    let url = self.target.url();
                    return Err(Problem::new(format!(
                        "{url} has no protean_ metric and no outbox; is this the Observatory?"
                    )));
                }
                Ok(metrics)
            }
            (Err(_), Ok(counts)) if has_outbox(&counts) => Ok(counts),
            (Ok(metrics), Err(_)) if !metrics.figures.is_empty() => Ok(metrics),
            (Err(problem), _) | (Ok(_), Err(problem)) => Err(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_private_is_not_asked() {
        for host in ["8.8.8.8", "169.254.169.254", "[fe80::1]"] {
            let target = Target::parse(&format!("http://{host}:9")).unwrap();
            let problem = ObservatorySource::new(target, AddressPolicy::default())
                .read()
                .unwrap_err();
            assert!(
                problem.text().contains("unless you add --allow-host"),
                "{problem}"
            );
        }
    }
}

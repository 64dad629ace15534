//! Whether a plan can produce what a threshold is about.

use super::{Matcher, Selector, Tag, Threshold, ThresholdError, ThresholdQuantity};
use crate::plan::Suggestion;

/// Names that a message lists at most.
const MOST_SHOWN: usize = 12;

/// What a plan can produce.
#[derive(Clone, Debug, Default)]
pub struct Producible<'a> {
    /// Method and statistic name of its requests.
    pub requests: Vec<(&'a str, &'a str)>,
    /// Words by which figures of each of these are added up; empty when there are none.
    pub tags: Vec<&'a [&'a str]>,
    /// Names of its journeys.
    pub journeys: Vec<&'a str>,
    /// Names of its races.
    pub races: Vec<&'a str>,
    /// Names of the events that its requests raise.
    pub events: Vec<&'a str>,
    /// Names of the shop's domains, in lower case.
    pub domains: Vec<&'a str>,
    /// Whether journeys arrive at a rate, so that some can be given up.
    pub open_model: bool,
}

impl Producible<'_> {
    /// Refuses a threshold that would never have anything to judge.
    ///
    /// # Errors
    /// When the plan can produce nothing of what it is about; the error shows which word is wrong
    /// and which was perhaps meant.
    pub fn check(&self, threshold: &Threshold) -> Result<(), ThresholdError> {
        let error = |at: usize, why: String| ThresholdError {
            text: threshold.text().to_owned(),
            at,
            why,
        };
        let found = match &threshold.quantity {
            ThresholdQuantity::Latency { of, .. }
            | ThresholdQuantity::Outcome { of, .. }
            | ThresholdQuantity::Requests { of, .. } => self.check_requests(of),
            ThresholdQuantity::Journeys { of, .. } => check_names(of, &self.journeys, "journey"),
            ThresholdQuantity::RaceSpread { of, .. } | ThresholdQuantity::Races { of, .. } => {
                check_names(of, &self.races, "race")
            }
            ThresholdQuantity::Shed { .. } if !self.open_model => {
                let why = "arrivals are shed in the open model only, and this plan has users that wait for replies; add --rate, or drop the threshold";
                Err((0, why.to_owned()))
            }
            ThresholdQuantity::Shed { .. } => Ok(()),
            ThresholdQuantity::Observed { of, .. } => self.check_domain(of),
            ThresholdQuantity::Event { of, .. } => self.check_event(of),
        };
        found.map_err(|(at, why)| error(at, why))
    }

    fn check_domain(&self, of: &Selector) -> Result<(), (usize, String)> {
        for matcher in &of.matchers {
            if !self.domains.iter().any(|domain| matcher.admits(domain)) {
                let domain = matcher.exactly().unwrap_or_default();
                let suggestion = Suggestion::for_word(domain, self.domains.iter().copied());
                let why = format!(
                    "the shop has no domain `{domain}`{suggestion} (domains: {})",
                    self.domains.join(", ")
                );
                return Err((matcher.at, why));
            }
        }
        Ok(())
    }

    fn check_event(&self, of: &Selector) -> Result<(), (usize, String)> {
        if self.events.is_empty() {
            return Err((0, "this plan raises no events".to_owned()));
        }
        check_tag(of, Tag::Name, &self.events, "event")?;
        let about_domains = Selector {
            matchers: of
                .matchers
                .iter()
                .filter(|matcher| matcher.tag == Tag::Domain)
                .cloned()
                .collect(),
        };
        self.check_domain(&about_domains)
    }

    fn check_requests(&self, of: &Selector) -> Result<(), (usize, String)> {
        let names: Vec<&str> = self.requests.iter().map(|(_, name)| *name).collect();
        check_names(of, &names, "request")?;
        let methods: Vec<&str> = self.requests.iter().map(|(method, _)| *method).collect();
        check_tag(of, Tag::Method, &methods, "request")?;
        self.check_tags(of)?;
        let mut requests = self.requests.iter().enumerate();
        let is_selected = |(row, (method, name)): (usize, &(&str, &str))| {
            let tags = self.tags.get(row).copied().unwrap_or_default();
            of.admits(Tag::Method, method)
                && of.admits(Tag::Name, name)
                && of.admits_any(Tag::Tag, tags)
        };
        match (requests.any(is_selected), of.matchers.first()) {
            (false, Some(matcher)) => {
                let why = "this plan makes no request that is all of this at once".to_owned();
                Err((matcher.at, why))
            }
            _ => Ok(()),
        }
    }
}

impl Producible<'_> {
    fn check_tags(&self, of: &Selector) -> Result<(), (usize, String)> {
        let mut matchers = of.matchers.iter();
        let Some(first) = matchers.find(|matcher| matcher.tag == Tag::Tag) else {
            return Ok(());
        };
        let tags: Vec<&str> = self.tags.iter().copied().flatten().copied().collect();
        if tags.is_empty() {
            let why =
                "no request of this plan has tags; workload files give them: tags = [\"checkout\"]";
            return Err((first.at, why.to_owned()));
        }
        check_tag(of, Tag::Tag, &tags, "request")
    }
}

fn check_names(of: &Selector, names: &[&str], what: &str) -> Result<(), (usize, String)> {
    if names.is_empty() {
        return Err((0, format!("this plan makes no {what}s")));
    }
    check_tag(of, Tag::Name, names, what)
}

/// Every matcher of `tag` alone admits one of `values`.
fn check_tag(of: &Selector, tag: Tag, values: &[&str], what: &str) -> Result<(), (usize, String)> {
    let about = of.matchers.iter().filter(|matcher| matcher.tag == tag);
    for matcher in about {
        if !values.iter().any(|value| matcher.admits(value)) {
            return Err((matcher.at, nothing_matches(matcher, tag, values, what)));
        }
    }
    Ok(())
}

fn nothing_matches(matcher: &Matcher, tag: Tag, values: &[&str], what: &str) -> String {
    let tag = tag.word();
    match matcher.exactly() {
        Some(value) => {
            let suggestion = Suggestion::for_word(value, values.iter().copied());
            let known = some_of(values);
            format!(
                "this plan makes no {what} with the {tag} `{value}`{suggestion} ({tag}s: {known})"
            )
        }
        None => format!("this plan makes no {what} whose {tag} matches"),
    }
}

/// The values without repetition, the first of them when there are many.
fn some_of(values: &[&str]) -> String {
    let mut shown: Vec<&str> = Vec::new();
    for value in values {
        if !shown.contains(value) {
            shown.push(value);
        }
    }
    let more = if shown.len() > MOST_SHOWN {
        ", …"
    } else {
        ""
    };
    shown.truncate(MOST_SHOWN);
    format!("{}{more}", shown.join(", "))
}

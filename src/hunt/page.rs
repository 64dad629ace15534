//! `hunt.html`: a hunt as one self-contained page, with the look of a run's report.

use super::console::{growth_text, peak_text, reasons, verdict_text};
use super::hunt_record::unit_text;
use super::hunt_record::{HuntRecord, HuntState, Knee, ProbeRecord};
use super::scalability::Scalability;
use crate::pieces::{
    self, StaticText, duration_text, json_for_html, moment_text, number_text, percent_text, policy,
    rate_text,
};
use askama::Template;
use serde::Serialize;

/// Points that the curve of the law is drawn with.
const CURVE_POINTS: usize = 120;

const STYLES: [StaticText; 4] = [
    pieces::STYLES[0],
    pieces::STYLES[1],
    pieces::STYLES[2],
    StaticText(include_str!("../../templates/hunt/hunt.css")),
];
const SCRIPTS: [StaticText; 5] = [
    pieces::SCRIPTS[0],
    pieces::SCRIPTS[1],
    pieces::SCRIPTS[2],
    pieces::SCRIPTS[3],
    StaticText(include_str!("../../templates/hunt/hunt.js")),
];

#[derive(Template)]
#[template(path = "hunt/page.html")]
struct HuntPage<'a> {
    policy: String,
    styles: &'a [StaticText],
    scripts: &'a [StaticText],
    record: &'a HuntRecord,
    started: String,
    standing: &'static str,
    tone: &'static str,
    unit: &'static str,
    has_pipeline: bool,
    has_events: bool,
    knees: Vec<KneeView<'a>>,
    probes: Vec<ProbeView<'a>>,
    law: Option<LawView<'a>>,
    data: String,
}

struct KneeView<'a> {
    title: &'static str,
    figure: String,
    interval: String,
    knee: &'a Knee,
}

struct ProbeView<'a> {
    probe: &'a ProbeRecord,
    tone: &'static str,
    load: String,
    requests: String,
    p50: String,
    p99: String,
    failed: String,
    growth: String,
    verdict: String,
    why: String,
}

struct LawView<'a> {
    law: &'a Scalability,
    lambda: String,
    sigma: String,
    kappa: String,
    peak: String,
    errors: String,
}

/// What the charts are drawn from.
#[derive(Serialize)]
struct HuntChartData {
    unit: &'static str,
    probes: Vec<ChartProbe>,
    /// Where the knees lie, in the hunt's unit: low and high ends.
    http: [Option<f64>; 2],
    pipeline: [Option<f64>; 2],
    events: [Option<f64>; 2],
    /// Thresholds on what events take, in the order of `ChartProbe::events_us`.
    event_slos: Vec<String>,
    /// The law's curve: requests in flight, and requests a second.
    curve: [Vec<f64>; 2],
}

#[derive(Serialize)]
struct ChartProbe {
    number: u64,
    load: f64,
    requests_per_s: f64,
    offered_per_s: Option<f64>,
    p50_us: u64,
    p99_us: u64,
    concurrency: f64,
    growth_per_s: Option<f64>,
    events_us: Vec<Option<f64>>,
    sustained: bool,
}

/// The page of a hunt.
#[must_use]
pub fn hunt_page(record: &HuntRecord) -> String {
    let (standing, tone) = match record.state {
        HuntState::Finished => ("Found", "good"),
        HuntState::Interrupted => ("Interrupted", "doubt"),
        HuntState::CutShort => ("Cut short", "doubt"),
        HuntState::Running => ("Going on", "doubt"),
    };
    let knees = [
        ("HTTP", record.http_knee.as_ref()),
        ("Pipeline", record.pipeline_knee.as_ref()),
        ("Event", record.event_knee.as_ref()),
    ];
    let mut probes: Vec<&ProbeRecord> = record.probes.iter().collect();
    probes.sort_by(|one, other| one.load.total_cmp(&other.load));
    let page = HuntPage {
        policy: policy(&STYLES, &SCRIPTS),
        styles: &STYLES,
        scripts: &SCRIPTS,
        record,
        started: moment_text(&record.started),
        standing,
        tone,
        unit: unit_text(record.unit),
        has_pipeline: probes.iter().any(|probe| !probe.domains.is_empty()),
        has_events: probes.iter().any(|probe| !probe.events.is_empty()),
        knees: knees
            .into_iter()
            .filter_map(|(title, knee)| Some(knee_view(title, knee?)))
            .collect(),
        data: json_for_html(&chart_data(record, &probes)),
        probes: probes.into_iter().map(probe_view).collect(),
        law: record.scalability.as_ref().map(law_view),
    };
    page.render()
        .expect("writing into a text does not fail, and the template calls nothing that does")
}

fn knee_view<'a>(title: &'static str, knee: &'a Knee) -> KneeView<'a> {
    let figure = match (knee.low, knee.high) {
        (Some(low), None) => format!("> {}", rate_text(low)),
        (None, Some(high)) => format!("< {}", rate_text(high)),
        (None, None) => "?".to_owned(),
        _ => rate_text(knee.per_s),
    };
    let end = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), rate_text);
    KneeView {
        title,
        figure,
        interval: match knee.undecided {
            None => format!("{} sustained, {} not", end(knee.low), end(knee.high)),
            Some([least, most]) => format!(
                "{} sustained, {} not, {least} to {most} (loads) undecided",
                end(knee.low),
                end(knee.high)
            ),
        },
        knee,
    }
}

fn probe_view(probe: &ProbeRecord) -> ProbeView<'_> {
    ProbeView {
        probe,
        tone: match (
            probe.generator_limited || probe.http.undecided,
            probe.is_sustained(),
        ) {
            (true, _) => "doubt",
            (false, true) => "good",
            (false, false) => "bad",
        },
        load: number_text(probe.load),
        requests: rate_text(probe.requests_per_s),
        p50: duration_text(probe.response_p50_us),
        p99: duration_text(probe.response_p99_us),
        failed: percent_text(probe.failure_share),
        growth: growth_text(&probe.domains),
        verdict: verdict_text(probe),
        why: reasons(probe),
    }
}

fn law_view(law: &Scalability) -> LawView<'_> {
    LawView {
        law,
        lambda: rate_text(law.lambda_per_s),
        sigma: format!("{:.4}", law.sigma),
        kappa: format!("{:.6}", law.kappa),
        peak: peak_text(law),
        errors: format!(
            "off by {:.1} % on average, {:.1} % at most, over {} probes with {:.1} to {:.0} requests in flight",
            law.rms_error * 100.0,
            law.largest_error * 100.0,
            law.points,
            law.least_concurrency,
            law.most_concurrency
        ),
    }
}

fn chart_data(record: &HuntRecord, probes: &[&ProbeRecord]) -> HuntChartData {
    let ends =
        |knee: Option<&Knee>| knee.map_or([None, None], |knee| [knee.load_low, knee.load_high]);
    HuntChartData {
        unit: unit_text(record.unit),
        probes: probes.iter().map(|probe| chart_probe(probe)).collect(),
        http: ends(record.http_knee.as_ref()),
        pipeline: ends(record.pipeline_knee.as_ref()),
        events: ends(record.event_knee.as_ref()),
        event_slos: event_slos(probes),
        curve: record
            .scalability
            .as_ref()
            .map_or_else(<[Vec<f64>; 2]>::default, curve),
    }
}

/// Thresholds on what events take: those of any probe, since all have the same.
fn event_slos(probes: &[&ProbeRecord]) -> Vec<String> {
    let mut known = probes.iter().filter(|probe| !probe.events.is_empty());
    let events = known.next().map_or(&[][..], |probe| &probe.events);
    events.iter().map(|event| event.slo.clone()).collect()
}

fn chart_probe(probe: &ProbeRecord) -> ChartProbe {
    let slopes = probe.domains.iter().filter_map(|domain| domain.slope_per_s);
    let per_journey = match probe.carried_per_s > 0.0 {
        true => probe.requests_per_s / probe.carried_per_s,
        false => 1.0,
    };
    ChartProbe {
        number: u64::from(probe.number),
        load: probe.load,
        requests_per_s: probe.requests_per_s,
        offered_per_s: probe.offered_per_s.map(|offered| offered * per_journey),
        p50_us: probe.response_p50_us,
        p99_us: probe.response_p99_us,
        concurrency: probe.concurrency,
        growth_per_s: slopes.map(|trend| trend.slope).reduce(f64::max),
        events_us: probe
            .events
            .iter()
            .map(|event| event.value.map(|value| value.value))
            .collect(),
        sustained: probe.http.sustained,
    }
}

/// Over what was measured, and no further: beyond it the law is a guess.
fn curve(law: &Scalability) -> [Vec<f64>; 2] {
    let (least, most) = (law.least_concurrency.max(1e-3), law.most_concurrency);
    let step = (most / least).powf(1.0 / (CURVE_POINTS - 1) as f64);
    let at: Vec<f64> = (0..CURVE_POINTS as i32)
        .map(|place| least * step.powi(place))
        .collect();
    let per_s = at.iter().map(|&concurrency| law.at(concurrency)).collect();
    [at, per_s]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::made_up;

    #[test]
    fn the_page_shows_knees_probes_and_what_gave_way() {
        let page = hunt_page(&made_up::hunt());
        for text in [
            "HTTP knee",
            "Pipeline knee",
            "POST /customers",
            "backlog grows",
            "Universal Scalability Law",
            "id=\"throughput\"",
            "id=\"growth\"",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert!(
            !page.contains(" src=") && !page.contains("<link"),
            "self-contained"
        );
    }

    #[test]
    fn what_events_took_has_a_knee_and_a_chart() {
        let mut record = made_up::hunt();
        assert!(!hunt_page(&record).contains("id=\"events\""));
        made_up::with_events(&mut record, 300.0);
        let page = hunt_page(&record);
        for text in [
            "Event knee",
            "limited by event latency",
            "id=\"events\"",
            "event(CustomerRegistered).done: p(99) \\u003c 2s",
        ] {
            assert!(page.contains(text), "{text}");
        }
    }

    #[test]
    fn hostile_words_stay_words() {
        let mut record = made_up::hunt();
        record.notes.push("<script>alert(1)</script>".to_owned());
        record.command = "</script><b>".to_owned();
        let page = hunt_page(&record);
        assert!(!page.contains("<script>alert") && !page.contains("</script><b>"));
    }

    #[test]
    fn a_hunt_without_probes_has_a_page() {
        let mut record = made_up::hunt();
        record.probes.clear();
        crate::hunt::conclusion::conclude(&mut record);
        assert!(hunt_page(&record).contains("No probe was made"));
    }
}

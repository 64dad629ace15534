//! The HTML report: one self-contained page about a run, made from its record.
//!
//! Names and bodies are hostile text: templates escape by default, data for the charts is embedded as
//! JSON that cannot end its element, and a content security policy lets nothing run but the scripts
//! that are part of this program.

mod back_end;
mod contests;
mod generator;
mod headline;
mod latencies;
mod moment;
mod names;
mod over_time;
mod recovery;
mod repetition;
mod shares;
mod sketch;
mod words;

#[cfg(test)]
mod tests;

use crate::engine::PlannedShares;
use crate::pieces::{self, STYLES, StaticText, json_for_html, policy};
use crate::record::Recorded;
use crate::record::distribution_csv::PERCENTILES;
use askama::Template;
use back_end::{BackEndView, ObservedOverTime};
use contests::{ContestsView, WitnessGroup};
use generator::GeneratorView;
use headline::{Headline, ThresholdRow};
use latencies::NameLatencies;
use names::{NameErrorRow, NameRow, PhaseRow};
use over_time::OverTime;
use recovery::RecoveryView;
use repetition::Repetition;
use serde::Serialize;
use shares::SharesView;
use std::sync::LazyLock;
use words::EventRow;

const SCRIPTS: [StaticText; 7] = [
    pieces::SCRIPTS[0],
    pieces::SCRIPTS[1],
    pieces::SCRIPTS[2],
    pieces::SCRIPTS[3],
    StaticText(include_str!("../../../templates/report/charts.js")),
    StaticText(include_str!("../../../templates/report/latencies.js")),
    StaticText(include_str!("../../../templates/report/start.js")),
];

/// The same for every page.
static POLICY: LazyLock<String> = LazyLock::new(|| policy(&STYLES, &SCRIPTS));

/// What the template shows.
#[derive(Template)]
#[template(path = "report/page.html")]
struct ReportPage<'a> {
    policy: &'a str,
    styles: &'a [StaticText],
    scripts: &'a [StaticText],
    data: String,
    headline: Headline,
    thresholds: Vec<ThresholdRow>,
    has_series: bool,
    names: Vec<NameRow>,
    tags: Vec<NameRow>,
    all: NameRow,
    phases: Vec<PhaseRow>,
    has_latencies: bool,
    shares: SharesView,
    errors: Vec<NameErrorRow>,
    errors_cut: u64,
    contests: ContestsView,
    witnesses: Vec<WitnessGroup>,
    events: Vec<EventRow>,
    back_end: Option<BackEndView>,
    observed: &'a ObservedOverTime,
    recovery: Option<RecoveryView>,
    generator: GeneratorView,
    repetition: Repetition,
}

/// What the charts show.
#[derive(Serialize)]
struct ChartData<'a> {
    over_time: OverTime,
    latencies: Vec<NameLatencies>,
    percentiles: Vec<f64>,
    races: Vec<contests::RaceCurves>,
    rounds: contests::RoundsOverTime,
    observed: &'a ObservedOverTime,
}

/// The content security policy of a report: for servers that show one.
#[must_use]
pub fn html_report_policy() -> String {
    POLICY.clone()
}

/// The report of a record; `planned` tells what part of the passes its plan gave each journey.
#[must_use]
pub fn html_report(recorded: &Recorded, planned: PlannedShares<'_>) -> String {
    let run = &recorded.run;
    let over_time = OverTime::of(recorded);
    let latencies = latencies::of(recorded);
    let contests = ContestsView::of(recorded);
    let observed = back_end::over_time(recorded);
    let page = ReportPage {
        policy: &POLICY,
        styles: &STYLES,
        scripts: &SCRIPTS,
        headline: Headline::of(recorded),
        thresholds: headline::thresholds(run),
        has_series: over_time.has_rows(),
        names: names::rows(recorded),
        tags: names::tags(recorded),
        all: names::all(recorded),
        phases: names::phases(run),
        has_latencies: latencies.iter().any(NameLatencies::has_any),
        shares: SharesView::of(run, planned),
        errors: names::errors(run),
        errors_cut: run.errors_cut,
        witnesses: contests::witnesses(recorded),
        events: words::events(run),
        back_end: BackEndView::of(recorded),
        observed: &observed,
        recovery: RecoveryView::of(run),
        generator: GeneratorView::of(recorded),
        repetition: Repetition::of(run),
        data: json_for_html(&ChartData {
            over_time,
            latencies,
            percentiles: PERCENTILES.to_vec(),
            races: contests::curves(run),
            rounds: contests::rounds_over_time(recorded),
            observed: &observed,
        }),
        contests,
    };
    page.render()
        .expect("writing into a text does not fail, and the templates call nothing that does")
}

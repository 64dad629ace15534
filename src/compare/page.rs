//! `compare.html`: a comparison as one self-contained page, with the look of a run's report.

use super::comparison_record::{ComparisonRecord, Overall, PairRecord, RowRecord, RowVerdict};
use super::console::{method_text, noise_text, p_text, value_text, verdict_word};
use super::overlays::Overlays;
use super::sentence::{difference_text, interval_text};
use crate::pieces::{self, StaticText, counted, json_for_html, percent_text, policy};
use askama::Template;

const STYLES: [StaticText; 4] = [
    pieces::STYLES[0],
    pieces::STYLES[1],
    pieces::STYLES[2],
    StaticText(include_str!("../../templates/compare/compare.css")),
];
const SCRIPTS: [StaticText; 5] = [
    pieces::SCRIPTS[0],
    pieces::SCRIPTS[1],
    pieces::SCRIPTS[2],
    pieces::SCRIPTS[3],
    StaticText(include_str!("../../templates/compare/compare.js")),
];

#[derive(Template)]
#[template(path = "compare/page.html")]
struct ComparisonPage<'a> {
    policy: String,
    styles: &'a [StaticText],
    scripts: &'a [StaticText],
    record: &'a ComparisonRecord,
    title: String,
    pairs: Vec<PairView<'a>>,
    sides: Vec<SideView>,
    has_times: bool,
    has_spectra: bool,
    interval: String,
    data: String,
}

struct PairView<'a> {
    pair: &'a PairRecord,
    word: &'static str,
    tone: &'static str,
    method: String,
    rows: Vec<RowView<'a>>,
    names: Vec<RowView<'a>>,
}

struct RowView<'a> {
    row: &'a RowRecord,
    baseline: String,
    candidate: String,
    difference: String,
    interval: String,
    p: String,
    noise: String,
    verdict: String,
    tone: &'static str,
}

/// A group of runs: its name, how many there are, and a line a run.
struct SideView {
    name: String,
    count: String,
    runs: Vec<String>,
    left_out: Vec<String>,
}

/// The page of a comparison; curves are read from the runs' records as far as they are still there.
#[must_use]
pub fn comparison_page(record: &ComparisonRecord) -> String {
    let overlays = Overlays::read(record);
    let names: Vec<&str> = record.sides.iter().map(|side| side.name.as_str()).collect();
    let page = ComparisonPage {
        policy: policy(&STYLES, &SCRIPTS),
        styles: &STYLES,
        scripts: &SCRIPTS,
        record,
        title: names.join(" · "),
        pairs: record
            .comparisons
            .iter()
            .map(|pair| pair_view(pair, record))
            .collect(),
        sides: side_views(record),
        has_times: overlays.has_times(),
        has_spectra: overlays.has_spectra(),
        interval: percent_text(record.confidence),
        data: json_for_html(&overlays),
    };
    page.render()
        .expect("writing into a text does not fail, and the template calls nothing that does")
}

fn pair_view<'a>(pair: &'a PairRecord, record: &ComparisonRecord) -> PairView<'a> {
    let (word, tone) = match pair.verdict {
        Overall::Better => ("Better", "good"),
        Overall::Worse => ("Worse", "bad"),
        Overall::Mixed => ("Better and worse", "doubt"),
        Overall::NoDifference => ("No difference found", "good"),
        Overall::Inconclusive => ("Inconclusive", "doubt"),
        Overall::NotJudged => ("No verdict", "doubt"),
    };
    PairView {
        pair,
        word,
        tone,
        method: method_text(pair, record),
        rows: pair.overall.rows.iter().map(row_view).collect(),
        names: pair.by_name.rows.iter().map(row_view).collect(),
    }
}

fn row_view(row: &RowRecord) -> RowView<'_> {
    RowView {
        row,
        baseline: value_text(row.baseline, row),
        candidate: value_text(row.candidate, row),
        difference: difference_text(row.difference, row.scale),
        interval: interval_text(row),
        p: row.p.map(p_text).unwrap_or_default(),
        noise: row
            .noise_floor
            .map(|floor| noise_text(floor, row.scale))
            .unwrap_or_default(),
        verdict: verdict_word(row),
        tone: match row.verdict {
            RowVerdict::Better => "good",
            RowVerdict::Worse => "bad",
            RowVerdict::Changed | RowVerdict::Inconclusive => "doubt",
            RowVerdict::NoDifference | RowVerdict::NotJudged => "plain",
        },
    }
}

fn side_views(record: &ComparisonRecord) -> Vec<SideView> {
    let sides = record.sides.iter().chain(&record.noise);
    sides
        .map(|side| SideView {
            name: side.name.clone(),
            count: counted(side.runs.len() as u64, "run"),
            runs: side
                .runs
                .iter()
                .map(|run| format!("{}, {}", run.path, counted(run.requests, "request")))
                .collect(),
            left_out: side
                .left_out
                .iter()
                .map(|run| format!("{}: {}", run.path, run.why))
                .collect(),
        })
        .collect()
}

//! The page itself: files that are compiled in.

use super::app::App;
use super::downloads::{json, not_found};
use crate::pieces::{LOGO, PALETTE};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json as value;
use std::sync::Arc;

/// Name, kind and text of each file.
const ASSETS: &[(&str, &str, &str)] = &[
    ("style.css", CSS, include_str!("page/style.css")),
    ("icon.svg", SVG, LOGO),
    ("palette.css", CSS, PALETTE.0),
    ("app.js", SCRIPT, include_str!("page/app.js")),
    ("ask.js", SCRIPT, include_str!("page/ask.js")),
    ("charts.js", SCRIPT, include_str!("page/charts.js")),
    ("choosers.js", SCRIPT, include_str!("page/choosers.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("form.js", SCRIPT, include_str!("page/form.js")),
    ("history.js", SCRIPT, include_str!("page/history.js")),
    ("live.js", SCRIPT, include_str!("page/live.js")),
    ("login.js", SCRIPT, include_str!("page/login.js")),
    ("marks.js", SCRIPT, include_str!("page/marks.js")),
    ("numbers.js", SCRIPT, include_str!("page/numbers.js")),
    ("panels.js", SCRIPT, include_str!("page/panels.js")),
    ("picture.js", SCRIPT, include_str!("page/picture.js")),
    ("shards.js", SCRIPT, include_str!("page/shards.js")),
    ("source.js", SCRIPT, include_str!("page/source.js")),
    ("stream.js", SCRIPT, include_str!("page/stream.js")),
    ("table.js", SCRIPT, include_str!("page/table.js")),
    ("theme.js", SCRIPT, include_str!("page/theme.js")),
    (
        "uplot.css",
        CSS,
        include_str!("../../../assets/uplot-1.6.32/uPlot.min.css"),
    ),
    (
        "uplot.js",
        SCRIPT,
        include_str!("../../../assets/uplot-1.6.32/uPlot.iife.min.js"),
    ),
];

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const HTML: &str = "text/html; charset=utf-8";

/// `GET /`.
pub async fn index() -> Response {
    (
        [(header::CONTENT_TYPE, HTML)],
        include_str!("page/index.html"),
    )
        .into_response()
}

/// The login page.
pub fn login() -> Response {
    (
        [(header::CONTENT_TYPE, HTML)],
        include_str!("page/login.html"),
    )
        .into_response()
}

/// `GET /page/{name}`.
pub async fn asset(Path(name): Path<String>) -> Response {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    found.map_or_else(not_found, |&(_, kind, text)| {
        ([(header::CONTENT_TYPE, kind)], text).into_response()
    })
}

/// `GET /favicon.ico`.
pub async fn icon() -> Response {
    ([(header::CONTENT_TYPE, SVG)], LOGO).into_response()
}

/// `GET /setup`: what the start form offers.
pub async fn setup(State(app): State<Arc<App>>) -> Response {
    json(&value!({
        "version": env!("CARGO_PKG_VERSION"),
        "guarded": app.access.is_guarded(),
        "offer": app.offer,
    }))
}

#[cfg(test)]
mod tests {
    use crate::stats::Outcome;

    #[test]
    fn the_page_has_the_words_of_outcomes_in_their_order() {
        let words = Outcome::ALL.map(|outcome| format!("\"{}\"", outcome.word()));
        let line = format!("const OUTCOMES = [{}];", words.join(", "));
        assert!(include_str!("page/panels.js").contains(&line), "{line}");
    }
}

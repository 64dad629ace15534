//! HTML reports, made anew from the record each time: what the disk holds is data, not a page.

use super::app::App;
use super::downloads::{download_headers, not_found};
use crate::engine::Subject;
use crate::record::Recorded;
use crate::report::{html_report, html_report_policy};
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::path::PathBuf;
use std::sync::Arc;

/// `GET /stats/report`: of the load test on the page, as far as its record goes. With `?download=1`
/// as a file, as Locust does.
pub async fn current(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let run = app.board.look(|inside| inside.run().to_owned());
    report(&app, run, is_download(query.as_deref())).await
}

/// `GET /results/{run}/report`.
pub async fn past(
    State(app): State<Arc<App>>,
    Path(run): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    report(&app, run, is_download(query.as_deref())).await
}

fn is_download(query: Option<&str>) -> bool {
    let mut fields = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    fields.any(|(name, value)| name == "download" && !value.is_empty())
}

async fn report(app: &App, run: String, is_download: bool) -> Response {
    let Ok(directory) = app.records.directory(&run) else {
        return not_found();
    };
    let subject = app.subject.clone();
    let made = tokio::task::spawn_blocking(move || made_from(directory, &subject)).await;
    let html = match made {
        Ok(Ok(html)) => html,
        Ok(Err(why)) => return (StatusCode::NOT_FOUND, why).into_response(),
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    if is_download {
        return (download_headers(&format!("report_{run}.html")), html).into_response();
    }
    // In a sandbox the report is of no origin: it could not ask this server for anything.
    let policy = format!(
        "sandbox allow-scripts allow-downloads; frame-ancestors 'none'; {}",
        html_report_policy()
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, html).into_response()
}

fn made_from(directory: PathBuf, subject: &Subject) -> Result<String, String> {
    let recorded = Recorded::read(&directory).map_err(|error| error.to_string())?;
    let planned = |plan: &_, generation: &_| subject.planned_shares(plan, generation);
    Ok(html_report(&recorded, &planned))
}

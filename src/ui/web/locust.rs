//! Locust's endpoints, with Locust's answers (2.43, `web.py`), for the scripts that use them.

use super::app::App;
use super::board::Inside;
use super::downloads::{download_headers, json, not_found};
use super::order::{FormField, Refusal, SwarmOrder};
use super::ratio::ratios;
use super::stream::streamed;
use crate::record::{Live, NO_EXCEPTIONS};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json as value};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// `POST /swarm`: starts a load test, or changes the users of the one that is on its way. What is
/// wrong is told with `success` false and status 200, as Locust does; what is no form of this server
/// with 400.
pub async fn swarm(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| kind.to_str().unwrap_or("something that is no text"));
    let order = match SwarmOrder::read(kind, &body) {
        Ok(order) => order,
        Err(error) => {
            let refusal = json(&refusal(&app, &error.to_string().into()));
            return match error.is_unreadable() {
                true => (StatusCode::BAD_REQUEST, refusal).into_response(),
                false => refusal,
            };
        }
    };
    let session = Arc::clone(&app.session);
    let is_busy = app.board.look(|inside| inside.state.is_busy());
    let done = tokio::task::spawn_blocking(move || match is_busy {
        true => session.set_users(&order).map(|()| "Swarming changed"),
        false => session.start(&order).map(|()| "Swarming started"),
    });
    let answer = match done.await {
        Ok(Ok(message)) => acceptance(&app, message),
        Ok(Err(why)) => refusal(&app, &why),
        Err(_) => refusal(
            &app,
            &"this is a defect of shopblast, please report it".into(),
        ),
    };
    json(&answer)
}

fn acceptance(app: &App, message: &str) -> Value {
    app.board.look(|inside| {
        let card = inside.card.as_ref();
        let classes = card.map(|card| {
            let mut classes: Vec<&str> = card
                .classes
                .iter()
                .map(|share| share.class.as_str())
                .collect();
            classes.sort_unstable();
            classes
        });
        value!({
            "success": true,
            "message": message,
            "host": card.map(|card| &card.host),
            "run_time": card.map(|card| card.run_time_s),
            "user_classes": classes,
        })
    })
}

fn refusal(app: &App, Refusal { field, why }: &Refusal) -> Value {
    let host = app
        .board
        .look(|inside| inside.card.as_ref().map(|card| card.host.clone()));
    let field = field.map(FormField::name);
    value!({"success": false, "message": why, "field": field, "host": host})
}

/// `GET` or `POST /stop`.
pub async fn stop(State(app): State<Arc<App>>) -> Response {
    app.session.stop();
    json(&value!({"success": true, "message": "Test stopped"}))
}

/// `GET` or `POST /stats/reset`.
pub async fn reset(State(app): State<Arc<App>>) -> Response {
    match app.session.reset() {
        Ok(()) => "ok".into_response(),
        Err(why) => (StatusCode::CONFLICT, why).into_response(),
    }
}

/// `GET /stats/requests`.
pub async fn requests(State(app): State<Arc<App>>) -> Response {
    let told = app.board.look(|inside| {
        let mut told = serde_json::to_value(inside.locust()).unwrap_or_default();
        told["state"] = value!(inside.state);
        told["user_count"] = value!(inside.users());
        told
    });
    json(&told)
}

/// `GET /stats/requests/csv`.
pub async fn requests_csv(State(app): State<Arc<App>>) -> Response {
    csv(&app, "requests", Live::stats_text)
}

/// `GET /stats/failures/csv`.
pub async fn failures_csv(State(app): State<Arc<App>>) -> Response {
    csv(&app, "failures", Live::failures_text)
}

/// `GET /exceptions/csv`.
pub async fn exceptions_csv() -> Response {
    (download_headers("exceptions.csv"), NO_EXCEPTIONS).into_response()
}

/// A CSV of the figures that are shown.
fn csv(app: &App, what: &str, text: fn(&Live) -> io::Result<Vec<u8>>) -> Response {
    let latest = app.board.look(|inside| {
        let latest = inside.latest.clone()?;
        Some((format!("{what}_{}.csv", inside.run()), latest))
    });
    let found = latest.and_then(|(name, live)| Some((name, text(&live).ok()?)));
    found.map_or_else(not_found, |(name, text)| {
        (download_headers(&name), text).into_response()
    })
}

/// `GET /stats/requests_full_history/csv`: the file, as it is on disk this second.
pub async fn full_history_csv(State(app): State<Arc<App>>) -> Response {
    let kept = app.board.look(|inside| {
        let path = inside.card.as_ref()?.full_history.clone()?;
        Some((path, format!("requests_full_history_{}.csv", inside.run())))
    });
    let Some((path, name)) = kept else {
        let text = "Error: Server was not started with option to generate full history.";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let Ok(mut file) = File::open(path) else {
        return not_found();
    };
    let body = streamed(move |out| io::copy(&mut file, out).map(|_| ()));
    (download_headers(&name), body).into_response()
}

/// `GET /exceptions`: none, since no script runs here that could raise one.
pub async fn exceptions() -> Response {
    json(&value!({"exceptions": []}))
}

/// `GET /tasks`.
pub async fn tasks(State(app): State<Arc<App>>) -> Response {
    json(&app.board.look(|inside| {
        let classes = inside.card.as_ref().map(|card| card.classes.as_slice());
        ratios(&app.offer, classes.unwrap_or_default())
    }))
}

/// `GET /logs`.
pub async fn logs(State(app): State<Arc<App>>) -> Response {
    json(&app.board.look(|inside| {
        let lines: Vec<&str> = inside.journal.lines().collect();
        value!({"master": lines, "workers": {}})
    }))
}

/// `GET /worker-count`: how many other machines work with this one.
pub async fn worker_count(State(app): State<Arc<App>>) -> Response {
    let machines = app.board.look(Inside::machines);
    json(&value!({"worker_count": machines}))
}

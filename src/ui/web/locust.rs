//! Locust's endpoints, with Locust's answers (2.43, `web.py`), for the scripts that use them.

use super::board::Inside;
use super::downloads::{download_headers, json, not_found};
use super::order::SwarmOrder;
use super::ratio::ratios;
use super::server::App;
use super::stream::streamed;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json as value};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// `POST /swarm`: starts a load test, or changes the users of the one that is on its way. What is
/// wrong is told with `success` false and status 200, as Locust does.
pub async fn swarm(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let order = match SwarmOrder::parse(&body) {
        Ok(order) => order,
        Err(error) => return json(&refusal(&app, &error.to_string())),
    };
    let stage = Arc::clone(&app.stage);
    let is_busy = app.board.look(|inside| inside.state.is_busy());
    let done = tokio::task::spawn_blocking(move || match is_busy {
        true => stage.set_users(&order).map(|()| "Swarming changed"),
        false => stage.start(&order).map(|()| "Swarming started"),
    });
    let answer = match done.await {
        Ok(Ok(message)) => acceptance(&app, message),
        Ok(Err(why)) => refusal(&app, &why),
        Err(_) => refusal(&app, "this is a defect of shopblast, please report it"),
    };
    json(&answer)
}

fn acceptance(app: &App, message: &str) -> Value {
    app.board.look(|inside| {
        let card = inside.card.as_ref();
        let classes = card.map(|card| {
            let mut classes: Vec<&str> =
                card.classes.iter().map(|share| share.class.as_str()).collect();
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

fn refusal(app: &App, why: &str) -> Value {
    let host = app.board.look(|inside| inside.card.as_ref().map(|card| card.host.clone()));
    value!({"success": false, "message": why, "host": host})
}

/// `GET` or `POST /stop`.
pub async fn stop(State(app): State<Arc<App>>) -> Response {
    app.stage.stop();
    json(&value!({"success": true, "message": "Test stopped"}))
}

/// `GET` or `POST /stats/reset`.
pub async fn reset(State(app): State<Arc<App>>) -> Response {
    match app.stage.reset() {
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
    csv(&app, "_stats.csv", "requests")
}

/// `GET /stats/failures/csv`.
pub async fn failures_csv(State(app): State<Arc<App>>) -> Response {
    csv(&app, "_failures.csv", "failures")
}

/// `GET /exceptions/csv`.
pub async fn exceptions_csv(State(app): State<Arc<App>>) -> Response {
    csv(&app, "_exceptions.csv", "exceptions")
}

/// `GET /stats/requests_full_history/csv`.
pub async fn full_history_csv(State(app): State<Arc<App>>) -> Response {
    let is_kept = |inside: &Inside| inside.card.as_ref().is_some_and(|card| card.csv_full_history);
    if !app.board.look(is_kept) {
        let text = "Error: Server was not started with option to generate full history.";
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    csv(&app, "_stats_history.csv", "requests_full_history")
}

/// A CSV file of the load test, as it is on disk this second.
fn csv(app: &App, ending: &str, what: &str) -> Response {
    let path = app.board.look(|inside| {
        let card = inside.card.as_ref()?;
        let mut path = card.csv_prefix.clone().into_os_string();
        path.push(ending);
        Some((PathBuf::from(path), card.run().to_owned()))
    });
    let opened = path.and_then(|(path, run)| Some((File::open(path).ok()?, run)));
    let Some((mut file, run)) = opened else {
        return not_found();
    };
    let body = streamed(move |out| io::copy(&mut file, out).map(|_| ()));
    (download_headers(&format!("{what}_{run}.csv")), body).into_response()
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

/// `GET /worker-count`: no other machine works with this one.
pub async fn worker_count() -> Response {
    json(&value!({"worker_count": 0}))
}

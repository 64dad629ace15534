//! Live updates: server-sent events, one as soon as something changed, a few a second at most.

use super::app::App;
use super::downloads::{json, not_found};
use super::tick::{Told, tick, witness};
use crate::plan::shown;
use crate::record::WitnessRecord;
use crate::report::{CurlTarget, curl_commands, replay_command};
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Readers at the same time.
pub const MOST_READERS: usize = 32;
/// Shortest time between two events.
const PAUSE: Duration = Duration::from_millis(200);

/// A reader of the events.
struct Reader {
    app: Arc<App>,
    changes: watch::Receiver<u64>,
    told: Told,
    is_new: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /live`: what happens from now on; first, all that a page needs to catch up.
pub async fn live(State(app): State<Arc<App>>) -> Response {
    let Ok(place) = Arc::clone(&app.readers).try_acquire_owned() else {
        let text = format!("{MOST_READERS} pages are open already; close one\n");
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let reader = Reader {
        changes: app.board.watch(),
        told: Told::default(),
        is_new: true,
        _place: place,
        app,
    };
    // A proxy that collects answers would keep each second for itself.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let events = Sse::new(events(reader)).keep_alive(KeepAlive::default());
    (unbuffered, events).into_response()
}

fn events(reader: Reader) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(reader, |mut reader| async move {
        if !reader.is_new {
            tokio::time::sleep(PAUSE).await;
            tokio::select! {
                changed = reader.changes.changed() => changed.ok()?,
                () = reader.app.closing() => return None,
            }
        }
        reader.is_new = false;
        reader.changes.mark_unchanged();
        let (text, told) = reader.app.board.look(|inside| tick(inside, reader.told));
        reader.told = told;
        Some((Ok(Event::default().data(text)), reader))
    })
}

/// A witness, and the commands that send it again.
#[derive(Serialize)]
struct WitnessAndCommands {
    #[serde(flatten)]
    witness: WitnessRecord,
    curl: String,
    replay: String,
}

/// `GET /witness/{number}`: the exchanges that show a violation.
pub async fn one_witness(State(app): State<Arc<App>>, Path(number): Path<u64>) -> Response {
    let found = app.board.look(|inside| {
        let kept = witness(inside, number)?;
        let target = CurlTarget::of(inside.record()?);
        Some(WitnessAndCommands {
            curl: curl_commands(&kept.violation, &target),
            replay: replay_command(&inside.card.as_ref()?.directory, number),
            witness: kept.clone(),
        })
    });
    found.map_or_else(not_found, |mut found| {
        // Bodies are the target's.
        for exchange in &mut found.witness.violation.exchanges {
            exchange.body = shown(&exchange.body).into_owned();
            exchange.reply = shown(&exchange.reply).into_owned();
        }
        json(&found)
    })
}

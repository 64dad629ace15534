//! The login: a token is shown once, a cookie stands for it from then on.

use super::app::App;
use super::page;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;
use std::time::Duration;

/// How long a wrong token waits for its answer.
const AFTER_WRONG: Duration = Duration::from_millis(500);

/// `GET /login`.
pub async fn form(State(app): State<Arc<App>>) -> Response {
    match app.access.is_guarded() {
        true => page::login(),
        false => Redirect::to("/").into_response(),
    }
}

/// `POST /login`, with the field `token`.
pub async fn log_in(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let mut fields = form_urlencoded::parse(&body);
    let offered = fields
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token);
    match offered {
        Some(token) if app.access.is_token(token.trim()) => {
            let cookie = [(header::SET_COOKIE, app.access.cookie())];
            (StatusCode::NO_CONTENT, cookie).into_response()
        }
        _ => {
            tokio::time::sleep(AFTER_WRONG).await;
            (StatusCode::FORBIDDEN, "this is not the token\n").into_response()
        }
    }
}

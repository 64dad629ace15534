//! The login: a token is shown once, a cookie stands for it from then on.

use super::app::App;
use super::page;
use super::tries::Tried;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// `GET /login`.
pub async fn form(State(app): State<Arc<App>>) -> Response {
    match app.access.is_guarded() {
        true => page::login(),
        false => Redirect::to("./").into_response(),
    }
}

/// `POST /login`, with the field `token`.
pub async fn log_in(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let mut fields = form_urlencoded::parse(&body);
    let offered = fields
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token);
    match app
        .tries
        .look(&app.access, &offered.unwrap_or_default())
        .await
    {
        Tried::Right => {
            let cookie = [(header::SET_COOKIE, app.access.cookie())];
            (StatusCode::NO_CONTENT, cookie).into_response()
        }
        Tried::Wrong => (StatusCode::FORBIDDEN, "this is not the token\n").into_response(),
        Tried::NotLookedAt => not_looked_at(),
    }
}

/// The answer to a token while many wrong ones are being tried.
pub fn not_looked_at() -> Response {
    let wait = [(header::RETRY_AFTER, "5")];
    let text = "many wrong tokens are being tried: try again in some seconds\n";
    (StatusCode::TOO_MANY_REQUESTS, wait, text).into_response()
}

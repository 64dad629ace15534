//! The gate that every request passes: where it comes from, who sent it; and the headers that every
//! answer gets.

use super::app::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// What pages of this server may load: its own files, and nothing written into a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What anybody may ask for: the login, and what it looks like.
const OPEN_PATHS: [&str; 5] = [
    "/login",
    "/page/login.js",
    "/page/style.css",
    "/page/icon.svg",
    "/favicon.ico",
];

/// Lets a request in, or says why not.
pub async fn gate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&app, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    harden(response.headers_mut());
    response
}

fn refusal(app: &App, request: &Request<Body>) -> Option<Response> {
    let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
    if let Err(foreign) = app.names.check(method, path, headers) {
        return Some((StatusCode::FORBIDDEN, format!("{foreign}\n")).into_response());
    }
    if app.access.admits(headers) || OPEN_PATHS.contains(&path) {
        return None;
    }
    if *method == Method::GET && wants_page(headers) {
        return Some(Redirect::to("/login").into_response());
    }
    let text = "show the token: log in on the page, or send `Authorization: Bearer TOKEN`\n";
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    Some((StatusCode::UNAUTHORIZED, challenge, text).into_response())
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept.is_some_and(|accept| {
        accept
            .to_str()
            .is_ok_and(|accept| accept.contains("text/html"))
    })
}

/// Headers that every answer has. An answer may bring a policy of its own.
fn harden(headers: &mut HeaderMap) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(POLICY));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

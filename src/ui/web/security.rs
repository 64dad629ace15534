//! The gate that every request passes: where it comes from, who sent it; and the headers that every
//! answer gets.

use super::access::Access;
use super::app::{App, LARGEST_FORM_BYTES};
use super::login;
use super::names::link_from;
use super::tries::Tried;
use crate::ui::visit::Visit;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What pages of this server may load: its own files, and nothing written into a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What anybody may ask for: the login, and what it looks like.
const OPEN_PATHS: [&str; 7] = [
    "/login",
    "/page/ask.js",
    "/page/login.js",
    "/page/palette.css",
    "/page/style.css",
    "/page/icon.svg",
    "/favicon.ico",
];

/// Lets a request in, or says why not.
pub async fn gate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let visit = request.extensions().get::<ConnectInfo<Visit>>();
    let answering = visit.map(|ConnectInfo(visit)| visit.answering());
    let in_clear = visit.and_then(|ConnectInfo(visit)| visit.refusal(request.headers()));
    let admission = match in_clear {
        Some(refusal) => Admission::Refused(refusal),
        None => admission(&app, &request),
    };
    let admitted = match admission {
        Admission::Granted => Ok(()),
        Admission::Refused(refusal) => Err(refusal),
        Admission::Token { offered, otherwise } => {
            match app.tries.look(&app.access, &offered).await {
                Tried::Right => Ok(()),
                Tried::Wrong => Err(otherwise),
                Tried::NotLookedAt => Err(login::not_looked_at()),
            }
        }
    };
    let mut response = match admitted {
        Ok(()) => match whole(request, app.patience.body).await {
            Ok(request) => next.run(request).await,
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    harden(response.headers_mut());
    match answering {
        Some(answering) => answering.until_the_end_of(response),
        None => response,
    }
}

/// Whether a request may come in.
enum Admission {
    Granted,
    Refused(Response),
    /// When this is the token; what is answered when it is not.
    Token {
        offered: String,
        otherwise: Response,
    },
}

fn admission(app: &App, request: &Request<Body>) -> Admission {
    let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
    if let Err(foreign) = app.names.check(method, path, headers) {
        let refusal = (StatusCode::FORBIDDEN, format!("{foreign}\n")).into_response();
        return Admission::Refused(refusal);
    }
    if let Some(page) = app.base.with_slash(path) {
        return Admission::Refused(Redirect::to(&page).into_response());
    }
    let is_known = !app.access.is_guarded() || app.access.has_cookie(headers);
    if is_known || OPEN_PATHS.contains(&path) {
        return Admission::Granted;
    }
    let refusal = match *method == Method::GET && wants_page(headers) {
        true => Redirect::to(&link_from(path, "login")).into_response(),
        false => {
            let text =
                "show the token: log in on the page, or send `Authorization: Bearer TOKEN`\n";
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, challenge, text).into_response()
        }
    };
    match Access::bearer(headers) {
        Some(offered) => Admission::Token {
            offered: offered.to_owned(),
            otherwise: refusal,
        },
        None => Admission::Refused(refusal),
    }
}

/// `request` with all of its body, if that comes in time and is no larger than any form.
async fn whole(request: Request, patience: Duration) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let close = [(header::CONNECTION, "close")];
    match timeout(patience, to_bytes(body, LARGEST_FORM_BYTES)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(_)) => {
            let text = "the body is larger than any form, or broke off\n";
            Err((StatusCode::PAYLOAD_TOO_LARGE, close, text).into_response())
        }
        Err(_) => {
            let text = "the body came too slowly\n";
            Err((StatusCode::REQUEST_TIMEOUT, close, text).into_response())
        }
    }
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

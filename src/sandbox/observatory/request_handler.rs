//! Finds what a request to the Observatory wants. Pure of sockets.

use super::query::count;
use super::trace_filter::TraceFilter;
use super::{Names, ObservatoryView};
use crate::engine::codec::Request;
use crate::sandbox::connection_table::Date;
use crate::sandbox::reply::{JSON, ReplyHeader};
use crate::sandbox::request_handler::cors_lines;
use crate::sandbox::request_target::{decode, parameter, split_target};

/// Media type of Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const DASHBOARD: &str = include_str!("dashboard.html");
const OPENAPI: &str = include_str!("openapi.json");
const TRACES: &str = "/api/traces";

/// The paths, with the methods that `allow` names.
const PATHS: &[(&str, &str)] = &[
    ("/", "GET"),
    ("/metrics", "GET"),
    ("/stream", "GET"),
    ("/openapi.json", "GET, HEAD"),
    ("/api/health", "GET"),
    ("/api/outbox", "GET"),
    ("/api/streams", "GET"),
    ("/api/queue-depth", "GET"),
    ("/api/stats", "GET"),
    (TRACES, "GET"),
    ("/api/traces/stats", "GET"),
];

/// Those that only today's Observatory has.
const TODAYS_PATHS: &[(&str, &str)] = &[
    ("/api/subscriptions", "GET"),
    ("/api/consumers", "GET"),
    ("/api/workers", "GET"),
    ("/api/dlq", "GET"),
];

/// What a request is answered with.
#[derive(Debug)]
pub enum ObservatoryReply {
    Full(FullReply),
    /// Traces as they happen, from now on.
    Stream(Box<TraceFilter>),
}

/// A reply with a known end.
#[derive(Debug, PartialEq, Eq)]
pub struct FullReply {
    pub status: u16,
    media_type: &'static str,
    allow: Option<&'static str>,
    pub body: String,
}

impl FullReply {
    fn new(status: u16, media_type: &'static str, body: impl Into<String>) -> Self {
        Self {
            status,
            media_type,
            allow: None,
            body: body.into(),
        }
    }

    fn json(result: Result<String, (u16, String)>) -> Self {
        let (status, body) = result.map_or_else(|refusal| refusal, |body| (200, body));
        Self::new(status, JSON, body)
    }

    /// Appends the reply to `request` to `out`.
    pub fn write(&self, request: &Request<'_>, date: &Date, out: &mut Vec<u8>) {
        let allow = self.allow.map(|allow| format!("allow: {allow}\r\n"));
        let head = ReplyHeader {
            status: self.status,
            leading: allow.as_deref().unwrap_or_default(),
            length: self.body.len(),
            media_type: Some(self.media_type),
            location: None,
            cors: &cors_lines(request),
            request_id: None,
            announces_close: request.asks_close,
        };
        head.write(date, out);
        if request.method != "HEAD" {
            out.extend_from_slice(self.body.as_bytes());
        }
    }
}

impl ObservatoryView {
    /// Answers a request that came `at_ns` after the pipeline's start.
    pub(super) fn answer(&self, method: &str, target: &str, at_ns: u64) -> ObservatoryReply {
        let (path, query) = split_target(target);
        let path = decode(path);
        if method == "DELETE" && path == TRACES {
            return ObservatoryReply::Full(FullReply::json(Ok(self.delete_traces(at_ns))));
        }
        let more = match self.names {
            Names::Today => TODAYS_PATHS,
            Names::Five | Names::Newer => &[],
        };
        let mut paths = PATHS.iter().chain(more);
        let Some(&(path, allow)) = paths.find(|(known, _)| *known == path) else {
            let body = r#"{"detail":"Not Found"}"#;
            return ObservatoryReply::Full(FullReply::new(404, JSON, body));
        };
        if !allow.split(", ").any(|allowed| allowed == method) {
            let body = r#"{"detail":"Method Not Allowed"}"#;
            return ObservatoryReply::Full(FullReply {
                allow: Some(allow),
                ..FullReply::new(405, JSON, body)
            });
        }
        if path == "/stream" {
            return ObservatoryReply::Stream(Box::new(TraceFilter::of_stream(query)));
        }
        ObservatoryReply::Full(self.page(path, query, at_ns))
    }

    fn page(&self, path: &str, query: Option<&str>, at_ns: u64) -> FullReply {
        FullReply::json(Ok(match path {
            "/" => return FullReply::new(200, HTML, DASHBOARD),
            "/metrics" => return FullReply::new(200, METRICS, self.metrics(at_ns)),
            "/openapi.json" => OPENAPI.trim_end().to_owned(),
            "/api/health" => self.health(at_ns),
            "/api/outbox" => self.outbox(at_ns),
            "/api/streams" => self.streams(at_ns),
            "/api/queue-depth" => self.queue_depth(at_ns),
            "/api/stats" => self.stats(at_ns),
            "/api/subscriptions" => self.subscriptions(at_ns),
            "/api/consumers" => self.consumers(at_ns),
            "/api/workers" => self.workers(at_ns),
            // Nothing ever ends there.
            "/api/dlq" => r#"{"entries":[],"total_count":0}"#.into(),
            TRACES => return FullReply::json(self.list_traces(query, at_ns)),
            _ => {
                let window = parameter(query, "window").unwrap_or_else(|| "5m".into());
                let stats = self.trace_stats(&window, at_ns);
                return FullReply::json(stats.map_err(|body| (400, body)));
            }
        }))
    }

    fn list_traces(&self, query: Option<&str>, at_ns: u64) -> Result<String, (u16, String)> {
        let most = count(query).map_err(|body| (422, body))?;
        let asks_for_one = parameter(query, "message_id").is_some_and(|id| !id.is_empty());
        // All of one message's life is told, however long.
        let most = if asks_for_one { usize::MAX } else { most };
        Ok(self.traces(&TraceFilter::of_list(query), most, at_ns))
    }
}

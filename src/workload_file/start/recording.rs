//! What a browser recorded (HAR 1.2), as far as a workload takes it up.

use crate::workload_file::described::ordered::Json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use std::collections::BTreeMap;

/// Methods that workloads have.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// Requests that are taken up, at most.
pub const MOST_REQUESTS: usize = 500;
/// Largest body that is taken up, in bytes.
pub const MOST_BODY_BYTES: usize = 64 << 10;

/// A request and its reply.
#[derive(Clone, Debug)]
pub struct Exchange<'a> {
    /// The method's word.
    pub method: &'static str,
    /// Path as it was sent, without the query.
    pub path: String,
    /// Names and values of the query, decoded.
    pub query: Vec<(String, String)>,
    /// Headers of the request, names in small letters.
    pub headers: Vec<(String, &'a str)>,
    /// Media type of what was sent, and what it was.
    pub sent: Option<(String, &'a str)>,
    /// Whether what was sent is a form with its fields apart.
    pub fields: Vec<(&'a str, &'a str)>,
    /// Status of the reply.
    pub status: u16,
    /// Headers of the reply, names in small letters.
    pub reply_headers: Vec<(String, &'a str)>,
    /// The reply, where it is JSON.
    pub reply: Option<Json>,
    /// When it began and when it ended, in milliseconds since 1970; 0 where that is not told.
    pub times_ms: (i64, i64),
}

/// What was taken up, and what was left out, with how often.
#[derive(Debug, Default)]
pub struct Taken<'a> {
    /// Where everything went.
    pub origin: String,
    /// In the order of time.
    pub exchanges: Vec<Exchange<'a>>,
    /// What was left out, by why.
    pub left_out: BTreeMap<String, usize>,
}

/// The exchanges of `root` with `origin`, or with the origin of most requests.
///
/// # Errors
/// When it is no recording, or there is none: a sentence.
pub fn exchanges<'a>(root: &'a Json, origin: Option<&str>) -> Result<Taken<'a>, String> {
    let entries = root.get("log").map(|log| log.elements_of("entries"));
    let entries = entries.filter(|entries| !entries.is_empty());
    let entries = entries.ok_or("it has no `log` with `entries`")?;
    let origins: Vec<Option<String>> = entries.iter().map(origin_of).collect();
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for (entry, origin) in entries.iter().zip(&origins) {
        if let (Some(origin), None) = (origin, asset(entry)) {
            *counts.entry(origin).or_default() += 1;
        }
    }
    let usual = counts
        .iter()
        .max_by_key(|(_, count)| **count)
        .map(|(origin, _)| (*origin).clone());
    let wanted = match origin {
        Some(asked) => asked.trim_end_matches('/').to_lowercase(),
        None => usual.ok_or("no request in it went to a server by HTTP")?,
    };
    let mut taken = Taken {
        origin: wanted.clone(),
        ..Taken::default()
    };
    let mut left_out = |why: String| *taken.left_out.entry(why).or_default() += 1;
    for (entry, origin) in entries.iter().zip(&origins) {
        match (origin, asset(entry)) {
            (None, _) => left_out("not by HTTP".to_owned()),
            (Some(other), _) if *other != wanted => left_out(format!("to {other}")),
            (_, Some(why)) => left_out(why.to_owned()),
            _ if taken.exchanges.len() >= MOST_REQUESTS => {
                left_out(format!("beyond the first {MOST_REQUESTS}"));
            }
            _ => match exchange(entry) {
                Ok(exchange) => taken.exchanges.push(exchange),
                Err(why) => left_out(why.to_owned()),
            },
        }
    }
    if taken.exchanges.is_empty() {
        let known: Vec<&str> = counts.keys().map(|origin| origin.as_str()).collect();
        return Err(format!(
            "no request to {wanted} could be taken up (there are requests to {})",
            known.join(", ")
        ));
    }
    taken.exchanges.sort_by_key(|exchange| exchange.times_ms.0);
    Ok(taken)
}

fn uri_of(entry: &Json) -> Option<Uri> {
    let url = entry.at("/request/url")?.as_text()?;
    url.split('#').next()?.parse().ok()
}

fn origin_of(entry: &Json) -> Option<String> {
    let uri = uri_of(entry)?;
    let scheme = uri
        .scheme_str()
        .filter(|it| matches!(*it, "http" | "https"))?;
    let authority = uri.authority()?.as_str();
    // Who logs in by an address has a password in it.
    let host = authority.rsplit('@').next()?;
    let port = if scheme == "http" { ":80" } else { ":443" };
    let host = host.strip_suffix(port).unwrap_or(host);
    Some(format!("{scheme}://{host}").to_lowercase())
}

/// Why an entry is nothing that is tested, if it is nothing.
fn asset(entry: &Json) -> Option<&'static str> {
    const KINDS: [&str; 10] = [
        "script",
        "stylesheet",
        "image",
        "font",
        "media",
        "manifest",
        "texttrack",
        "websocket",
        "eventsource",
        "preflight",
    ];
    const TYPES: [&str; 8] = [
        "image/",
        "font/",
        "audio/",
        "video/",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/wasm",
    ];
    const ENDS: [&str; 12] = [
        ".js", ".mjs", ".css", ".png", ".jpg", ".svg", ".ico", ".woff", ".woff2", ".map", ".webp",
        ".gif",
    ];
    let kind = entry.text_of("_resourceType").unwrap_or_default();
    let media = entry
        .at("/response/content/mimeType")
        .and_then(Json::as_text);
    let media = media.unwrap_or_default().to_lowercase();
    let path = uri_of(entry)
        .map(|uri| uri.path().to_lowercase())
        .unwrap_or_default();
    let is_asset = KINDS.contains(&kind)
        || TYPES.iter().any(|start| media.starts_with(start))
        || media.contains("javascript")
        || ENDS.iter().any(|end| path.ends_with(end));
    is_asset.then_some("pictures, scripts, styles, fonts")
}

fn exchange(entry: &Json) -> Result<Exchange<'_>, &'static str> {
    let request = entry.get("request").ok_or("without a request")?;
    let response = entry.get("response").unwrap_or(&Json::Null);
    let word = request.text_of("method").unwrap_or_default();
    let method = METHODS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(word));
    let method = method.ok_or("by another method than GET, HEAD, POST, PUT, PATCH and DELETE")?;
    let status = response.number_of("status").unwrap_or(0.0) as u16;
    if !(200..600).contains(&status) {
        return Err("without a reply");
    }
    let uri = uri_of(entry).ok_or("without an address")?;
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let data = request.get("postData");
    let text = data
        .and_then(|data| data.text_of("text"))
        .unwrap_or_default();
    let kind = data
        .and_then(|data| data.text_of("mimeType"))
        .unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    if kind.starts_with("multipart/") {
        return Err("with uploads (multipart), which a file cannot say");
    }
    if text.len() > MOST_BODY_BYTES {
        return Err("with bodies of more than 64 KiB");
    }
    let params = data.map_or(&[][..], |data| data.elements_of("params"));
    let fields = params.iter().filter_map(|field| {
        Some((
            field.text_of("name")?,
            field.text_of("value").unwrap_or_default(),
        ))
    });
    let content = response.get("content").unwrap_or(&Json::Null);
    let media = content
        .text_of("mimeType")
        .unwrap_or_default()
        .to_lowercase();
    let begun = entry
        .text_of("startedDateTime")
        .and_then(|it| it.parse::<jiff::Timestamp>().ok());
    let begun = begun.map_or(0, |it| it.as_millisecond());
    let took = entry
        .number_of("time")
        .filter(|it| (0.0..1e9).contains(it))
        .unwrap_or(0.0);
    let has_content = !text.is_empty() || !params.is_empty();
    let has_body = has_content && !matches!(method, "GET" | "HEAD");
    Ok(Exchange {
        method,
        path: uri.path().to_owned(),
        query: query.into_owned().collect(),
        headers: headers_of(request),
        sent: has_body.then_some((kind, text)),
        fields: fields.collect(),
        status,
        reply_headers: headers_of(response),
        reply: reply(content, &media),
        times_ms: (begun, begun + took as i64),
    })
}

fn headers_of(message: &Json) -> Vec<(String, &str)> {
    let headers = message.elements_of("headers").iter().filter_map(|header| {
        let name = header.text_of("name")?.to_lowercase();
        Some((name, header.text_of("value")?.trim()))
    });
    headers.filter(|(name, _)| !name.starts_with(':')).collect()
}

fn reply(content: &Json, media: &str) -> Option<Json> {
    if !media.contains("json") {
        return None;
    }
    let text = content.text_of("text")?;
    match content.text_of("encoding") {
        Some("base64") => {
            let bytes = STANDARD.decode(text).ok()?;
            Json::parse(std::str::from_utf8(&bytes).ok()?).ok()
        }
        _ => Json::parse(text).ok(),
    }
}

//! A workload made of what a browser recorded.

use super::chains::Errand;
use super::correlation::{CHANGE_ME, Memory, Source, is_secret, looks_secret};
use super::error::StartError;
use super::recording::{Exchange, exchanges};
use super::samples::{Member, Sample};
use super::toml_text::{key, literal, of_path, quoted};
use super::wording::{is_header_name, snake};
use super::written::{Operation, Start, finished};
use crate::workload_file::described::ordered::Json;
use std::collections::{BTreeMap, BTreeSet};

/// Largest recording, in bytes.
pub const MOST_RECORDING_BYTES: usize = 32 << 20;
/// Values that are read, at most.
const MOST_READ: usize = 500;
/// Deepest body that is taken up.
const DEEPEST: usize = 24;
/// Pauses that are taken for thinking, in milliseconds.
const SHORTEST_THOUGHT_MS: i64 = 200;
const LONGEST_THOUGHT_MS: i64 = 60_000;
/// Headers that a workload sends as they were; others are the browser's own business.
const KEPT: [&str; 6] = [
    "accept",
    "x-requested-with",
    "prefer",
    "if-match",
    "accept-version",
    "api-version",
];

/// A workload for what `text` holds; `from` says where it came from, `origin` which origin is tested.
///
/// # Errors
/// When the text is no recording, or nothing in it can be sent again.
pub fn from_recording(text: &str, from: &str, origin: Option<&str>) -> Result<Start, StartError> {
    let wrong = |why: String| StartError::NoRecording {
        origin: from.to_owned(),
        why,
    };
    let root = Json::parse(text).map_err(wrong)?;
    let taken = exchanges(&root, origin).map_err(wrong)?;
    finished(|_| {
        let mut start = Start::new("recorded", "what a browser recorded, in its order");
        start.origin = format!("the recording {from}");
        start.wait = None;
        let mut writing = Writing::default();
        for (position, exchange) in taken.exchanges.iter().enumerate() {
            writing.add(exchange, position);
            writing.memory.remember(exchange, position);
        }
        writing.finish(&mut start, &taken.exchanges);
        tell(&mut start, &writing, &taken.origin, &taken.left_out);
        Ok(start)
    })
}

fn tell(start: &mut Start, writing: &Writing, origin: &str, left_out: &BTreeMap<String, usize>) {
    start.guessed.push(format!(
        "the target is {origin}: give its address here with -H"
    ));
    for (why, count) in left_out {
        start.guessed.push(format!("left out: {count} × {why}"));
    }
    for says in &writing.read_told {
        start.guessed.push(says.clone());
    }
    start
        .guessed
        .push("pauses of 0.2 s and more are think times, give or take a quarter".to_owned());
    for says in &writing.to_look_at {
        start.to_look_at.push(says.clone());
    }
    start.to_look_at.push(
        "every user sends what was recorded: put {$unique}, {$email}, {$int 1..9} where each should have \
         its own"
            .to_owned(),
    );
}

/// A recording that is being written down.
#[derive(Default)]
struct Writing {
    memory: Memory,
    operations: Vec<Operation>,
    /// The operation of each exchange.
    of_exchange: Vec<usize>,
    /// Names of values, by where they come from.
    names: Vec<(Source, String)>,
    read_told: Vec<String>,
    to_look_at: BTreeSet<String>,
}

impl Writing {
    fn add(&mut self, exchange: &Exchange<'_>, position: usize) {
        debug_assert_eq!(position, self.of_exchange.len());
        let path = self.path(&exchange.path);
        let query = self.query(&exchange.query);
        let mut operation = Operation {
            method: exchange.method,
            path: format!("{path}{query}"),
            ..Operation::default()
        };
        operation.expect = match exchange.status {
            304 => vec!["200".to_owned(), "304".to_owned()],
            status => vec![status.to_string()],
        };
        if exchange.status >= 400 {
            operation.notes.push(format!(
                "the reply was {} when it was recorded",
                exchange.status
            ));
        }
        operation.headers = self.headers(exchange);
        let (kind, lines) = self.body(exchange, &mut operation);
        let label = format!("{} {path}", exchange.method);
        let is_same = |other: &&Operation| {
            let bare = Operation {
                key: String::new(),
                label: None,
                reads: Vec::new(),
                body: Vec::new(),
                ..(*other).clone()
            };
            let own = Operation {
                body: Vec::new(),
                ..operation.clone()
            };
            format!("{bare:?}") == format!("{own:?}") && same_body(&other.body, &lines)
        };
        if let Some(known) = self.operations.iter().position(|other| is_same(&other)) {
            self.of_exchange.push(known);
            return;
        }
        let keys: Vec<&str> = self.operations.iter().map(|it| it.key.as_str()).collect();
        operation.key = free(&snake(&label.replace(['{', '}'], "")), &keys);
        let labels = self
            .operations
            .iter()
            .map(|it| it.label.as_deref().unwrap_or_default());
        let labels: Vec<&str> = labels.collect();
        let mut numbered = (2..).map(|number| format!("{label} ({number})"));
        operation.label = match labels.contains(&label.as_str()) {
            false => Some(label),
            true => numbered.find(|label| !labels.contains(&label.as_str())),
        };
        operation.body = match kind {
            Some(kind) if lines.iter().all(|line| line.contains(" = ")) && kind != "line" => {
                let head = [
                    String::new(),
                    format!("[operations.{}.{kind}]", key(&operation.key)),
                ];
                head.into_iter().chain(lines).collect()
            }
            _ => lines,
        };
        self.of_exchange.push(self.operations.len());
        self.operations.push(operation);
    }

    /// The name under which the value at `source` is kept.
    fn named(&mut self, source: &Source) -> Option<String> {
        if let Some((_, name)) = self.names.iter().find(|(known, _)| known == source) {
            return Some(name.clone());
        }
        if self.names.len() >= MOST_READ {
            return None;
        }
        let known: Vec<&str> = self.names.iter().map(|(_, name)| name.as_str()).collect();
        let name = free(&source.called, &known);
        let operation = &mut self.operations[self.of_exchange[source.exchange]];
        operation.reads.push((name.clone(), source.place.clone()));
        let says = format!(
            "`{name}` is read of the replies to `{}` ({})",
            operation.key, source.place
        );
        self.read_told.push(says);
        self.names.push((source.clone(), name.clone()));
        Some(name)
    }

    fn put_in(&mut self, source: Option<Source>) -> Option<String> {
        let source = source?;
        self.named(&source).map(|name| format!("{{{name}}}"))
    }

    fn path(&mut self, path: &str) -> String {
        let place = self
            .memory
            .place_of(path)
            .map(|(source, rest)| (source.clone(), rest));
        if let Some((source, rest)) = place
            && let Some(start) = self.put_in(Some(source))
        {
            return start + &self.segments(rest);
        }
        self.segments(path)
    }

    fn segments(&mut self, path: &str) -> String {
        let segments: Vec<String> = path
            .split('/')
            .map(|segment| {
                let meant = decoded(segment);
                let source = self.memory.source_of_segment(&meant).cloned();
                match self.put_in(source) {
                    Some(value) => value,
                    None if looks_secret(&meant) => {
                        self.look_at(
                            "a part of a path looked like a secret, and was not written down",
                        );
                        CHANGE_ME.to_owned()
                    }
                    None => of_path(&meant, b"@:!$&'()*+,;="),
                }
            })
            .collect();
        segments.join("/")
    }

    fn query(&mut self, query: &[(String, String)]) -> String {
        let mut out = String::new();
        for (name, value) in query {
            let mark = if out.is_empty() { '?' } else { '&' };
            let source = self.memory.source_of(value, name).cloned();
            let value = match self.put_in(source) {
                Some(value) => value,
                None if is_secret(name) || looks_secret(value) => {
                    self.hidden(name);
                    CHANGE_ME.to_owned()
                }
                None => of_path(value, b""),
            };
            out += &format!("{mark}{}={value}", of_path(name, b"[]"));
        }
        out
    }

    fn look_at(&mut self, says: &str) {
        self.to_look_at.insert(says.to_owned());
    }

    fn hidden(&mut self, name: &str) {
        let name: String = name
            .chars()
            .filter(|it| !it.is_control())
            .take(40)
            .collect();
        self.look_at(&format!(
            "`{name}` held a secret that no reply gave: {CHANGE_ME} stands in its place"
        ));
    }

    fn headers(&mut self, exchange: &Exchange<'_>) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &exchange.headers {
            if !is_header_name(name) || headers.iter().any(|(known, _)| known == name) {
                continue;
            }
            let written = match name.as_str() {
                "authorization" => self.authorization(value),
                "cookie" => self.cookies(value),
                "idempotency-key" => Some("{$unique}".to_owned()),
                "accept" if *value == "*/*" || value.starts_with("text/html") => None,
                name if KEPT.contains(&name) || is_own(name) => self.header(name, value),
                _ => None,
            };
            headers.extend(written.map(|value| (name.clone(), value)));
        }
        headers
    }

    fn header(&mut self, name: &str, value: &str) -> Option<String> {
        let source = self.memory.source_of(value, name).cloned();
        if let Some(value) = self.put_in(source) {
            return Some(value);
        }
        if is_secret(name) || looks_secret(value) {
            self.look_at(&format!(
                "the header {name} held a secret that no reply gave, and is not sent"
            ));
            return None;
        }
        let is_line = !value.chars().any(char::is_control) && value.is_ascii();
        (!value.is_empty() && is_line).then(|| literal(value))
    }

    fn authorization(&mut self, value: &str) -> Option<String> {
        let (scheme, token) = value.split_once(' ').unwrap_or(("", value));
        let source = self.memory.source_of(token, "token").cloned();
        match self.put_in(source) {
            Some(token) => Some(format!("{} {token}", plain(scheme)).trim().to_owned()),
            None => {
                self.look_at(
                    "requests carried an authorization that no reply gave: it is not written down; give a \
                     token with --bearer-from FILE",
                );
                None
            }
        }
    }

    fn cookies(&mut self, value: &str) -> Option<String> {
        let mut sent = Vec::new();
        for pair in value.split(';').map(str::trim).filter(|it| !it.is_empty()) {
            let source = self.memory.source_of_cookie(pair).cloned();
            match self.put_in(source) {
                Some(value) => sent.push(value),
                None => {
                    let name = pair.split('=').next().unwrap_or_default();
                    let name: String = name
                        .chars()
                        .filter(|it| it.is_ascii_graphic())
                        .take(40)
                        .collect();
                    self.look_at(&format!(
                        "the cookie `{name}` was not the first one that a reply set (a script or an \
                         earlier visit did), and is not sent"
                    ));
                }
            }
        }
        sent.dedup();
        (!sent.is_empty()).then(|| sent.join("; "))
    }

    /// What kind of body it is, and its lines.
    fn body(
        &mut self,
        exchange: &Exchange<'_>,
        operation: &mut Operation,
    ) -> (Option<&'static str>, Vec<String>) {
        let Some((kind, text)) = &exchange.sent else {
            return (None, Vec::new());
        };
        if kind == "application/x-www-form-urlencoded" {
            let parsed = form_urlencoded::parse(text.as_bytes()).into_owned();
            let mut fields: Vec<(String, String)> = parsed.collect();
            if fields.is_empty() {
                let apart = exchange.fields.iter();
                fields = apart
                    .map(|(name, value)| (decoded(name), decoded(value)))
                    .collect();
            }
            let mut lines: Vec<String> = Vec::new();
            for (name, value) in fields {
                let start = format!("{} = ", key(&name));
                if lines.iter().any(|line| line.starts_with(&start)) {
                    self.look_at("a form had a field twice; only the first is sent");
                    continue;
                }
                let value = self.value(&name, &value);
                lines.push(start + &quoted(&value));
            }
            return (Some("form"), lines);
        }
        if kind.contains("json")
            && let Ok(value) = Json::parse(text)
        {
            if kind != "application/json" {
                operation
                    .headers
                    .push(("content-type".to_owned(), plain(kind)));
            }
            return match self.json(&value, "", 0) {
                Some(Sample::Object(members)) if !members.is_empty() => {
                    let lines = members
                        .iter()
                        .map(|it| format!("{} = {}", key(&it.name), it.value.inline()));
                    (Some("json"), lines.collect())
                }
                Some(other) => (Some("line"), vec![format!("json = {}", other.inline())]),
                None => (None, Vec::new()),
            };
        }
        let text = match looks_secret(text) {
            true => {
                self.hidden("a body");
                CHANGE_ME.to_owned()
            }
            false => literal(text),
        };
        if !kind.is_empty() && kind != "text/plain" {
            operation
                .headers
                .push(("content-type".to_owned(), plain(kind)));
        }
        (Some("line"), vec![format!("text = {}", quoted(&text))])
    }

    /// A text of a body.
    fn value(&mut self, name: &str, text: &str) -> String {
        let source = self.memory.source_of(text, name).cloned();
        if let Some(value) = self.put_in(source) {
            return value;
        }
        if is_secret(name) || looks_secret(text) {
            self.hidden(name);
            return CHANGE_ME.to_owned();
        }
        literal(text)
    }

    fn json(&mut self, value: &Json, name: &str, depth: usize) -> Option<Sample> {
        if depth > DEEPEST {
            self.look_at("a body nested deeper than a file can say; what was deeper is left out");
            return None;
        }
        Some(match value {
            Json::Null => {
                self.look_at(
                    "a file cannot say null in a body; members that were null are left out",
                );
                return None;
            }
            Json::Switch(switch) => Sample::Literal(switch.to_string()),
            Json::Number(number) => {
                let text = number.to_string();
                let source = self.memory.source_of(&text, name).cloned();
                match self.put_in(source) {
                    Some(value) => Sample::Template(value),
                    None if is_secret(name) => {
                        self.hidden(name);
                        Sample::Literal("0".to_owned())
                    }
                    None if number.is_u64() && number.as_i64().is_none() => {
                        self.look_at("a number was larger than a file can say; it is left out");
                        return None;
                    }
                    None if number.is_f64() => Sample::Literal(format!("{:?}", number.as_f64()?)),
                    None => Sample::Literal(text),
                }
            }
            Json::Text(text) => Sample::Template(self.value(name, text)),
            Json::Array(elements) => {
                let elements = elements
                    .iter()
                    .filter_map(|it| self.json(it, name, depth + 1));
                Sample::Array(elements.collect())
            }
            Json::Object(members) => {
                let mut written: Vec<Member> = Vec::new();
                for (name, member) in members {
                    if written.iter().any(|known| known.name == *name) {
                        continue;
                    }
                    let value = self.json(member, name, depth + 1);
                    written.extend(value.map(|value| Member {
                        name: name.clone(),
                        value,
                        note: String::new(),
                        is_unclear: false,
                    }));
                }
                Sample::Object(written)
            }
        })
    }

    /// One journey, in the order of the recording.
    fn finish(&mut self, start: &mut Start, exchanges: &[Exchange<'_>]) {
        for operation in &mut self.operations {
            let request = format!("{} {}", operation.method, operation.path);
            if operation.label.as_ref() == Some(&request) {
                operation.label = None;
            }
            operation.path = match operation.path.starts_with('{') {
                true => operation.path.clone(),
                false => format!("/{}", operation.path.trim_start_matches('/')),
            };
        }
        let mut steps = Vec::new();
        for (at, exchange) in exchanges.iter().enumerate() {
            let call = quoted(&self.operations[self.of_exchange[at]].key);
            let next = exchanges.get(at + 1);
            let pause = next.map_or(0, |next| next.times_ms.0 - exchange.times_ms.1);
            let is_told = exchange.times_ms.0 > 0 && pause >= SHORTEST_THOUGHT_MS;
            steps.push(match is_told {
                true => {
                    let pause = pause.min(LONGEST_THOUGHT_MS);
                    let (least, most) = (pause * 3 / 4 / 10 * 10, pause * 5 / 4 / 10 * 10);
                    format!("{{ call = {call}, think = \"{least}ms..{most}ms\" }}")
                }
                false => call,
            });
        }
        start.operations = std::mem::take(&mut self.operations);
        start.errands = vec![Errand {
            name: "recorded".to_owned(),
            about: "what was recorded, in its order".to_owned(),
            first: self.of_exchange.clone(),
            then: Vec::new(),
        }];
        start.steps = vec![steps];
    }
}

/// `text` without what a header cannot hold, as a template.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|it| it.is_ascii() && !it.is_control());
    literal(&kept.collect::<String>())
}

/// Whether a header is the application's own, and not the browser's.
fn is_own(name: &str) -> bool {
    const OTHERS: [&str; 4] = [
        "x-client-data",
        "x-forwarded-for",
        "x-real-ip",
        "x-devtools-emulate-network-conditions-client-id",
    ];
    name.starts_with("x-") && !OTHERS.contains(&name) && !KEPT.contains(&name)
}

/// Whether the lines of a written body are these: it may begin with the head of its table.
fn same_body(written: &[String], lines: &[String]) -> bool {
    let skipped = usize::from(written.first().is_some_and(String::is_empty)) * 2;
    written.get(skipped..) == Some(lines)
}

fn free(wanted: &str, known: &[&str]) -> String {
    let mut numbered = (2..).map(|number| format!("{wanted}_{number}"));
    match known.contains(&wanted) {
        false => wanted.to_owned(),
        true => numbered
            .find(|name| !known.contains(&name.as_str()))
            .unwrap_or_default(),
    }
}

/// `text` without percent signs before two digits.
fn decoded(text: &str) -> String {
    let escaped = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

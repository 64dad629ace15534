//! Operations as files have them.

use super::document::{At, Document, Table, a};
use super::keys::{BODY_KEYS, OPERATION_KEYS};
use super::read_bodies::{Known, body};
use super::read_checks::checks;
use super::read_options::draw_sets;
use super::read_statuses::{reasons, refusals, statuses};
use super::read_tags::tags;
use super::sections::{check_path, section, texts};
use super::templates::{self, Names};
use super::value_names::value_names;
use crate::engine::Method;
use crate::plan::Suggestion;
use crate::stats::MOST_RAISED;
use crate::workload_file::model::definitions::{Body, BodyKind, Model, Operation};
use crate::workload_file::model::json_pointer::JsonPointer;
use crate::workload_file::model::replies::{Raised, Read, ReadFrom};
use crate::workload_file::model::statuses::Statuses;
use crate::workload_file::model::texts::Part;
use toml::de::DeValue;

/// Values that users keep, and what is made up for heads, at most.
const MOST_VALUES: usize = 1_000;
const MOST_MADE: usize = 100;
/// Headers of an operation, at most.
const MOST_HEADERS: usize = 50;
/// Characters of the path of a read that tells what can be seen.
const MOST_VISIBLE: usize = 190;
const METHODS: [Method; 6] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
];

/// Reads bodies and operations into `model`.
pub fn operations(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) {
    let members = section(document, file, "operations");
    for name in value_names(file) {
        if !model.values.contains(&name) {
            model.values.push(name);
        }
    }
    if model.values.len() > MOST_VALUES {
        let says = format!("a workload reads at most {MOST_VALUES} values");
        document.mistake(file.offset_of("operations"), says);
        model.values.truncate(MOST_VALUES);
    }
    draw_sets(document, file, model);
    let mut bodies = Vec::new();
    for (name, offset, value) in section(document, file, "bodies") {
        let table = document.table(value, &format!("the body `{name}`"), BODY_KEYS);
        let read = table.and_then(|table| body(document, table, known(model)));
        match (table, read) {
            (Some(_), None) if document.is_sound() => {
                let says = format!("the body `{name}` is empty; give it `json`, `form` or `text`");
                document.mistake(offset, says);
            }
            (_, read) => {
                bodies.push(name.to_owned());
                model.bodies.extend(read.map(|body| Body {
                    name: Some(name.to_owned()),
                    ..body
                }));
            }
        }
    }
    let values = model.values.clone();
    let usual = reasons(document, file).unwrap_or_default();
    for (name, offset, value) in members {
        let what = format!("the operation `{name}`");
        if let Some(table) = document.table(value, &what, OPERATION_KEYS)
            && let Some(operation) = operation(
                document,
                table,
                (name, offset),
                model,
                (&values, &bodies, &usual),
            )
        {
            check_label(document, table, &operation, model);
            model.operations.push(operation);
        }
    }
    let made = model.operations.iter().flat_map(|operation| {
        let headers = operation.headers.iter().flat_map(|(_, value)| value);
        operation.path.iter().chain(headers)
    });
    let made = made.filter(|part| matches!(part, Part::Made(_))).count();
    if made > MOST_MADE {
        let says = format!("paths and headers make up {made} values; there may be {MOST_MADE}");
        document.mistake(file.offset_of("operations"), says);
    }
    if file.get("operations").is_none() {
        let example = "[operations.home]\\nrequest = \"GET /\"".replace("\\n", ", ");
        document.mistake(
            0,
            format!("there are no operations; add lines like {example}"),
        );
    }
}

fn known(model: &Model) -> Known<'_> {
    Known {
        values: &model.values,
        options: &model.options,
        sets: &model.draws,
    }
}

fn check_label(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    operation: &Operation,
    model: &Model,
) {
    let mut others = model.operations.iter();
    if let Some(other) = others.find(|other| other.label == operation.label) {
        let says = format!(
            "`{}` has the same name in statistics, `{}`; give one of the two another `name`",
            other.key, operation.label
        );
        let key = match table.get("name") {
            Some(_) => "name",
            None => "request",
        };
        document.mistake(table.offset_of(key), says);
    }
}

fn operation(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    (key, offset): (&str, usize),
    model: &mut Model,
    (values, bodies, usual): (&[String], &[String], &[JsonPointer]),
) -> Option<Operation> {
    let Some(request) = table.get("request") else {
        let says = format!("`{key}` lacks its request; add a line like request = \"GET /items\"");
        document.mistake(offset, says);
        return None;
    };
    let (method, path) = request_line(document, request)?;
    let names = Names {
        values,
        draws: &[],
        has_users: true,
        is_body: false,
        may_sum: true,
    };
    let written = document.text(request, "request", "\"GET /items\"")?;
    let place = written.len() - path.len();
    let mut span = request.span();
    span.start = document.offset_within(span.clone(), written, place);
    let start = span.start;
    let parts = templates::parts(document, path, span, names);
    templates::refuse_sums(document, &parts, start);
    let plain: String = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    // A value may come first: `{next}` is a path that a reply gave.
    let begins_with_text = matches!(parts.first(), None | Some(Part::Text(_)));
    let first = if begins_with_text { "" } else { "/" };
    check_path(document, request, &format!("{first}{plain}"));
    let mut headers = headers(document, table, names);
    // What is compared with a reply is no request.
    let names = Names {
        may_sum: false,
        ..names
    };
    let body = operation_body(document, table, model, bodies);
    if let (Some(position), Method::Get | Method::Head) = (body, method)
        && model.bodies.len() > usize::from(position)
    {
        let says = format!("a request by {} has no body", method.word());
        document.mistake(table.offset_of("request"), says);
    }
    let has_type = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = body.and_then(|position| model.bodies.get(usize::from(position)));
    let usual_type = match kind.map(|body| &body.kind) {
        Some(BodyKind::Form(_)) => Some("application/x-www-form-urlencoded"),
        Some(BodyKind::Text(_)) => Some("text/plain; charset=utf-8"),
        _ => None,
    };
    if let Some(usual) = usual_type.filter(|_| !has_type) {
        let value = vec![Part::Text(usual.to_owned())];
        headers.push(("content-type".to_owned(), value));
    }
    let expect = match table.get("expect") {
        None => Statuses::successes(),
        Some(value) => statuses(document, value, "expect").unwrap_or_else(Statuses::successes),
    };
    let refusals = refusals(document, table, &expect, (names, method));
    let own = reasons(document, table);
    let label = match table.get("name") {
        Some(value) => document.line(value, "name").unwrap_or_default(),
        None => format!("{} {path}", method.word()),
    };
    let heeds_retry_after = table
        .get("retry_after")
        .and_then(|value| document.switch(value, "retry_after"));
    Some(Operation {
        key: key.to_owned(),
        label,
        tags: tags(document, table).unwrap_or_default(),
        method,
        shown_path: path.to_owned(),
        path: parts,
        headers,
        body,
        expect,
        refusals,
        reasons: own.unwrap_or_else(|| usual.to_vec()),
        reads: reads(document, table, model, method),
        checks: checks(document, table, names, method),
        heeds_retry_after: heeds_retry_after.unwrap_or(false),
        raises: raised(document, table),
        visible: visible(document, table),
    })
}

/// The read that tells when what was made can be seen: `GET`, and a path with `{id}` in it.
fn visible(document: &mut Document<'_>, table: Table<'_, '_>) -> Option<String> {
    let value = table.get("visible")?;
    let text = document.line(value, "visible")?;
    let path = text.strip_prefix("GET ").filter(|path| {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        path.starts_with('/')
            && path.len() <= MOST_VISIBLE
            && path.bytes().all(is_plain)
            && path.matches("{id}").count() == 1
            && path.matches('{').count() == 1
    });
    let Some(path) = path else {
        let says = format!(
            "`visible` is a read like \"GET /items/{{id}}\", with the id in it once, in at most {MOST_VISIBLE} characters"
        );
        document.mistake(value.span().start, says);
        return None;
    };
    if table.get("raises").is_none() {
        let says =
            "`visible` tells when an event of `raises` can be seen: name it there".to_owned();
        document.mistake(value.span().start, says);
        return None;
    }
    Some(path.to_owned())
}

fn request_line<'d>(document: &mut Document<'_>, value: &'d At<'_>) -> Option<(Method, &'d str)> {
    let example = "\"GET /items/{item}\"";
    let text = match value.get_ref() {
        DeValue::String(text) => text.as_ref(),
        other => {
            let kind = a(other.type_str());
            let says = format!("`request` is a text, like {example}, not {kind}");
            document.mistake(value.span().start, says);
            return None;
        }
    };
    let mut words = text.splitn(2, ' ');
    let (word, path) = (words.next().unwrap_or_default(), words.next());
    let method = METHODS.into_iter().find(|method| method.word() == word);
    match (method, path) {
        (Some(method), Some(path)) if !path.is_empty() && path.trim() == path => {
            Some((method, path))
        }
        (Some(method), _) => {
            let says = format!("the path is missing: write `{} /items`", method.word());
            document.mistake(value.span().start, says);
            None
        }
        (None, _) => {
            let known = METHODS.map(Method::word);
            let upper = word.to_uppercase();
            let suggestion = Suggestion::for_word(&upper, known);
            let says = format!(
                "`{word}` is no method{suggestion} (there are {}); write method and path, like {example}",
                known.join(", ")
            );
            document.mistake(value.span().start, says);
            None
        }
    }
}

fn headers(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    names: Names<'_>,
) -> Vec<(String, Vec<Part>)> {
    let Some(value) = table.get("headers") else {
        return Vec::new();
    };
    let fields = texts(document, value, "headers");
    if fields.len() > MOST_HEADERS {
        let says = format!("a request has at most {MOST_HEADERS} headers of its own");
        document.mistake(value.span().start, says);
    }
    let mut headers = Vec::new();
    for (name, offset, value, text) in fields.into_iter().take(MOST_HEADERS) {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            document.mistake(offset, format!("`{name}` is no name of a header"));
        }
        let own = ["content-length", "transfer-encoding", "connection", "host"];
        if own.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            let says = format!("the header {name} is sent as it has to be; leave it out");
            document.mistake(offset, says);
        }
        if text.chars().any(char::is_control) {
            let says = format!("the value of {name} has characters that would end its line");
            document.mistake(value.span().start, says);
        }
        let parts = templates::parts(document, &text, value.span(), names);
        templates::refuse_sums(document, &parts, value.span().start);
        headers.push((name.to_owned(), parts));
    }
    headers
}

/// The position of the operation's own body, or of the one that it names.
fn operation_body(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    model: &mut Model,
    bodies: &[String],
) -> Option<u16> {
    let own = body(document, table, known(model));
    let Some(value) = table.get("body") else {
        return own.map(|own| {
            model.bodies.push(own);
            (model.bodies.len() - 1) as u16
        });
    };
    if own.is_some() {
        document.mistake(
            table.offset_of("body"),
            "`body` does not go with a body that is written here; keep one of the two",
        );
    }
    named_body(document, value, bodies.iter().map(String::as_str))
}

/// The position of the body that `value` names, one of `bodies`.
fn named_body<'b>(
    document: &mut Document<'_>,
    value: &At<'_>,
    bodies: impl Iterator<Item = &'b str> + Clone,
) -> Option<u16> {
    let name = document.text(value, "body", "\"order\"")?;
    let found = bodies.clone().position(|known| known == name);
    if found.is_none() {
        let suggestion = Suggestion::for_word(name, bodies);
        let says = format!("there is no body `{name}`{suggestion} (write it as [bodies.{name}])");
        document.mistake(value.span().start, says);
    }
    found.map(|position| position as u16)
}

/// The body that `table`, which sends `operation`, names instead of the operation's.
pub fn body_of_step(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    model: &Model,
    operation: usize,
) -> Option<u16> {
    let value = table.get("body")?;
    let names = model.bodies.iter().map(|body| body.name.as_deref());
    let body = named_body(document, value, names.map(Option::unwrap_or_default));
    let method = model.operations[operation].method;
    if body.is_some() && !method.may_have_body() {
        let says = format!("a request by {} has no body", method.word());
        document.mistake(table.offset_of("body"), says);
    }
    body
}

/// The events that `table` says a success raises.
pub fn raised(document: &mut Document<'_>, table: Table<'_, '_>) -> Vec<Raised> {
    let Some(value) = table.get("raises") else {
        return Vec::new();
    };
    let says = format!(
        "`raises` is a list of at most {MOST_RAISED} events, like [\"Ordering.OrderCreated\"]; one that \
         stays when the request is refused has ` stays` behind it, and comes first"
    );
    let mut raised: Vec<Raised> = Vec::new();
    let events = match value.get_ref() {
        DeValue::Array(events) if events.len() <= MOST_RAISED => events,
        _ => {
            document.mistake(value.span().start, says);
            return raised;
        }
    };
    for event in events {
        let text = event.get_ref().as_str().unwrap_or_default();
        let (text, stays) = match text.strip_suffix(" stays") {
            Some(event) => (event, true),
            None => (text, false),
        };
        let is_late = stays && raised.iter().any(|before| !before.stays);
        let names = text.split_once('.').filter(|(domain, name)| {
            super::document::is_name(domain) && super::document::is_name(name) && !is_late
        });
        match names {
            Some((domain, name)) => raised.push(Raised {
                domain: domain.to_owned(),
                name: name.to_owned(),
                stays,
            }),
            None => document.mistake(event.span().start, says.clone()),
        }
    }
    raised
}

/// What `table` says is kept of a success.
pub fn reads(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    model: &Model,
    method: Method,
) -> Vec<Read> {
    let mut reads = Vec::new();
    for key in ["read", "may_read"] {
        if let Some(value) = table.get(key) {
            reads.extend(reads_of(document, (value, key), model, method));
        }
    }
    let mut values: Vec<u16> = reads.iter().map(|read| read.value).collect();
    values.sort_unstable();
    if values.windows(2).any(|two| two[0] == two[1]) {
        let says = "a value stands under `read` and under `may_read`; keep one of the two";
        document.mistake(table.offset_of("may_read"), says);
    }
    reads
}

fn reads_of(
    document: &mut Document<'_>,
    (value, key): (&At<'_>, &'static str),
    model: &Model,
    method: Method,
) -> Vec<Read> {
    let mut reads = Vec::new();
    for (name, offset, value, text) in texts(document, value, key) {
        if !super::document::is_name(name) {
            document.mistake(offset, format!("`{name}` is no name of a value"));
        }
        let header = text.strip_prefix("header ").map(str::trim);
        let from = match (&*text, header) {
            (_, Some(header)) if !header.is_empty() => Ok(ReadFrom::Header(header.to_owned())),
            ("body", _) => Ok(ReadFrom::Body),
            (text, _) if text.starts_with('/') => JsonPointer::parse(text)
                .map(ReadFrom::Json)
                .map_err(str::to_owned),
            _ => Err(format!(
                "`{text}` is no place in a reply: write a JSON pointer like \"/items/0/id\" (`*` is \
                 any element), \"header location\", or \"body\""
            )),
        };
        let from = document.noting(value.span().start, from);
        if matches!(from, Some(ReadFrom::Json(_) | ReadFrom::Body)) && method == Method::Head {
            document.mistake(value.span().start, "a reply to HEAD has no body to read");
        }
        let position = model.values.iter().position(|known| known == name);
        reads.extend(from.zip(position).map(|(from, position)| Read {
            value: position as u16,
            from,
            is_optional: key == "may_read",
        }));
    }
    reads
}

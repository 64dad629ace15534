//! A workload made of a target's own description.

use super::chains::{Givers, Link, errands};
use super::description::{Described, MOST_OPERATIONS, Parameter, Piece, Sent, givings, operations};
use super::error::StartError;
use super::samples::{Member, Sample, Sampler};
use super::toml_text::{key, of_path, quoted};
use super::wording::{is_header_name, snake};
use super::written::{Operation, Start, finished};
use crate::workload_file::described::ordered::Json;
use crate::workload_file::described::schemas::{Schemas, Unmet};
use crate::workload_file::described::written;
use std::collections::BTreeSet;

/// Largest description, in bytes.
pub const MOST_DESCRIPTION_BYTES: usize = 16 << 20;
/// Made-up parts of paths and headers, at most: the format has room for 100.
const MOST_MADE: usize = 90;
/// Values that are made for all bodies together, at most.
const MOST_SAMPLED: usize = 100_000;
/// Words of paths that are not for everybody.
const FOR_OTHERS: [&str; 14] = [
    "webhook",
    "webhooks",
    "callback",
    "callbacks",
    "admin",
    "internal",
    "debug",
    "maintenance",
    "configure",
    "metrics",
    "health",
    "healthz",
    "ready",
    "ping",
];

/// A workload for what `text` describes; `origin` says where that came from.
///
/// # Errors
/// When the text is no description, or describes nothing that could be called.
pub fn from_description(text: &str, origin: &str) -> Result<Start, StartError> {
    let root = written::read(text).map_err(|why| StartError::NoDescription {
        origin: origin.to_owned(),
        why,
    })?;
    let is_described = root.get("openapi").is_some() || root.get("swagger").is_some();
    if !is_described || root.get("paths").is_none() {
        let why = "it has no `openapi` (or `swagger`) and `paths`".to_owned();
        return Err(StartError::NoDescription {
            origin: origin.to_owned(),
            why,
        });
    }
    // What need not be there makes a file long; a file has its limit.
    finished(|has_optional| made(&root, origin, has_optional))
}

fn made(root: &Json, origin: &str, has_optional: bool) -> Result<Start, StartError> {
    let schemas = Schemas { root };
    let (described, has_more) = operations(schemas);
    let gives: Vec<_> = described.iter().map(|it| givings(schemas, it)).collect();
    let all: BTreeSet<String> = gives.iter().flatten().map(|it| it.value.clone()).collect();
    let links: Vec<Link> = described
        .iter()
        .zip(&gives)
        .map(|(it, gives)| {
            let own: BTreeSet<String> = gives.iter().map(|it| it.value.clone()).collect();
            let known: BTreeSet<String> = all.difference(&own).cloned().collect();
            let in_path = in_path(it, &known);
            let written = Writing::of(schemas, it, known).written(&BTreeSet::new(), false);
            Link {
                is_usable: written.doubt.is_none() && in_path.is_ok() && hindrance(it).is_none(),
                in_path: in_path.unwrap_or_default(),
                in_body: written.needs,
                gives: gives.clone(),
            }
        })
        .collect();
    let givers = Givers::find(&links);
    let there = givers.there();
    let mut start = Start::new(&name_of(root), &about_of(root));
    let mut made_up = 0;
    let mut needs = Vec::new();
    let mut is_called = Vec::new();
    let mut sampled = 0;
    for (place, it) in described.iter().enumerate() {
        let known = givers.before.get(&place).unwrap_or(&there).clone();
        let mut writing = Writing::of(schemas, it, known.clone());
        let path_values = in_path(it, &known).unwrap_or_default();
        let plain = Writing::of(schemas, it, known).written(&BTreeSet::new(), false);
        let mut certain: BTreeSet<String> = plain.needs.union(&path_values).cloned().collect();
        let has_room = sampled < MOST_SAMPLED;
        let mut written = writing.written(&certain, has_optional && has_room);
        sampled += writing.sampled;
        made_up += written.made_up;
        certain.extend(written.needs.iter().cloned());
        let reads = givers.of.iter().filter(|(_, (giver, _))| *giver == place);
        written.operation.reads = reads
            .map(|(value, (_, pointer))| (value.clone(), pointer.clone()))
            .collect();
        let lacking = lacking(it, &there);
        let why_not = match (hindrance(it), written.doubt.take(), lacking) {
            (Some(why), ..) => Some(why),
            (_, Some(why), _) => Some(why),
            (.., Some(value)) => Some(format!("no reply gives `{value}`, so that it is made up")),
            _ if made_up > MOST_MADE => Some("too much of paths would be made up".to_owned()),
            _ => None,
        };
        is_called.push(why_not.is_none());
        written.operation.left_out = why_not;
        needs.push(certain);
        // One that cannot be written is told of, and not there.
        written.operation.is_told_only = written.is_impossible || made_up > MOST_MADE;
        start.operations.push(written.operation);
    }
    // What gives, and may not be called itself, gives nothing.
    start.errands = errands(&described, &needs, &is_called, &givers);
    if start.errands.is_empty() {
        return Err(StartError::NothingToCall {
            origin: origin.to_owned(),
            operations: described.len(),
        });
    }
    tell(&mut start, root, origin, &described, &givers);
    if has_more {
        let says = format!("only the first {MOST_OPERATIONS} operations were read");
        start.to_look_at.push(says);
    }
    Ok(start)
}

/// What the file says of itself.
fn tell(
    start: &mut Start,
    root: &Json,
    origin: &str,
    described: &[Described<'_>],
    givers: &Givers,
) {
    start.origin = format!("the description at {origin}");
    for (value, (giver, pointer)) in &givers.of {
        let key = &described[*giver].key;
        start.guessed.push(format!(
            "`{value}` is read of the replies to `{key}` ({pointer}), and goes wherever a path or a body \
             names it"
        ));
    }
    start.guessed.push(
        "what names and formats tell: e-mail addresses, names, codes, prices; all else is words and \
         numbers within the limits"
            .to_owned(),
    );
    start.guessed.push(
        "the order of steps is that of the description; what ends a thing comes last".to_owned(),
    );
    if described.iter().any(|it| it.is_guarded) {
        start.to_look_at.push(
            "the description wants a login: give a token with --bearer-from FILE, another header with \
             --header, or write a journey that logs in and make it `first` of the class"
                .to_owned(),
        );
    }
    let below = root.at("/servers/0/url").and_then(Json::as_text);
    let below = below
        .or_else(|| root.text_of("basePath"))
        .unwrap_or_default();
    let path = match below.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => below.trim_start_matches('/'),
    };
    let path = path.trim_end_matches('/');
    if !path.is_empty() && !path.contains(['{', ' ']) {
        start.below = format!("/{}", of_path(path, b"/"));
    }
    start.to_look_at.push(
        "steps that need not succeed have on_failure = \"continue\": rules of the target that no schema \
         tells may refuse them; take out what makes no sense after what came before"
            .to_owned(),
    );
}

fn name_of(root: &Json) -> String {
    let title = root.at("/info/title").and_then(Json::as_text);
    snake(title.unwrap_or("my-shop")).replace('_', "-")
}

fn about_of(root: &Json) -> String {
    let title = root
        .at("/info/title")
        .and_then(Json::as_text)
        .unwrap_or("a shop");
    let version = root
        .at("/info/version")
        .and_then(Json::as_text)
        .unwrap_or_default();
    super::toml_text::comment(&format!(
        "a start from the description of {title} {version}"
    ))
}

/// Why no journey calls an operation, whatever it sends.
fn hindrance(it: &Described<'_>) -> Option<String> {
    let segments = it.segments();
    let mut words = segments.iter().filter(|word| FOR_OTHERS.contains(word));
    match (&it.sent, words.next()) {
        (Sent::Other(kind), _) => Some(format!(
            "bodies of the type {kind} cannot be written in a file"
        )),
        (_, Some(word)) => Some(format!(
            "`{word}` in its path: it does not look like something that users do"
        )),
        _ if it.is_deprecated => Some("it is deprecated".to_owned()),
        _ => None,
    }
}

/// The values of the path that `known` has; the name of one that nobody gives where none is shown.
fn in_path(it: &Described<'_>, known: &BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    let values: BTreeSet<String> = it.values().into_iter().map(str::to_owned).collect();
    let there = values.intersection(known).cloned().collect();
    match lacking(it, known) {
        None => Ok(there),
        Some(value) => Err(value),
    }
}

/// A value of the path that is not `known`, and of which the description shows none.
fn lacking(it: &Described<'_>, known: &BTreeSet<String>) -> Option<String> {
    let mut pieces = it.path.iter();
    pieces.find_map(|piece| match piece {
        Piece::Parameter(name, value) if !known.contains(value) => {
            let parameter = it.in_path.iter().find(|parameter| parameter.name == *name);
            let is_shown = parameter.is_some_and(|it| {
                let has = |key: &str| it.schema.get(key).is_some();
                it.example.is_some()
                    || ["enum", "const", "example", "default"]
                        .iter()
                        .any(|key| has(key))
            });
            (!is_shown).then(|| value.clone())
        }
        _ => None,
    })
}

/// An operation that is being written.
struct Writing<'d, 'a> {
    schemas: Schemas<'a>,
    it: &'d Described<'a>,
    known: BTreeSet<String>,
    sampled: usize,
}

/// An operation that is written.
struct Written {
    operation: Operation,
    needs: BTreeSet<String>,
    made_up: usize,
    doubt: Option<String>,
    is_impossible: bool,
}

impl<'d, 'a> Writing<'d, 'a> {
    fn of(schemas: Schemas<'a>, it: &'d Described<'a>, known: BTreeSet<String>) -> Self {
        Self {
            schemas,
            it,
            known,
            sampled: 0,
        }
    }

    /// The operation, where the values `there` are there in any case.
    fn written(&mut self, there: &BTreeSet<String>, has_optional: bool) -> Written {
        let mut sampler = Sampler::new(self.schemas, self.known.clone());
        sampler.there.clone_from(there);
        sampler.has_optional = has_optional;
        let it = self.it;
        let mut operation = Operation {
            key: it.key.clone(),
            summary: it.summary.to_owned(),
            method: it.method,
            expect: it.expect.clone(),
            ..Operation::default()
        };
        let mut doubt = None;
        let mut made_up = 0;
        let path = self.path(&mut sampler, &mut made_up);
        operation.path.clone_from(&path);
        let mut first = true;
        let mut optional = Vec::new();
        for parameter in &it.parameters {
            let sample = parameter.must.then(|| value_of(&mut sampler, parameter));
            match (sample, parameter.place) {
                (None, _) => optional.push(parameter.name),
                (Some(Err(why)), _) => doubt = Some(told(&why)),
                (Some(Ok(text)), "query") => {
                    let mark = if std::mem::take(&mut first) { '?' } else { '&' };
                    made_up += usize::from(text.contains("{$"));
                    let name = of_path(parameter.name, b"[]");
                    operation.path += &format!("{mark}{name}={}", encoded(&text));
                }
                (Some(Ok(text)), "header") if is_header(parameter.name) => {
                    made_up += usize::from(text.contains("{$"));
                    operation
                        .headers
                        .push((parameter.name.to_lowercase(), text));
                }
                (Some(Ok(text)), "cookie") => {
                    let text = format!("{}={text}", parameter.name);
                    operation.headers.push(("cookie".to_owned(), text));
                }
                _ => {}
            }
        }
        if operation.path != path {
            operation.label = Some(format!("{} {}", it.method, path));
        }
        if !optional.is_empty() {
            optional.truncate(12);
            operation
                .notes
                .push(format!("not sent, since optional: {}", optional.join(", ")));
        }
        for status in &it.refusals {
            match status {
                409 => operation.conflict = true,
                429 => operation.is_limited = true,
                _ => {}
            }
        }
        let mut is_impossible = false;
        match self.body(&mut sampler) {
            Ok(body) => operation.body = body,
            Err(why) => {
                is_impossible = true;
                doubt = Some(told(&why));
            }
        }
        is_impossible |= matches!(it.sent, Sent::Other(_));
        self.sampled += sampler.nodes();
        Written {
            operation,
            needs: sampler.needs,
            made_up,
            doubt,
            is_impossible,
        }
    }

    fn path(&self, sampler: &mut Sampler<'a>, made_up: &mut usize) -> String {
        let mut out = String::new();
        for piece in &self.it.path {
            match piece {
                Piece::Text(text) => out += &of_path(text, b"/:@!$&'()*+,;="),
                Piece::Parameter(_, value) if self.known.contains(value) => {
                    sampler.needs.insert(value.clone());
                    out += &format!("{{{value}}}");
                }
                Piece::Parameter(name, _) => {
                    let mut parameters = self.it.in_path.iter();
                    let found = parameters.find(|parameter| parameter.name == *name);
                    let made = found.and_then(|it| value_of(sampler, it).ok());
                    let made = made.unwrap_or_else(|| "{$uuid}".to_owned());
                    *made_up += usize::from(made.contains("{$"));
                    out += &encoded(&made);
                }
            }
        }
        out
    }

    fn body(&self, sampler: &mut Sampler<'a>) -> Result<Vec<String>, Unmet> {
        Ok(match &self.it.sent {
            Sent::Nothing | Sent::Other(_) => Vec::new(),
            Sent::Text(kind) => {
                let lines = ["text = \"{$words 5}\"".to_owned()];
                let header = format!("headers = {{ content-type = {} }}", quoted(kind));
                lines
                    .into_iter()
                    .chain((kind != "text/plain").then_some(header))
                    .collect()
            }
            Sent::Json(schema, example) => {
                let sample = sampler.sample(schema, "body", *example)?;
                match &sample {
                    Sample::Object(members) if !members.is_empty() => {
                        table("json", &self.it.key, members)
                    }
                    other => vec![format!("json = {}", other.inline())],
                }
            }
            Sent::Form(schema, example) => match sampler.sample(schema, "body", *example)? {
                Sample::Object(members) => {
                    let plain = members.into_iter().filter_map(|member| {
                        let value = Sample::Template(member.value.plain()?);
                        Some(Member { value, ..member })
                    });
                    table("form", &self.it.key, &plain.collect::<Vec<Member>>())
                }
                _ => return Err(Unmet::Nothing("a form that is no object".to_owned())),
            },
            Sent::Fields(fields) => {
                let mut members = Vec::new();
                let has_optional = sampler.has_optional;
                for field in fields.iter().filter(|it| it.must || has_optional) {
                    members.push(Member {
                        name: field.name.to_owned(),
                        value: Sample::Template(value_of(sampler, field)?),
                        note: if field.must {
                            String::new()
                        } else {
                            "optional".to_owned()
                        },
                        is_unclear: false,
                    });
                }
                table("form", &self.it.key, &members)
            }
        })
    }
}

fn value_of<'a>(sampler: &mut Sampler<'a>, parameter: &Parameter<'a>) -> Result<String, Unmet> {
    let sample = sampler.sample(parameter.schema, parameter.name, parameter.example)?;
    let several = || {
        Unmet::Nothing(format!(
            "the parameter {} is no plain value",
            parameter.name
        ))
    };
    sample.plain().ok_or_else(several)
}

/// A table of a body, one member a line.
fn table(kind: &str, of: &str, members: &[Member]) -> Vec<String> {
    let mut lines = vec![String::new(), format!("[operations.{of}.{kind}]")];
    for member in members {
        let mark = if member.is_unclear { "# " } else { "" };
        let mut line = format!("{mark}{} = {}", key(&member.name), member.value.inline());
        if !member.note.is_empty() {
            line += &format!(" # {}", super::toml_text::comment(&member.note));
        }
        lines.push(line);
    }
    lines
}

/// `template` as a part of a path or a query: what is not made up is percent-encoded.
fn encoded(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out += &of_path(&rest[..at].replace("}}", "}"), b":@");
        let inner = &rest[at..];
        if let Some(after) = inner.strip_prefix("{{") {
            out += "%7B";
            rest = after;
            continue;
        }
        let end = inner.find('}').map_or(inner.len(), |end| end + 1);
        out += &inner[..end];
        rest = &inner[end..];
    }
    out + &of_path(&rest.replace("}}", "}"), b":@")
}

fn is_header(name: &str) -> bool {
    let own = [
        "content-length",
        "transfer-encoding",
        "connection",
        "host",
        "accept",
        "content-type",
        "authorization",
    ];
    is_header_name(name) && !own.iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn told(why: &Unmet) -> String {
    match why {
        Unmet::Endless => "its body holds itself without end".to_owned(),
        Unmet::Nothing(what) => format!("nothing was found that meets the schema: {what}"),
    }
}

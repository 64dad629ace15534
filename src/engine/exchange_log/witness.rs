//! A log as the witness of a violation: who asked what, where requests hold what earlier replies gave, and
//! nothing that is secret.

use super::{ExchangeLog, Marks};
use crate::engine::HeadPart;
use crate::engine::trace::{TRACEPARENT, traceparent_of};
use crate::engine::values::{Form, Mark};
use crate::plan::HeaderField;
use crate::stats::{
    HeldForm, HeldValue, Part, ReadValue, Reason, Rule, RuleCheck, Violation, WitnessExchange,
};
use std::ops::Range;

/// What a witness is of.
pub(in crate::engine) struct Shown<'a> {
    /// The rule that is broken.
    pub rule: &'a Rule,
    /// The race after which it was found, if there was one.
    pub race: Option<&'a str>,
    /// What the rule says, where it is one of a workload file.
    pub check: Option<&'a RuleCheck>,
    /// What is wrong.
    pub why: &'a Reason,
    /// The exchanges that show it.
    pub shown_by: &'a [usize],
    /// When the run began, and now.
    pub moments: (u64, u64),
}

/// A log with the places beside it.
#[derive(Clone, Copy)]
pub(in crate::engine) struct MarkedLog<'a> {
    /// What was asked and answered.
    pub log: &'a ExchangeLog,
    /// Where requests hold values.
    pub marks: &'a Marks,
}

/// A value of the user that requests hold.
struct Known {
    value: u16,
    name: String,
    from: String,
    told: Vec<u8>,
    entry: usize,
    /// Of which log: 0 is the one that came first.
    log: usize,
    is_secret: bool,
}

/// A part of a request, and the value that it holds, if it does.
type Piece<'a> = (Range<usize>, Option<(Form, &'a Known)>);

/// A text that is shorter may stand anywhere by chance.
const LEAST_SECRET_BYTES: usize = 8;

impl ExchangeLog {
    /// The record of a violation of `rule` that the exchanges at `shown_by` show. Times are counted
    /// from the first of the `moments`; the second is now.
    #[must_use]
    pub fn violation(
        &self,
        (rule, race): (&Rule, Option<&str>),
        why: &Reason,
        shown_by: &[usize],
        moments: (u64, u64),
    ) -> Violation {
        let marked = MarkedLog {
            log: self,
            marks: &Marks::default(),
        };
        marked.violation_after(
            None,
            &Shown {
                rule,
                race,
                check: None,
                why,
                shown_by,
                moments,
            },
        )
    }
}

impl MarkedLog<'_> {
    /// The record of a violation. What is in `first` came before what is in this log.
    pub(in crate::engine) fn violation_after(
        self,
        first: Option<Self>,
        shown: &Shown<'_>,
    ) -> Violation {
        let (start_ns, now_ns) = shown.moments;
        let from_start = |ns: u64| (ns as i64 - start_ns as i64) / 1_000;
        let logs: Vec<Self> = first.into_iter().chain([self]).collect();
        let known = known(&logs);
        let mut exchanges = Vec::new();
        for (place, log) in logs.iter().enumerate() {
            let is_last = place + 1 == logs.len();
            let entries = log.log.entries();
            let mut order: Vec<usize> = (0..entries.len()).collect();
            order.sort_by_key(|&index| entries[index].sent_ns.unwrap_or(u64::MAX));
            exchanges.extend(order.into_iter().map(|index| {
                let shows = is_last && shown.shown_by.contains(&index);
                let exchange = log.witness((place, index), &known, &from_start);
                let part = if is_last { exchange.part } else { Part::Before };
                WitnessExchange {
                    shows,
                    part,
                    ..exchange
                }
            }));
        }
        Violation {
            rule: shown.rule.name.to_owned(),
            race: shown.race.map(str::to_owned),
            at_us: from_start(now_ns),
            why: shown.why.as_str().to_owned(),
            exchanges,
            check: shown.check.cloned(),
        }
    }

    fn witness(
        self,
        (place, index): (usize, usize),
        known: &[Known],
        from_start: &impl Fn(u64) -> i64,
    ) -> WitnessExchange {
        let log = self.log;
        let entry = &log.entries[index];
        let operation = entry.step.operation;
        let text = String::from_utf8_lossy(&log.text[entry.request.clone()]);
        let trace = traceparent_of(&text).map(|value| (TRACEPARENT, value));
        let gave = operation.id_field.zip(log.id(index));
        let mut holds = Vec::new();
        let mut part = |name: &str, range| {
            let (text, held) = self.part(index, range, known);
            holds.extend(held.into_iter().map(|held| HeldValue {
                part: name.to_owned(),
                ..held
            }));
            text
        };
        let range = log.request_range(index);
        let request = &log.text[range.clone()];
        let path = range.start + path_of(request).start..range.start + path_of(request).end;
        let path = part("path", path);
        let body = range.end - log.request_body(index).len()..range.end;
        let body = part("body", body);
        let own = operation
            .headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let mut headers: Vec<(String, String)> = own.collect();
        let template = operation.template.map_or(&[][..], |it| it.headers);
        for (name, parts) in template {
            let Some(value) = header_in(log.request_head(index), name) else {
                continue;
            };
            let value = range.start + value.start..range.start + value.end;
            // A secret that the file itself holds is no part of a record; what is made up is none.
            let is_literal = parts.iter().all(|part| matches!(part, HeadPart::Text(_)));
            if !is_literal || !is_secret(name) {
                let text = part(name, value);
                headers.push(((*name).to_owned(), text));
            }
        }
        headers.extend(trace.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let given = known
            .iter()
            .filter(|it| (it.log, it.entry) == (place, index));
        WitnessExchange {
            part: entry.part,
            shows: false,
            name: entry.step.name.to_owned(),
            method: operation.method.word().to_owned(),
            path,
            headers,
            body,
            due_us: from_start(entry.due_ns),
            sent_us: entry.sent_ns.map(from_start),
            done_us: from_start(entry.done_ns),
            status: (entry.status > 0).then_some(entry.status),
            outcome: entry.outcome,
            reply: masked(log.reply(index), known),
            gave: gave.map(|(field, id)| (field.to_owned(), id.as_str().to_owned())),
            side: (entry.part == Part::Racer && operation.reading.is_some()).then_some(entry.side),
            reads: given.map(Known::read).collect(),
            holds,
        }
    }

    /// The marks of the request at `index` that lie within `range` and whose value somebody gave.
    fn held<'a>(
        &'a self,
        index: usize,
        range: &'a Range<usize>,
        known: &'a [Known],
    ) -> impl Iterator<Item = (&'a Mark, &'a Known)> {
        let marks = self.log.entries[index].marks.clone();
        let marks = self.marks.at(marks).iter();
        let within =
            marks.filter(|mark| range.start <= mark.at && mark.at + mark.bytes <= range.end);
        within.filter_map(|mark| {
            let mut known = known.iter();
            Some((mark, known.find(|it| it.value == mark.value)?))
        })
    }

    /// The text at `range` of the request at `index`, with its places that hold values; what is secret is
    /// written as its name.
    fn part(self, index: usize, range: Range<usize>, known: &[Known]) -> (String, Vec<HeldValue>) {
        let (mut out, mut holds) = (String::new(), Vec::new());
        for (piece, held) in self.pieces(index, &range, known) {
            let Some((form, known)) = held else {
                out += &String::from_utf8_lossy(&self.log.text[piece]);
                continue;
            };
            let text = match known.is_secret {
                true => known.placeholder().into(),
                false => String::from_utf8_lossy(&self.log.text[piece]),
            };
            holds.push(HeldValue {
                name: known.name.clone(),
                part: String::new(),
                at: out.len(),
                bytes: text.len(),
                form: form_word(form),
            });
            out += &text;
        }
        (out, holds)
    }

    /// The text at `range` of the request at `index`, cut into what holds a value that somebody gave and what
    /// does not. Secrets are found by their text, too: a step may have put another value together of one.
    fn pieces<'a>(
        &'a self,
        index: usize,
        range: &'a Range<usize>,
        known: &'a [Known],
    ) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut at = range.start;
        let held = self.held(index, range, known);
        let marked = held.map(|(mark, known)| (mark.at..mark.at + mark.bytes, mark.form, known));
        let marked: Vec<_> = marked.collect();
        let ends = marked.iter().map(|(place, ..)| place.start);
        for (number, end) in ends.chain([range.end]).enumerate() {
            while let Some((place, secret)) = secret_in(&self.log.text[at..end], known) {
                let place = at + place.start..at + place.end;
                pieces.push((at..place.start, None));
                at = place.end;
                pieces.push((place, Some((Form::JsonText, secret))));
            }
            pieces.push((at..end, None));
            if let Some((place, form, known)) = marked.get(number) {
                at = place.end;
                pieces.push((place.clone(), Some((*form, *known))));
            }
        }
        pieces
    }
}

impl Known {
    fn placeholder(&self) -> String {
        format!("{{{}}}", self.name)
    }

    /// Where it stands in `text`, if it is long enough to tell.
    fn place_in(&self, text: &[u8]) -> Option<Range<usize>> {
        if self.told.len() < LEAST_SECRET_BYTES {
            return None;
        }
        let start = memchr::memmem::find(text, &self.told)?;
        Some(start..start + self.told.len())
    }

    fn read(&self) -> ReadValue {
        ReadValue {
            name: self.name.clone(),
            from: self.from.clone(),
            told: match self.is_secret {
                true => self.placeholder(),
                false => String::from_utf8_lossy(&self.told).into_owned(),
            },
        }
    }
}

/// What was kept of the replies of `logs`. Secret is what goes into a header whose value no record keeps.
fn known(logs: &[MarkedLog<'_>]) -> Vec<Known> {
    let mut known = Vec::new();
    for (place, log) in logs.iter().enumerate() {
        for (kept, text) in log.marks.kept() {
            let reading = log.log.entries()[kept.entry].step.operation.reading;
            let Some(reading) = reading else { continue };
            reading.each_kept(&mut |value, name, from| {
                if value == kept.value {
                    known.push(Known {
                        value,
                        name: name.to_owned(),
                        from: from.to_string(),
                        told: text.to_vec(),
                        entry: kept.entry,
                        log: place,
                        is_secret: false,
                    });
                }
            });
        }
    }
    let mut secrets = Vec::new();
    for log in logs {
        for (index, entry) in log.log.entries().iter().enumerate() {
            let template = entry
                .step
                .operation
                .template
                .map_or(&[][..], |it| it.headers);
            for (name, _) in template.iter().filter(|(name, _)| is_secret(name)) {
                let range = log.log.request_range(index);
                let Some(value) = header_in(log.log.request_head(index), name) else {
                    continue;
                };
                let value = range.start + value.start..range.start + value.end;
                let pieces = log.pieces(index, &value, &known);
                for (piece, held) in pieces {
                    // What is left beside them may be put together of what a reply gave.
                    let text = &log.log.text[piece];
                    let copied = known
                        .iter()
                        .filter(|it| held.is_none() && it.place_in(text).is_some());
                    let held = held.map(|(_, known)| known.value);
                    secrets.extend(held.into_iter().chain(copied.map(|it| it.value)));
                }
            }
        }
    }
    for it in &mut known {
        it.is_secret = secrets.contains(&it.value);
    }
    known
}

/// The first secret in `text`, and where it stands.
fn secret_in<'a>(text: &[u8], known: &'a [Known]) -> Option<(Range<usize>, &'a Known)> {
    let secrets = known.iter().filter(|it| it.is_secret);
    let places = secrets.filter_map(|secret| Some((secret.place_in(text)?, secret)));
    places.min_by_key(|(place, _)| place.start)
}

/// A text without what is secret.
fn masked(text: &[u8], known: &[Known]) -> String {
    let mut text = String::from_utf8_lossy(text).into_owned();
    for secret in known
        .iter()
        .filter(|it| it.is_secret && !it.told.is_empty())
    {
        let told = String::from_utf8_lossy(&secret.told);
        text = text.replace(&*told, &secret.placeholder());
        let quoted = serde_json::to_string(&told).unwrap_or_default();
        let inner = quoted.get(1..quoted.len().saturating_sub(1));
        if let Some(inner) = inner.filter(|inner| *inner != told) {
            text = text.replace(inner, &secret.placeholder());
        }
    }
    text
}

fn is_secret(name: &str) -> bool {
    HeaderField::parse(&format!("{name}: x")).is_ok_and(|field| field.is_secret())
}

/// Where the path of a request stands.
fn path_of(request: &[u8]) -> Range<usize> {
    let space = |from: usize| {
        let rest = request.get(from..).unwrap_or_default();
        let at = rest.iter().position(|&byte| byte == b' ');
        at.map_or(request.len(), |at| from + at)
    };
    let start = (space(0) + 1).min(request.len());
    start..space(start)
}

/// Where the value of the header `name` stands in `head`.
fn header_in(head: &[u8], name: &str) -> Option<Range<usize>> {
    let line = format!("\r\n{name}: ");
    let start = memchr::memmem::find(head, line.as_bytes())? + line.len();
    let length = memchr::memmem::find(&head[start..], b"\r\n")?;
    Some(start..start + length)
}

fn form_word(form: Form) -> HeldForm {
    match form {
        Form::Plain => HeldForm::Plain,
        Form::Header => HeldForm::Header,
        Form::Encoded => HeldForm::Encoded,
        Form::Location => HeldForm::Location,
        Form::JsonText => HeldForm::JsonText,
        Form::Json => HeldForm::Json,
    }
}

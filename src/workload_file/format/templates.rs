//! Texts with values in them: `{name}` is a value, `{$word}` is made up, `{{` and `}}` are braces.

use super::document::Document;
use crate::plan::Suggestion;
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::sums::is_decimal;
use crate::workload_file::model::texts::{Factor, Part, Product};
use std::ops::Range;

/// The names that a text may use.
#[derive(Clone, Copy)]
pub struct Names<'n> {
    /// What users keep, by position.
    pub values: &'n [String],
    /// What the body draws, by position.
    pub draws: &'n [String],
    /// Whether users' values may be used: draws are made before there are users.
    pub has_users: bool,
    /// Whether it is for a body: only those are made in turn.
    pub is_body: bool,
    /// Whether sums of users' values may stand there: where a request is written.
    pub may_sum: bool,
}

/// The parts of `text`, which stands at `span`. Mistakes are noted in `document`.
pub fn parts(
    document: &mut Document<'_>,
    text: &str,
    span: Range<usize>,
    names: Names<'_>,
) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['{', '}']) {
        plain.push_str(&text[at..at + found]);
        at += found;
        let rest = &text[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            plain.push_str(&rest[..1]);
            at += 2;
            continue;
        }
        let end = rest.find('}').filter(|_| rest.starts_with('{'));
        let Some(end) = end else {
            let says = match rest.starts_with('{') {
                true => "this brace is not closed; a brace that is meant is written {{",
                false => "this brace closes nothing; a brace that is meant is written }}",
            };
            let offset = document.offset_within(span, text, at);
            document.mistake(offset, says);
            return parts;
        };
        match part(&rest[1..end], names) {
            Ok(part) => {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                if part.is_late_sum() {
                    let offset = document.offset_within(span.clone(), text, at);
                    document.note_summed(offset, part.values());
                }
                parts.push(part);
            }
            Err(_) if document.is_full() => return parts,
            Err(says) => {
                let offset = document.offset_within(span.clone(), text, at);
                document.mistake(offset, says);
            }
        }
        at += end + 1;
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() || parts.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

fn part(inside: &str, names: Names<'_>) -> Result<Part, String> {
    if let Some(made) = inside.strip_prefix('$') {
        let generator = match Generator::parse(made)? {
            Generator::Handle(of) => {
                let of = of.iter().map(|name| drawn(name, names));
                return of.collect::<Result<_, _>>().map(Part::Handle);
            }
            Generator::Sum(products) => {
                let products = products.iter().map(|(is_less, factors)| {
                    let factors = factors.iter().map(|name| factor(name, names));
                    Ok(Product {
                        is_less: *is_less,
                        factors: factors.collect::<Result<_, String>>()?,
                    })
                });
                return products.collect::<Result<_, String>>().map(Part::Sum);
            }
            Generator::Each(..) if !names.is_body => {
                return Err(format!(
                    "`${made}` goes through the bodies of a kind, and stands only in bodies and their draws"
                ));
            }
            generator => generator,
        };
        return match generator.is_made_late() && !names.has_users {
            false => Ok(Part::Made(generator)),
            true => Err(format!(
                "`${made}` cannot be drawn once for a body, since bodies are sent again; write it where \
                 it is sent"
            )),
        };
    }
    let name = inside.trim();
    let position = |known: &[String]| known.iter().position(|known| known == name);
    if let Some(position) = position(names.draws) {
        return Ok(Part::Drawn(position as u16));
    }
    match position(names.values) {
        Some(position) if names.has_users => Ok(Part::Value(position as u16)),
        Some(_) => Err(format!(
            "`{name}` is read of a reply, and draws are made before there are any"
        )),
        None => {
            let values = names.values.iter().filter(|_| names.has_users);
            let known = values.chain(names.draws).map(String::as_str);
            let suggestion = Suggestion::for_word(name, known);
            let made = Generator::parse(name).is_ok() && suggestion.word().is_none();
            let hint = match made {
                true => format!("; did you mean `{{${name}}}`?"),
                false => suggestion.to_string(),
            };
            Err(format!(
                "there is no value `{name}`{hint} (values are read of replies by `read`, or drawn by \
                 `draw`)"
            ))
        }
    }
}

/// Notes sums in `parts`, which stand at `offset` where there is no JSON around them.
pub fn refuse_sums(document: &mut Document<'_>, parts: &[Part], offset: usize) {
    let is_sum = |part: &Part| matches!(part, Part::Made(made) if made.total().is_some());
    if parts.iter().any(is_sum) {
        let says = "`$sum` adds up lines of a body, and stands in its `json`";
        document.mistake(offset, says);
    }
}

/// The position of the draw called `name`.
fn drawn(name: &str, names: Names<'_>) -> Result<u16, String> {
    let position = names.draws.iter().position(|known| known == name);
    position.map(|position| position as u16).ok_or_else(|| {
        let suggestion = Suggestion::for_word(name, names.draws.iter().map(String::as_str));
        format!(
            "nothing is drawn as `{name}`{suggestion}: it has to stand under `draw`, above this"
        )
    })
}

/// What `name` is in a sum: a draw, a value of the user, or a number.
fn factor(name: &str, names: Names<'_>) -> Result<Factor, String> {
    let position = |known: &[String]| known.iter().position(|known| known == name);
    if let Some(position) = position(names.draws) {
        return Ok(Factor::Drawn(position as u16));
    }
    match position(names.values) {
        Some(position) if names.may_sum => return Ok(Factor::Value(position as u16)),
        Some(_) if names.has_users => {
            return Err(format!(
                "`$sum`: `{name}` is known only when a request is sent, and such sums stand where one is written: in \
                 a path, a header or a body"
            ));
        }
        Some(_) => {
            return Err(format!(
                "`$sum`: `{name}` is known only when a request is sent, and draws are made before; write the sum \
                 where it is sent"
            ));
        }
        None => {}
    }
    if is_decimal(name) {
        return Ok(Factor::Number(name.to_owned()));
    }
    let values = names.values.iter().filter(|_| names.may_sum);
    let known = values.chain(names.draws).map(String::as_str);
    let suggestion = Suggestion::for_word(name, known);
    Err(format!(
        "`$sum`: there is no `{name}`{suggestion} (what is added up is a number, stands under `draw` above this, is \
         read of a reply, or is a column of rows)"
    ))
}

/// Bytes that `parts` have at most, where a user's value has 64 and draws have these; for limits only.
#[must_use]
pub fn most_bytes(parts: &[Part], draws: &[usize]) -> usize {
    let bytes = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::Value(_) => 64,
        Part::Drawn(position) => draws.get(usize::from(*position)).copied().unwrap_or(0),
        Part::Made(generator) => generator.most_bytes(),
        Part::Handle(_) | Part::Sum(_) => 32,
    };
    parts.iter().map(bytes).fold(0, usize::saturating_add)
}

//! What a step depends on, as files have it: `option NAME`, `value NAME`, `done NAME`, `NAME = TEXT`, and
//! `no` or `!=` for the opposite.

use super::document::{At, Document};
use super::read_bodies::option;
use crate::plan::Suggestion;
use crate::workload_file::model::definitions::{Model, Test, Tested};

const EXAMPLES: &str = "`when` is \"option NAME\", \"value NAME\" or \"done OPERATION\", with `no` before it for \
                        the opposite; or \"NAME = TEXT\" or \"NAME != TEXT\" of a value";

/// What `value` says.
pub fn test(document: &mut Document<'_>, value: &At<'_>, model: &Model) -> Option<Test> {
    let at = value.span().start;
    let text = document.text(value, "when", "\"value item\"")?.trim();
    if let Some((name, is)) = text.split_once('=') {
        let (name, is_not) = match name.strip_suffix('!') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let position = position(document, (name.trim(), at), "value", &model.values)?;
        let of = Tested::Is(position, is.trim().to_owned());
        return Some(Test { is_not, of });
    }
    let (is_not, text) = match text.strip_prefix("no ") {
        Some(rest) => (true, rest.trim()),
        None => (false, text),
    };
    let of = match text.split_once(' ').map(|(word, name)| (word, name.trim())) {
        Some(("option", name)) => Tested::Option(option(document, name, at, &model.options)?),
        Some(("value", name)) => {
            Tested::Value(position(document, (name, at), "value", &model.values)?)
        }
        Some(("done", name)) => {
            let known: Vec<String> = model.operations.iter().map(|it| it.key.clone()).collect();
            Tested::Done(usize::from(position(
                document,
                (name, at),
                "operation",
                &known,
            )?))
        }
        _ => {
            document.mistake(at, EXAMPLES);
            return None;
        }
    };
    Some(Test { is_not, of })
}

fn position(
    document: &mut Document<'_>,
    (name, at): (&str, usize),
    what: &str,
    known: &[String],
) -> Option<u16> {
    let found = known.iter().position(|known| known == name);
    if found.is_none() {
        let suggestion = Suggestion::for_word(name, known.iter().map(String::as_str));
        document.mistake(at, format!("there is no {what} `{name}`{suggestion}"));
    }
    found.map(|position| position as u16)
}

//! Whether a description has what a workload calls.

use super::description::{Piece, operations};
use super::ordered::Json;
use super::schemas::Schemas;
use crate::workload_file::{Model, Part};

/// Stands for anything in a segment.
const ANYTHING: char = '\u{1}';

/// The requests of `model` that the description `text` has not, as they are called in statistics; `None`
/// when it is no description. What goes to places that replies give is not looked for.
#[must_use]
pub fn not_in_description(text: &str, model: &Model) -> Option<Vec<String>> {
    let root = Json::parse(text).ok()?;
    root.get("paths")?;
    let (described, has_more) = operations(Schemas { root: &root });
    if has_more {
        return None;
    }
    let below = root.at("/servers/0/url").and_then(Json::as_text);
    let below = below
        .or_else(|| root.text_of("basePath"))
        .unwrap_or_default();
    let below = match below.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => below,
    };
    let below = below.trim_end_matches('/');
    let paths: Vec<(&str, Vec<String>)> = described
        .iter()
        .map(|it| {
            let pieces = it.path.iter().map(|piece| match piece {
                Piece::Text(text) => (*text).to_owned(),
                Piece::Parameter(..) => ANYTHING.to_string(),
            });
            (it.method, segments(&pieces.collect::<String>()))
        })
        .collect();
    let missing = model.operations.iter().filter(|operation| {
        if !matches!(operation.path.first(), Some(Part::Text(_))) {
            return false;
        }
        let path: String = operation
            .path
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                _ => ANYTHING.to_string(),
            })
            .collect();
        let path = path.split('?').next().unwrap_or_default();
        let whole = segments(path);
        let inner = path.strip_prefix(below).map(segments);
        let is_it = |(method, described): &(&str, Vec<String>)| {
            let fits = |called: &Vec<String>| is_same(called, described);
            *method == operation.method.word() && (fits(&whole) || inner.as_ref().is_some_and(fits))
        };
        !paths.iter().any(is_it)
    });
    Some(missing.map(|operation| operation.label.clone()).collect())
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// Whether a path that is called may be a described one: a parameter is anything, and so is what is put in.
fn is_same(called: &[String], described: &[String]) -> bool {
    let fits = |(called, described): (&String, &String)| {
        called == described || described.contains(ANYTHING) || called.contains(ANYTHING)
    };
    called.len() == described.len() && called.iter().zip(described).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload_file::read;

    #[test]
    fn what_is_described_is_found_whatever_is_put_in() {
        let file = "name = \"x\"\n[operations.a]\nrequest = \"POST /a\"\nread = { b = \"/id\" }\n\
                    [operations.b]\nrequest = \"GET /api/a/{b}?c={$int 1..3}\"\n[operations.d]\nrequest = \
                    \"GET /d\"\n[operations.e]\nrequest = \"PUT {b}\"\n[journeys.j]\nsteps = [\"a\"]\n";
        let model = read(file, "x.toml").unwrap();
        let described = r#"{"paths":{"/a":{"post":{}},"/a/{id}":{"get":{}},"/d":{"put":{}}},"servers":[{"url":"http://x.test/api/"}]}"#;
        let missing = not_in_description(described, &model).unwrap();
        assert_eq!(missing, ["GET /d"]);
        assert_eq!(not_in_description("{}", &model), None);
    }
}

//! What is packed: objects of a client's own making, of which the shop makes packages.
//!
//! Which members a package may have, and what a weight in words and a member too many come to, was
//! measured; the rest is pydantic's way with the source's types.

use crate::sandbox::json_text::Json;
use crate::sandbox::python_text;
use crate::sandbox::refusal::Refusal;

/// Members of a package's dimensions.
const DIMENSIONS: [&str; 4] = ["weight", "length", "width", "height"];

/// Looks at packages one after the other: the first one with something wrong is the one that is
/// complained of.
pub fn check_packages(packages: &[Json]) -> Result<(), Refusal> {
    packages.iter().try_for_each(check_package)
}

fn check_package(package: &Json) -> Result<(), Refusal> {
    let Json::Object(members) = package else {
        return Ok(());
    };
    let mut broken = Vec::new();
    for (name, value) in members {
        let wrong = match name.as_str() {
            "weight" => wrong_number(value),
            "item_ids" => wrong_texts(value),
            "dimensions" => wrong_dimensions(value),
            _ => Some("Extra inputs are not permitted"),
        };
        broken.extend(wrong.map(|message| (name.clone(), message.to_owned())));
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Refusal::NamedRules(broken)),
    }
}

fn wrong_number(value: &Json) -> Option<&'static str> {
    match value {
        Json::Null | Json::Bool(_) | Json::Int(_) | Json::Float(_) => None,
        Json::Text(text) if python_text::float(text).is_some() => None,
        Json::Text(_) => Some("Input should be a valid number, unable to parse string as a number"),
        _ => Some("Input should be a valid number"),
    }
}

fn wrong_texts(value: &Json) -> Option<&'static str> {
    match value {
        Json::Null => None,
        Json::List(texts) => {
            let are_texts = texts.iter().all(|text| matches!(text, Json::Text(_)));
            (!are_texts).then_some("Input should be a valid string")
        }
        _ => Some("Input should be a valid list"),
    }
}

fn wrong_dimensions(value: &Json) -> Option<&'static str> {
    match value {
        Json::Null => None,
        Json::Object(members) => {
            members
                .iter()
                .find_map(|(name, value)| match DIMENSIONS.contains(&name.as_str()) {
                    true => wrong_number(value),
                    false => Some("Extra inputs are not permitted"),
                })
        }
        _ => Some("Input should be a valid dictionary or instance of PackageDimensions"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::json_text::read;

    fn told(packages: &str) -> String {
        let Json::List(packages) = read(packages).unwrap().value else {
            panic!("a list");
        };
        check_packages(&packages).map_or_else(|refusal| refusal.body(), |()| String::new())
    }

    #[test]
    fn packages_have_a_weight_items_and_dimensions_and_nothing_else() {
        for fine in [
            "[]",
            "[{}]",
            r#"[{"weight":1,"item_ids":["a"],"dimensions":{"weight":2.0,"length":1,"width":1,"height":"3"}}]"#,
            r#"[{"weight":null,"item_ids":null,"dimensions":null},{"weight":"2.5"}]"#,
        ] {
            assert_eq!(told(fine), "", "{fine}");
        }
        for (wrong, message) in [
            (
                r#"[{"size":"big"}]"#,
                r#"{"size":["Extra inputs are not permitted"]}"#,
            ),
            (
                r#"[{"weight":"heavy"}]"#,
                r#"{"weight":["Input should be a valid number, unable to parse string as a number"]}"#,
            ),
            (
                r#"[{},{"a\"b":1,"item_ids":7}]"#,
                r#"{"a\"b":["Extra inputs are not permitted"],"item_ids":["Input should be a valid list"]}"#,
            ),
            (
                r#"[{"weight":[]}]"#,
                r#"{"weight":["Input should be a valid number"]}"#,
            ),
            (
                r#"[{"item_ids":[1]}]"#,
                r#"{"item_ids":["Input should be a valid string"]}"#,
            ),
            (
                r#"[{"dimensions":{"depth":1}}]"#,
                r#"{"dimensions":["Extra inputs are not permitted"]}"#,
            ),
        ] {
            assert_eq!(told(wrong), format!(r#"{{"error":{message}}}"#), "{wrong}");
        }
    }
}

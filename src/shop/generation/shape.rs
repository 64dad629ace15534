//! What a value may be: the part of JSON Schema that a description of a shop is written in.

use serde_json::Value;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Deepest nesting that is followed; a description that refers to itself ends there.
const DEEPEST: usize = 12;
/// Schemas that are read of one description, those that are referred to as often as they are: the
/// shop's have some two thousand.
const MOST_SCHEMAS: usize = 100_000;
/// Bounds of numbers, texts and lists that are compared: name, and whether a larger one is tighter.
pub const BOUNDS: [(&str, bool); 8] = [
    ("maxLength", false),
    ("minLength", true),
    ("maximum", false),
    ("exclusiveMaximum", false),
    ("minimum", true),
    ("exclusiveMinimum", true),
    ("maxItems", false),
    ("minItems", true),
];

/// What a value may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueShape {
    /// JSON types: `string`, `integer`, `null` and so on. Empty: any.
    pub types: BTreeSet<String>,
    /// Bounds by their name in `BOUNDS`.
    pub bounds: BTreeMap<&'static str, f64>,
    /// A regular expression that texts have to match.
    pub pattern: Option<String>,
    /// The only values, as JSON text. Empty: any.
    pub values: BTreeSet<String>,
    /// Members of an object.
    pub fields: BTreeMap<String, ShapeField>,
    /// Elements of a list.
    pub items: Option<Box<ValueShape>>,
    /// Whether other members than `fields` are refused.
    pub is_closed: bool,
}

/// A member of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShapeField {
    /// What it may be.
    pub shape: ValueShape,
    /// Whether it may not be absent.
    pub is_required: bool,
}

/// Reads the shapes of one description.
pub struct ShapeReader<'a> {
    document: &'a Value,
    left: Cell<usize>,
}

impl<'a> ShapeReader<'a> {
    /// For what is in `document`.
    #[must_use]
    pub fn new(document: &'a Value) -> Self {
        Self {
            document,
            left: Cell::new(MOST_SCHEMAS),
        }
    }

    /// Whether the description was so intricate that it was not read to its end.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.left.get() == 0
    }

    /// The shape that `schema` describes.
    #[must_use]
    pub fn read(&self, schema: &Value) -> ValueShape {
        let mut shape = ValueShape::default();
        self.add(&mut shape, schema, DEEPEST);
        shape
    }

    /// What a reference within the description points to, or `value` itself.
    #[must_use]
    pub fn resolved<'b>(&self, value: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let reference = value["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        let target = reference.and_then(|pointer| self.document.pointer(pointer));
        target.unwrap_or(value)
    }

    fn add(&self, shape: &mut ValueShape, schema: &Value, depth: usize) {
        self.left.set(self.left.get().saturating_sub(1));
        if depth == 0 || self.gave_up() {
            return;
        }
        let depth = depth - 1;
        if schema.get("$ref").is_some() {
            let target = self.resolved(schema);
            if !std::ptr::eq(target, schema) {
                self.add(shape, target, depth);
            }
        }
        for several in ["anyOf", "oneOf", "allOf"] {
            for alternative in schema[several].as_array().into_iter().flatten() {
                self.add(shape, alternative, depth);
            }
        }
        match &schema["type"] {
            Value::String(word) => {
                shape.types.insert(word.clone());
            }
            Value::Array(words) => {
                let words = words.iter().filter_map(Value::as_str);
                shape.types.extend(words.map(str::to_owned));
            }
            _ => {}
        }
        for (bound, _) in BOUNDS {
            if let Some(value) = schema[bound].as_f64() {
                shape.bounds.insert(bound, value);
            }
        }
        if let Some(pattern) = schema["pattern"].as_str() {
            shape.pattern = Some(pattern.to_owned());
        }
        let only = schema["enum"].as_array().into_iter().flatten();
        let only = only.chain(schema.get("const"));
        shape.values.extend(only.map(Value::to_string));
        shape.is_closed |= schema["additionalProperties"] == Value::Bool(false);
        if schema["items"].is_object() {
            let items = shape.items.get_or_insert_default();
            self.add(items, &schema["items"], depth);
        }
        let fields = schema["properties"].as_object();
        for (name, field) in fields.into_iter().flatten() {
            let known = shape.fields.entry(name.clone()).or_default();
            self.add(&mut known.shape, field, depth);
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            let known = shape.fields.entry(name.to_owned()).or_default();
            known.is_required = true;
        }
    }
}

impl ValueShape {
    /// Whether a value of this JSON type may stand here.
    #[must_use]
    pub fn takes(&self, json_type: &str) -> bool {
        self.types.is_empty()
            || self.types.contains(json_type)
            || (json_type == "integer" && self.types.contains("number"))
    }

    /// Its types in words: `string or null`.
    #[must_use]
    pub fn types_text(&self) -> String {
        let mut words: Vec<&str> = self.types.iter().map(String::as_str).collect();
        words.sort_by_key(|word| *word == "null");
        match words.is_empty() {
            true => "anything".to_owned(),
            false => words.join(" or "),
        }
    }

    /// The shape as text, the same for the same shape whatever the order in a document was.
    pub(super) fn spell(&self, out: &mut String) {
        let _ = write!(
            out,
            "{:?}{:?}{:?}{:?}",
            self.types, self.bounds, self.pattern, self.values
        );
        out.push(if self.is_closed { '!' } else { '?' });
        for (name, field) in &self.fields {
            let mark = if field.is_required { '!' } else { '?' };
            let _ = write!(out, "{{{name:?}{mark}");
            field.shape.spell(out);
            out.push('}');
        }
        if let Some(items) = &self.items {
            out.push('[');
            items.spell(out);
            out.push(']');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_and_alternatives_become_one_shape() {
        let document = json!({"components": {"schemas": {
            "Item": {"type": "object", "required": ["sku"], "additionalProperties": false,
                     "properties": {"sku": {"type": "string", "maxLength": 50}}},
        }}});
        let schema = json!({"anyOf": [
            {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Item"}},
            {"type": "null"},
        ]});
        let shape = ShapeReader::new(&document).read(&schema);
        assert_eq!(shape.types_text(), "array or null");
        assert_eq!(shape.bounds["minItems"], 1.0);
        let item = shape.items.unwrap();
        assert!(item.is_closed && item.fields["sku"].is_required);
        assert_eq!(item.fields["sku"].shape.bounds["maxLength"], 50.0);
        assert!(item.fields["sku"].shape.takes("string"));
        assert!(!item.fields["sku"].shape.takes("integer"));
    }

    #[test]
    fn what_refers_to_itself_ends() {
        let document = json!({"a": {"$ref": "#/a", "properties": {"a": {"$ref": "#/a"}}}});
        let shape = ShapeReader::new(&document).read(&json!({"$ref": "#/a"}));
        assert!(shape.types.is_empty() && shape.takes("object"));
        // Ten to the power of twelve, if it were followed.
        let many = vec![json!({"$ref": "#/a"}); 10];
        let document = json!({"a": {"anyOf": many}});
        let reader = ShapeReader::new(&document);
        let _ = reader.read(&json!({"$ref": "#/a"}));
        assert!(reader.gave_up());
    }

    #[test]
    fn an_integer_is_a_number_and_not_the_other_way_round() {
        let of = |schema| ShapeReader::new(&Value::Null).read(&schema);
        assert!(of(json!({"type": "number"})).takes("integer"));
        assert!(!of(json!({"type": "integer"})).takes("number"));
        assert!(of(json!({"type": ["integer", "null"]})).takes("null"));
    }
}

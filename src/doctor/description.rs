//! Compares a target's description of itself (OpenAPI) with the one that journeys were written for:
//! every difference that would make journeys fail, by name.

use crate::shop::{Generation, used_operations};
use serde_json::Value;

/// Differences between `theirs` and the recorded document, in the operations that journeys use; a
/// sentence each. Fields that only theirs has and that may be absent are no difference.
#[must_use]
pub fn differences(theirs: &Value) -> Vec<String> {
    let ours: Value = serde_json::from_str(Generation::Five.openapi())
        .expect("a test reads the document that is compiled in");
    let mut found = Vec::new();
    for (method, path) in used_operations() {
        let place = format!("{} {path}", method.word());
        let method = method.word().to_ascii_lowercase();
        let operation = |document: &Value| document["paths"][path][&method].clone();
        let (our_operation, their_operation) = (operation(&ours), operation(theirs));
        if their_operation.is_null() {
            found.push(format!("{place} is gone"));
            continue;
        }
        compare_statuses(&place, &our_operation, &their_operation, &mut found);
        let body = |document: &Value, operation: &Value| {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            resolved(document, schema)
        };
        let (our_body, their_body) = (body(&ours, &our_operation), body(theirs, &their_operation));
        let documents = Documents {
            ours: &ours,
            theirs,
        };
        documents.compare_objects(&place, &our_body, &their_body, &mut found);
    }
    found
}

/// The statuses of success must be the same.
fn compare_statuses(place: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    let successes = |operation: &Value| -> Vec<String> {
        let statuses = operation["responses"].as_object().into_iter().flatten();
        statuses
            .map(|(status, _)| status.clone())
            .filter(|status| status.starts_with('2'))
            .collect()
    };
    let (ours, theirs) = (successes(ours), successes(theirs));
    if ours != theirs {
        found.push(format!(
            "{place} answers {} instead of {}",
            theirs.join(", "),
            ours.join(", ")
        ));
    }
}

/// What a reference within `document` points to.
fn resolved(document: &Value, schema: &Value) -> Value {
    let pointer = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
    let target = pointer.and_then(|pointer| document.pointer(pointer));
    target.unwrap_or(schema).clone()
}

struct Documents<'a> {
    ours: &'a Value,
    theirs: &'a Value,
}

impl Documents<'_> {
    fn compare_objects(&self, place: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
        let fields = ours["properties"].as_object();
        for (name, field) in fields.into_iter().flatten() {
            match theirs["properties"].get(name) {
                None => found.push(format!("{place}: the field `{name}` is gone")),
                Some(other) => {
                    let place = format!("{place}: `{name}`");
                    self.compare_fields(&place, field, other, found);
                }
            }
        }
        for name in required(theirs) {
            if !required(ours).contains(&name) {
                found.push(format!("{place}: the field `{name}` is now required"));
            }
        }
    }

    fn compare_fields(&self, place: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
        let (ours, theirs) = (kind(ours), kind(theirs));
        let (our_type, their_type) = (type_of(self.ours, &ours), type_of(self.theirs, &theirs));
        if our_type != their_type
            && (our_type.as_str(), their_type.as_str()) != ("integer", "number")
        {
            found.push(format!("{place} is now {their_type} instead of {our_type}"));
            return;
        }
        for (limit, is_tighter) in [
            ("maxLength", less as fn(f64, f64) -> bool),
            ("maximum", less),
            ("minLength", more),
            ("minimum", more),
            ("exclusiveMinimum", more),
        ] {
            let (was, is) = (ours[limit].as_f64(), theirs[limit].as_f64());
            if let Some(is) = is
                && was.is_none_or(|was| is_tighter(is, was))
            {
                let was = was.map_or_else(|| "none".to_owned(), |was| was.to_string());
                found.push(format!("{place}: {limit} is now {is} instead of {was}"));
            }
        }
        let (our_items, their_items) = (&ours["items"], &theirs["items"]);
        if our_type == "object" {
            let (ours, theirs) = (resolved(self.ours, &ours), resolved(self.theirs, &theirs));
            self.compare_objects(place, &ours, &theirs, found);
        } else if our_items.is_object() && their_items.is_object() {
            self.compare_fields(&format!("{place} items"), our_items, their_items, found);
        }
    }
}

fn less(is: f64, was: f64) -> bool {
    is < was
}

fn more(is: f64, was: f64) -> bool {
    is > was
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// What a field is when it is not null.
fn kind(field: &Value) -> Value {
    let choices = field["anyOf"].as_array().into_iter().flatten();
    let mut others = choices.filter(|choice| choice["type"] != "null");
    others.next().unwrap_or(field).clone()
}

fn type_of(document: &Value, field: &Value) -> String {
    let target = resolved(document, field);
    target["type"].as_str().unwrap_or("anything").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        serde_json::from_str(Generation::Five.openapi()).unwrap()
    }

    #[test]
    fn the_recorded_shop_has_every_operation_that_journeys_use() {
        assert_eq!(differences(&document()), Vec::<String>::new());
        assert_eq!(used_operations().count(), 51);
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Value), says: &[&str]) {
        let mut changed = document();
        change(&mut changed);
        assert_eq!(differences(&changed), says);
    }

    fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
        &mut document["components"]["schemas"][name]
    }

    #[test]
    fn every_difference_that_matters_is_named() {
        check(
            |document| {
                let paths = document["paths"].as_object_mut().unwrap();
                paths.remove("/payments/{payment_id}/retry");
            },
            &["POST /payments/{payment_id}/retry is gone"],
        );
        check(
            |document| {
                let responses = &mut document["paths"]["/carts"]["post"]["responses"];
                *responses = serde_json::json!({"200": {}});
            },
            &["POST /carts answers 200 instead of 201"],
        );
        check(
            |document| {
                schema(document, "UpgradeTierRequest")["properties"]["new_tier"]["maxLength"] =
                    4.into();
            },
            &["PUT /customers/{customer_id}/tier: `new_tier`: maxLength is now 4 instead of 20"],
        );
        check(
            |document| {
                let product = schema(document, "CreateProductRequest");
                product["required"]
                    .as_array_mut()
                    .unwrap()
                    .push("brand".into());
            },
            &["POST /products: the field `brand` is now required"],
        );
        check(
            |document| {
                let item = schema(document, "OrderItemSchema");
                item["properties"]["quantity"]["type"] = "string".into();
            },
            &["POST /orders: `items` items: `quantity` is now string instead of integer"],
        );
        check(
            |document| {
                let stock = schema(document, "ReserveStockRequest");
                let properties = stock["properties"].as_object_mut().unwrap();
                properties.remove("order_id");
            },
            &["POST /inventory/{inventory_item_id}/reserve: the field `order_id` is gone"],
        );
    }

    #[test]
    fn what_is_new_and_optional_is_no_difference() {
        check(
            |document| {
                document["paths"]["/wishes"] = serde_json::json!({"get": {}});
                schema(document, "CreateProductRequest")["properties"]["colour"] =
                    serde_json::json!({"type": "string"});
            },
            &[],
        );
    }
}

//! Every way in which a shop may differ from its generation, and what journeys feel of it.

use super::*;
use crate::shop::{Contract, Form, FormField, Generation, Suite, recognise, used_operations};
use serde_json::{Value, json};

fn document(generation: Generation) -> Value {
    serde_json::from_str(generation.openapi()).unwrap()
}

fn met(document: &Value) -> Recognised {
    let contract = Contract::read(&document.to_string(), "").unwrap();
    recognise(contract, Vec::new(), None)
}

/// What all journeys feel of a shop.
fn fitness(recognised: &Recognised) -> JourneyFitness {
    JourneyFitness::of_all(recognised)
}

fn told(drifts: &[Drift]) -> Vec<String> {
    drifts.iter().map(Drift::to_string).collect()
}

/// A shop of each generation, but for `change`: what hinders all journeys, and how many differences
/// they do not feel.
#[track_caller]
fn check(change: impl Fn(&mut Value), hindrances: &[&str], unfelt: usize) {
    for generation in Generation::ALL {
        let mut changed = document(generation);
        change(&mut changed);
        let recognised = met(&changed);
        assert_eq!(recognised.generation(), generation);
        assert!(!recognised.exact);
        let fitness = fitness(&recognised);
        assert_eq!(told(&fitness.hindrances), hindrances, "{generation:?}");
        assert_eq!(fitness.unfelt, unfelt, "{generation:?}");
        assert_eq!(fitness.adapted, []);
    }
}

fn properties<'a>(document: &'a mut Value, schema: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][schema]["properties"]
}

fn require(document: &mut Value, schema: &str, field: &str) {
    let required = &mut document["components"]["schemas"][schema]["required"];
    required.as_array_mut().unwrap().push(field.into());
}

#[test]
fn shops_of_a_generation_fit_to_the_letter() {
    for generation in Generation::ALL {
        let recognised = met(&document(generation));
        assert_eq!(recognised.generation(), generation);
        assert!(recognised.exact && recognised.drifts.is_empty());
        assert_eq!(recognised.additions, 0);
        assert_eq!(fitness(&recognised), JourneyFitness::default());
        let line = recognised.to_string();
        let starts = format!("ShopStream \"{}\" (", generation.name());
        assert!(
            line.starts_with(&starts) && line.contains("operations; schema "),
            "{line}"
        );
    }
}

#[test]
fn paths_of_operations_are_written_as_generations_write_them() {
    for generation in Generation::ALL {
        for (method, path) in used_operations(Suite::of(generation)) {
            let found = generation
                .contract()
                .operation(method.word(), path)
                .unwrap();
            assert_eq!(found.path, path);
        }
    }
}

#[test]
fn an_operation_that_is_gone_hinders() {
    check(
        |document| {
            let paths = document["paths"].as_object_mut().unwrap();
            paths.remove("/payments/{payment_id}/retry");
        },
        &["POST /payments/{payment_id}/retry is gone"],
        0,
    );
    // No journey merges carts.
    check(
        |document| {
            let paths = document["paths"].as_object_mut().unwrap();
            let gone = paths.remove("/carts/{cart_id}/merge");
            assert!(gone.is_some());
        },
        &[],
        1,
    );
}

#[test]
fn another_status_of_success_hinders() {
    check(
        |document| {
            document["paths"]["/carts"]["post"]["responses"] = json!({"200": {}});
        },
        &["POST /carts answers 200 instead of 201"],
        0,
    );
}

#[test]
fn a_limit_hinders_when_it_is_tighter_than_what_is_sent() {
    let tier = |limit: u32| {
        move |document: &mut Value| {
            properties(document, "UpgradeTierRequest")["new_tier"]["maxLength"] = limit.into();
        }
    };
    check(
        tier(4),
        &["PUT /customers/{customer_id}/tier: `new_tier`: maxLength is now 4 instead of 20"],
        0,
    );
    // `Platinum` has eight letters.
    check(
        tier(7),
        &["PUT /customers/{customer_id}/tier: `new_tier`: maxLength is now 7 instead of 20"],
        0,
    );
    check(tier(8), &[], 1);
    check(
        |document| {
            properties(document, "OrderItemSchema")["quantity"]["maximum"] = json!(4);
        },
        &["POST /orders: `items[].quantity`: maximum is now 4 instead of none"],
        0,
    );
    check(
        |document| {
            properties(document, "CreateOrderRequest")["items"]["maxItems"] = json!(3);
        },
        &[],
        1,
    );
    check(
        |document| {
            properties(document, "CreateOrderRequest")["items"]["minItems"] = json!(3);
        },
        &["POST /orders: `items`: minItems is now 3 instead of none"],
        0,
    );
}

#[test]
fn a_field_that_is_newly_required_hinders_when_it_is_not_always_sent() {
    check(
        |document| {
            properties(document, "CreateProductRequest")["colour"] = json!({"type": "string"});
            require(document, "CreateProductRequest", "colour");
        },
        &["POST /products: the field `colour` is now required"],
        0,
    );
    // Journeys always send a brand, and not always a phone.
    check(
        |document| require(document, "CreateProductRequest", "brand"),
        &[],
        1,
    );
    check(
        |document| require(document, "RegisterCustomerRequest", "phone"),
        &["POST /customers: the field `phone` is now required"],
        0,
    );
    check(
        |document| {
            document["paths"]["/orders"]["post"]["parameters"] =
                json!([{"in": "header", "name": "x-key", "required": true}]);
        },
        &["POST /orders: the parameter `header x-key` is now required"],
        0,
    );
}

#[test]
fn a_field_of_another_type_hinders() {
    check(
        |document| properties(document, "OrderItemSchema")["quantity"]["type"] = "string".into(),
        &["POST /orders: `items[].quantity` is now string instead of integer"],
        0,
    );
    check(
        |document| {
            let _ = properties(document, "ReserveStockRequest")
                .as_object_mut()
                .unwrap()
                .remove("order_id");
            let required =
                &mut document["components"]["schemas"]["ReserveStockRequest"]["required"];
            required
                .as_array_mut()
                .unwrap()
                .retain(|name| name != "order_id");
        },
        &["POST /inventory/{inventory_item_id}/reserve: the field `order_id` is gone"],
        0,
    );
    check(
        |document| {
            document["paths"]["/orders"]["post"]["requestBody"]["content"] =
                json!({"multipart/form-data": {}});
        },
        &["POST /orders takes no JSON body any more"],
        0,
    );
    // Wider, and so no difference.
    let mut wider = document(Generation::Today);
    properties(&mut wider, "OrderItemSchema")["quantity"]["type"] = "number".into();
    let recognised = met(&wider);
    assert_eq!((recognised.drifts.len(), recognised.exact), (0, false));
    assert!(
        recognised.to_string().contains("only wider"),
        "{recognised}"
    );
}

#[test]
fn other_values_and_patterns_hinder_when_what_is_sent_does_not_pass() {
    let tiers = |values: Value| {
        move |document: &mut Value| {
            properties(document, "UpgradeTierRequest")["new_tier"]["enum"] = values.clone();
        }
    };
    check(
        tiers(json!(["Silver", "Gold", "Platinum", "Diamond"])),
        &[],
        1,
    );
    check(
        tiers(json!(["Silver"])),
        &["PUT /customers/{customer_id}/tier: `new_tier` takes only \"Silver\" now"],
        0,
    );
    let currency = |pattern: &'static str| {
        move |document: &mut Value| {
            properties(document, "AddVariantRequest")["currency"]["pattern"] = pattern.into();
        }
    };
    check(currency("^[A-Z]{3}$"), &[], 1);
    for pattern in ["^[a-z]{3}$", "("] {
        let says = format!(
            "POST /products/{{product_id}}/variants: `currency` has to match `{pattern}` now"
        );
        check(currency(pattern), &[&says], 0);
    }
}

#[test]
fn what_a_shop_has_more_is_counted_and_no_difference() {
    let mut more = document(Generation::Today);
    more["paths"]["/wishes"] = json!({"get": {"responses": {"200": {}}}});
    properties(&mut more, "CreateProductRequest")["colour"] = json!({"type": "string"});
    let recognised = met(&more);
    assert_eq!((recognised.drifts.len(), recognised.additions), (0, 2));
    assert!(
        recognised.to_string().contains("2 additions"),
        "{recognised}"
    );
}

/// An older shop whose attributes are objects, and a newer one whose are texts: bodies follow the
/// fields, not the name of the generation.
#[test]
fn bodies_follow_each_field_whatever_the_generation() {
    let forms = [
        (
            Generation::Five,
            json!({"anyOf": [{"type": "object"}, {"type": "null"}]}),
            Form::Object,
        ),
        (
            Generation::Today,
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            Form::Text,
        ),
    ];
    for (generation, attributes, form) in forms {
        let mut changed = document(generation);
        for schema in [
            "AddVariantRequest",
            "CreateCategoryRequest",
            "UpdateCategoryRequest",
        ] {
            properties(&mut changed, schema)["attributes"] = attributes.clone();
        }
        let recognised = met(&changed);
        assert_eq!(recognised.generation(), generation);
        let fitness = fitness(&recognised);
        assert_eq!(told(&fitness.hindrances), Vec::<String>::new());
        assert_eq!((fitness.adapted.len(), fitness.unfelt), (3, 0));
        assert_eq!(recognised.dialect.form(FormField::Variant), form);
        assert_ne!(recognised.dialect.form(FormField::Product), form);
        assert!(
            recognised
                .to_string()
                .contains("3 fields that bodies are adapted to")
        );
    }
}

#[test]
fn a_third_form_hinders_those_who_send_it() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    for (generation, was) in [(Generation::Five, "string"), (Generation::Today, "object")] {
        let mut changed = document(generation);
        properties(&mut changed, "AddVariantRequest")["attributes"] = list.clone();
        // No journey sends attributes of a product.
        properties(&mut changed, "CreateProductRequest")["attributes"] = list.clone();
        let fitness = fitness(&met(&changed));
        let says = format!(
            "POST /products/{{product_id}}/variants: `attributes` is now array instead of {was} or null"
        );
        assert_eq!(told(&fitness.hindrances), [says]);
        assert_eq!((fitness.adapted.len(), fitness.unfelt), (0, 1));
    }
}

#[test]
fn only_the_journeys_of_a_run_feel_its_operations() {
    let mut changed = document(Generation::Today);
    let paths = changed["paths"].as_object_mut().unwrap();
    paths.remove("/payments/{payment_id}/retry");
    let recognised = met(&changed);
    let of = |class: &str| {
        let script = ShopScript::of_classes(&[class], recognised.dialect).unwrap();
        JourneyFitness::of(&script, &recognised)
    };
    assert_eq!(of("PaymentsUser").hindrances.len(), 1);
    let catalogue = of("CatalogueUser");
    assert_eq!((catalogue.hindrances.len(), catalogue.unfelt), (0, 1));
}

#[test]
fn a_shop_is_compared_with_the_generation_that_was_asked_for() {
    let contract = Contract::read(Generation::Five.openapi(), "").unwrap();
    let recognised = recognise(contract, Vec::new(), Some(Generation::Today));
    assert_eq!(recognised.generation(), Generation::Today);
    assert!(!recognised.exact && recognised.drifts.len() > 48);
    // Today's suite asks for what no older shop has; the older suite goes at both.
    let known = Generation::Five.contract();
    for drift in fitness(&recognised).hindrances {
        let had = known.operation(&drift.method, &drift.path);
        assert!(
            drift.change == DriftChange::Gone && had.is_none(),
            "{drift}"
        );
    }
    let old = ["MixedWorkloadUser", "CrossDomainUser", "RaceAuditUser"];
    let script = ShopScript::of_classes_in(&old, recognised.dialect, Some(Suite::Five)).unwrap();
    assert_eq!(JourneyFitness::of(&script, &recognised).hindrances, []);
}

#[test]
fn a_shop_that_does_not_describe_itself_is_told_by_its_contexts() {
    let named = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Recognised::by_contexts(names, None).generation()
    };
    let all: Vec<&str> = Generation::Today
        .contexts()
        .iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(named(&all), Generation::Today);
    assert_eq!(named(&all[..5]), Generation::Five);
    assert_eq!(named(&all[..7]), Generation::Five);
    assert_eq!(named(&all[..1]), Generation::Five);
    let more: Vec<&str> = all.iter().copied().chain(["loyalty"]).collect();
    assert_eq!(named(&more), Generation::Today);
}

/// Every bound, pattern and enumeration of every field that is sent, of both suites.
#[test]
fn what_each_suite_sends_is_within_the_limits_of_its_shop() {
    fn within(sent: &Sent, shape: &ValueShape, place: &str, compared: &mut usize) {
        if let Some(field) = sent.field(place) {
            assert!(passes_types(field, shape), "{place}: {:?}", field.types);
            for (name, bound) in &shape.bounds {
                assert!(passes_bound(field, name, *bound), "{place}: {name} {bound}");
                *compared += 1;
            }
            if let Some(pattern) = &shape.pattern {
                assert!(passes_pattern(field, pattern), "{place}: {pattern}");
                *compared += 1;
            }
            let is_one = |value: &String| shape.values.is_empty() || shape.values.contains(value);
            assert!(
                field.values.iter().all(is_one),
                "{place}: {:?}",
                field.values
            );
        }
        for (name, member) in &shape.fields {
            let inner = match place.is_empty() {
                true => name.clone(),
                false => format!("{place}.{name}"),
            };
            assert!(
                !member.is_required || place.ends_with(']') || sent.always_has(&inner),
                "{inner} is required"
            );
            within(sent, &member.shape, &inner, compared);
        }
        if let Some(items) = &shape.items {
            within(sent, items, &format!("{place}[]"), compared);
        }
    }
    for (generation, fewest) in [(Generation::Five, 50), (Generation::Today, 60)] {
        let script = ShopScript::of_all(generation).unwrap();
        let sendings = sendings(&script);
        let mut compared = 0;
        for (method, path) in used_operations(Suite::of(generation)) {
            let contract = generation.contract();
            let operation = contract.operation(method.word(), path);
            let operation = operation.unwrap_or_else(|| panic!("{path} is not there"));
            let Some(body) = &operation.body else {
                continue;
            };
            let sent = Sent::to(&script, &sendings, method.word(), path);
            assert!(sent.has_bodies(), "{path}");
            within(&sent, body, "", &mut compared);
        }
        assert!(compared > fewest, "{generation:?}: {compared} limits");
    }
}

#[test]
fn what_the_shop_has_not_hinders_a_suite_and_a_class_that_need_it() {
    let recognised = met(&document(Generation::Five));
    let plan = |classes: &[&str], suite| {
        let script = ShopScript::of_classes_in(classes, recognised.dialect, suite).unwrap();
        told(&JourneyFitness::of(&script, &recognised).hindrances)
    };
    assert_eq!(plan(&["IdentityUser"], None), [""; 0]);
    assert_eq!(
        plan(&["IdentityUser"], Some(Suite::Today)),
        [
            "GET /customers/{customer_id} is gone",
            "GET /customers/{customer_id}/addresses is gone"
        ]
    );
    let of_reviews = plan(&["ReviewsUser"], None);
    assert!(of_reviews.contains(&"POST /reviews is gone".to_owned()));
    // The other way round nothing is missing.
    let today = met(&document(Generation::Today));
    let five = ShopScript::of_classes_in(&["MixedWorkloadUser"], today.dialect, Some(Suite::Five));
    let fitness = JourneyFitness::of(&five.unwrap(), &today);
    assert_eq!(fitness, JourneyFitness::default());
}

//! What options change in journeys, and decisions that the tables of the contract do not hold.

use crate::carried_journey::{Carried, LATENCY_NS, carry, down, kind, script_with};
use crate::journey_contract::contracts;
use crate::simulated_shop::refusal;
use serde_json::Value;
use shopblast::engine::SimulatedAnswer;
use shopblast::shop::{JourneyKind, JourneyOption, JourneyOptions, ShopScript};

fn with(options: &[JourneyOption]) -> &'static ShopScript {
    script_with(options.iter().copied().collect())
}

fn well(script: &'static ShopScript, journey: JourneyKind, seed: u64) -> Carried {
    carry(script, journey, seed, |_, _| None)
}

fn names(carried: &Carried) -> Vec<&'static str> {
    carried.seen.iter().map(|seen| seen.name).collect()
}

fn number(carried: &Carried, at: usize, field: &str) -> i64 {
    let body: Value = serde_json::from_str(&carried.seen[at].request.body).unwrap();
    body[field].as_i64().unwrap()
}

fn text(carried: &Carried, at: usize, field: &str) -> String {
    let body: Value = serde_json::from_str(&carried.seen[at].request.body).unwrap();
    body[field].as_str().unwrap().to_owned()
}

fn cents(value: &Value) -> i64 {
    (value.as_f64().unwrap() * 100.0).round() as i64
}

#[test]
fn strict_journeys_end_at_the_first_failure() {
    let strict = with(&[JourneyOption::Strict]);
    for contract in contracts() {
        let journey = kind(&contract.journey);
        let all = well(strict, journey, 1);
        assert!(all.ended.is_ok(), "a late item of a race is no failure");
        for failing in 0..all.seen.len() {
            let carried = carry(strict, journey, 1, move |at, _| (at == failing).then(down));
            let compensates = names(&carried)[failing] == "[SAGA] POST /inventory/{id}/reserve";
            let sent = failing + 1 + usize::from(compensates);
            let about = format!("{} with failure {failing}", contract.journey);
            assert_eq!(carried.seen.len(), sent, "{about}");
            assert!(carried.ended.is_err(), "{about}");
        }
    }
}

#[test]
fn a_count_ignores_what_was_lost_unless_it_shall_match() {
    let journey = kind("StockInitAndReceiveJourney");
    let (plain, matching) = (with(&[]), with(&[JourneyOption::MatchingCount]));
    for seed in 0..40 {
        for (script, matches) in [(plain, false), (matching, true)] {
            let carried = well(script, journey, seed);
            let received = number(&carried, 2, "quantity");
            let lost = number(&carried, 3, "quantity_change");
            let counted = number(&carried, 4, "counted_quantity");
            assert!((10..=100).contains(&received) && (-5..=-1).contains(&lost));
            let expected = 100 + received + if matches { lost } else { 0 };
            assert_eq!(counted, expected);
        }
        // What was not received or lost does not count.
        let carried = carry(matching, journey, seed, |at, _| (at == 2).then(down));
        let expected = 100 + number(&carried, 3, "quantity_change");
        assert_eq!(number(&carried, 4, "counted_quantity"), expected);
        let carried = carry(matching, journey, seed, |at, _| (at == 3).then(down));
        let expected = 100 + number(&carried, 2, "quantity");
        assert_eq!(number(&carried, 4, "counted_quantity"), expected);
        let carried = carry(plain, journey, seed, |at, _| (at == 2).then(down));
        assert_eq!(number(&carried, 4, "counted_quantity"), 100);
    }
}

#[test]
fn a_release_probe_expects_to_be_refused() {
    let script = with(&[JourneyOption::ReleaseProbe]);
    let carried = well(script, kind("ReservationReleaseJourney"), 1);
    let probe = &carried.seen[2];
    assert_eq!(
        probe.name,
        "PUT /inventory/{id}/reservations/{id}/release (unknown)"
    );
    let item = carried.seen[0].id.as_ref().unwrap();
    assert_eq!(
        probe.request.path,
        format!("/inventory/{item}/reservations/00000000-0000-4000-8000-000000000000/release")
    );
    assert_eq!((probe.status, carried.failed), (400, 0));
    let released = carry(script, kind("ReservationReleaseJourney"), 1, |at, _| {
        (at == 2).then(|| SimulatedAnswer::reply(LATENCY_NS, 200, *b"{\"status\":\"ok\"}"))
    });
    assert_eq!(
        released.failed, 1,
        "a shop that releases nothing at all is wrong"
    );
}

#[test]
fn a_repeated_key_sends_the_same_payment_again_at_once() {
    let script = with(&[JourneyOption::RepeatedKey]);
    let carried = well(script, kind("PaymentSuccessJourney"), 1);
    assert_eq!(
        names(&carried),
        [
            "POST /payments",
            "POST /payments (repeated key)",
            "POST /payments/webhook (success)"
        ]
    );
    let [first, second, _] = &carried.seen[..] else {
        panic!("three requests");
    };
    assert_eq!(first.request.body, second.request.body);
    assert!(text(&carried, 0, "idempotency_key").starts_with("idem-"));
    assert_eq!(second.sent_ns - first.sent_ns, LATENCY_NS);
}

/// A shop that runs the saga itself may be faster than the client.
#[test]
fn a_tolerant_saga_may_be_refused() {
    let late = |_: usize, request: &crate::simulated_shop::Request| {
        let is_late = ["/pending", "/payment/success"];
        let is_late = is_late.iter().any(|end| request.path.ends_with(end));
        is_late.then(|| refusal(LATENCY_NS, "status", "Cannot transition from Paid to Paid"))
    };
    for (script, failures) in [(with(&[]), 2), (with(&[JourneyOption::TolerantSaga]), 0)] {
        let journey = kind("SagaOrderCheckoutJourney");
        let succeeds = |seed: &u64| {
            let carried = well(script, journey, *seed);
            names(&carried).contains(&"[SAGA] PUT /orders/{id}/payment/success")
        };
        let seed = (0..20).find(succeeds).unwrap();
        let carried = carry(script, journey, seed, late);
        assert_eq!((carried.failed, carried.ended), (failures, Ok(())));
    }
}

#[test]
fn three_of_ten_sagas_fail() {
    let script = with(&[]);
    let failed = (0..600)
        .filter(|seed| {
            let carried = well(script, kind("SagaOrderCheckoutJourney"), *seed);
            names(&carried).contains(&"[SAGA] PUT /orders/{id}/payment/failure")
        })
        .count();
    // Four standard deviations are 45.
    assert!((135..=225).contains(&failed), "{failed}");
}

#[test]
fn carts_get_one_to_three_items() {
    let script = with(&[]);
    let mut carts = [0; 3];
    for seed in 0..300 {
        let carried = well(script, kind("CartToCheckoutJourney"), seed);
        carts[carried.seen.len() - 3] += 1;
    }
    assert!(
        carts.iter().all(|carts| (67..=133).contains(carts)),
        "{carts:?}"
    );
}

#[test]
fn an_order_end_to_end_is_of_its_product_and_paid_in_full() {
    let script = with(&[]);
    for seed in 0..20 {
        let carried = well(script, kind("EndToEndOrderJourney"), seed);
        let product = carried.seen[1].id.clone().unwrap();
        let sku = text(&carried, 2, "variant_sku");
        let order: Value = serde_json::from_str(&carried.seen[6].request.body).unwrap();
        let items = order["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        let mut total = cents(&order["shipping_cost"]) + cents(&order["tax_total"]);
        for item in items {
            assert_eq!(item["product_id"], product.as_str());
            assert_eq!(
                (&item["sku"], &item["variant_id"]),
                (&sku.clone().into(), &sku.clone().into())
            );
            total += item["quantity"].as_i64().unwrap() * cents(&item["unit_price"]);
        }
        for at in [9, 12] {
            let body: Value = serde_json::from_str(&carried.seen[at].request.body).unwrap();
            assert_eq!(cents(&body["amount"]), total, "request {at}");
        }
    }
}

#[test]
fn what_could_not_be_created_is_made_up() {
    let script = with(&[]);
    let stock = |failing: usize, field: &str| {
        let carried = carry(script, kind("EndToEndOrderJourney"), 1, move |at, _| {
            (at == failing).then(down)
        });
        text(&carried, 5, field)
    };
    assert!(stock(2, "variant_id").starts_with("var-"));
    assert!(stock(3, "variant_id").starts_with("VAR-"));
    assert!(stock(4, "warehouse_id").starts_with("wh-"));
}

#[test]
fn a_refund_is_over_the_whole_payment() {
    let script = with(&[]);
    for seed in 0..20 {
        let carried = well(script, kind("PaymentRefundJourney"), seed);
        let amount = |at: usize| -> Value {
            let body: Value = serde_json::from_str(&carried.seen[at].request.body).unwrap();
            body["amount"].clone()
        };
        assert_eq!(amount(0), amount(2));
    }
}

#[test]
fn items_of_orders_are_three_where_the_contract_says_so() {
    let script = script_with(JourneyOptions::default());
    for (journey, items) in [
        (kind("ConcurrentOrderModificationJourney"), 3),
        (kind("CancelDuringPaymentJourney"), 2),
        (kind("OrderReturnJourney"), 2),
    ] {
        let carried = well(script, journey, 1);
        let order: Value = serde_json::from_str(&carried.seen[0].request.body).unwrap();
        assert_eq!(order["items"].as_array().unwrap().len(), items);
    }
}

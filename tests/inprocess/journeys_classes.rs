//! User classes as a whole: weights, waits, means of a pass, statistic names, operations.

use crate::journey_contract::contracts;
use crate::simulated_shop::{
    MS, OF_FIVE, SECOND, classes_of_five, journeys_of_five, orderly, plan, simulation, start,
};
use shopblast::engine::Described;
use shopblast::plan::{Pacing, WaitTime};
use shopblast::shop::{
    Generation, JourneyOption, JourneyOptions, ShopScript, Suite, UserClass, used_operations,
    user_class,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

const NONE: fn() -> JourneyOptions = JourneyOptions::default;

/// Class; wait in milliseconds, two figures for think time, one for pacing; requests, steps (waits),
/// events and outbox events of a mean pass; journeys with weights.
const CLASSES: &str = "
IdentityUser | 500-2000 | 4.50 4.50 4.50 4.50 | NewCustomerJourney 5, AccountLifecycleJourney 3, TierProgressionJourney 2
CatalogueUser | 500-2000 | 5.80 5.80 5.80 5.80 | ProductCatalogBuilder 5, ProductLifecycleJourney 2, CategoryHierarchyBuilder 3
OrderingUser | 500-2000 | 6.20 6.05 5.90 1.65 | CartLifecycleJourney 6, OrderFullLifecycleJourney 5, CartToCheckoutJourney 3, OrderCancellationJourney 3, OrderReturnJourney 3
InventoryUser | 500-2000 | 3.25 3.25 3.60 0.35 | StockInitAndReceiveJourney 7, ReservationLifecycleJourney 5, ReservationReleaseJourney 4, DamageWriteOffJourney 4
PaymentsUser | 500-2000 | 2.80 2.80 2.80 0.40 | PaymentSuccessJourney 8, PaymentFailureRetryJourney 4, PaymentRefundJourney 4, InvoiceJourney 4
MixedWorkloadUser | 500-3000 | 4.73 4.68 4.69 2.47 | NewCustomerJourney 8, AccountLifecycleJourney 3, TierProgressionJourney 2, ProductCatalogBuilder 5, ProductLifecycleJourney 2, CategoryHierarchyBuilder 2, CartLifecycleJourney 6, OrderFullLifecycleJourney 5, CartToCheckoutJourney 3, OrderCancellationJourney 3, OrderReturnJourney 2, StockInitAndReceiveJourney 4, ReservationLifecycleJourney 3, DamageWriteOffJourney 2, PaymentSuccessJourney 5, PaymentFailureRetryJourney 3, PaymentRefundJourney 2, InvoiceJourney 2
CrossDomainUser | 1000-3000 | 10.69 9.55 10.54 2.70 | EndToEndOrderJourney 8, SagaOrderCheckoutJourney 6, CancelDuringPaymentJourney 3, ConcurrentOrderModificationJourney 3
RaceConditionUser | 300-1000 | 4.20 3.00 3.60 0.00 | CancelDuringPaymentJourney 4, ConcurrentOrderModificationJourney 4, FlashSaleStampede 2
RaceAuditUser | 0 | 5.615 2.769 4.115 1.231 | LastPiecesRace 1, CancelDuringPaymentJourney 1, CancelAgainstPaidRace 1, ConcurrentOrderModificationJourney 1, DuplicateWebhookRace 1, ContradictingWebhooksRace 1, ConcurrentRefundsRace 1, DuplicateRefundWebhookRace 1, SameIdempotencyKeyRace 1, SameExternalIdRace 1, ConcurrentCheckoutRace 1, ElevenAddressesRace 1, DoubleSuspendRace 1
FlashSaleUser | 200 | 1.00 1.00 0.00 0.00 | FlashSaleStampede 1
EventFloodUser | 100 | 1.167 1.000 1.167 0.833 | EventFloodUser.register_customer 5, EventFloodUser.create_product 3, EventFloodUser.create_category 2, EventFloodUser.create_product_with_variant 4, EventFloodUser.create_order 3, EventFloodUser.initialize_inventory 3, EventFloodUser.create_payment 2, EventFloodUser.create_warehouse 2
SpikeUser | 50 | 1.000 1.000 1.000 1.000 | SpikeUser.rapid_registration 1
CrossDomainFloodUser | 100 | 1.800 1.000 1.800 0.600 | CrossDomainFloodUser.register_customer 4, CrossDomainFloodUser.create_product_variant 4, CrossDomainFloodUser.create_order_confirm 4, CrossDomainFloodUser.inventory_init_receive 4, CrossDomainFloodUser.payment_initiate_webhook 4
";

/// The operations that journeys use, 51 of the shop's 76.
const OPERATIONS: &str = "
POST /customers
PUT /customers/{customer_id}/profile
POST /customers/{customer_id}/addresses
PUT /customers/{customer_id}/suspend
PUT /customers/{customer_id}/reactivate
PUT /customers/{customer_id}/close
PUT /customers/{customer_id}/tier
POST /products
POST /products/{product_id}/variants
POST /products/{product_id}/images
PUT /products/{product_id}/activate
PUT /products/{product_id}/discontinue
PUT /products/{product_id}/archive
POST /categories
PUT /categories/{category_id}
PUT /categories/{category_id}/reorder
PUT /categories/{category_id}/deactivate
POST /carts
POST /carts/{cart_id}/items
POST /carts/{cart_id}/checkout
PUT /carts/{cart_id}/abandon
POST /orders
POST /orders/{order_id}/items
PUT /orders/{order_id}/confirm
PUT /orders/{order_id}/payment/pending
PUT /orders/{order_id}/payment/success
PUT /orders/{order_id}/payment/failure
PUT /orders/{order_id}/processing
PUT /orders/{order_id}/ship
PUT /orders/{order_id}/deliver
PUT /orders/{order_id}/complete
PUT /orders/{order_id}/return/request
PUT /orders/{order_id}/return/approve
PUT /orders/{order_id}/return/record
PUT /orders/{order_id}/cancel
PUT /orders/{order_id}/refund
POST /inventory
PUT /inventory/{inventory_item_id}/receive
POST /inventory/{inventory_item_id}/reserve
PUT /inventory/{inventory_item_id}/adjust
PUT /inventory/{inventory_item_id}/damage
PUT /inventory/{inventory_item_id}/damage/write-off
PUT /inventory/{inventory_item_id}/stock-check
POST /warehouses
POST /payments
POST /payments/webhook
POST /payments/{payment_id}/retry
POST /payments/{payment_id}/refund
POST /payments/refund/webhook
POST /invoices
PUT /invoices/{invoice_id}/void
";

/// A line of [`CLASSES`].
struct Row {
    class: &'static UserClass,
    wait: WaitTime,
    /// Requests, steps, events and outbox events, and how exactly they are given.
    means: Vec<f64>,
    rounding: f64,
    weights: Vec<(String, u32)>,
}

fn rows() -> Vec<Row> {
    CLASSES
        .lines()
        .filter(|line| !line.is_empty())
        .map(row)
        .collect()
}

fn row(line: &str) -> Row {
    let [class, wait, means, weights] = line.split(" | ").collect::<Vec<_>>()[..] else {
        panic!("{line}");
    };
    let us = |ms: &str| ms.parse::<u64>().unwrap() * 1_000;
    let decimals = means
        .split(' ')
        .next()
        .unwrap()
        .split_once('.')
        .unwrap()
        .1
        .len();
    Row {
        class: user_class(class).unwrap(),
        wait: match wait.split_once('-') {
            Some((min, max)) => WaitTime::between(us(min), us(max)).unwrap(),
            None if wait == "0" => WaitTime::None,
            None => WaitTime::constant_pacing(us(wait)).unwrap(),
        },
        means: means.split(' ').map(|mean| mean.parse().unwrap()).collect(),
        rounding: 0.5 * 10_f64.powi(-(decimals as i32)) + 1e-9,
        weights: weights
            .split(", ")
            .map(|entry| entry.rsplit_once(' ').unwrap())
            .map(|(name, weight)| (name.to_owned(), weight.parse().unwrap()))
            .collect(),
    }
}

#[test]
fn classes_have_the_weights_and_waits_of_the_contract() {
    let rows = rows();
    assert_eq!((rows.len(), classes_of_five().len()), (13, 13));
    for row in rows {
        let weights: Vec<(String, u32)> = row
            .class
            .journeys
            .iter()
            .map(|entry| (entry.journey.name().to_owned(), entry.weight))
            .collect();
        assert_eq!(weights, row.weights, "{}", row.class.name);
        assert_eq!(row.class.wait, row.wait, "{}", row.class.name);
    }
}

#[test]
fn a_mean_pass_has_the_requests_steps_and_events_of_the_contract() {
    let steps = steps_per_pass();
    for row in rows() {
        let weights: u32 = row.weights.iter().map(|(_, weight)| weight).sum();
        let weighted = row
            .weights
            .iter()
            .map(|(name, weight)| steps[name] * f64::from(*weight));
        let means = [
            row.class.requests_per_pass(NONE()),
            weighted.sum::<f64>() / f64::from(weights),
            row.class.events_per_pass(NONE(), |_| true),
            row.class.events_per_pass(NONE(), |event| event.outbox),
        ];
        for (mean, expected) in means.iter().zip(&row.means) {
            assert!(
                (mean - expected).abs() <= row.rounding,
                "{}: {means:?} instead of {:?}",
                row.class.name,
                row.means
            );
        }
    }
}

/// Steps of each journey, with a wait each; that they are taken so is another test's.
fn steps_per_pass() -> HashMap<String, f64> {
    let mut steps = HashMap::new();
    for contract in contracts() {
        let taken = contract.lines.iter().filter(|line| !line.at_once);
        steps.insert(contract.journey.clone(), taken.count() as f64);
    }
    steps
}

/// Twelve classes, as they are named: those of the journeys, and two of the flash sale's set-up.
#[test]
fn the_140_statistic_names_are_those_of_the_contract() {
    let script = ShopScript::new(&plan(&OF_FIVE, Pacing::Class), Generation::Five).unwrap();
    let mut expected: BTreeSet<(String, String)> = contracts()
        .iter()
        .flat_map(|contract| contract.lines.clone())
        .map(|line| (line.method, line.name))
        .collect();
    for name in [
        "[FLASH] POST /warehouses (setup)",
        "[FLASH] POST /inventory (setup)",
    ] {
        expected.insert(("POST".to_owned(), name.to_owned()));
    }
    let names = script.names();
    let distinct: BTreeSet<(String, String)> = names
        .iter()
        .map(|name| (name.method.to_owned(), name.name.to_owned()))
        .collect();
    assert_eq!(distinct, expected);
    // 111 are the suite's.
    assert_eq!((names.len(), distinct.len()), (140, 140));
}

#[test]
fn the_51_operations_of_the_contract_are_used() {
    let used: Vec<String> = used_operations(Suite::Five)
        .map(|(method, path)| format!("{} {path}", method.word()))
        .collect();
    let mut expected: BTreeSet<&str> = OPERATIONS.lines().filter(|line| !line.is_empty()).collect();
    // Of the suite's contract; and a race of ours that goes on at that shop, too.
    assert!(expected.insert("PUT /warehouses/{warehouse_id}/deactivate"));
    assert_eq!(
        used.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        expected
    );
    assert_eq!(used.len(), 52, "each once");
}

#[test]
fn what_options_add_has_a_row_only_with_them() {
    let names = |options: JourneyOptions| {
        let mut plan = plan(&["InventoryUser", "PaymentsUser"], Pacing::Class);
        plan.options = options.words();
        ShopScript::new(&plan, Generation::Five)
            .unwrap()
            .names()
            .len()
    };
    let with = |options: &[JourneyOption]| names(options.iter().copied().collect());
    let without = with(&[]);
    assert_eq!(with(&[JourneyOption::ReleaseProbe]), without + 1);
    assert_eq!(with(&[JourneyOption::RepeatedKey]), without + 1);
    assert_eq!(with(&JourneyOption::ALL), without + 2);
}

/// Journeys that 2,000 users of `class` began in `run_ns`.
fn begun(class: &str, options: JourneyOptions, run_ns: u64) -> BTreeMap<&'static str, u64> {
    let mut plan = plan(&[class], Pacing::Class);
    plan.options = options.words();
    let script = ShopScript::new(&plan, Generation::Five).unwrap();
    let mut shop = orderly(MS);
    let mut world = simulation(&script, move |request, _| shop(request));
    let shared = Arc::new(script.clone());
    for user in 0..2_000 {
        world.spawn_user(&shared, start(&script, user, 0), run_ns);
    }
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let journeys = &recorder.interval().journeys;
    let started = journeys.iter().map(|counts| counts.started);
    script.journeys().into_iter().zip(started).collect()
}

/// Largest distance from the expected shares.
fn distance(begun: &BTreeMap<&str, u64>, weights: &[(String, u32)]) -> f64 {
    let total: u64 = begun.values().sum();
    let weight_sum: u32 = weights.iter().map(|(_, weight)| weight).sum();
    assert_eq!(begun.len(), weights.len());
    let off = weights.iter().map(|(name, weight)| {
        let share = begun[name.as_str()] as f64 / total as f64;
        (share - f64::from(*weight) / f64::from(weight_sum)).abs()
    });
    off.fold(0.0, f64::max)
}

#[test]
fn a_hundred_thousand_journeys_of_a_mixed_workload_keep_the_ratios() {
    let begun = begun("MixedWorkloadUser", NONE(), 420 * SECOND);
    let total: u64 = begun.values().sum();
    assert!(total >= 100_000, "{total}");
    let row = rows()
        .into_iter()
        .find(|row| row.class.name == "MixedWorkloadUser")
        .unwrap();
    let off = distance(&begun, &row.weights);
    // Four standard deviations of the largest share are 0.43 percentage points.
    assert!(off < 0.004_3, "{off}");
}

#[test]
fn the_flood_is_even_by_task_or_by_request() {
    let weights = rows().pop().unwrap().weights;
    let by_task = begun("CrossDomainFloodUser", NONE(), 3 * SECOND);
    assert!(distance(&by_task, &weights) < 0.01, "{by_task:?}");
    let options = [JourneyOption::ByRequest].into_iter().collect();
    let by_request = begun("CrossDomainFloodUser", options, 3 * SECOND);
    let mut doubled = weights;
    doubled[0].1 *= 2;
    assert!(distance(&by_request, &doubled) < 0.01, "{by_request:?}");
    let class = user_class("CrossDomainFloodUser").unwrap();
    for domain in ["Identity", "Catalogue", "Ordering", "Inventory", "Payments"] {
        let events = class.events_per_pass(options, |event| event.domain == domain);
        assert!((events - 1.0 / 3.0).abs() < 1e-9, "{domain} {events}");
    }
}

/// Times from one reply to the next request of one user that is not sent at once, in seconds.
fn think_times(class: &str, run_ns: u64) -> Vec<f64> {
    let script = ShopScript::new(&plan(&[class], Pacing::Class), Generation::Five).unwrap();
    let mut shop = orderly(MS);
    let sent = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&sent);
    let mut world = simulation(&script, move |request, now_ns| {
        log.borrow_mut().push(now_ns);
        shop(request)
    });
    let item = shopblast::engine::Id::new(b"item").unwrap();
    script.supplies().put_up_flash_item(item);
    world.spawn_user(&Arc::new(script.clone()), start(&script, 3, 0), run_ns);
    world.run();
    let sent = sent.take();
    let gaps = sent.windows(2).map(|pair| pair[1] - pair[0] - MS);
    gaps.filter(|gap| *gap > 0)
        .map(|gap| gap as f64 / 1e9)
        .collect()
}

#[test]
fn think_times_are_within_one_per_cent_of_their_mean() {
    for (class, min_s, max_s) in [
        ("IdentityUser", 0.5, 2.0),
        ("MixedWorkloadUser", 0.5, 3.0),
        ("CrossDomainUser", 1.0, 3.0),
        ("RaceConditionUser", 0.3, 1.0),
    ] {
        let times = think_times(class, 60_000 * SECOND);
        let mean_s = times.iter().sum::<f64>() / times.len() as f64;
        let expected_s = (min_s + max_s) / 2.0;
        assert!(times.len() > 20_000, "{class}: {}", times.len());
        assert!(
            (mean_s / expected_s - 1.0).abs() < 0.01,
            "{class}: {mean_s}"
        );
        assert!(
            times.iter().all(|time| (min_s..=max_s).contains(time)),
            "{class}"
        );
    }
}

#[test]
fn paced_users_begin_a_task_on_every_beat() {
    for (class, beats_per_s) in [
        ("FlashSaleUser", 5),
        ("EventFloodUser", 10),
        ("SpikeUser", 20),
        ("CrossDomainFloodUser", 10),
    ] {
        let script = ShopScript::new(&plan(&[class], Pacing::Class), Generation::Five).unwrap();
        script
            .supplies()
            .put_up_flash_item(shopblast::engine::Id::new(b"item").unwrap());
        let mut shop = orderly(MS);
        let mut world = simulation(&script, move |request, _| shop(request));
        world.spawn_user(&Arc::new(script.clone()), start(&script, 0, 0), 30 * SECOND);
        world.run();
        let recorder = world.recorder();
        let mut recorder = recorder.borrow_mut();
        let started: u64 = recorder
            .interval()
            .journeys
            .iter()
            .map(|counts| counts.started)
            .sum();
        assert_eq!(started, 30 * beats_per_s, "{class}");
    }
    assert_eq!(journeys_of_five().len(), 49);
}

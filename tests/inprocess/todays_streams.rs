//! Today's suite sends what it sent: digests of every class at a shop of today, whatever it answers.

use crate::simulated_shop::{Request, SECOND, plan, refusal, well};
use crate::suite_streams::{LATENCY_NS, LIVES, digest, live};
use serde_json::{Value, json};
use shopblast::engine::{Id, SimulatedAnswer};
use shopblast::plan::{Pacing, Plan, fnv1a};
use shopblast::shop::{
    Generation, JourneyOption, JourneyOptions, ShopScript, ShopSettings, Suite, USER_CLASSES,
};
use std::collections::HashMap;
use std::sync::Arc;

const STREAMS: &str = "tests/golden/todays-streams";

/// What operations of fulfillments answer, by the end of their paths.
const DONE: [(&str, &str); 9] = [
    ("/assign-picker", "picker_assigned"),
    ("/pick-list/complete", "picking_completed"),
    ("/pack", "packing_completed"),
    ("/label", "label_generated"),
    ("/handoff", "shipment_handed_off"),
    ("/deliver", "delivery_confirmed"),
    ("/exception", "exception_recorded"),
    ("/cancel", "cancelled"),
    ("/tracking/webhook", "tracking_updated"),
];
/// What orders are, one look after the other.
const STATES: [&str; 3] = ["Confirmed", "Payment_Pending", "Paid"];

/// A shop of today where all goes well.
#[derive(Default)]
struct TodaysShop {
    /// What was said of each review when it was submitted.
    reviews: HashMap<String, Value>,
    looks: usize,
}

impl TodaysShop {
    fn answer(&mut self, request: &[u8]) -> SimulatedAnswer {
        let reply = |status, body: Value| {
            SimulatedAnswer::reply(LATENCY_NS, status, body.to_string().into_bytes())
        };
        let Request {
            method, path, body, ..
        } = Request::parse(request);
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let number = format!("00000000-0000-4000-8000-{:012x}", fnv1a(request) >> 16);
        match (&*method, &parts[..]) {
            ("POST", ["fulfillments"]) => reply(201, json!({"fulfillment_id": number})),
            ("GET", ["fulfillments", order, ..]) => reply(200, json!({"order_id": order})),
            (_, ["fulfillments", ..]) => {
                let done = DONE.iter().find(|(end, _)| path.ends_with(end));
                reply(200, json!({"status": done.expect("an operation").1}))
            }
            ("POST", ["reviews"]) => {
                let said = serde_json::from_str(&body).expect("JSON");
                self.reviews.insert(number.clone(), said);
                reply(201, json!({"review_id": number}))
            }
            ("GET", ["reviews", "ratings", _]) => reply(200, json!({"average_rating": 4.0})),
            ("GET", ["reviews", review]) => reply(200, self.reviews[*review].clone()),
            ("GET", _) if path.starts_with("/reviews") => reply(200, json!({"items": []})),
            ("GET", ["orders", _]) => {
                self.looks += 1;
                reply(200, json!({"status": STATES[self.looks % STATES.len()]}))
            }
            ("GET", ["notifications", "preferences", customer]) => {
                reply(200, json!({"customer_id": customer}))
            }
            ("GET", ["notifications", _]) => {
                let told =
                    ["a", "b"].map(|one| json!({"notification_id": format!("{number}{one}")}));
                reply(200, json!({"notifications": told}))
            }
            ("POST", ["notifications", _, "retry"]) => refusal(
                LATENCY_NS,
                "status",
                "Only failed notifications can be retried",
            ),
            ("POST", [_, "maintenance", _]) => reply(200, json!({"expired_count": 0})),
            _ => well(request, LATENCY_NS),
        }
    }
}

fn line(class: &str, options: &[JourneyOption], pacing: Pacing) -> String {
    let options = JourneyOptions::from_iter(options.iter().copied());
    let settings = ShopSettings {
        options,
        suite: Some(Suite::Today),
        ..ShopSettings::default()
    };
    let plan = Plan {
        options: settings.plan_words(),
        ..plan(&[class], pacing)
    };
    let run_ns = match pacing {
        Pacing::Class => 300 * SECOND,
        Pacing::Max => 10 * SECOND,
    };
    let script = ShopScript::new(&plan, Generation::Today).unwrap();
    let item = Id::new(crate::carried_journey::FLASH_ITEM.as_bytes()).unwrap();
    script.supplies().put_up_flash_item(item);
    let script = Arc::new(script);
    let lives = LIVES.map(|(user, mood)| {
        let mut shop = TodaysShop::default();
        live(&script, user, (run_ns, mood), move |request| {
            shop.answer(request)
        })
    });
    let (with, digest) = (options.words().join(" "), digest(&lives));
    format!("{class} {pacing:?} [{with}]: {digest}\n")
}

fn sends_what_it_sent(class: &str) {
    let path = format!("{STREAMS}/{class}.txt");
    let lines = [
        (&[][..], Pacing::Class),
        (&[JourneyOption::AsWritten][..], Pacing::Class),
        (&[JourneyOption::Strict][..], Pacing::Class),
        (&[][..], Pacing::Max),
    ];
    let lines = lines.map(|(options, pacing)| line(class, options, pacing));
    let text = lines.concat();
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::create_dir_all(STREAMS).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == golden, "{golden}is now\n{text}");
}

macro_rules! classes {
    ($($test:ident: $class:literal,)*) => {
        $(
            #[test]
            fn $test() {
                sends_what_it_sent($class);
            }
        )*

        #[test]
        fn no_class_is_left_out() {
            let tested = [$($class),*];
            for class in USER_CLASSES.iter() {
                assert!(tested.contains(&class.name), "{}", class.name);
            }
        }
    };
}

classes! {
    backfill_drain_rate_user: "BackfillDrainRateUser",
    catalogue_user: "CatalogueUser",
    cross_domain_flood_user: "CrossDomainFloodUser",
    cross_domain_user: "CrossDomainUser",
    event_flood_user: "EventFloodUser",
    flash_sale_user: "FlashSaleUser",
    fulfillment_race_user: "FulfillmentRaceUser",
    fulfillment_tracking_user: "FulfillmentTrackingUser",
    fulfillment_user: "FulfillmentUser",
    full_shop_user: "FullShopUser",
    identity_user: "IdentityUser",
    inventory_maintenance_user: "InventoryMaintenanceUser",
    inventory_race_user: "InventoryRaceUser",
    inventory_user: "InventoryUser",
    migration_with_production_traffic_user: "MigrationWithProductionTrafficUser",
    mixed_workload_user: "MixedWorkloadUser",
    new_contexts_user: "NewContextsUser",
    notifications_cancel_user: "NotificationsCancelUser",
    notifications_race_user: "NotificationsRaceUser",
    notifications_user: "NotificationsUser",
    ordering_saga_user: "OrderingSagaUser",
    ordering_user: "OrderingUser",
    payments_user: "PaymentsUser",
    priority_lanes_disabled_baseline: "PriorityLanesDisabledBaseline",
    priority_starvation_test_user: "PriorityStarvationTestUser",
    race_audit_user: "RaceAuditUser",
    race_condition_user: "RaceConditionUser",
    reviews_race_user: "ReviewsRaceUser",
    reviews_user: "ReviewsUser",
    spike_user: "SpikeUser",
    subscriber_user: "SubscriberUser",
    todays_race_user: "TodaysRaceUser",
}

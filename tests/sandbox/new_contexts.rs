//! What today's shop has that the older one has not: fulfillment, reviews and notifications, over real
//! sockets. What was recorded of the real one is replayed in `conformance_today`; here is what no
//! recording shows: events, and faults that are planted.

use crate::sandbox_client::{Client, sandbox};
use serde_json::{Value, json};
use shopblast::plan::Driver;
use shopblast::sandbox::{
    Bug, Bugs, DOMAINS, Domain, DrainRate, PipelineConfig, Sandbox, SandboxMode, ShopConfig,
};
use std::time::Duration;

fn shop(engines: u32, bugs: Bugs) -> (Sandbox, Client) {
    let config = ShopConfig {
        retain: 1_000,
        pipeline: PipelineConfig {
            engines: [engines; DOMAINS],
            drain_rate: DrainRate::per_s(500.0).unwrap(),
        },
        bugs,
        ..ShopConfig::default()
    };
    let sandbox = sandbox(SandboxMode::Shop(config), Driver::Uring);
    let client = Client::connect(sandbox.address());
    (sandbox, client)
}

/// Sends one request; the body that came with that status.
#[track_caller]
fn call(client: &mut Client, method: &str, path: &str, body: Value, status: u16) -> Value {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let reply = client.call(method, path, &body);
    assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

fn raised(sandbox: &Sandbox, domain: Domain) -> u64 {
    let backlog = sandbox.pipeline().unwrap().backlog(domain);
    backlog.pending + backlog.published
}

/// Asks until `is_wanted`; engines need their time.
fn wait_for<T>(mut ask: impl FnMut() -> T, is_wanted: impl Fn(&T) -> bool) -> T {
    for _ in 0..3_000 {
        let found = ask();
        if is_wanted(&found) {
            return found;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it never came");
}

fn fulfillment(client: &mut Client) -> String {
    let body = json!({"order_id": "o", "customer_id": "c", "items": []});
    let made = call(client, "POST", "/fulfillments", body, 201);
    format!("/fulfillments/{}", made["fulfillment_id"].as_str().unwrap())
}

/// The steps until a carrier has it.
fn until_handed_off() -> [(&'static str, Value); 5] {
    [
        ("assign-picker", json!({"picker_name": "Ann"})),
        ("pick-list/complete", Value::Null),
        (
            "pack",
            json!({"packed_by": "Ben", "packages": [{"weight": 1.5}]}),
        ),
        (
            "label",
            json!({"label_url": "l", "carrier": "UPS", "service_level": "Express"}),
        ),
        ("handoff", json!({"tracking_number": "T"})),
    ]
}

fn review(customer: &str) -> Value {
    json!({
        "product_id": "p", "customer_id": customer, "rating": 4, "title": "Fine",
        "body": "It does what the page says.",
    })
}

fn submit(client: &mut Client) -> String {
    let made = call(client, "POST", "/reviews", review("author"), 201);
    format!("/reviews/{}", made["review_id"].as_str().unwrap())
}

fn register(client: &mut Client, external_id: &str) -> String {
    let body = json!({
        "external_id": external_id, "email": "a@b.co", "first_name": "Ann", "last_name": "B",
    });
    let made = call(client, "POST", "/customers", body, 201);
    made["customer_id"].as_str().unwrap().to_owned()
}

/// A customer whose preferences an engine has made.
fn settled_customer(client: &mut Client) -> String {
    let customer = register(client, "EXT-1");
    let path = format!("/notifications/preferences/{customer}");
    wait_for(
        || call(client, "GET", &path, Value::Null, 200),
        |shown| shown["preference_id"] != "",
    );
    customer
}

fn order(client: &mut Client, customer: &str) -> String {
    let address = json!({"street": "1 Main", "city": "C", "postal_code": "1", "country": "US"});
    let body = json!({
        "customer_id": customer,
        "items": [{
            "product_id": "p", "variant_id": "v", "sku": "SKU", "title": "T", "quantity": 1,
            "unit_price": 10.5,
        }],
        "shipping_address": address,
        "billing_address": address,
    });
    let made = call(client, "POST", "/orders", body, 201);
    made["order_id"].as_str().unwrap().to_owned()
}

fn history(client: &mut Client, customer: &str) -> Vec<Value> {
    let path = format!("/notifications/{customer}");
    let shown = call(client, "GET", &path, Value::Null, 200);
    shown["notifications"].as_array().unwrap().clone()
}

#[test]
fn every_success_of_a_fulfillment_raises_one_event_and_a_refusal_none() {
    let (sandbox, mut client) = shop(0, Bugs::default());
    let path = fulfillment(&mut client);
    let mut expected = 1;
    let id = path.rsplit('/').next().unwrap();
    let tracking = json!({"fulfillment_id": id, "status": "moving"});
    for (step, body) in until_handed_off() {
        call(
            &mut client,
            "PUT",
            &format!("{path}/{step}"),
            body.clone(),
            200,
        );
        expected += 1;
        assert_eq!(raised(&sandbox, Domain::Fulfillment), expected, "{step}");
        // What has been packed can be packed once more.
        if step != "pack" {
            call(&mut client, "PUT", &format!("{path}/{step}"), body, 400);
        }
    }
    let webhook = "/fulfillments/tracking/webhook";
    for (method, path, body) in [
        ("POST", webhook.to_owned(), tracking.clone()),
        ("PUT", format!("{path}/exception"), json!({"reason": "r"})),
        ("POST", webhook.to_owned(), tracking.clone()),
        ("PUT", format!("{path}/deliver"), Value::Null),
    ] {
        call(&mut client, method, &path, body, 200);
        expected += 1;
        assert_eq!(raised(&sandbox, Domain::Fulfillment), expected, "{path}");
    }
    call(&mut client, "POST", webhook, tracking, 400);
    call(
        &mut client,
        "POST",
        "/fulfillments/carrier/configure",
        json!({}),
        200,
    );
    assert_eq!(raised(&sandbox, Domain::Fulfillment), expected);
    assert_eq!(raised(&sandbox, Domain::Ordering), 0);
}

#[test]
fn every_success_of_a_review_raises_one_event_and_a_refusal_none() {
    let (sandbox, mut client) = shop(0, Bugs::default());
    let path = submit(&mut client);
    let vote = json!({"customer_id": "v", "vote_type": "Unhelpful"});
    let report = json!({"customer_id": "v", "reason": "Spam"});
    let reply = json!({"seller_id": "s", "body": "Thanks"});
    let moderate = |action: &str| json!({"moderator_id": "m", "action": action, "reason": "r"});
    let edit = json!({"customer_id": "author", "rating": 5});
    let remove = json!({"removed_by": "Admin", "reason": "r"});
    let mut expected = 1;
    for (method, step, body, status) in [
        ("PUT", "/moderate", moderate("Reject"), 200),
        ("PUT", "/moderate", moderate("Approve"), 400),
        ("PUT", "", edit.clone(), 200),
        ("PUT", "/moderate", moderate("Approve"), 200),
        ("PUT", "", edit, 400),
        ("POST", "/votes", vote.clone(), 201),
        ("POST", "/votes", vote, 400),
        ("POST", "/reports", report.clone(), 201),
        ("POST", "/reports", report, 201),
        ("POST", "/reply", reply.clone(), 201),
        ("POST", "/reply", reply, 400),
        ("PUT", "/remove", remove.clone(), 200),
        ("PUT", "/remove", remove, 400),
    ] {
        call(&mut client, method, &format!("{path}{step}"), body, status);
        expected += u64::from(status < 300);
        assert_eq!(raised(&sandbox, Domain::Reviews), expected, "{step}");
    }
    assert_eq!(
        raised(&sandbox, Domain::Notifications),
        0,
        "no engine takes notice"
    );
}

#[test]
fn a_registration_makes_three_events_in_notifications_and_an_order_two() {
    let (sandbox, mut client) = shop(1, Bugs::default());
    let customer = register(&mut client, "EXT-1");
    let events = || raised(&sandbox, Domain::Notifications);
    wait_for(events, |&events| events == 3);
    order(&mut client, "nobody");
    wait_for(events, |&events| events == 5);
    let shown = wait_for(
        || history(&mut client, &customer),
        |shown| shown.first().is_some_and(|one| one["status"] == "Sent"),
    );
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["subject"], "Welcome to ShopStream, Ann!");
    assert_eq!(history(&mut client, "nobody").len(), 1);
    assert_eq!(raised(&sandbox, Domain::Identity), 1);
}

#[test]
fn a_type_that_was_given_up_is_not_told() {
    let (sandbox, mut client) = shop(1, Bugs::default());
    let customer = settled_customer(&mut client);
    wait_for(
        || raised(&sandbox, Domain::Notifications),
        |&events| events == 3,
    );
    let path = format!("/notifications/preferences/{customer}/unsubscribe");
    let body = json!({"notification_type": "OrderConfirmation"});
    call(&mut client, "POST", &path, body, 201);
    let first = order(&mut client, &customer);
    order(&mut client, "another");
    // The other customer's message comes after what would have been this one's.
    wait_for(
        || history(&mut client, "another"),
        |shown| !shown.is_empty(),
    );
    let shown = history(&mut client, &customer);
    assert_eq!(shown.len(), 1, "{first}: {shown:?}");
    assert_eq!(shown[0]["notification_type"], "Welcome");
}

#[test]
fn what_waits_for_its_day_is_sent_then_and_no_read_shows_it() {
    let (sandbox, mut client) = shop(1, Bugs::default());
    let customer = settled_customer(&mut client);
    let order = order(&mut client, &customer);
    for (step, body) in [
        ("confirm", Value::Null),
        (
            "payment/pending",
            json!({"payment_id": "p", "payment_method": "m"}),
        ),
        (
            "payment/success",
            json!({"payment_id": "p", "amount": 5, "payment_method": "m"}),
        ),
        (
            "ship",
            json!({"shipment_id": "s", "carrier": "c", "tracking_number": "t"}),
        ),
        ("deliver", Value::Null),
    ] {
        call(
            &mut client,
            "PUT",
            &format!("/orders/{order}/{step}"),
            body,
            200,
        );
    }
    let is_prompt = |one: &&Value| one["notification_type"] == "ReviewPrompt";
    let shown = wait_for(
        || history(&mut client, &customer),
        |shown| shown.iter().any(|one| is_prompt(&one)),
    );
    let prompt = shown.iter().find(is_prompt).unwrap();
    let id = prompt["notification_id"].as_str().unwrap();
    // Welcome and confirmation are sent, and nothing else is to come.
    wait_for(
        || raised(&sandbox, Domain::Notifications),
        |&events| events == 6,
    );
    let process = "/notifications/maintenance/process-scheduled";
    call(&mut client, "POST", process, json!({}), 200);
    assert_eq!(raised(&sandbox, Domain::Notifications), 6, "it is not due");
    let later = json!({"as_of": "2999-01-01T00:00:00Z"});
    call(&mut client, "POST", process, later.clone(), 200);
    assert_eq!(raised(&sandbox, Domain::Notifications), 7);
    call(&mut client, "POST", process, later, 200);
    assert_eq!(
        raised(&sandbox, Domain::Notifications),
        7,
        "it is sent once"
    );
    let cancel = format!("/notifications/{id}/cancel");
    let told = call(&mut client, "PUT", &cancel, json!({"reason": "r"}), 400);
    let words = "Cannot transition from Sent to Cancelled";
    assert_eq!(told, json!({"error": {"status": [words]}}));
    let shown = history(&mut client, &customer);
    let prompt = shown.iter().find(is_prompt).unwrap();
    assert_eq!(prompt["status"], "Pending");
}

/// The suite's four priority classes send it; the shop's code does not read it.
#[test]
fn a_priority_changes_nothing() {
    let (sandbox, mut client) = shop(0, Bugs::default());
    for (number, priority) in ["low", "high", "bulk", "nonsense"].into_iter().enumerate() {
        let body = format!(
            r#"{{"external_id":"EXT-{number}","email":"a@b.co","first_name":"A","last_name":"B"}}"#
        );
        let length = body.len();
        let request = format!(
            "POST /customers HTTP/1.1\r\nHost: x\r\nX-Processing-Priority: {priority}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        client.write(request.as_bytes());
        assert_eq!(client.reply().status, 201, "{priority}");
    }
    assert_eq!(raised(&sandbox, Domain::Identity), 4);
}

/// Does twice what may be done once; the status of the second time.
fn done_twice(bug: Bug, bugs: Bugs) -> u16 {
    let (_sandbox, mut client) = shop(1, bugs);
    let client = &mut client;
    let (method, path, body) = match bug {
        Bug::DoubleHandoff | Bug::CancelledAndShipped => {
            let path = fulfillment(client);
            let [steps @ .., (_, handoff)] = until_handed_off();
            for (step, body) in steps {
                call(client, "PUT", &format!("{path}/{step}"), body, 200);
            }
            if bug == Bug::CancelledAndShipped {
                let cancel = format!("{path}/cancel");
                call(client, "PUT", &cancel, json!({"reason": "r"}), 200);
                return client
                    .call("PUT", &format!("{path}/handoff"), &handoff.to_string())
                    .status;
            }
            ("PUT", format!("{path}/handoff"), handoff)
        }
        Bug::DuplicateReview => ("POST", "/reviews".to_owned(), review("c")),
        Bug::DoubleVote => {
            let path = submit(client);
            let vote = json!({"customer_id": "v", "vote_type": "Helpful"});
            ("POST", format!("{path}/votes"), vote)
        }
        Bug::DoubleReply => {
            let path = submit(client);
            let approve = json!({"moderator_id": "m", "action": "Approve"});
            call(client, "PUT", &format!("{path}/moderate"), approve, 200);
            let reply = json!({"seller_id": "s", "body": "Thanks"});
            ("POST", format!("{path}/reply"), reply)
        }
        Bug::DoubleUnsubscribe => {
            let customer = settled_customer(client);
            let path = format!("/notifications/preferences/{customer}/unsubscribe");
            ("POST", path, json!({"notification_type": "CartRecovery"}))
        }
        Bug::DoubleCancel => {
            let customer = settled_customer(client);
            let order = order(client, &customer);
            for (step, body) in [
                ("confirm", Value::Null),
                (
                    "payment/pending",
                    json!({"payment_id": "p", "payment_method": "m"}),
                ),
                (
                    "payment/success",
                    json!({"payment_id": "p", "amount": 5, "payment_method": "m"}),
                ),
                (
                    "ship",
                    json!({"shipment_id": "s", "carrier": "c", "tracking_number": "t"}),
                ),
                ("deliver", Value::Null),
            ] {
                call(client, "PUT", &format!("/orders/{order}/{step}"), body, 200);
            }
            let is_prompt = |one: &&Value| one["notification_type"] == "ReviewPrompt";
            let shown = wait_for(
                || history(client, &customer),
                |shown| shown.iter().any(|one| is_prompt(&one)),
            );
            let prompt = shown.iter().find(is_prompt).unwrap();
            let id = prompt["notification_id"].as_str().unwrap();
            (
                "PUT",
                format!("/notifications/{id}/cancel"),
                json!({"reason": "r"}),
            )
        }
        other => panic!("{other:?} is an older one"),
    };
    let first = client.call(method, &path, &body.to_string());
    assert!(first.status < 300, "{bug:?}: {}", first.body);
    client.call(method, &path, &body.to_string()).status
}

#[test]
fn what_may_be_done_once_is_done_twice_by_a_planted_fault_alone() {
    for bug in [
        Bug::DoubleHandoff,
        Bug::CancelledAndShipped,
        Bug::DuplicateReview,
        Bug::DoubleVote,
        Bug::DoubleReply,
        Bug::DoubleUnsubscribe,
        Bug::DoubleCancel,
    ] {
        assert_eq!(done_twice(bug, Bugs::default()), 400, "{bug:?}");
        let status = done_twice(bug, Bugs::default().with(bug, 1.0));
        assert!(status < 300, "{bug:?}: {status}");
    }
}

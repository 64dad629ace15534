//! Every command in every state.

use super::*;

/// What a command does, and what it is for.
type Command = (&'static str, fn(&mut Order) -> Result<(), Refusal>);

/// All commands, in the order of the contract's matrix.
const COMMANDS: [Command; 16] = [
    ("confirm", |order| order.proceed(Confirmed)),
    ("payment/pending", |order| order.proceed(PaymentPending)),
    ("payment/success", |order| order.proceed(Paid)),
    ("payment/failure", |order| order.proceed(Confirmed)),
    ("processing", |order| order.proceed(Processing)),
    ("ship", Order::ship),
    ("ship/partial", Order::ship_partly),
    ("deliver", |order| order.proceed(Delivered)),
    ("complete", |order| order.proceed(Completed)),
    ("return/request", |order| order.proceed(ReturnRequested)),
    ("return/approve", |order| order.proceed(ReturnApproved)),
    ("return/record", |order| order.proceed(Returned)),
    ("cancel", Order::cancel),
    ("refund", Order::refund),
    ("items", |order| order.add_item()),
    ("coupon", |order| order.apply_coupon()),
];

/// The measured matrix: each state with the commands that work in it and where they lead.
const MATRIX: [(Status, &[(&str, Status)]); 14] = [
    (
        Created,
        &[
            ("confirm", Confirmed),
            ("payment/failure", Confirmed),
            ("cancel", Cancelled),
            ("items", Created),
            ("coupon", Created),
        ],
    ),
    (
        Confirmed,
        &[("payment/pending", PaymentPending), ("cancel", Cancelled)],
    ),
    (
        PaymentPending,
        &[
            ("confirm", Confirmed),
            ("payment/success", Paid),
            ("payment/failure", Confirmed),
            ("cancel", Cancelled),
            ("items", PaymentPending),
        ],
    ),
    (
        Paid,
        &[
            ("processing", Processing),
            ("ship", Shipped),
            ("cancel", Cancelled),
        ],
    ),
    (
        Processing,
        &[("ship", Shipped), ("ship/partial", PartiallyShipped)],
    ),
    (PartiallyShipped, &[("ship", Shipped)]),
    (Shipped, &[("deliver", Delivered)]),
    (
        Delivered,
        &[("complete", Completed), ("return/request", ReturnRequested)],
    ),
    (ReturnRequested, &[("return/approve", ReturnApproved)]),
    (ReturnApproved, &[("return/record", Returned)]),
    (Returned, &[("refund", Refunded)]),
    (Cancelled, &[("refund", Refunded)]),
    (Completed, &[]),
    (Refunded, &[]),
];

#[test]
fn every_cell_of_the_matrix() {
    for (state, works) in MATRIX {
        for (name, command) in COMMANDS {
            let mut order = Order { status: state };
            let result = command(&mut order);
            match works.iter().find(|(known, _)| *known == name) {
                Some(&(_, end)) => {
                    assert_eq!((result, order.status), (Ok(()), end), "{name} in {state:?}");
                }
                None => {
                    let refusal = result.unwrap_err();
                    assert_eq!(refusal.status(), 400, "{name} in {state:?}");
                    assert_eq!(order.status, state, "a refused {name} changes nothing");
                }
            }
        }
    }
}

#[test]
fn refusals_name_states_as_the_shop_does() {
    let refusal = |status, target| Order { status }.proceed(target).unwrap_err().body();
    assert_eq!(
        refusal(PaymentPending, ReturnRequested),
        r#"{"error":{"status":["Cannot transition from Payment_Pending to Return_Requested"]}}"#
    );
    let confirmed = Order { status: Confirmed };
    assert_eq!(
        confirmed.add_item().unwrap_err().body(),
        r#"{"error":{"status":["Cannot transition from Confirmed to Confirmed"]}}"#
    );
}

#[test]
fn the_four_cancellable_states_come_in_one_order_for_the_whole_process() {
    let refusal = |status: Status| {
        let body = Order { status }.cancel().unwrap_err().body();
        let start = format!(
            r#"{{"error":{{"status":["Cannot cancel order in {} state. Cancellation is only allowed from: "#,
            status.name()
        );
        body.strip_prefix(&start).map(str::to_owned)
    };
    let list = refusal(Shipped).unwrap();
    assert_eq!(refusal(PartiallyShipped).as_ref(), Some(&list));
    let mut states: Vec<&str> = list.strip_suffix("\"]}}").unwrap().split(", ").collect();
    states.sort_unstable();
    assert_eq!(states, ["Confirmed", "Created", "Paid", "Payment_Pending"]);
}

#[test]
fn items_are_unknown_only_in_a_new_order() {
    let new = r#"{"error":{"item_id":["Item not found"]}}"#;
    assert_eq!(Order::NEW.remove_item().body(), new);
    assert_eq!(Order::NEW.update_quantity().body(), new);
    let pending = Order {
        status: PaymentPending,
    };
    assert!(pending.remove_item().body().contains("in Created state"));
    assert!(
        pending
            .update_quantity()
            .body()
            .contains("in Created state")
    );
}

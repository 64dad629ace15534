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
    ("items", |order| order.check_takes_items(Generation::Five)),
    ("coupon", |order| order.apply_coupon()),
];

/// The measured matrix: each state with the commands that work in it and where they lead.
const MATRIX: [(OrderStatus, &[(&str, OrderStatus)]); 14] = [
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

fn order(status: OrderStatus) -> Order {
    Order {
        status,
        ..Order::NEW
    }
}

#[test]
fn every_cell_of_the_matrix() {
    for (state, works) in MATRIX {
        for (name, command) in COMMANDS {
            let mut order = order(state);
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

/// What today's shop takes for done, by state; measured cell by cell, in the message store too.
const SETTLED: [(OrderStatus, &[OrderSettling]); 4] = [
    (PaymentPending, &[OrderSettling::PaymentPending]),
    (Paid, &[OrderSettling::PaymentSuccess]),
    (
        Cancelled,
        &[
            OrderSettling::PaymentPending,
            OrderSettling::PaymentSuccess,
            OrderSettling::PaymentFailure,
            OrderSettling::Cancel,
        ],
    ),
    (
        Refunded,
        &[
            OrderSettling::PaymentPending,
            OrderSettling::PaymentSuccess,
            OrderSettling::PaymentFailure,
            OrderSettling::Refund,
        ],
    ),
];

#[test]
fn every_cell_in_which_todays_shop_does_nothing() {
    let all = [
        OrderSettling::PaymentPending,
        OrderSettling::PaymentSuccess,
        OrderSettling::PaymentFailure,
        OrderSettling::Cancel,
        OrderSettling::Refund,
    ];
    for (state, _) in MATRIX {
        let settled = SETTLED.iter().find(|(known, _)| *known == state);
        let settled = settled.map_or(&[][..], |(_, settled)| *settled);
        for settling in all {
            let is_settled = order(state).is_settled(settling);
            assert_eq!(
                is_settled,
                settled.contains(&settling),
                "{settling:?} in {state:?}"
            );
        }
    }
}

#[test]
fn today_only_new_orders_take_items() {
    for (state, _) in MATRIX {
        let takes = order(state).check_takes_items(Generation::Today);
        assert_eq!(takes.is_ok(), state == Created, "{state:?}");
        if let Err(refusal) = takes {
            let says = r#"{"error":{"status":["Items can only be added in Created state"]}}"#;
            assert_eq!(refusal.body(), says);
        }
    }
}

#[test]
fn refusals_name_states_as_the_shop_does() {
    let refusal = |status, target| order(status).proceed(target).unwrap_err().body();
    assert_eq!(
        refusal(PaymentPending, ReturnRequested),
        r#"{"error":{"status":["Cannot transition from Payment_Pending to Return_Requested"]}}"#
    );
    let takes = order(Confirmed).check_takes_items(Generation::Five);
    assert_eq!(
        takes.unwrap_err().body(),
        r#"{"error":{"status":["Cannot transition from Confirmed to Confirmed"]}}"#
    );
}

#[test]
fn the_four_cancellable_states_come_in_one_order_for_the_whole_process() {
    let refusal = |status: OrderStatus| {
        let body = order(status).cancel().unwrap_err().body();
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
    let id = Uuid::from_u128(7).to_string();
    let unknown = r#"{"error":{"item_id":["Item not found"]}}"#;
    let mut new = Order::NEW;
    assert_eq!(new.remove_item(&id).unwrap_err().body(), unknown);
    assert_eq!(new.update_quantity(&id, 2).unwrap_err().body(), unknown);
    let mut pending = order(PaymentPending);
    for refusal in [
        pending.remove_item(&id).unwrap_err(),
        pending.update_quantity(&id, 2).unwrap_err(),
    ] {
        assert!(refusal.body().contains("in Created state"));
    }
}

#[test]
fn items_that_are_kept_are_changed_by_their_ids() {
    let line = |id, quantity, unit_price| OrderLine {
        id: Uuid::from_u128(id),
        quantity,
        unit_price,
    };
    let mut order = Order::NEW;
    order.keep(Contents {
        lines: vec![line(1, 2, 64.83), line(2, 1, 93.34)],
        shipping_cost: 7.7,
        tax_total: 17.78,
        discount_total: 0.0,
    });
    let first = Uuid::from_u128(1).to_string();
    // As measured on today's shop, with the same numbers.
    let (before, totals) = order.update_quantity(&first, 7).unwrap();
    assert_eq!(before, 2);
    assert_eq!((totals.subtotal, totals.grand_total), (547.15, 572.63));
    let totals = order.remove_item(&first).unwrap();
    assert_eq!(totals.subtotal, 93.34);
    assert!(order.remove_item(&first).is_err());
}

//! Every command in every state, and the arithmetic of refunds against a plain model.

use super::*;
use proptest::prelude::*;

const ALL: [PaymentStatus; 5] = [
    PaymentStatus::Pending,
    PaymentStatus::Failed,
    PaymentStatus::Succeeded,
    PaymentStatus::PartiallyRefunded,
    PaymentStatus::Refunded,
];

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128 + 1)
}

/// A payment of 100 in a state, with one open refund.
fn payment_in(status: PaymentStatus) -> Payment {
    let mut payment = Payment::of(100.0);
    payment.status = status;
    payment.refunds.push(Refund {
        id: id(0),
        amount: 10.0,
        is_completed: false,
    });
    payment
}

#[test]
fn commands_work_in_their_states_only() {
    for status in ALL {
        let outcome = |command: fn(&mut Payment) -> Result<(), Refusal>| {
            let mut payment = payment_in(status);
            let is_done = command(&mut payment).is_ok();
            assert!(is_done || payment.status == status);
            is_done.then_some(payment.status)
        };
        let when = |holds: bool, end: PaymentStatus| holds.then_some(end);
        let is_pending = status == PaymentStatus::Pending;
        assert_eq!(
            outcome(|payment| payment.succeed(Some("t"))),
            when(is_pending, PaymentStatus::Succeeded)
        );
        assert_eq!(outcome(|payment| payment.succeed(None)), None);
        assert_eq!(outcome(|payment| payment.succeed(Some(""))), None);
        assert_eq!(
            outcome(Payment::fail),
            when(is_pending, PaymentStatus::Failed)
        );
        assert_eq!(
            outcome(Payment::retry),
            when(status == PaymentStatus::Failed, PaymentStatus::Pending)
        );
        let is_refundable = matches!(
            status,
            PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded
        );
        assert_eq!(
            outcome(|payment| payment.request_refund(id(1), 1.0)),
            when(is_refundable, status)
        );
    }
}

#[test]
fn the_first_attempt_counts() {
    let mut payment = Payment::of(1.0);
    let exceeded = r#"{"error":{"attempts":["Maximum retry attempts (3) exceeded"]}}"#;
    for _ in 0..2 {
        payment.fail().unwrap();
        payment.retry().unwrap();
    }
    assert_eq!(payment.retry().unwrap_err().body(), exceeded);
    payment.fail().unwrap();
    assert_eq!(payment.retry().unwrap_err().body(), exceeded);
    assert_eq!(payment.status, PaymentStatus::Failed);
}

#[test]
fn the_third_tenth_of_three_is_one_too_many() {
    let mut payment = Payment::of(0.3);
    payment.succeed(Some("t")).unwrap();
    for number in 0..2 {
        payment.request_refund(id(number), 0.1).unwrap();
        payment.complete_refund(&id(number).to_string()).unwrap();
    }
    assert_eq!(
        payment.request_refund(id(2), 0.1).unwrap_err().body(),
        r#"{"error":{"amount":["Refund total (0.30000000000000004) would exceed payment amount (0.3)"]}}"#
    );
    assert_eq!(payment.status, PaymentStatus::PartiallyRefunded);
}

#[test]
fn refunds_are_found_in_one_spelling_only() {
    let mut payment = payment_in(PaymentStatus::Succeeded);
    let known = Uuid::from_u128(0xabc);
    payment.request_refund(known, 1.0).unwrap();
    for other in [
        known.to_string().to_uppercase(),
        known.simple().to_string(),
        String::new(),
    ] {
        assert_eq!(
            payment.complete_refund(&other).unwrap_err().body(),
            r#"{"error":{"refund_id":["Refund not found"]}}"#
        );
    }
    assert!(payment.complete_refund(&known.to_string()).is_ok());
    assert_eq!(
        payment
            .complete_refund(&known.to_string())
            .unwrap_err()
            .body(),
        r#"{"error":{"refund":["Refund is not in Requested state"]}}"#
    );
}

/// A step of a refund story: ask for so many cents, or complete the refund of that number.
#[derive(Clone, Debug)]
enum Step {
    Request(u32),
    Complete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u32..6_000).prop_map(Step::Request),
        (0_usize..12).prop_map(Step::Complete),
    ]
}

proptest! {
    /// Whole cents add up exactly as floating-point numbers: the model counts in them.
    #[test]
    fn refunds_follow_a_model_that_counts(
        amount in 1_u32..10_000,
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut payment = Payment::of(f64::from(amount));
        payment.succeed(Some("t")).unwrap();
        let (mut open, mut completed, mut asked) = (Vec::new(), 0, 0);
        let mut is_refunded = false;
        for step in steps {
            match step {
                Step::Request(cents) => {
                    let number = asked;
                    let result = payment.request_refund(id(number), f64::from(cents));
                    let is_allowed = !is_refunded && completed + cents <= amount;
                    prop_assert_eq!(result.is_ok(), is_allowed);
                    if is_allowed {
                        open.push((number, cents));
                        asked += 1;
                    }
                }
                Step::Complete(number) => {
                    let result = payment.complete_refund(&id(number).to_string());
                    let place = open.iter().position(|&(known, _)| known == number);
                    prop_assert_eq!(result.is_ok(), place.is_some());
                    if let Some(place) = place {
                        completed += open.swap_remove(place).1;
                        is_refunded = completed >= amount;
                    }
                }
            }
            prop_assert_eq!(payment.refunded, f64::from(completed));
            prop_assert_eq!(payment.status == PaymentStatus::Refunded, is_refunded);
        }
    }
}

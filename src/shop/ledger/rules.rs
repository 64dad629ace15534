//! The rules that must hold of the shop, whatever happens at once.

use crate::stats::Rule;

/// Writes the table. A rule's index is its position, because both come from the same line.
macro_rules! rules {
    ($($rule:ident = $name:literal, $enforced:literal, $text:literal;)+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "variants are named like the rules")]
        enum RulePosition {
            $($rule),+
        }

        /// Every rule, in the order of [`Rule::index`].
        pub static RULES: [Rule; [$($name),+].len()] = [
            $(Rule {
                index: RulePosition::$rule as u16,
                name: $name,
                text: $text,
                enforced: $enforced,
            }),+
        ];

        $(#[doc = $text] pub static $rule: &Rule = &RULES[RulePosition::$rule as usize];)+
    };
}

// What today's ShopStream does not enforce was measured: of two payments with one key both are
// made, of open refunds any number, and a paid order is cancelled without a thought of the money.
// The loser of a version race leaves rows behind, because they are committed before its event is
// refused: also in the outbox, under the message id of the winner's event, so that engines publish
// both. That rule is judged after the load, from the outboxes that are observed.
rules! {
    NOT_OVERSOLD = "not-oversold", true, "no more pieces are granted than there were";
    NOT_UNDERSOLD = "not-undersold", true, "nobody is refused while there is enough, and what was not granted is still there";
    WEBHOOK_COUNTS_ONCE = "webhook-counts-once", true, "a webhook that comes twice is accepted once";
    WEBHOOKS_EXCLUDE = "webhooks-exclude-each-other", true, "of success and failure of a payment one is accepted";
    SUSPENDED_ONCE = "suspended-once", true, "an account is suspended once";
    REFUNDED_ONCE = "refunded-once", true, "a refund is completed at most once";
    REFUND_WAS_ASKED_FOR = "refund-was-asked-for", true, "no refund is completed that was not asked for";
    ONE_ORDER_A_CART = "one-order-a-cart", true, "one cart becomes at most one order";
    ONE_CUSTOMER_AN_ID = "one-customer-an-external-id", true, "one external id belongs to one customer";
    CANCELLED_OR_PAID = "cancelled-or-paid", true, "an order whose cancellation was accepted does not end up paid";
    END_IS_THE_END = "end-is-the-end", true, "nothing succeeds after a final state";
    CONFIRMED_IS_CLOSED = "confirmed-is-closed", true, "a confirmed order takes no more items";
    ADDRESS_LIMIT = "address-limit", true, "a customer has at most ten addresses";
    FAILED_PAYMENT_CANCELS = "failed-payment-cancels", true, "an order whose payment failed ends up cancelled";
    ONE_PAYMENT_A_KEY = "one-payment-a-key", false, "one idempotency key makes one payment";
    REFUNDS_ASKED = "refunds-asked-within-payment", false, "no more is asked back than was paid";
    REFUNDS_PAID = "refunds-paid-within-payment", false, "no more is paid back than was paid";
    CANCELLED_IS_REFUNDED = "cancelled-is-refunded", false, "money that was paid for a cancelled order is paid back";
    LOSER_LEAVES_NOTHING = "loser-leaves-nothing", false, "who loses a version race leaves nothing behind";
    ONE_OUTBOX_ROW = "one-outbox-row-an-event", false, "an event has one row in the outbox";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_index_of_a_rule_is_its_position_and_names_are_unique() {
        let mut names = HashSet::new();
        for (position, rule) in RULES.iter().enumerate() {
            assert_eq!(usize::from(rule.index), position, "{}", rule.name);
            assert!(names.insert(rule.name));
        }
        assert_eq!(NOT_OVERSOLD.name, "not-oversold");
    }
}

//! An order's state machine, with its side doors.
//!
//! Which command works in which state was measured cell by cell, and so were the refusals, but for
//! the words about an order's items and coupons: those are the shop's source's.

use crate::sandbox::refusal::Refusal;
use std::sync::LazyLock;

/// Order status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Created,
    Confirmed,
    PaymentPending,
    Paid,
    Processing,
    PartiallyShipped,
    Shipped,
    Delivered,
    Completed,
    ReturnRequested,
    ReturnApproved,
    Returned,
    Cancelled,
    Refunded,
}

use Status::{
    Cancelled, Completed, Confirmed, Created, Delivered, Paid, PartiallyShipped, PaymentPending,
    Processing, Refunded, ReturnApproved, ReturnRequested, Returned, Shipped,
};

/// States in which an order can be cancelled.
const CANCELLABLE: [Status; 4] = [Created, Confirmed, PaymentPending, Paid];

/// The cancellable states as the refusal lists them: in an order that differs between processes,
/// as the real shop keeps them in a Python set.
static CANCELLABLE_LIST: LazyLock<String> = LazyLock::new(|| {
    let mut names = CANCELLABLE.map(Status::name);
    fastrand::shuffle(&mut names);
    names.join(", ")
});

impl Status {
    /// As the shop writes it.
    pub fn name(self) -> &'static str {
        match self {
            Created => "Created",
            Confirmed => "Confirmed",
            PaymentPending => "Payment_Pending",
            Paid => "Paid",
            Processing => "Processing",
            PartiallyShipped => "Partially_Shipped",
            Shipped => "Shipped",
            Delivered => "Delivered",
            Completed => "Completed",
            ReturnRequested => "Return_Requested",
            ReturnApproved => "Return_Approved",
            Returned => "Returned",
            Cancelled => "Cancelled",
            Refunded => "Refunded",
        }
    }

    /// The transitions that commands without words of their own ask for.
    fn leads_to(self, target: Self) -> bool {
        matches!(
            (self, target),
            (Created | PaymentPending, Confirmed)
                | (Confirmed, PaymentPending)
                | (PaymentPending, Paid)
                | (Paid, Processing)
                | (Shipped, Delivered)
                | (Delivered, Completed | ReturnRequested)
                | (ReturnRequested, ReturnApproved)
                | (ReturnApproved, Returned)
        )
    }
}

/// What later requests can notice of an order: nothing but its state. Payments, amounts and
/// people are not compared, and item ids are never given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    status: Status,
}

impl Order {
    /// A new order.
    pub const NEW: Self = Self { status: Created };

    fn check_transition(self, target: Status) -> Result<(), Refusal> {
        if self.status.leads_to(target) {
            return Ok(());
        }
        Err(Refusal::rule(
            "status",
            format!(
                "Cannot transition from {} to {}",
                self.status.name(),
                target.name()
            ),
        ))
    }

    /// Goes on to `target`. Confirming and the failure of a payment both ask for Confirmed: hence
    /// an order that waits for its payment can be confirmed again, and the payment of one that was
    /// never confirmed can fail.
    ///
    /// # Errors
    /// When the state does not lead there.
    pub fn proceed(&mut self, target: Status) -> Result<(), Refusal> {
        self.check_transition(target)?;
        self.status = target;
        Ok(())
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(self) -> bool {
        self.status == Cancelled
    }

    /// Goes on to `target`, whatever its state.
    pub fn jump(&mut self, target: Status) {
        self.status = target;
    }

    /// Ships what is left of it.
    ///
    /// # Errors
    /// When it is not paid, or shipped already.
    pub fn ship(&mut self) -> Result<(), Refusal> {
        if !matches!(self.status, Paid | Processing | PartiallyShipped) {
            return Err(Refusal::rule(
                "status",
                "Order must be Paid, Processing, or Partially Shipped to ship",
            ));
        }
        self.status = Shipped;
        Ok(())
    }

    /// Ships a part of it.
    ///
    /// # Errors
    /// When it is not being processed.
    pub fn ship_partly(&mut self) -> Result<(), Refusal> {
        if self.status != Processing {
            return Err(Refusal::rule(
                "status",
                "Order must be Processing for partial shipment",
            ));
        }
        self.status = PartiallyShipped;
        Ok(())
    }

    /// Cancels it.
    ///
    /// # Errors
    /// When it has gone too far.
    pub fn cancel(&mut self) -> Result<(), Refusal> {
        if !CANCELLABLE.contains(&self.status) {
            return Err(Refusal::rule(
                "status",
                format!(
                    "Cannot cancel order in {} state. Cancellation is only allowed from: {}",
                    self.status.name(),
                    *CANCELLABLE_LIST
                ),
            ));
        }
        self.status = Cancelled;
        Ok(())
    }

    /// Refunds it, whatever the amount.
    ///
    /// # Errors
    /// When it is neither cancelled nor returned.
    pub fn refund(&mut self) -> Result<(), Refusal> {
        if !matches!(self.status, Cancelled | Returned) {
            return Err(Refusal::rule(
                "status",
                "Only cancelled or returned orders can be refunded",
            ));
        }
        self.status = Refunded;
        Ok(())
    }

    /// Takes one more item. What can be confirmed can take items: that is how the shop asks.
    ///
    /// # Errors
    /// When the order cannot be confirmed; in the words of that.
    pub fn add_item(self) -> Result<(), Refusal> {
        self.check_transition(Confirmed)
    }

    /// Takes a coupon, also one that it has.
    ///
    /// # Errors
    /// When the order is no longer new.
    pub fn apply_coupon(self) -> Result<(), Refusal> {
        self.check_new("Coupons can only be applied in Created state")
    }

    /// What removing an item comes to: no client can know an item's id, so that every one is
    /// unknown.
    pub fn remove_item(self) -> Refusal {
        self.find_item("Items can only be removed in Created state")
    }

    /// What changing the quantity of an item comes to; see [`Order::remove_item`].
    pub fn update_quantity(self) -> Refusal {
        self.find_item("Item quantities can only be updated in Created state")
    }

    /// The state is looked at first (the shop's source; not measured).
    fn find_item(self, unless_new: &'static str) -> Refusal {
        match self.check_new(unless_new) {
            Ok(()) => Refusal::rule("item_id", "Item not found"),
            Err(refusal) => refusal,
        }
    }

    fn check_new(self, refusal: &'static str) -> Result<(), Refusal> {
        if self.status == Created {
            return Ok(());
        }
        Err(Refusal::rule("status", refusal))
    }
}

#[cfg(test)]
mod tests;

//! An order's state machine, with its side doors.
//!
//! Which command works in which state was measured cell by cell, and so were the refusals, but for
//! the words about an order's items and coupons: those are the shop's source's.

use crate::sandbox::refusal::Refusal;
use crate::shop::Generation;
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// Order status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
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

use OrderStatus::{
    Cancelled, Completed, Confirmed, Created, Delivered, Paid, PartiallyShipped, PaymentPending,
    Processing, Refunded, ReturnApproved, ReturnRequested, Returned, Shipped,
};

/// States in which an order can be cancelled.
const CANCELLABLE: [OrderStatus; 4] = [Created, Confirmed, PaymentPending, Paid];

/// The cancellable states as the refusal lists them: in an order that differs between processes,
/// as the real shop keeps them in a Python set.
static CANCELLABLE_LIST: LazyLock<String> = LazyLock::new(|| {
    let mut names = CANCELLABLE.map(OrderStatus::name);
    fastrand::shuffle(&mut names);
    names.join(", ")
});

impl OrderStatus {
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

/// What later requests can notice of an order. Payments, amounts and people are not compared; what
/// is in it is only kept where projections show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    status: OrderStatus,
    contents: Option<Arc<Contents>>,
}

/// What is in an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    pub lines: Vec<OrderLine>,
    pub shipping_cost: f64,
    pub tax_total: f64,
    pub discount_total: f64,
}

/// An item of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrderLine {
    pub id: Uuid,
    pub quantity: i64,
    pub unit_price: f64,
}

/// What an order costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrderTotals {
    pub subtotal: f64,
    pub grand_total: f64,
}

impl Contents {
    /// What it costs, added up in the shop's order.
    pub fn totals(&self) -> OrderTotals {
        let lines = self.lines.iter();
        let subtotal: f64 = lines
            .map(|line| line.unit_price * line.quantity as f64)
            .fold(0.0, |sum, price| sum + price);
        OrderTotals {
            subtotal,
            grand_total: subtotal + self.shipping_cost + self.tax_total - self.discount_total,
        }
    }

    /// Where the item with this identifier stands.
    fn place(&self, id: &str) -> Option<usize> {
        let is_it = |line: &OrderLine| line.id.hyphenated().encode_lower(&mut [0; 36]) == id;
        self.lines.iter().position(is_it)
    }
}

/// What today's shop does only once, however often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderSettling {
    PaymentPending,
    PaymentSuccess,
    PaymentFailure,
    Cancel,
    Refund,
}

impl Order {
    /// A new order.
    pub const NEW: Self = Self {
        status: Created,
        contents: None,
    };

    /// Keeps what is in it.
    pub fn keep(&mut self, contents: Contents) {
        self.contents = Some(Arc::new(contents));
    }

    /// What is in it, to be changed; `None` when that is not kept.
    pub fn contents(&mut self) -> Option<&mut Contents> {
        self.contents.as_mut().map(Arc::make_mut)
    }

    /// Whether today's shop answers that it is done although nothing happens: it has happened
    /// before, or the order has been cancelled meanwhile. (Measured cell by cell.)
    pub fn is_settled(&self, settling: OrderSettling) -> bool {
        match settling {
            OrderSettling::PaymentPending => {
                matches!(self.status, PaymentPending | Cancelled | Refunded)
            }
            OrderSettling::PaymentSuccess => matches!(self.status, Paid | Cancelled | Refunded),
            OrderSettling::PaymentFailure => matches!(self.status, Cancelled | Refunded),
            OrderSettling::Cancel => self.status == Cancelled,
            OrderSettling::Refund => self.status == Refunded,
        }
    }

    fn check_transition(&self, target: OrderStatus) -> Result<(), Refusal> {
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
    pub fn proceed(&mut self, target: OrderStatus) -> Result<(), Refusal> {
        self.check_transition(target)?;
        self.status = target;
        Ok(())
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.status == Cancelled
    }

    /// Goes on to `target`, whatever its state.
    pub fn jump(&mut self, target: OrderStatus) {
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

    /// Takes one more item. Once, what could be confirmed could take items, for that is how the
    /// shop asked; today only a new order can.
    ///
    /// # Errors
    /// When the order cannot; in the words of its generation.
    pub fn check_takes_items(&self, generation: Generation) -> Result<(), Refusal> {
        match generation {
            Generation::Five => self.check_transition(Confirmed),
            Generation::Today => self.check_new("Items can only be added in Created state"),
        }
    }

    /// Takes a coupon, also one that it has.
    ///
    /// # Errors
    /// When the order is no longer new.
    pub fn apply_coupon(&self) -> Result<(), Refusal> {
        self.check_new("Coupons can only be applied in Created state")
    }

    /// Removes an item. Only projections tell item ids: where none is shown every one is unknown.
    ///
    /// # Errors
    /// When the order is no longer new, or has no such item.
    pub fn remove_item(&mut self, id: &str) -> Result<OrderTotals, Refusal> {
        let place = self.find_item(id, "Items can only be removed in Created state")?;
        let contents = self.contents.get_or_insert_default();
        let contents = Arc::make_mut(contents);
        contents.lines.remove(place);
        Ok(contents.totals())
    }

    /// Changes the quantity of an item; see [`Order::remove_item`]. Tells the quantity before.
    ///
    /// # Errors
    /// When the order is no longer new, or has no such item.
    pub fn update_quantity(
        &mut self,
        id: &str,
        quantity: i64,
    ) -> Result<(i64, OrderTotals), Refusal> {
        let place = self.find_item(id, "Item quantities can only be updated in Created state")?;
        let contents = self.contents.get_or_insert_default();
        let contents = Arc::make_mut(contents);
        let before = std::mem::replace(&mut contents.lines[place].quantity, quantity);
        Ok((before, contents.totals()))
    }

    /// The state is looked at first (measured on today's shop).
    fn find_item(&self, id: &str, unless_new: &'static str) -> Result<usize, Refusal> {
        self.check_new(unless_new)?;
        let place = self
            .contents
            .as_ref()
            .and_then(|contents| contents.place(id));
        place.ok_or_else(|| Refusal::rule("item_id", "Item not found"))
    }

    fn check_new(&self, refusal: &'static str) -> Result<(), Refusal> {
        if self.status == Created {
            return Ok(());
        }
        Err(Refusal::rule("status", refusal))
    }
}

#[cfg(test)]
mod tests;

//! The rules of a payment and its refunds.
//!
//! States and refusals were measured, but for the words of a refund that is too large, and of a
//! success without a transaction: those are the shop's source's.

use crate::sandbox::python_text::float_repr;
use crate::sandbox::refusal::Refusal;
use uuid::Uuid;

/// Payment status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PaymentStatus {
    Pending,
    Succeeded,
    Failed,
    PartiallyRefunded,
    Refunded,
}

/// Attempts that a payment has, the first one included.
const MAX_ATTEMPTS: u8 = 3;

/// What later requests can notice of a payment.
#[derive(Clone, Debug)]
pub struct Payment {
    amount: f64,
    /// Sum of the completed refunds, in the order in which they were completed.
    refunded: f64,
    refunds: Vec<Refund>,
    status: PaymentStatus,
    attempts: u8,
}

/// A refund that was asked for.
#[derive(Clone, Copy, Debug)]
struct Refund {
    id: Uuid,
    amount: f64,
    is_completed: bool,
}

impl PaymentStatus {
    /// As the shop writes it.
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::PartiallyRefunded => "Partially_Refunded",
            Self::Refunded => "Refunded",
        }
    }
}

impl Payment {
    /// A new payment over `amount`, in whatever currency: its first attempt is under way.
    pub fn of(amount: f64) -> Self {
        Self {
            amount,
            refunded: 0.0,
            refunds: Vec::new(),
            status: PaymentStatus::Pending,
            attempts: 1,
        }
    }

    /// Attempts so far, with the one that is under way.
    pub fn attempts(&self) -> u8 {
        self.attempts
    }

    /// Only a pending payment can succeed or fail.
    fn check_pending(&self, target: PaymentStatus) -> Result<(), Refusal> {
        if self.status == PaymentStatus::Pending {
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

    /// The gateway has the money.
    ///
    /// # Errors
    /// When the payment is not pending, or the gateway does not say by which transaction.
    pub fn succeed(&mut self, transaction: Option<&str>) -> Result<(), Refusal> {
        self.check_pending(PaymentStatus::Succeeded)?;
        let message = match transaction {
            None => "Input should be a valid string",
            Some("") => Refusal::EMPTY_TEXT,
            Some(_) => {
                self.status = PaymentStatus::Succeeded;
                return Ok(());
            }
        };
        Err(Refusal::rule("gateway_transaction_id", message))
    }

    /// The gateway has refused.
    ///
    /// # Errors
    /// When the payment is not pending.
    pub fn fail(&mut self) -> Result<(), Refusal> {
        self.check_pending(PaymentStatus::Failed)?;
        self.status = PaymentStatus::Failed;
        Ok(())
    }

    /// Tries again.
    ///
    /// # Errors
    /// When there was an attempt too many, whatever came of it; otherwise when the payment has not
    /// failed.
    pub fn retry(&mut self) -> Result<(), Refusal> {
        if self.attempts >= MAX_ATTEMPTS {
            return Err(Refusal::rule(
                "attempts",
                format!("Maximum retry attempts ({MAX_ATTEMPTS}) exceeded"),
            ));
        }
        if self.status != PaymentStatus::Failed {
            return Err(Refusal::rule(
                "status",
                "Payment can only be retried from Failed state",
            ));
        }
        self.attempts += 1;
        self.status = PaymentStatus::Pending;
        Ok(())
    }

    /// Asks for `amount` (above 0) back, under the new identifier `id`. Refunds that are not
    /// completed do not count, and sums are those of floating-point numbers: the third 0.1 of 0.3
    /// is one too many.
    ///
    /// # Errors
    /// When there is no payment to refund, or not so much of it left.
    pub fn request_refund(&mut self, id: Uuid, amount: f64) -> Result<(), Refusal> {
        if !matches!(
            self.status,
            PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded
        ) {
            return Err(Refusal::rule(
                "status",
                "Refunds can only be requested for succeeded or partially refunded payments",
            ));
        }
        let sum = self.refunded + amount;
        if sum > self.amount {
            return Err(Refusal::rule(
                "amount",
                format!(
                    "Refund total ({}) would exceed payment amount ({})",
                    float_repr(sum),
                    float_repr(self.amount)
                ),
            ));
        }
        self.refunds.push(Refund {
            id,
            amount,
            is_completed: false,
        });
        Ok(())
    }

    /// The gateway has given the money back; tells how much. Together refunds may exceed the
    /// payment.
    ///
    /// # Errors
    /// When there is no such refund (identifiers are compared as texts), or it is completed.
    pub fn complete_refund(&mut self, id: &str) -> Result<f64, Refusal> {
        self.complete(id, false)
    }

    /// The same without a look at whether it is completed.
    ///
    /// # Errors
    /// When there is no such refund.
    pub fn complete_refund_again(&mut self, id: &str) -> Result<f64, Refusal> {
        self.complete(id, true)
    }

    fn complete(&mut self, id: &str, is_again: bool) -> Result<f64, Refusal> {
        let mut text = [0; 36];
        let mut refunds = self.refunds.iter_mut();
        let refund = refunds
            .find(|refund| refund.id.hyphenated().encode_lower(&mut text) == id)
            .ok_or_else(|| Refusal::rule("refund_id", "Refund not found"))?;
        if refund.is_completed && !is_again {
            return Err(Refusal::rule("refund", "Refund is not in Requested state"));
        }
        refund.is_completed = true;
        let amount = refund.amount;
        self.refunded += amount;
        self.status = if self.refunded >= self.amount {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::PartiallyRefunded
        };
        Ok(amount)
    }
}

#[cfg(test)]
mod tests;

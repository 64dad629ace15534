//! What is remembered of an invoice.

/// What later requests can notice of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invoice {
    Draft,
    Voided,
}

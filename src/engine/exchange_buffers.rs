//! What an exchange reads and writes.

use super::codec::ReplyParser;
use super::inbox::Inbox;
use crate::stats::Reason;

/// What an exchange reads and writes: the request, the reply, and why there is none. Lent by the
/// user's link.
pub struct ExchangeBuffers<'a> {
    /// The request to send; its buffer goes back to the transport once it is sent.
    pub out: &'a mut Vec<u8>,
    /// Takes the reply.
    pub inbox: &'a mut Inbox,
    /// Reads it.
    pub parser: &'a mut ReplyParser,
    /// Takes the reason when the result is [`super::Broken`].
    pub reason: &'a mut Reason,
}

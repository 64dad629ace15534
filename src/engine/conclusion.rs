//! What becomes of an exchange and its connection when the exchange is over. Pure.

use super::breakage::ExchangeError;
use super::codec::{Malformed, Reply};
use super::in_flight::Cut;
use super::socket_ring::Leftover;

/// How an exchange ended, and what is to become of its connection.
pub enum Concluded {
    /// With a reply; the connection can take another request.
    GoesOn(Reply),
    /// With a reply that is the last on its connection; whether something came besides that answers
    /// nothing.
    Ends(Reply, bool),
    /// Without a reply; the connection is of no further use.
    Broken(ExchangeError),
}

/// What comes of `result`, when `leftover` is left of the request, and it was `cut` off or was not.
#[inline]
pub fn conclude(
    result: Result<Reply, ExchangeError>,
    leftover: Leftover,
    cut: Option<Cut>,
) -> Concluded {
    match result {
        Ok(reply) if reply.reusable && leftover == Leftover::None && cut.is_none() => {
            Concluded::GoesOn(reply)
        }
        // It would have gone on, had we not closed.
        Ok(reply) if reply.lasted_until_close && cut.is_some() => {
            Concluded::Broken(ExchangeError::Reply(Malformed::ClosedWithinReply))
        }
        Ok(reply) => {
            let is_unsolicited = leftover == Leftover::Received || reply.followed;
            Concluded::Ends(reply, is_unsolicited)
        }
        Err(error) => Concluded::Broken(error),
    }
}

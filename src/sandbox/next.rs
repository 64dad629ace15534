//! What follows a request on its connection.

/// Whether the connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterReply {
    Receive,
    Close,
    /// The connection is reset, without a reply.
    Reset,
    /// No reply comes, and the connection stays.
    Stall,
}

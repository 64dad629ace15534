//! How far the reading of what comes on a connection has come.

use super::failure::{ConnectionFailure, Spoken};
use super::frame::kind;

/// How far the reading has come.
#[derive(Default)]
pub(super) struct Reading {
    /// The beginning of a frame that is not whole.
    pub(super) partial: Vec<u8>,
    /// The rest of a DATA frame, which is taken as it comes.
    pub(super) data: Option<DataReading>,
    /// A header block that goes on in CONTINUATION frames.
    pub(super) block: Option<BlockReading>,
    pub(super) fragments: Vec<u8>,
    /// Frames that brought nothing forward since something did.
    pub(super) idle_frames: u32,
    pub(super) has_greeted: bool,
}

#[derive(Clone, Copy)]
pub(super) struct DataReading {
    pub(super) slot: Option<u32>,
    /// Bytes of the body that are to come, and of padding after them.
    pub(super) left: usize,
    pub(super) padding: usize,
    pub(super) ends: bool,
}

#[derive(Clone, Copy)]
pub(super) struct BlockReading {
    pub(super) stream: u32,
    pub(super) ends: bool,
    pub(super) frames: u32,
    pub(super) bytes: usize,
}

/// What `bytes` are, if they are not the beginning of a peer's SETTINGS.
pub(super) fn other_protocol(bytes: &[u8]) -> Option<ConnectionFailure> {
    let spoken = match bytes {
        [b'H', b'T', b'T', b'P', ..] => Spoken::Http1,
        [0x15, 3, ..] => Spoken::Tls,
        [0, _, _, kind::SETTINGS] | [0, _, _, kind::SETTINGS, 0, ..] => return None,
        [_, _, _, _, ..] => Spoken::Unknown,
        _ => return None,
    };
    Some(ConnectionFailure::NotHttp2(spoken))
}

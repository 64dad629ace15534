//! HTTP/2 (RFC 9113) as a client speaks it, without sockets or clocks.

mod client;
mod control;
mod dynamic_table;
mod failure;
mod field_decoder;
pub mod frame;
mod huffman;
mod integer;
mod reading;
mod receiving;
mod reply_head;
mod request_encoder;
mod static_table;
mod streams;

pub use client::{Client, ClientSettings, Ended, EndedReply, NotOpened};
pub use failure::{ConnectionFailure, ErrorCode, Spoken, StreamFailure};
pub use frame::PREFACE;
pub use reply_head::KeptFields;
pub use streams::StreamKey;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod pieces_tests;
#[cfg(test)]
mod played_server;
#[cfg(test)]
mod tests;

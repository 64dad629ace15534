//! A server that is played frame by frame.

use super::frame::{FrameHead, HEAD_BYTES, flag, kind, write, write_settings};
use super::*;

pub(super) const GET: &[u8] = b"GET /a HTTP/1.1\r\nhost: shop\r\ncontent-length: 0\r\n\r\n";
pub(super) const MOST_BODY: usize = 1_000;

pub(super) fn post(bytes: usize) -> Vec<u8> {
    let head = format!("POST /b HTTP/1.1\r\nhost: shop\r\ncontent-length: {bytes}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; bytes]].concat()
}

pub(super) fn client() -> Client {
    Client::new(ClientSettings {
        streams: 8,
        max_body_bytes: MOST_BODY,
        is_secure: false,
        kept: KeptFields::Needed,
    })
}

/// A client whose server has said its first words.
pub(super) fn greeted(settings: &[(u16, u32)]) -> Client {
    let mut client = client();
    client.receive(&server(|out| write_settings(settings, out)), Vec::new);
    assert!(client.is_ready() && client.failure().is_none());
    client.take_out(Vec::new());
    client
}

pub(super) fn server(say: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    say(&mut out);
    out
}

pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        for text in [name, value] {
            out.push(text.len() as u8);
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

pub(super) fn head(id: u32, flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    server(|out| {
        write(
            kind::HEADERS,
            flags | flag::END_HEADERS,
            id,
            &block(fields),
            out,
        )
    })
}

pub(super) fn data(id: u32, flags: u8, bytes: &[u8]) -> Vec<u8> {
    server(|out| write(kind::DATA, flags, id, bytes, out))
}

pub(super) fn goodbye(last: u32, code: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
    server(|out| write(kind::GOAWAY, 0, 0, &payload, out))
}

pub(super) const OK: &[(&str, &str)] = &[(":status", "200")];

pub(super) fn ended(
    client: &mut Client,
    key: StreamKey,
) -> Option<Result<(u16, Vec<u8>), StreamFailure>> {
    let mut room = Vec::new();
    let ended = client.take_ended(key, &mut room)?;
    Some(
        ended
            .result
            .map(|reply| (reply.status, room[reply.body].to_vec())),
    )
}

/// Frames in `bytes`, with their payloads.
pub(super) fn frames(mut bytes: &[u8]) -> Vec<(FrameHead, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some(head) = bytes.first_chunk::<HEAD_BYTES>() {
        let head = FrameHead::read(head);
        let (payload, rest) = bytes[HEAD_BYTES..].split_at(head.length);
        frames.push((head, payload.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "whole frames");
    frames
}

pub(super) fn kinds(client: &mut Client) -> Vec<(u8, u8, u32, usize)> {
    let out = client.take_out(Vec::new());
    let frames = frames(&out).into_iter();
    frames
        .map(|(head, _)| (head.kind, head.flags, head.stream, head.length))
        .collect()
}

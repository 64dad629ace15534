//! The preflight's question in HTTP/2.

use crate::engine::codec::field;
use crate::engine::http2::{Client, ClientSettings, KeptFields, StreamFailure};
use crate::engine::inquiry::{Answer, NoAnswer};
use std::io::{self, Read, Write};
use std::time::Instant;

/// Asks for a path, with these lines in the head, over `stream` and reads at most so many bytes of the reply's
/// body until `deadline`. The stream's own time limits bound each step; `told` says what its errors mean.
///
/// # Errors
/// When nothing comes back that could be read.
pub fn exchange(
    stream: &mut (impl Read + Write),
    (path, head_lines): (&str, &str),
    is_secure: bool,
    (deadline, most_bytes): (Instant, usize),
    told: impl Fn(io::Error) -> NoAnswer,
) -> Result<Answer, NoAnswer> {
    let late = || NoAnswer::Unreadable("no complete answer in time".to_owned());
    let mut client = Client::new(ClientSettings {
        streams: 1,
        max_body_bytes: most_bytes,
        is_secure,
        kept: KeptFields::All,
    });
    let request = format!("GET {path} HTTP/1.1\r\n{head_lines}accept-encoding: identity\r\n\r\n");
    let mut piece = [0; 16_384];
    let mut key = None;
    let mut reply = Vec::new();
    loop {
        if key.is_none() && client.is_ready() {
            key = client.open(request.as_bytes(), false).ok();
        }
        let out = client.take_out(Vec::new());
        stream.write_all(&out).map_err(&told)?;
        if let Some(key) = key
            && let Some(ended) = client.take_ended(key, &mut reply)
        {
            let ended = ended.result.map_err(|failure| match failure {
                StreamFailure::TooLarge => NoAnswer::TooLarge,
                failure => NoAnswer::Unreadable(failure.to_string()),
            })?;
            let head = &reply[..ended.body.start];
            let value = |name: &str| {
                let value = field(head, name).unwrap_or_default();
                String::from_utf8_lossy(value).into_owned()
            };
            return Ok(Answer {
                status: ended.status,
                location: value("location"),
                server: value("server"),
                media_type: value("content-type"),
                encoding: value("content-encoding"),
                body: reply[ended.body].to_vec(),
            });
        }
        if let Some(failure) = client.failure() {
            return Err(NoAnswer::Unreadable(failure.to_string()));
        }
        if Instant::now() >= deadline {
            return Err(late());
        }
        match stream.read(&mut piece) {
            Ok(0) => client.close(false),
            Ok(received) => client.receive(&piece[..received], Vec::new),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Err(late()),
                _ => return Err(told(error)),
            },
        }
    }
}

//! That bytes come in pieces changes nothing.

use super::frame::{self, flag, kind, write, write_number, write_settings};
use super::played_server::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Said {
    Head(u8, u8, bool),
    Data(u8, u16, u8, bool),
    Continued(u8, u8),
    Reset(u8, u8),
    Settings(u8, u32),
    Ping,
    Goodbye(u8),
    Window(u8, u32),
    Raw(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => (0_u8..6, 0_u8..4, any::<bool>()).prop_map(|(id, status, ends)| Said::Head(id, status, ends)),
        4 => (0_u8..6, 0_u16..1_200, 0_u8..4, any::<bool>())
            .prop_map(|(id, bytes, padding, ends)| Said::Data(id, bytes, padding, ends)),
        1 => (0_u8..6, 1_u8..9).prop_map(|(id, pieces)| Said::Continued(id, pieces)),
        1 => (0_u8..6, 0_u8..14).prop_map(|(id, code)| Said::Reset(id, code)),
        1 => (0_u8..8, prop_oneof![0_u32..70_000, any::<u32>()]).prop_map(|(name, value)| Said::Settings(name, value)),
        1 => Just(Said::Ping),
        1 => (0_u8..6).prop_map(Said::Goodbye),
        1 => (0_u8..6, 0_u32..100_000).prop_map(|(id, by)| Said::Window(id, by)),
        1 => prop::collection::vec(any::<u8>(), 0..30).prop_map(Said::Raw),
    ]
}

fn spoken(said: &Said) -> Vec<u8> {
    let id = |id: u8| u32::from(id) * 2 + 1;
    let ends = |ends: bool| if ends { flag::END_STREAM } else { 0 };
    match said {
        Said::Head(stream, status, is_end) => {
            let status = ["200", "404", "103", "x"][usize::from(*status)];
            head(
                id(*stream),
                ends(*is_end),
                &[(":status", status), ("location", "/there")],
            )
        }
        Said::Data(stream, bytes, padding, is_end) => {
            let payload = vec![*padding; usize::from(*bytes) + 1];
            let padded = if *padding > 0 { flag::PADDED } else { 0 };
            data(id(*stream), padded | ends(*is_end), &payload)
        }
        Said::Continued(stream, pieces) => {
            let block = block(&[(":status", "200"), ("set-cookie", "a=b"), ("x", "y")]);
            let mut chunks = block
                .chunks(block.len().div_ceil(usize::from(*pieces)))
                .peekable();
            let mut out = Vec::new();
            let mut of = kind::HEADERS;
            while let Some(chunk) = chunks.next() {
                let flags = if chunks.peek().is_none() {
                    flag::END_HEADERS
                } else {
                    0
                };
                write(of, flags, id(*stream), chunk, &mut out);
                of = kind::CONTINUATION;
            }
            out
        }
        Said::Reset(stream, code) => {
            server(|out| write_number(kind::RST_STREAM, id(*stream), u32::from(*code), out))
        }
        Said::Settings(name, value) => {
            server(|out| write_settings(&[(u16::from(*name), *value)], out))
        }
        Said::Ping => server(|out| write(kind::PING, 0, 0, b"12345678", out)),
        Said::Goodbye(last) => goodbye(id(*last), 0),
        Said::Window(stream, by) => {
            let stream = if *stream == 0 { 0 } else { id(*stream) };
            server(|out| frame::write_number(kind::WINDOW_UPDATE, stream, *by, out))
        }
        Said::Raw(bytes) => bytes.clone(),
    }
}

/// What becomes of five streams, and what is said, when these pieces come.
fn played<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, Vec<u8>) {
    let mut client = greeted(&[]);
    let requests = [GET.to_vec(), post(3), post(70_000), GET.to_vec(), post(20)];
    let keys = requests.map(|request| client.open(&request, false).unwrap());
    for piece in pieces {
        client.receive(piece, Vec::new);
    }
    client.close(false);
    let ends = keys.map(|key| {
        let mut room = Vec::new();
        let ended = client
            .take_ended(key, &mut room)
            .expect("all end with the connection");
        let room = ended.result.is_ok().then_some(room);
        format!("{ended:?} {room:?}")
    });
    let ends = ends.into_iter().chain([format!("{:?}", client.failure())]);
    (ends.collect(), client.out().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever a server says: that it comes in pieces changes nothing.
    #[test]
    fn any_split_of_the_bytes_gives_the_same(
        said in prop::collection::vec(said(), 0..25),
        cuts in prop::collection::vec(1_usize..60, 1..8),
    ) {
        let wire: Vec<u8> = said.iter().flat_map(spoken).collect();
        let whole = played([&wire[..]].into_iter());
        let mut rest = &wire[..];
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(&whole, &played(pieces.into_iter()));
        prop_assert_eq!(&whole, &played(wire.chunks(1)));
    }
}

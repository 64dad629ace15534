//! The record layer against a server of rustls, and against whoever means it ill.

use super::super::SpokenProtocol;
use super::super::record_key::{MOST_RECORD_BYTES, RecordForm};
use super::super::testing::{Pair, client, numbered, own, secrets, server};
use super::*;
use proptest::prelude::*;
use rustls::crypto::ring::cipher_suite as suites;
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use std::sync::Arc;

const WAYS: [(&SupportedProtocolVersion, SupportedCipherSuite); 6] = [
    (&TLS13, suites::TLS13_AES_128_GCM_SHA256),
    (&TLS13, suites::TLS13_AES_256_GCM_SHA384),
    (&TLS13, suites::TLS13_CHACHA20_POLY1305_SHA256),
    (&TLS12, suites::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    (&TLS12, suites::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    (
        &TLS12,
        suites::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

fn pair((version, suite): (&'static SupportedProtocolVersion, SupportedCipherSuite)) -> Pair {
    let own = own();
    let client = client(own.cert.der(), &[b"http/1.1"]);
    Pair::shake(&client, &Arc::new(server(&own, &[version], &[suite]))).unwrap()
}

fn text(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

fn opened(layer: &mut TlsLayer, records: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    layer.open_onto(&mut records.to_vec(), &mut text);
    text
}

fn sealed(layer: &mut TlsLayer, text: &[u8]) -> Vec<u8> {
    let mut records = text.to_vec();
    layer.seal(&mut records, 0).unwrap();
    records
}

#[test]
fn both_sides_read_each_other_under_every_version_and_cipher() {
    for way in WAYS {
        let mut pair = pair(way);
        assert_eq!(pair.agreed.protocol, SpokenProtocol::Http1);
        assert!(!pair.agreed.is_resumed);
        for bytes in [1, 300, MOST_PLAIN_BYTES, MOST_PLAIN_BYTES + 1, 100_000] {
            let text = text(bytes);
            let records = sealed(&mut pair.layer, &text);
            // Records of more than one piece do not find room in a server that nobody reads.
            let read: Vec<u8> = records
                .chunks(MOST_RECORD_BYTES)
                .flat_map(|records| pair.read(records))
                .collect();
            assert!(read == text, "{bytes} bytes to {way:?}");
            let mut back = Vec::new();
            for piece in text.chunks(1 << 14) {
                let records = pair.written(piece);
                back.extend(opened(&mut pair.layer, &records));
            }
            assert!(back == text, "{bytes} bytes from {way:?}");
        }
        pair.server.send_close_notify();
        let records = super::super::testing::sent(&mut pair.server);
        assert!(opened(&mut pair.layer, &records).is_empty());
        assert_eq!(pair.layer.end(), Some(TlsEnd::Notified));
        assert!(pair.layer.is_over());
    }
}

#[test]
fn a_request_is_sealed_where_it_stands_and_in_parts_for_a_race() {
    for way in WAYS {
        let mut pair = pair(way);
        let mut buffer = b"before".to_vec();
        buffer.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        pair.layer.seal(&mut buffer, 6).unwrap();
        assert_eq!(&buffer[..6], b"before");
        assert_eq!(pair.read(&buffer[6..]), b"GET / HTTP/1.1\r\n\r\n");
        for (held_back, before) in [(1, &b"requ"[..]), (5, b"")] {
            let mut sealed = b"of another".to_vec();
            let start = sealed.len();
            let held_at = pair
                .layer
                .seal_parted(b"reque", held_back, &mut sealed)
                .unwrap();
            assert_eq!(pair.read(&sealed[start..held_at]), before);
            // A header, what may be told of the nonce, a byte, its type, a tag.
            if held_back == 1 {
                assert!(sealed.len() - held_at <= 31);
            }
            let rest = pair.read(&sealed[held_at..]);
            assert_eq!([before, &rest].concat(), b"reque");
        }
    }
}

#[test]
fn a_ticket_resumes_the_session_and_is_no_data() {
    for version in [&TLS13, &TLS12] {
        let own = own();
        let client = client(own.cert.der(), &[]);
        let server = Arc::new(server(&own, &[version], &[]));
        let mut first = Pair::shake(&client, &server).unwrap();
        let tickets = super::super::testing::sent(&mut first.server);
        assert_eq!(tickets.is_empty(), version == &TLS12);
        first.layer.open_idle(&mut tickets.clone());
        assert_eq!(
            (first.layer.end(), first.layer.is_unsolicited()),
            (None, false)
        );
        let second = Pair::shake(&client, &server).unwrap();
        assert!(second.agreed.is_resumed, "{version:?}");
        let stranger = Pair::shake(&client.with_own_sessions(), &server).unwrap();
        assert!(!stranger.agreed.is_resumed);
        let records = first.written(b"data");
        first.layer.open_idle(&mut records.clone());
        assert!(first.layer.is_unsolicited());
    }
}

#[test]
fn keys_are_renewed_when_the_peer_renews_its_own_and_when_it_asks() {
    let mut pair = pair(WAYS[0]);
    for round in 0..4_u8 {
        pair.server.refresh_traffic_keys().unwrap();
        let records = pair.written(&[round; 5]);
        assert_eq!(opened(&mut pair.layer, &records), [round; 5]);
        let records = sealed(&mut pair.layer, b"back");
        assert_eq!(pair.read(&records), b"back");
    }
    // What asks, sealed by a peer that can say anything.
    let (mut layer, mut peer) = numbered(0, true);
    let asks = said(&mut peer, ContentType::Handshake, &[KEY_UPDATE, 0, 0, 1, 1]);
    assert!(opened(&mut layer, &asks).is_empty());
    assert_eq!(layer.end(), None);
    let records = sealed(&mut layer, b"answer");
    let lone = sealed(&mut numbered(0, true).0, b"answer");
    assert!(records.len() > lone.len() && records[..5] != lone[..5]);
    assert_eq!(opened(&mut peer, &records), b"answer");
    assert_eq!(peer.end(), None);
}

#[test]
fn a_key_that_is_worn_is_renewed_or_the_connection_is_over() {
    let (mut layer, mut peer) = numbered((1 << 24) - 1, true);
    for text in [b"a", b"b", b"c"] {
        let records = sealed(&mut layer, text);
        assert_eq!(opened(&mut peer, &records), text);
    }
    assert_eq!((layer.end(), peer.end()), (None, None));
    let (mut layer, mut peer) = numbered((1 << 24) - 1, false);
    assert!(!layer.is_over());
    let records = sealed(&mut layer, b"a");
    assert_eq!(opened(&mut peer, &records), b"a");
    assert!(layer.is_over());
    assert!(layer.seal(&mut b"b".to_vec(), 0).is_err());
}

/// A record of any kind, as `peer` seals it.
fn said(peer: &mut TlsLayer, kind: ContentType, text: &[u8]) -> Vec<u8> {
    let (before, behind) = (peer.sealer.form.before(), peer.sealer.form.behind());
    let mut record = vec![0; before + text.len() + behind];
    record[before..before + text.len()].copy_from_slice(text);
    peer.sealer.seal(kind, &mut record).unwrap();
    record
}

#[test]
fn alerts_end_the_connection_by_their_names() {
    for is_13 in [true, false] {
        let hear = |alerts: &[[u8; 2]]| {
            let (mut layer, mut peer) = numbered(0, is_13);
            for alert in alerts {
                let record = said(&mut peer, ContentType::Alert, alert);
                opened(&mut layer, &record);
            }
            layer
        };
        assert_eq!(hear(&[[1, CLOSE_NOTIFY]]).end(), Some(TlsEnd::Notified));
        assert_eq!(hear(&[[1, USER_CANCELED]]).end(), None);
        let fatal = hear(&[[2, 80]]);
        let Some(TlsEnd::Broken(broken)) = fatal.end() else {
            panic!("it ends");
        };
        assert!(broken.to_string().contains("internal_error"), "{broken}");
        assert!(!fatal.is_refused());
        // Under TLS 1.2 the server has said before that it takes our side.
        assert_eq!(hear(&[[2, 116]]).is_refused(), is_13);
        let warned = hear(&[[1, 100]]);
        assert_eq!(warned.end().is_some(), is_13);
    }
    let (mut layer, mut peer) = numbered(0, true);
    let data = sealed(&mut peer, b"data");
    let late = said(&mut peer, ContentType::Alert, &[2, 116]);
    assert_eq!(opened(&mut layer, &data), b"data");
    opened(&mut layer, &late);
    assert!(
        !layer.is_refused(),
        "what came before shows that it took our side"
    );
}

#[test]
fn what_has_no_place_after_a_handshake_breaks_the_connection() {
    let broken = |is_13, say: &dyn Fn(&mut TlsLayer) -> Vec<u8>| {
        let (mut layer, mut peer) = numbered(0, is_13);
        let records = say(&mut peer);
        assert!(opened(&mut layer, &records).is_empty());
        match layer.end() {
            Some(TlsEnd::Broken(broken)) => broken,
            other => panic!("{other:?}"),
        }
    };
    let message =
        |bytes: &'static [u8]| move |peer: &mut TlsLayer| said(peer, ContentType::Handshake, bytes);
    let raw = |bytes: &'static [u8]| move |_: &mut TlsLayer| bytes.to_vec();
    for is_13 in [true, false] {
        for (bytes, expected) in [
            (&b"HTTP/1.1 200 OK\r\n\r\n"[..], TlsBreak::Unexpected(b'H')),
            (&[20, 3, 3, 0, 1, 1], TlsBreak::Unexpected(20)),
            (&[23, 2, 0, 0, 1, 1], TlsBreak::Unexpected(23)),
            (&[23, 3, 3, 0, 0], TlsBreak::TooShort),
            (
                &[23, 3, 3, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9],
                TlsBreak::TooShort,
            ),
            (&[23, 3, 3, 0x41, 0x01], TlsBreak::TooLong),
            (&[23, 3, 3, 255, 255], TlsBreak::TooLong),
            (&[23; 48], TlsBreak::Unexpected(23)),
        ] {
            assert_eq!(broken(is_13, &raw(bytes)), expected, "{bytes:?}");
        }
        // A hello, a message without end, a ticket that is none, keys renewed in an unknown way.
        for bytes in [
            &[1, 0, 0, 0][..],
            &[4, 0, 0, 0],
            &[24, 0, 0, 1, 2],
            &[24, 0, 0, 2, 0, 0],
            &[20, 0, 0, 1, 0],
        ] {
            assert_eq!(broken(is_13, &message(bytes)), TlsBreak::Message(bytes[0]));
        }
        assert_eq!(broken(is_13, &message(&[4, 2, 0, 0])), TlsBreak::TooLong);
        let idle = |peer: &mut TlsLayer| {
            (0..=MOST_IDLE_RECORDS)
                .flat_map(|_| said(peer, ContentType::ApplicationData, b""))
                .collect()
        };
        assert_eq!(broken(is_13, &idle), TlsBreak::Idle);
        let alert = |peer: &mut TlsLayer| said(peer, ContentType::Alert, &[1]);
        assert_eq!(broken(is_13, &alert), TlsBreak::Message(21));
    }
    // Nothing may follow a renewal under the old key.
    let two = message(&[24, 0, 0, 1, 0, 24, 0, 0, 1, 0]);
    assert_eq!(broken(true, &two), TlsBreak::Message(KEY_UPDATE));
    let parted = |peer: &mut TlsLayer| {
        let mut records = said(peer, ContentType::Handshake, &[4, 0, 0, 9, 1]);
        records.extend(said(peer, ContentType::ApplicationData, b"data"));
        records
    };
    assert_eq!(broken(true, &parted), TlsBreak::Unexpected(23));
    // Under TLS 1.2 a server may ask for another handshake, and need not get one.
    let (mut layer, mut peer) = numbered(0, false);
    let asks = said(&mut peer, ContentType::Handshake, &[HELLO_REQUEST, 0, 0, 0]);
    opened(&mut layer, &asks);
    assert_eq!(layer.end(), None);
}

#[test]
fn a_record_that_began_before_the_request_does_not_answer_it() {
    let (mut layer, mut peer) = numbered(0, true);
    let (stray, reply) = (sealed(&mut peer, b"stray"), sealed(&mut peer, b"reply"));
    layer.open_idle(&mut stray[..7].to_vec());
    assert!(!layer.is_unsolicited() && layer.is_within_record());
    layer.begin();
    let rest = [&stray[7..], &reply].concat();
    assert!(opened(&mut layer, &rest).is_empty());
    assert_eq!(layer.end(), Some(TlsEnd::Broken(TlsBreak::Unasked)));
    // A ticket that did is none of it.
    let (mut layer, mut peer) = numbered(0, true);
    let ticket = said(&mut peer, ContentType::Handshake, &[4, 0, 0, 1, 7]);
    let reply = sealed(&mut peer, b"reply");
    layer.open_idle(&mut ticket[..7].to_vec());
    layer.begin();
    let rest = [&ticket[7..], &reply].concat();
    assert_eq!(opened(&mut layer, &rest), b"reply");
}

#[test]
fn a_record_may_be_padded_and_is_then_as_long_as_it_is() {
    let (mut layer, mut peer) = numbered(0, true);
    assert_eq!(peer.sealer.form, RecordForm::Tls13);
    // What is sealed as a type and zeros behind it stands for padding.
    let padded = said(&mut peer, ContentType::ApplicationData, b"data\x17\0\0\0");
    let mut inner = padded;
    assert_eq!(opened(&mut layer, &inner), b"data\x17\0\0\0");
    inner.clear();
    let key = RecordKey::new((1, &secrets(2)), true).unwrap();
    let mut peer_key = key;
    let mut record = vec![0; 5 + 9 + 17];
    record[5..10].copy_from_slice(b"data\x17");
    // The type that `seal` writes is behind the zeros: padding of another kind.
    peer_key.seal_as(0, &mut record).unwrap();
    assert_eq!(opened(&mut layer, &record), b"data");
}

/// What a server says, in order.
#[derive(Clone, Debug)]
enum Said {
    Data(usize),
    Renewal,
}

fn talk() -> impl Strategy<Value = (usize, Vec<Said>, Vec<usize>, bool)> {
    let said = prop_oneof![
        6 => (1_usize..3_000).prop_map(Said::Data),
        1 => (10_000_usize..20_000).prop_map(Said::Data),
        1 => Just(Said::Renewal),
    ];
    (
        0..WAYS.len(),
        prop::collection::vec(said, 1..8),
        prop::collection::vec(1_usize..2_200, 1..40),
        any::<bool>(),
    )
}

#[test]
fn a_version_that_was_changed_on_the_way_is_a_forgery() {
    for way in WAYS {
        for at in [1, 2] {
            let mut pair = pair(way);
            let tickets = super::super::testing::sent(&mut pair.server);
            pair.layer.open_idle(&mut tickets.clone());
            let mut wire = pair.written(&text(300));
            wire[at] ^= 1;
            let mut got = Vec::new();
            pair.layer.open_onto(&mut wire, &mut got);
            assert!(got.is_empty(), "byte {at}");
            assert!(
                matches!(pair.layer.end(), Some(TlsEnd::Broken(_))),
                "byte {at}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However what a server says is cut into arrivals, the same plain text comes out, and the tickets
    /// and the end are heard.
    #[test]
    fn any_split_gives_the_same_text((way, says, cuts, in_place) in talk()) {
        let mut pair = pair(WAYS[way]);
        let mut wire = super::super::testing::sent(&mut pair.server);
        let mut expected = Vec::new();
        for said in says {
            match said {
                Said::Data(bytes) => {
                    expected.extend(text(bytes));
                    wire.extend(pair.written(&text(bytes)));
                }
                Said::Renewal if way < 3 => {
                    pair.server.refresh_traffic_keys().unwrap();
                    wire.extend(pair.written(b""));
                }
                Said::Renewal => {}
            }
        }
        pair.server.send_close_notify();
        wire.extend(super::super::testing::sent(&mut pair.server));
        let mut got = Vec::new();
        let mut rest = &mut wire[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, others) = rest.split_at_mut((*cut).min(rest.len()));
            if in_place && !pair.layer.is_within_record() {
                let plain = pair.layer.open(piece);
                got.extend_from_slice(&piece[plain]);
            } else {
                pair.layer.open_onto(piece, &mut got);
            }
            rest = others;
        }
        prop_assert!(got == expected, "{} of {}", got.len(), expected.len());
        prop_assert_eq!(pair.layer.end(), Some(TlsEnd::Notified));
    }

    /// Whatever is changed on the way, what comes out is a beginning of what was said, and the connection
    /// is broken.
    #[test]
    fn a_flipped_bit_is_never_data(
        way in 0..WAYS.len(),
        sizes in prop::collection::vec(1_usize..600, 1..4),
        at in any::<prop::sample::Index>(),
        bit in 0..8,
        cut in 1_usize..700,
    ) {
        let mut pair = pair(WAYS[way]);
        let tickets = super::super::testing::sent(&mut pair.server);
        pair.layer.open_idle(&mut tickets.clone());
        let mut expected = Vec::new();
        let mut wire = Vec::new();
        for bytes in sizes {
            expected.extend(text(bytes));
            wire.extend(pair.written(&text(bytes)));
        }
        let at = at.index(wire.len());
        wire[at] ^= 1_u8 << bit;
        let mut got = Vec::new();
        for piece in wire.chunks_mut(cut) {
            pair.layer.open_onto(piece, &mut got);
        }
        prop_assert!(expected.starts_with(&got) && got.len() < expected.len());
        // A length that has grown waits for what does not come.
        let is_waiting = pair.layer.end().is_none() && pair.layer.is_within_record();
        prop_assert!(is_waiting || matches!(pair.layer.end(), Some(TlsEnd::Broken(_))));
    }
}

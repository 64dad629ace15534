//! What the sandbox receives.

use shopblast::engine::codec::{Incoming, parse};

/// A whole request stays what it is without the bytes after it, and every beginning of it waits
/// for more. The first byte chooses the beginnings.
pub fn request(bytes: &[u8]) {
    let [step, wire @ ..] = bytes else { return };
    let Incoming::Complete { request, consumed } = parse(wire) else {
        return;
    };
    assert!((1..=wire.len()).contains(&consumed));
    let alone = parse(&wire[..consumed]);
    assert!(
        matches!(&alone, Incoming::Complete { request: same, consumed: same_bytes }
            if *same == request && *same_bytes == consumed),
        "{alone:?} is not {request:?}"
    );
    for end in (0..consumed).step_by(usize::from(*step) + 1) {
        let beginning = parse(&wire[..end]);
        assert!(
            matches!(beginning, Incoming::Partial { .. }),
            "the first {end} bytes of a request: {beginning:?}"
        );
    }
    let mut scratch = Vec::new();
    assert!(request.body.contiguous(&mut scratch).len() <= consumed);
    assert!(
        request
            .header("content-length")
            .is_none_or(|value| value.len() < consumed)
    );
}

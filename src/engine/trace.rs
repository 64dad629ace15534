//! Trace ids of requests, so that what a back end traces can be found from a witness: W3C Trace Context,
//! level 1, <https://www.w3.org/TR/trace-context-1/#traceparent-header>.

use fastrand::Rng;

/// Name of the field.
pub(super) const TRACEPARENT: &str = "traceparent";
/// The end of a head, between which and its last line the field goes.
const END: &[u8] = b"\r\n\r\n";
/// Version 0.
const BEGINNING: &[u8] = b"traceparent: 00-";
/// Sampled: it is asked for.
const FLAGS: &[u8] = b"-01";

/// Adds the field, with ids that `rng` draws, to the head of a request that `out` ends with.
#[inline]
pub(super) fn append_trace(rng: &mut Rng, out: &mut Vec<u8>) {
    debug_assert!(out.ends_with(END), "a whole head");
    out.truncate(out.len() - END.len() / 2);
    out.extend_from_slice(BEGINNING);
    // All zeros are no id.
    push_hex(&rng.u128(1..).to_be_bytes(), out);
    out.push(b'-');
    push_hex(&rng.u64(1..).to_be_bytes(), out);
    out.extend_from_slice(FLAGS);
    out.extend_from_slice(END);
}

#[inline]
fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        let digits = [byte >> 4, byte & 15].map(|half| DIGITS[usize::from(half)]);
        out.extend_from_slice(&digits);
    }
}

/// The value of the field in a request, if it has one.
pub(super) fn traceparent_of(request: &str) -> Option<&str> {
    let (head, _) = request.split_once("\r\n\r\n")?;
    let mut fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
    fields
        .find(|(name, _)| *name == TRACEPARENT)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(ids: &mut Rng) -> String {
        let mut out = b"GET / HTTP/1.1\r\nhost: shop\r\ncontent-length: 0\r\n\r\n".to_vec();
        append_trace(ids, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_request_gets_ids_of_its_own_of_the_form_that_the_standard_asks_for() {
        let mut ids = Rng::with_seed(7);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            let request = traced(&mut ids);
            let value = traceparent_of(&request).unwrap().to_owned();
            let parts: Vec<&str> = value.split('-').collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            assert_eq!(lengths, [2, 32, 16, 2], "{value}");
            assert_eq!((parts[0], parts[3]), ("00", "01"));
            let is_lower_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            assert!(parts.iter().all(|part| part.chars().all(is_lower_hex)));
            assert!(parts[1].contains(|c| c != '0') && parts[2].contains(|c| c != '0'));
            assert!(request.ends_with("-01\r\n\r\n"), "{request}");
            assert!(request.contains("content-length: 0\r\ntraceparent: "));
            assert!(seen.insert(parts[1].to_owned()), "no id twice");
        }
        assert_eq!(
            traced(&mut Rng::with_seed(7)),
            traced(&mut Rng::with_seed(7))
        );
        assert_ne!(
            traced(&mut Rng::with_seed(7)),
            traced(&mut Rng::with_seed(8))
        );
    }

    #[test]
    fn a_body_is_no_head() {
        let request = "POST / HTTP/1.1\r\nhost: shop\r\n\r\n\r\ntraceparent: 00-1-2-01\r\n\r\n";
        assert_eq!(traceparent_of(request), None);
    }
}

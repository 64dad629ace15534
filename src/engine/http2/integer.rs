//! Integers of HPACK (RFC 7541, section 5.1).

/// The largest that is read: nothing in a head is longer.
const MOST: u64 = 1 << 30;

/// Reads an integer that begins in the last `prefix` bits of the first of `bytes`. Gives it and how many
/// bytes it took; `None` when it is torn, or larger than anything may be.
#[inline]
pub(super) fn read(bytes: &[u8], prefix: u32) -> Option<(u64, usize)> {
    let mask = (1_u8 << prefix) - 1;
    let first = u64::from(bytes.first()? & mask);
    if first < u64::from(mask) {
        return Some((first, 1));
    }
    let mut value = first;
    let mut shift = 0;
    for (place, &byte) in bytes.iter().enumerate().skip(1) {
        value += u64::from(byte & 0x7f) << shift;
        shift += 7;
        if value > MOST || shift > 35 {
            return None;
        }
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

/// Writes an integer into the last `prefix` bits of a byte that begins with `flags`, and those after.
#[inline]
pub(super) fn write(mut value: u64, prefix: u32, flags: u8, out: &mut Vec<u8>) {
    let most = (1_u64 << prefix) - 1;
    if value < most {
        out.push(flags | value as u8);
        return;
    }
    out.push(flags | most as u8);
    value -= most;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_standards_examples_hold() {
        // RFC 7541, C.1.
        for (value, prefix, bytes) in [
            (10, 5, &[0b0000_1010][..]),
            (1337, 5, &[0b0001_1111, 0b1001_1010, 0b0000_1010]),
            (42, 8 - 1, &[42]),
        ] {
            let mut out = Vec::new();
            write(value, prefix, 0, &mut out);
            assert_eq!(out, bytes);
            assert_eq!(read(bytes, prefix), Some((value, bytes.len())));
        }
    }

    #[test]
    fn what_is_torn_or_too_large_is_none() {
        assert_eq!(read(&[], 5), None);
        assert_eq!(read(&[0x1f], 5), None);
        assert_eq!(read(&[0x1f, 0x80], 5), None);
        assert_eq!(read(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], 5), None);
        // As long as it likes, and nothing: a way to keep a reader busy.
        assert_eq!(read(&[[0x1f].as_slice(), &[0x80; 40]].concat(), 5), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in 0..MOST, prefix in 3_u32..8) {
            let mut out = Vec::new();
            write(value, prefix, 0, &mut out);
            out.push(0xff);
            prop_assert_eq!(read(&out, prefix), Some((value, out.len() - 1)));
        }
    }
}

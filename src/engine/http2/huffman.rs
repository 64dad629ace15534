//! The Huffman code of HPACK (RFC 7541, appendix B), decoded.
//!
//! The code is canonical: codes of one length follow one another in the order of their symbols, and those
//! of the next length follow them. So the lengths say everything.

/// Bits of each symbol's code; the last one ends a string and never stands in one.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const LONGEST: usize = 30;
/// Codes up to this long, which are those of all that headers mostly hold, are looked up at once.
const SHORT: u32 = 10;

/// What a code's length says of it.
#[derive(Clone, Copy)]
struct OfLength {
    /// The first code of the length, at the top of 32 bits.
    first: u32,
    /// The first code that is longer, at the top of 33 bits.
    end: u64,
    /// Where the length's symbols begin in the order of codes.
    place: u16,
}

/// Symbols in the order of their codes.
const ORDERED: [u8; 256] = ordered();
const BY_LENGTH: [OfLength; LONGEST + 1] = by_length();
/// By the first bits: the symbol, and how long its code is; 0 for one that is longer.
const SHORT_CODES: [(u8, u8); 1 << SHORT] = short_codes();

const fn ordered() -> [u8; 256] {
    let mut symbols = [0; 256];
    let (mut place, mut length) = (0, 1);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < 256 {
            if LENGTHS[symbol] as usize == length {
                symbols[place] = symbol as u8;
                place += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    symbols
}

const fn by_length() -> [OfLength; LONGEST + 1] {
    let none = OfLength {
        first: 0,
        end: 0,
        place: 0,
    };
    let mut table = [none; LONGEST + 1];
    let (mut code, mut place, mut length) = (0_u64, 0, 1);
    while length <= LONGEST {
        let mut count = 0;
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                count += 1;
            }
            symbol += 1;
        }
        let shift = 32 - length;
        table[length] = OfLength {
            first: (code << shift) as u32,
            end: (code + count) << shift,
            place,
        };
        place += count as u16;
        code = (code + count) << 1;
        length += 1;
    }
    table
}

const fn short_codes() -> [(u8, u8); 1 << SHORT] {
    let mut table = [(0, 0); 1 << SHORT];
    let mut bits = 0;
    while bits < 1 << SHORT {
        let top = (bits as u32) << (32 - SHORT);
        let mut length = 5;
        while length <= SHORT as usize {
            let of = BY_LENGTH[length];
            if top >= of.first && (top as u64) < of.end {
                let place = of.place as usize + ((top - of.first) >> (32 - length)) as usize;
                table[bits] = (ORDERED[place], length as u8);
                break;
            }
            length += 1;
        }
        bits += 1;
    }
    table
}

/// A string that is no Huffman code: one with the symbol that ends strings, or one that does not end with
/// the beginning of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCode;

/// How many bytes so many coded ones stand for at most: the shortest codes have five bits.
pub fn most_decoded(coded_bytes: usize) -> usize {
    coded_bytes.div_ceil(5) * 8
}

/// Appends what `coded` stands for to `out`, which is at most 8/5 as long.
///
/// # Errors
/// When it stands for nothing.
pub fn decode(coded: &[u8], out: &mut Vec<u8>) -> Result<(), NoCode> {
    let (mut bits, mut count) = (0_u64, 0_u32);
    let mut bytes = coded.iter();
    loop {
        while count <= 32 {
            let Some(byte) = bytes.next() else { break };
            bits |= u64::from(*byte) << (56 - count);
            count += 8;
        }
        let (symbol, length) = match SHORT_CODES[(bits >> (64 - SHORT)) as usize] {
            (_, 0) => match long_code(bits) {
                Some(found) => found,
                None => return end(bits, count),
            },
            found => found,
        };
        if u32::from(length) > count {
            return end(bits, count);
        }
        out.push(symbol);
        bits <<= length;
        count -= u32::from(length);
    }
}

#[cold]
fn long_code(bits: u64) -> Option<(u8, u8)> {
    let top = (bits >> 32) as u32;
    let lengths = BY_LENGTH.iter().enumerate();
    for (length, of) in lengths.take(LONGEST + 1).skip(SHORT as usize + 1) {
        if u64::from(top) < of.end {
            let place = usize::from(of.place) + ((top - of.first) >> (32 - length)) as usize;
            return ORDERED.get(place).map(|&symbol| (symbol, length as u8));
        }
    }
    None
}

/// What is left is the beginning of the code that ends strings, less than a byte of it.
fn end(bits: u64, count: u32) -> Result<(), NoCode> {
    let ones = bits.leading_ones();
    match count < 8 && ones >= count {
        true => Ok(()),
        false => Err(NoCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(coded: &[u8]) -> Result<Vec<u8>, NoCode> {
        let mut out = Vec::new();
        decode(coded, &mut out).map(|()| out)
    }

    /// The code of one byte as the table gives it, at the top of 32 bits.
    fn code(symbol: u8) -> (u32, u8) {
        let place = ORDERED.iter().position(|&at| at == symbol).unwrap() as u32;
        let length = LENGTHS[usize::from(symbol)];
        let of = BY_LENGTH[usize::from(length)];
        let nth = place - u32::from(of.place);
        (of.first + (nth << (32 - u32::from(length))), length)
    }

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut bits: Vec<bool> = Vec::new();
        for &byte in text {
            let (code, length) = code(byte);
            bits.extend((0..length).map(|bit| code << bit >> 31 == 1));
        }
        while !bits.len().is_multiple_of(8) {
            bits.push(true);
        }
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        bits.chunks(8).map(byte).collect()
    }

    #[test]
    fn the_standards_examples_are_read() {
        // RFC 7541, C.4.1, C.4.2, C.4.3, C.6.1.
        for (coded, text) in [
            (
                &[
                    0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
                ][..],
                "www.example.com",
            ),
            (&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache"),
            (
                &[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f],
                "custom-key",
            ),
            (&[0x64, 0x02], "302"),
            (&[], ""),
        ] {
            assert_eq!(decoded(coded).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn codes_of_the_appendix_stand_where_they_stand_there() {
        for (symbol, top, length) in [
            (b'0', 0x0, 5),
            (b' ', 0x14, 6),
            (b'Z', 0xfd, 8),
            (0, 0x1ff8, 13),
            (b'\\', 0x7fff0, 19),
            (9, 0xff_ffea, 24),
            (10, 0x3fff_fffc, 30),
            (255, 0x3ff_ffee, 26),
            (249, 0xfff_fffe, 28),
        ] {
            assert_eq!(
                code(symbol),
                (top << (32 - length), length as u8),
                "{symbol}"
            );
        }
    }

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=255_u8 {
            let text = [b'a', byte, byte, b'z'];
            assert_eq!(decoded(&encoded(&text)).unwrap(), text);
        }
    }

    #[test]
    fn what_ends_wrong_is_no_code() {
        // A byte of padding, padding with a zero, and the symbol that ends strings.
        for coded in [
            &[0xff][..],
            &[0x64, 0x02, 0xff],
            &[0x00],
            &[0xff; 4],
            &[0x60],
        ] {
            let is_text = decoded(coded);
            assert_eq!(is_text, Err(NoCode), "{coded:x?}");
        }
    }
}

//! Header blocks of HPACK, read field by field without an allocation.

use super::dynamic_table::DynamicTable;
use super::huffman;
use super::integer;
use super::static_table::STATIC_TABLE;
use crate::engine::allocations::make_room;

/// A block that breaks the rules of HPACK: what follows on the connection cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBlock;

/// Who looks at the fields of a block.
pub trait Fields {
    /// Whether the value of this field is looked at.
    fn wants(&mut self, name: &[u8]) -> bool;

    /// A field; of one that nobody wants the value may be empty.
    fn field(&mut self, name: &[u8], value: &[u8]);

    /// A field of so many bytes was there, as RFC 9113 section 6.5.2 counts them, or somewhat fewer. Whether
    /// the block is read on; if not, nothing more can be read on its connection.
    fn counts(&mut self, bytes: usize) -> bool;
}

/// One direction's decoder. See the module's documentation.
pub struct FieldDecoder {
    table: DynamicTable,
    name: Vec<u8>,
    value: Vec<u8>,
}

/// A string as it stands in a block.
#[derive(Clone, Copy)]
struct Text<'a> {
    bytes: &'a [u8],
    is_coded: bool,
}

impl<'a> Text<'a> {
    /// Reads the string at the start of `block`; gives the rest, too.
    fn read(block: &'a [u8]) -> Result<(Self, &'a [u8]), BadBlock> {
        let first = *block.first().ok_or(BadBlock)?;
        let (length, begins) = integer::read(block, 7).ok_or(BadBlock)?;
        let rest = &block[begins..];
        let (bytes, rest) = rest.split_at_checked(length as usize).ok_or(BadBlock)?;
        let is_coded = first & 0x80 != 0;
        Ok((Self { bytes, is_coded }, rest))
    }

    /// What it says, in `room` if it is coded.
    fn plain<'b>(self, room: &'b mut Vec<u8>) -> Result<&'b [u8], BadBlock>
    where
        'a: 'b,
    {
        if !self.is_coded {
            return Ok(self.bytes);
        }
        room.clear();
        make_room(room, huffman::most_decoded(self.bytes.len()));
        huffman::decode(self.bytes, room).map_err(|_| BadBlock)?;
        Ok(room)
    }
}

impl Default for FieldDecoder {
    fn default() -> Self {
        Self {
            table: DynamicTable::new(),
            name: Vec::new(),
            value: Vec::new(),
        }
    }
}

impl FieldDecoder {
    /// Reads `block`, whole, and shows its fields.
    ///
    /// # Errors
    /// When it is none; the table is then of no use any more.
    pub fn decode(&mut self, block: &[u8], fields: &mut impl Fields) -> Result<(), BadBlock> {
        let mut rest = block;
        let mut may_resize = true;
        while let Some(&first) = rest.first() {
            if first & 0xe0 == 0x20 {
                // A new size, which stands before all fields.
                let (size, took) = integer::read(rest, 5).ok_or(BadBlock)?;
                if !may_resize || size > super::dynamic_table::TABLE_BYTES as u64 {
                    return Err(BadBlock);
                }
                self.table.resize(size as usize);
                rest = &rest[took..];
                continue;
            }
            may_resize = false;
            rest = match first & 0x80 {
                0x80 => {
                    let (index, took) = integer::read(rest, 7).ok_or(BadBlock)?;
                    let (name, value) = entry(&self.table, index).ok_or(BadBlock)?;
                    fields.field(name, value);
                    if !fields.counts(name.len() + value.len() + 32) {
                        return Ok(());
                    }
                    &rest[took..]
                }
                _ => match self.literal(first, rest, fields)? {
                    Some(rest) => rest,
                    None => return Ok(()),
                },
            };
        }
        Ok(())
    }

    /// Reads a field that is written out. `None` when nobody reads on.
    fn literal<'a>(
        &mut self,
        first: u8,
        block: &'a [u8],
        fields: &mut impl Fields,
    ) -> Result<Option<&'a [u8]>, BadBlock> {
        let is_kept = first & 0x40 != 0;
        let prefix = if is_kept { 6 } else { 4 };
        let (index, took) = integer::read(block, prefix).ok_or(BadBlock)?;
        let mut rest = &block[took..];
        let Self { table, name, value } = self;
        let spelt = match index {
            0 => {
                let (spelt, after) = Text::read(rest)?;
                rest = after;
                spelt.plain(name)?
            }
            index => {
                let (known, _) = entry(table, index).ok_or(BadBlock)?;
                // Its own entry may go when this one comes.
                name.clear();
                make_room(name, known.len());
                name.extend_from_slice(known);
                name
            }
        };
        let (text, rest) = Text::read(rest)?;
        let bytes = spelt.len() + text.bytes.len() + 32;
        if is_kept || fields.wants(spelt) {
            let says = text.plain(value)?;
            fields.field(spelt, says);
            if is_kept {
                table.insert(spelt, says);
            }
        } else {
            fields.field(spelt, &[]);
        }
        Ok(fields.counts(bytes).then_some(rest))
    }
}

/// The entry of both tables at `index`.
#[inline]
fn entry(table: &DynamicTable, index: u64) -> Option<(&[u8], &[u8])> {
    let place = (index as usize).checked_sub(1)?;
    match STATIC_TABLE.get(place) {
        Some((name, value)) => Some((name.as_bytes(), value.as_bytes())),
        None => table.get(place - STATIC_TABLE.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct All {
        seen: Vec<(Vec<u8>, Vec<u8>)>,
        bytes: usize,
        most: usize,
    }

    impl Fields for All {
        fn wants(&mut self, name: &[u8]) -> bool {
            name != b"unwanted"
        }

        fn field(&mut self, name: &[u8], value: &[u8]) {
            self.seen.push((name.to_vec(), value.to_vec()));
        }

        fn counts(&mut self, bytes: usize) -> bool {
            self.bytes += bytes;
            self.bytes <= self.most
        }
    }

    fn all() -> All {
        All {
            most: usize::MAX,
            ..All::default()
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
        digits
            .chunks(2)
            .map(|two| digit(two[0]) << 4 | digit(two[1]))
            .collect()
    }

    fn decoded(decoder: &mut FieldDecoder, block: &[u8]) -> Result<Vec<String>, BadBlock> {
        let mut fields = all();
        decoder.decode(block, &mut fields)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = |(name, value): &(Vec<u8>, Vec<u8>)| format!("{}: {}", text(name), text(value));
        Ok(fields.seen.iter().map(line).collect())
    }

    #[test]
    fn the_standards_replies_are_read_with_evictions() {
        // RFC 7541, C.6, in a table of 256 bytes.
        let mut decoder = FieldDecoder::default();
        decoder.table.resize(256);
        let first = hex(
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e \
             919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        );
        let said = decoded(&mut decoder, &first).unwrap();
        assert_eq!(
            said,
            [
                ":status: 302",
                "cache-control: private",
                "date: Mon, 21 Oct 2013 20:13:21 GMT",
                "location: https://www.example.com"
            ]
        );
        let said = decoded(&mut decoder, &hex("4883 640e ffc1 c0bf")).unwrap();
        assert_eq!(said[0], ":status: 307");
        assert_eq!(said[3], "location: https://www.example.com");
        let third = hex(
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 \
             821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed \
             4ee5 b106 3d50 07",
        );
        let said = decoded(&mut decoder, &third).unwrap();
        assert_eq!(said[4], "content-encoding: gzip");
        assert_eq!(
            said[5],
            "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
        );
        assert_eq!(decoder.table.get(3), None, "three entries are left");
    }

    #[test]
    fn what_is_not_wanted_is_not_decoded_and_what_breaks_the_rules_is_told() {
        let mut decoder = FieldDecoder::default();
        let mut block = b"\x00\x08unwanted\x83\xff\xff\xff".to_vec();
        let said = decoded(&mut decoder, &block).unwrap();
        assert_eq!(said, ["unwanted: "], "though its value is no Huffman code");
        block[0] = 0x40;
        assert_eq!(
            decoded(&mut decoder, &block),
            Err(BadBlock),
            "it would be in the table"
        );
        for block in [
            "80",
            "be",
            "ff",
            "ffffffffffff0f",
            "40",
            "4001",
            "400161",
            "40016105",
            "3fe21f",
            "8820",
            "01ff",
        ] {
            let read = decoded(&mut FieldDecoder::default(), &hex(block));
            assert_eq!(read, Err(BadBlock), "{block}");
        }
    }

    #[test]
    fn a_bomb_ends_where_its_reader_says() {
        let mut decoder = FieldDecoder::default();
        let mut block = b"\x40\x01a\x7f\xa1\x1e".to_vec();
        block.extend_from_slice(&[b'x'; 4_000]);
        block.extend_from_slice(&[0xbe; 16_000]);
        let mut fields = All {
            most: 65_536,
            ..All::default()
        };
        decoder.decode(&block, &mut fields).unwrap();
        assert!(fields.seen.len() < 20, "{}", fields.seen.len());
    }

    proptest! {
        /// What another implementation writes is read as it was meant, block after block.
        #[test]
        fn what_others_write_is_read(
            blocks in prop::collection::vec(
                prop::collection::vec(("[a-z][a-z0-9-]{0,20}", "[ -~]{0,60}"), 0..12), 1..12,
            ),
        ) {
            let mut encoder = loona_hpack::Encoder::new();
            let mut decoder = FieldDecoder::default();
            for fields in blocks {
                let pairs = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
                let block = encoder.encode(pairs);
                let expected: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                prop_assert_eq!(decoded(&mut decoder, &block).unwrap(), expected);
            }
        }

        /// Whatever bytes come, what is kept stays within bounds.
        #[test]
        fn whatever_comes_is_read_or_refused(blocks in prop::collection::vec(any::<Vec<u8>>(), 0..8)) {
            let mut decoder = FieldDecoder::default();
            for block in blocks {
                let mut fields = All { most: 65_536, ..All::default() };
                if decoder.decode(&block, &mut fields).is_err() {
                    break;
                }
                prop_assert!(decoder.value.capacity() <= 2 * block.len().max(64) + 64);
            }
        }
    }
}

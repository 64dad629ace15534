//! A CSV file of the record, read by columns. A last line that was cut off is left out.

use super::bounded_file::{MOST_TABLE_BYTES, read_bounded};
use std::path::Path;

/// The cells of a CSV file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvColumns {
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl CsvColumns {
    /// The file at `path`; empty when there is none. Lines that are no rows of this file are left
    /// out.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        read_bounded(path, MOST_TABLE_BYTES)
            .map_or_else(|_| Self::default(), |bytes| Self::parse(&bytes))
    }

    /// The same from the bytes of a file.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        // A line without its end was cut off, even when it happens to have all its cells.
        let end = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(&bytes[..end]);
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(str::to_owned).collect(),
            Err(_) => return Self::default(),
        };
        let whole = |row: &csv::StringRecord| row.len() == header.len();
        let rows = reader.into_records().flatten().filter(whole).collect();
        Self { header, rows }
    }

    /// A table of these cells; rows of another length than the header's are left out.
    #[must_use]
    pub(super) fn of(header: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        let whole = |row: &Vec<String>| row.len() == header.len();
        let rows = rows.into_iter().filter(whole);
        let rows = rows.map(csv::StringRecord::from).collect();
        Self { header, rows }
    }

    /// All rows with their cells.
    pub(super) fn rows(&self) -> impl Iterator<Item = &csv::StringRecord> {
        self.rows.iter()
    }

    /// Rows, without the header.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The cells of a column; none when there is no such column.
    pub fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let place = self.header.iter().position(|column| column == name);
        place.into_iter().flat_map(move |place| {
            self.rows
                .iter()
                .map(move |row| row.get(place).unwrap_or_default())
        })
    }

    /// The numbers of a column, 0 for what is none; empty when there is no such column.
    #[must_use]
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        let parsed = |cell: &str| cell.parse().ok().filter(|number: &f64| number.is_finite());
        let cells = self.texts(name);
        cells.map(|cell| parsed(cell).unwrap_or(0.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_off_line_is_left_out() {
        let whole = CsvColumns::parse(b"second,users\r\n0,5\r\n1,10\r\n");
        assert_eq!(whole.numbers("users"), [5.0, 10.0]);
        let cut = CsvColumns::parse(b"second,users\r\n0,5\r\n1,1");
        assert_eq!(cut.numbers("users"), [5.0]);
        assert!(cut.numbers("pets").is_empty());
    }

    #[test]
    fn cells_may_hold_anything() {
        let columns = CsvColumns::parse(b"name,n\n\"a,\"\"b\"\"\",x\nshort\nz,NaN\n");
        assert_eq!(columns.texts("name").collect::<Vec<_>>(), ["a,\"b\"", "z"]);
        assert_eq!(columns.numbers("n"), [0.0, 0.0]);
        assert!(CsvColumns::parse(b"").is_empty());
    }

    proptest! {
        #[test]
        fn whatever_a_file_holds_is_read(bytes: Vec<u8>) {
            let columns = CsvColumns::parse(&bytes);
            for name in columns.header().to_vec() {
                prop_assert_eq!(columns.numbers(&name).len(), columns.len());
            }
        }
    }
}

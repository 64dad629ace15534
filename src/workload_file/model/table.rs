//! Rows of data, packed: a million of them are a few blocks of memory, which all users read.

use crate::plan::fnv1a;
use std::fmt;

/// Most rows.
pub const MOST_ROWS: usize = 1_000_000;
/// Most columns.
pub const MOST_COLUMNS: usize = 100;
/// Most fields of all rows together.
const MOST_FIELDS: usize = 8_000_000;
/// Set in the end of a field that is JSON as it is.
const BARE: u32 = 1 << 31;

/// Rows of data: each has a field in every column.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    bytes: Vec<u8>,
    /// Where each field ends, row by row; with [`BARE`].
    ends: Vec<u32>,
}

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// What it says.
    pub text: &'a [u8],
    /// Whether it is a number or a boolean of JSON.
    pub is_bare: bool,
}

impl Table {
    /// A table of these columns without rows.
    ///
    /// # Errors
    /// When there is none or too many of them, or two are called the same.
    pub fn new(columns: Vec<String>) -> Result<Self, String> {
        if columns.is_empty() || columns.len() > MOST_COLUMNS {
            return Err(format!(
                "there are {} columns; there may be 1 to {MOST_COLUMNS}",
                columns.len()
            ));
        }
        for (place, column) in columns.iter().enumerate() {
            if columns[..place].contains(column) {
                return Err(format!("two columns are called `{column}`"));
            }
        }
        Ok(Self {
            columns,
            ..Self::default()
        })
    }

    /// What the columns are called.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self.columns.len() {
            0 => 0,
            columns => self.ends.len() / columns,
        }
    }

    /// Adds the next field of the last row.
    ///
    /// # Errors
    /// When there are too many.
    pub fn push(&mut self, field: Field<'_>) -> Result<(), String> {
        if self.rows() >= MOST_ROWS || self.ends.len() >= MOST_FIELDS {
            return Err(format!(
                "there are more than {MOST_ROWS} rows, or more than {MOST_FIELDS} fields"
            ));
        }
        self.bytes.extend_from_slice(field.text);
        let end = u32::try_from(self.bytes.len()).ok();
        let end = end.filter(|end| end & BARE == 0);
        let end = end.ok_or("there is more than can be kept")?;
        let bare = if field.is_bare { BARE } else { 0 };
        self.ends.push(end | bare);
        Ok(())
    }

    /// The field of `row` in the column at `column`.
    #[inline]
    #[must_use]
    pub fn field(&self, row: usize, column: usize) -> Field<'_> {
        let place = row * self.columns.len() + column;
        let start = match place {
            0 => 0,
            place => self.ends[place - 1] & !BARE,
        };
        let end = self.ends[place];
        Field {
            text: &self.bytes[start as usize..(end & !BARE) as usize],
            is_bare: end & BARE != 0,
        }
    }

    /// The same rows with these of the columns only.
    #[must_use]
    pub fn only(&self, columns: &[usize]) -> Self {
        let mut only = Self {
            columns: columns.iter().map(|&at| self.columns[at].clone()).collect(),
            ..Self::default()
        };
        for row in 0..self.rows() {
            for &column in columns {
                // No more than there were.
                let _ = only.push(self.field(row, column));
            }
        }
        only
    }

    /// Memory that it takes, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.ends)
    }
}

/// What is in it by its hash: workloads are told apart by their debugging form.
impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = self.ends.iter().fold(0_u64, |hash, &end| {
            (hash ^ u64::from(end)).wrapping_mul(0x0100_0000_01b3)
        });
        write!(
            formatter,
            "Table({:?}, {} rows, {:x}, {ends:x})",
            self.columns,
            self.rows(),
            fnv1a(&self.bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Field<'_> {
        Field {
            text: text.as_bytes(),
            is_bare: false,
        }
    }

    #[test]
    fn fields_are_found_again() {
        let columns = ["a", "b", "c"].map(str::to_owned);
        let mut table = Table::new(columns.to_vec()).unwrap();
        let bare = Field {
            is_bare: true,
            ..text("7")
        };
        for field in [text("x"), text(""), bare, text("yy"), bare, text("ä")] {
            table.push(field).unwrap();
        }
        assert_eq!(table.rows(), 2);
        assert_eq!(table.field(0, 0), text("x"));
        assert_eq!(table.field(0, 1), text(""));
        assert_eq!((table.field(0, 2), table.field(1, 1)), (bare, bare));
        assert_eq!(table.field(1, 2), text("ä"));
        let only = table.only(&[2, 0]);
        assert_eq!(
            (only.field(1, 0), only.field(1, 1)),
            (text("ä"), text("yy"))
        );
        assert_ne!(format!("{table:?}"), format!("{only:?}"));
    }

    #[test]
    fn columns_have_names_of_their_own() {
        assert!(Table::new(Vec::new()).is_err());
        let twice = vec!["a".to_owned(), "b".to_owned(), "a".to_owned()];
        assert!(Table::new(twice).unwrap_err().contains("`a`"));
    }
}

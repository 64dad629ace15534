//! What every record is: JSON of a version, with a schema, written as a whole.

use super::rewrite::{NotWritten, replace};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use std::path::Path;

/// A record: of a run, of a comparison, of a hunt.
pub trait Record: Serialize + JsonSchema {
    /// Version of the layout; raised when a field changes its meaning or goes away.
    const VERSION: u32;

    /// Its JSON schema, as text with a final line end.
    #[must_use]
    fn schema_text() -> String {
        pretty_json(&SchemaGenerator::default().into_root_schema_for::<Self>())
    }

    /// The record as JSON text with a final line end.
    #[must_use]
    fn json_text(&self) -> String {
        pretty_json(self)
    }

    /// Writes it to `path`, in place of the one that is there: whoever reads it meanwhile finds a
    /// whole one.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn write(&self, path: &Path) -> Result<(), NotWritten> {
        replace(path, self.json_text().as_bytes())
    }
}

fn pretty_json(value: &(impl Serialize + ?Sized)) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("keys are strings, numbers finite or null");
    text.push('\n');
    text
}

//! Answers as JSON, their members in an order of their own.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// An object whose members keep their order.
pub struct InOrder<T>(pub Vec<(&'static str, T)>);

impl<T: Serialize> Serialize for InOrder<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// JSON without spaces, as FastAPI writes it.
pub fn json(value: &impl Serialize) -> String {
    // Numbers, texts and maps with texts as keys always have a JSON form.
    serde_json::to_string(value).unwrap_or_default()
}

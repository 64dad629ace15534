//! Identifiers of recorded exchanges, and what the sandbox gave in their place.

use serde_json::Value;

/// Recorded identifiers, and what the sandbox gave in their place.
#[derive(Default)]
pub struct Ids(Vec<(String, String)>);

impl Ids {
    /// `text` with ours in the place of the recorded ones.
    pub fn translate(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (recorded, ours)| {
                text.replace(recorded, ours)
            })
    }

    /// Learns the identifiers that a reply gives out for the first time, wherever they stand.
    pub fn learn(&mut self, recorded: &Value, ours: &Value) {
        self.learn_of("", recorded, ours);
    }

    /// How many are known.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Forgets those that were learned after the first `count`.
    pub fn forget_after(&mut self, count: usize) {
        self.0.truncate(count);
    }

    fn learn_of(&mut self, name: &str, recorded: &Value, ours: &Value) {
        match (recorded, ours) {
            (Value::Object(recorded), Value::Object(ours)) => {
                for (name, value) in recorded {
                    if let Some(ours) = ours.get(name) {
                        self.learn_of(name, value, ours);
                    }
                }
            }
            (Value::Array(recorded), Value::Array(ours)) if recorded.len() == ours.len() => {
                for (recorded, ours) in recorded.iter().zip(ours) {
                    self.learn_of(name, recorded, ours);
                }
            }
            (Value::String(recorded), Value::String(ours)) => {
                let is_new = self.0.iter().all(|(known, _)| known != recorded);
                let is_id = name.ends_with("id") && is_uuid_4(recorded) && is_uuid_4(ours);
                if is_id && is_new {
                    self.0.push((recorded.clone(), ours.clone()));
                }
            }
            _ => {}
        }
    }
}

/// Whether `text` is an identifier that was drawn.
pub fn is_uuid_4(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.get_version_num() == 4)
}

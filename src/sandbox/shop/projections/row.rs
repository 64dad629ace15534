//! A row of a projection: columns in the order in which a read shows them.

use super::super::ring_store::ThingKey;
use crate::sandbox::json_text::{self, Json};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// See the module's documentation. A column whose name starts with `_` is not shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectionRow(pub Vec<(&'static str, Json)>);

impl ProjectionRow {
    /// What the column holds.
    pub fn get(&self, column: &str) -> &Json {
        let mut columns = self.0.iter();
        columns
            .find(|(name, _)| *name == column)
            .map_or(&Json::Null, |(_, value)| value)
    }

    /// The column's text; empty when it holds none.
    pub fn text(&self, column: &str) -> &str {
        match self.get(column) {
            Json::Text(text) => text,
            _ => "",
        }
    }

    /// The column's number; 0 when it holds none.
    pub fn number(&self, column: &str) -> f64 {
        match self.get(column) {
            Json::Float(number) => *number,
            Json::Int(digits) => digits.parse().unwrap_or_default(),
            _ => 0.0,
        }
    }

    /// The column's whole number; 0 when it holds none.
    pub fn integer(&self, column: &str) -> i64 {
        self.number(column) as i64
    }

    /// Has the column hold `value`.
    pub fn set(&mut self, column: &'static str, value: impl Into<Json>) {
        let value = value.into();
        match self.0.iter_mut().find(|(name, _)| *name == column) {
            Some((_, held)) => *held = value,
            None => self.0.push((column, value)),
        }
    }

    /// The list in the column.
    pub fn list(&mut self, column: &'static str) -> &mut Vec<Json> {
        if !matches!(self.get(column), Json::List(_)) {
            self.set(column, Json::List(Vec::new()));
        }
        let held = self.0.iter_mut().find(|(name, _)| *name == column);
        match held {
            Some((_, Json::List(list))) => list,
            _ => unreachable!("the column was made a list"),
        }
    }

    /// Appends the row to `out` as JSON.
    pub fn write(&self, out: &mut String) {
        let shown = self.0.iter().filter(|(name, _)| !name.starts_with('_'));
        out.push('{');
        for (index, (name, value)) in shown.enumerate() {
            if index > 0 {
                out.push(',');
            }
            json_text::write_text(name, out);
            out.push(':');
            // Numbers that JSON cannot express are refused before anything is stored.
            let _ = json_text::write(value, out);
        }
        out.push('}');
    }
}

/// An object in a list of a row.
pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let members = members.into_iter();
    Json::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// The member `name` of an object.
pub fn member<'a>(object: &'a mut Json, name: &str) -> Option<&'a mut Json> {
    let Json::Object(members) = object else {
        return None;
    };
    let mut members = members.iter_mut();
    members
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// Whether the member `name` of an object is the text `text`.
pub fn has(object: &Json, name: &str, text: &str) -> bool {
    let Json::Object(members) = object else {
        return false;
    };
    let mut members = members.iter();
    members.any(|(known, value)| known == name && matches!(value, Json::Text(held) if held == text))
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Uuid> for Json {
    fn from(id: Uuid) -> Self {
        Self::Text(id.to_string())
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Int(number.to_string())
    }
}

impl From<f64> for Json {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Json {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The rows of one projection by identifier; of very many the newest.
pub struct ProjectionTable<R = ProjectionRow> {
    rows: BTreeMap<Uuid, R>,
    /// Oldest first.
    order: VecDeque<Uuid>,
    most: usize,
}

impl<R> ProjectionTable<R> {
    /// Room for the `most` newest rows.
    pub fn new(most: usize) -> Self {
        Self {
            rows: BTreeMap::new(),
            order: VecDeque::new(),
            most: most.max(1),
        }
    }

    /// Puts a row in.
    pub fn put(&mut self, key: ThingKey, row: R) {
        if self.rows.insert(key.uuid(), row).is_some() {
            return;
        }
        self.order.push_back(key.uuid());
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.rows.remove(&oldest);
        }
    }

    /// The row with this key.
    pub fn row(&mut self, key: ThingKey) -> Option<&mut R> {
        self.rows.get_mut(&key.uuid())
    }

    /// All rows in the order of their identifiers, as the shop's database gives them.
    pub fn rows(&mut self) -> impl Iterator<Item = &mut R> {
        self.rows.values_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shown_in_the_order_of_their_columns_without_those_of_their_own() {
        let mut row = ProjectionRow(vec![("b", "x\"".into()), ("_phone", "1".into())]);
        row.set("a", 1.0);
        row.set("c", None::<i64>);
        row.set("b", true);
        row.list("d").push(object([("e", 2.into())]));
        let mut out = String::new();
        row.write(&mut out);
        assert_eq!(out, r#"{"b":true,"a":1.0,"c":null,"d":[{"e":2}]}"#);
        assert_eq!(row.text("_phone"), "1");
    }

    #[test]
    fn a_full_table_forgets_the_oldest_row() {
        let mut table = ProjectionTable::new(2);
        let keys: Vec<ThingKey> = [3_u128, 1, 2]
            .map(|id| ThingKey::read(&Uuid::from_u128(id).to_string()).unwrap())
            .into();
        for (number, key) in keys.iter().enumerate() {
            table.put(*key, number);
        }
        assert_eq!(table.row(keys[0]), None);
        let rows: Vec<usize> = table.rows().map(|row| *row).collect();
        assert_eq!(rows, [1, 2]);
    }
}

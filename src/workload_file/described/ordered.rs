//! JSON whose objects keep the order of their text: descriptions and recordings tell by it what comes first.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use std::fmt;

/// Values of a text, at most and about: what is read stays far below 100 MB.
pub const MOST_VALUES: usize = 400_000;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// Nothing.
    Null,
    /// True or false.
    Switch(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// Several values.
    Array(Vec<Json>),
    /// Values with names, in the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads `text`, which may nest 128 deep.
    ///
    /// # Errors
    /// When it is no JSON, or holds too much: a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let separators = text
            .bytes()
            .filter(|byte| matches!(byte, b',' | b'[' | b'{'));
        if separators.count() > MOST_VALUES {
            return Err(format!("it holds more than {MOST_VALUES} values"));
        }
        serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))
    }

    /// The member `name` of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let mut members = self.members().iter();
        let found = members.find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The text of the member `name`.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// Whether the member `name` is true.
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(&Self::Switch(true))
    }

    /// The number that the member `name` is.
    #[must_use]
    pub fn number_of(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The elements of the member `name`; none where it is no array.
    #[must_use]
    pub fn elements_of(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Self::Array(elements)) => elements,
            _ => &[],
        }
    }

    /// The members of the member `name`; none where it is no object.
    #[must_use]
    pub fn members_of(&self, name: &str) -> &[(String, Self)] {
        self.get(name).map_or(&[], Self::members)
    }

    /// The members of an object; none of what is none.
    #[must_use]
    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The text that it is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number that it is.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The value at a place of this one (RFC 6901).
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        let mut found = self;
        for token in pointer.split('/').skip(1) {
            let name = token.replace("~1", "/").replace("~0", "~");
            found = match found {
                Self::Array(elements) => elements.get(name.parse::<usize>().ok()?)?,
                other => other.get(&name)?,
            };
        }
        Some(found)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Json;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, switch: bool) -> Result<Json, E> {
                Ok(Json::Switch(switch))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
                Ok(Json::Number(number.into()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
                let number = Number::from_f64(number).map(Json::Number);
                number.ok_or_else(|| E::custom("a number that JSON has not"))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = access.next_element()? {
                    elements.push(element);
                }
                Ok(Json::Array(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = access.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_text_is_kept() {
        let read = Json::parse(r#"{"z":1,"a":[{"m":true,"b":null}]}"#).unwrap();
        let names: Vec<&str> = read.members().iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["z", "a"]);
        assert_eq!(read.at("/a/0/m"), Some(&Json::Switch(true)));
        assert_eq!(read.at("/a/1"), None);
        assert_eq!(read.number_of("z"), Some(1.0));
    }

    #[test]
    fn what_is_too_much_is_refused() {
        assert!(Json::parse(&"[".repeat(1_000)).is_err());
        let many = format!("[{}0]", "0,".repeat(MOST_VALUES));
        assert!(Json::parse(&many).unwrap_err().contains("more than"));
    }
}

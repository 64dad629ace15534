//! Figures of a document that cannot be: counts and times that no run reaches. Whoever adds such up gets
//! nonsense, so that a document with one is refused, with the place.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Where counts end that are told exactly.
const LARGEST: u64 = 1 << 53;
/// The member whose number is no figure: it may have all 64 bits.
const SEED: &str = "seed";

/// Refuses a text of JSON whose figures cannot all be.
///
/// # Errors
/// With the place of the first one, and when it is no JSON.
pub(super) fn check_figures(text: &str) -> Result<(), String> {
    let mut document = serde_json::Deserializer::from_str(text);
    let checked = Figures.deserialize(&mut document);
    checked.map_err(|error| error.to_string())
}

struct Figures;

impl<'de> DeserializeSeed<'de> for Figures {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Figures {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_u64<E: Error>(self, figure: u64) -> Result<(), E> {
        match figure <= LARGEST {
            true => Ok(()),
            false => Err(E::custom(format!("a figure of {figure} is not possible"))),
        }
    }

    fn visit_i64<E: Error>(self, figure: i64) -> Result<(), E> {
        self.visit_u64(figure.unsigned_abs())
            .map_err(|_: E| E::custom(format!("a figure of {figure} is not possible")))
    }

    /// Nothing overflows that is added to one, and limits of thresholds may be of any size.
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == SEED {
                members.next_value::<IgnoredAny>()?;
            } else {
                members.next_value_seed(Self)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_cannot_be_is_refused_with_its_place() {
        let says = |text: &str| check_figures(text).unwrap_err();
        let told = says("{\n \"a\": [1, {\"b\": 18446744073709551615}]}");
        let expected = "a figure of 18446744073709551615 is not possible at line 2";
        assert!(told.starts_with(expected), "{told}");
        assert!(says("[-9223372036854775808]").contains("-9223372036854775808 is not possible"));
        assert!(says("{").contains("EOF"));
    }

    #[test]
    fn what_can_be_and_what_is_no_figure_is_taken() {
        let fine = "{\"seed\": 14977451750791581035, \"plan\": {\"seed\": 18446744073709551615, \"rounds\": 3}, \
            \"a\": [9007199254740992, -1.5e9, 1e300, null, true, \"1e999\"]}";
        assert_eq!(check_figures(fine), Ok(()));
    }
}

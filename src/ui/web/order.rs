//! The start form: what `POST /swarm` is sent.

use super::multipart::{self, Broken};
use crate::plan::Suggestion;
use std::borrow::Cow;
use std::fmt;

/// A field of the form. Its name is Locust's, its label is what the page writes above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormField {
    /// Users at the same time.
    Users,
    /// Users started a second.
    SpawnRate,
    /// Address of the shop.
    Host,
    /// Length of the run.
    RunTime,
    /// User classes and their weights.
    Classes,
    /// Name of a profile.
    Profile,
    /// `class` or `max`.
    Pacing,
    /// Options of the workload.
    With,
}

impl FormField {
    const ALL: [Self; 8] = [
        Self::Users,
        Self::SpawnRate,
        Self::Host,
        Self::RunTime,
        Self::Classes,
        Self::Profile,
        Self::Pacing,
        Self::With,
    ];

    /// As `POST /swarm` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "user_count",
            Self::SpawnRate => "spawn_rate",
            Self::Host => "host",
            Self::RunTime => "run_time",
            Self::Classes => "user_classes",
            Self::Profile => "profile",
            Self::Pacing => "pacing",
            Self::With => "with",
        }
    }
}

/// As the page shows it.
impl fmt::Display for FormField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Users => "Users",
            Self::SpawnRate => "Ramp up",
            Self::Host => "Host",
            Self::RunTime => "Run time",
            Self::Classes => "User classes",
            Self::Profile => "Profile",
            Self::Pacing => "Pacing",
            Self::With => "Options",
        })
    }
}

/// Says that a form is all that counts: what is blank in it was not asked for, whatever was typed.
/// The page's own form has it.
const WHOLE: &str = "whole";
/// Locust's own page sends it where shapes can be picked.
const SHAPE: &str = "shape_class";
/// What it is when no shape was picked.
const NO_SHAPE: &str = "Default";

/// What a form asks for. Empty fields are left out; what is in the others is for the command line's
/// own parsers to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwarmOrder {
    /// Whether nothing counts that was typed where the form has a field for it.
    pub whole: bool,
    /// Users at the same time.
    pub users: Option<String>,
    /// Users started a second.
    pub spawn_rate: Option<String>,
    /// Address of the shop.
    pub host: Option<String>,
    /// Length of the run.
    pub run_time: Option<String>,
    /// User classes, each with a weight if you like: `IdentityUser=3`.
    pub classes: Vec<String>,
    /// Name of a profile.
    pub profile: Option<String>,
    /// `class` or `max`.
    pub pacing: Option<String>,
    /// Options of the workload, by their words.
    pub with: Vec<String>,
}

/// Why a body is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOrder {
    /// A field that may be there once is there twice.
    #[error("the field {0} is there twice")]
    Twice(String),
    /// A field that no form has.
    #[error("there is no field `{name}`{suggestion} (fields: {known})")]
    Unknown {
        /// Its name.
        name: String,
        /// What may have been meant.
        suggestion: Suggestion,
        /// All that there are.
        known: String,
    },
    /// A shape, which only Locust has.
    #[error("shape_class `{0}`: there are no shapes here; a profile with stages is one")]
    Shape(String),
    /// Another kind of body.
    #[error(
        "a form is sent as application/x-www-form-urlencoded or multipart/form-data, not as {0}"
    )]
    Kind(String),
    /// Something that is not what it says it is.
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl NoOrder {
    /// Whether the form could not be read, or is not one of this server.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        !matches!(self, Self::Twice(_))
    }
}

impl SwarmOrder {
    /// Reads the body of a request whose `Content-Type` is `kind`: what browsers' forms and
    /// `FormData`, Python's requests and curl send. Without a body nothing is asked for.
    ///
    /// # Errors
    /// When it is another kind of body, or has a field that there is not, or one twice.
    pub fn read(kind: Option<&str>, body: &[u8]) -> Result<Self, NoOrder> {
        let kind = kind.unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default();
        match essence.trim().to_ascii_lowercase().as_str() {
            _ if body.is_empty() => Ok(Self::default()),
            "application/x-www-form-urlencoded" => Self::parse(body),
            "multipart/form-data" => {
                let fields = multipart::fields(kind, body)?;
                Self::of(fields.into_iter().map(|(name, value)| (name.into(), value)))
            }
            "" => Err(NoOrder::Kind("something without a Content-Type".to_owned())),
            other => Err(NoOrder::Kind(other.to_owned())),
        }
    }

    /// Reads a body that is URL-encoded.
    ///
    /// # Errors
    /// See [`SwarmOrder::read`].
    pub fn parse(body: &[u8]) -> Result<Self, NoOrder> {
        Self::of(form_urlencoded::parse(body).map(|(name, value)| (name, value.into_owned())))
    }

    fn of<'a>(fields: impl Iterator<Item = (Cow<'a, str>, String)>) -> Result<Self, NoOrder> {
        let mut order = Self::default();
        for (name, value) in fields {
            let value = value.trim();
            let known = FormField::ALL
                .into_iter()
                .find(|field| field.name() == name);
            let place = match known {
                Some(FormField::Users) => &mut order.users,
                Some(FormField::SpawnRate) => &mut order.spawn_rate,
                Some(FormField::Host) => &mut order.host,
                Some(FormField::RunTime) => &mut order.run_time,
                Some(FormField::Profile) => &mut order.profile,
                Some(FormField::Pacing) => &mut order.pacing,
                Some(FormField::Classes | FormField::With) => {
                    let several = match known {
                        Some(FormField::With) => &mut order.with,
                        _ => &mut order.classes,
                    };
                    several.extend((!value.is_empty()).then(|| value.to_owned()));
                    continue;
                }
                None if name == WHOLE => {
                    order.whole = !value.is_empty();
                    continue;
                }
                None if name == SHAPE && ["", NO_SHAPE].contains(&value) => continue,
                None if name == SHAPE => return Err(NoOrder::Shape(value.to_owned())),
                None => return Err(unknown(&name)),
            };
            let is_there = !value.is_empty();
            if is_there && place.replace(value.to_owned()).is_some() {
                return Err(NoOrder::Twice(name.into_owned()));
            }
        }
        Ok(order)
    }
}

fn unknown(name: &str) -> NoOrder {
    let known = FormField::ALL.map(FormField::name);
    NoOrder::Unknown {
        name: name.to_owned(),
        suggestion: Suggestion::for_word(name, known),
        known: known.join(", "),
    }
}

/// Why an order is not carried out: in one sentence, for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field that is to blame, if one is.
    pub field: Option<FormField>,
    /// The sentence.
    pub why: String,
}

impl Refusal {
    /// That what `field` holds is wrong.
    #[must_use]
    pub fn of(field: FormField, why: &str) -> Self {
        Self {
            field: Some(field),
            why: format!("{field}: {why}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.why)
    }
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self { field: None, why }
    }
}

impl From<&str> for Refusal {
    fn from(why: &str) -> Self {
        why.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn locusts_form_is_read() {
        let order = SwarmOrder::parse(
            b"user_count=10&spawn_rate=2.5&host=http%3A%2F%2Flocalhost%3A8000&run_time=&\
              user_classes=IdentityUser%3D3&user_classes=SpikeUser&shape_class=Default&profile=+load+&with=strict&\
              with=&with=by-request",
        );
        let text = |text: &str| Some(text.to_owned());
        let expected = SwarmOrder {
            whole: false,
            users: text("10"),
            spawn_rate: text("2.5"),
            host: text("http://localhost:8000"),
            run_time: None,
            classes: vec!["IdentityUser=3".to_owned(), "SpikeUser".to_owned()],
            profile: text("load"),
            pacing: None,
            with: vec!["strict".to_owned(), "by-request".to_owned()],
        };
        assert_eq!(order, Ok(expected));
    }

    #[test]
    fn nothing_is_an_order_too() {
        assert_eq!(SwarmOrder::parse(b""), Ok(SwarmOrder::default()));
        assert_eq!(SwarmOrder::parse(b"&&"), Ok(SwarmOrder::default()));
        for kind in [None, Some(FORM), Some("application/json")] {
            assert_eq!(SwarmOrder::read(kind, b""), Ok(SwarmOrder::default()));
        }
    }

    #[test]
    fn what_is_there_twice_is_refused() {
        let error = SwarmOrder::parse(b"host=http://a&host=http://b").unwrap_err();
        assert_eq!(error.to_string(), "the field host is there twice");
    }

    #[test]
    fn fields_that_there_are_not_are_refused() {
        for (form, says) in [
            (
                "user_counts=5",
                "there is no field `user_counts`; did you mean `user_count`?",
            ),
            ("=&%zz=1", "there is no field ``"),
            (
                "locust_count=5&hatch_rate=5",
                "there is no field `locust_count`",
            ),
            ("user_count=5&shape_class=Wave", "shape_class `Wave`"),
        ] {
            let said = SwarmOrder::parse(form.as_bytes()).unwrap_err().to_string();
            assert!(said.starts_with(says), "{form}: {said}");
        }
    }

    #[test]
    fn every_way_to_send_a_form_is_read() {
        let parts = b"--b0\r\nContent-Disposition: form-data; name=\"user_count\"\r\n\r\n5\r\n\
            --b0\r\nContent-Disposition: form-data; name=\"user_classes\"\r\n\r\nSpikeUser\r\n--b0--\r\n";
        let expected = SwarmOrder::parse(b"user_count=5&user_classes=SpikeUser");
        assert!(expected.is_ok());
        let read = |kind, body| SwarmOrder::read(Some(kind), body);
        assert_eq!(read("multipart/form-data; boundary=b0", parts), expected);
        let encoded = b"user_count=5&user_classes=SpikeUser";
        assert_eq!(read(FORM, encoded), expected);
        let with_charset = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
        assert_eq!(read(with_charset, encoded), expected);
    }

    #[test]
    fn other_bodies_are_refused() {
        for kind in [
            None,
            Some("application/json"),
            Some("text/plain;charset=UTF-8"),
            Some("multipart/form-data"),
            Some("multipart/mixed; boundary=b"),
        ] {
            let refused = SwarmOrder::read(kind, b"{\"user_count\": 5}");
            assert!(
                refused.as_ref().is_err_and(NoOrder::is_unreadable),
                "{kind:?}: {refused:?}"
            );
        }
    }
}

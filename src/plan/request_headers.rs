//! Header fields that every request to the target carries because the user says so.

use serde::{Serialize, Serializer};

/// Most fields.
const MOST_FIELDS: usize = 64;
/// Most bytes of one field, name and value.
const MOST_FIELD_BYTES: usize = 8 << 10;
/// Fields that frame a request or rule its connection: they are the engine's (RFC 9110, section 7.6.1, and
/// RFC 9112, section 6).
const OWN: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Parts of names whose values are nobody else's business.
const SECRET: [&str; 9] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "key",
    "password",
    "passwd",
    "session",
    "signature",
];
/// What is shown in a secret's place.
const HIDDEN: &str = "***";

/// Why a text is no header field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// No colon, or nothing before it.
    #[error("write it like 'NAME: VALUE', for example 'x-tenant: blue'")]
    Form,
    /// A byte that no name may have.
    #[error("`{0}` is no name of a header: letters, digits and !#$%&'*+-.^_`|~ are allowed")]
    Name(String),
    /// A byte that no value may have; the value may be a secret.
    #[error("the value of `{0}` has a character that no header may hold, like a line break")]
    Value(String),
    /// A field that the engine writes itself.
    #[error("`{0}` is written by shopblast itself: it frames the request or rules its connection")]
    Own(String),
    /// Too long.
    #[error("`{0}` is longer than {MOST_FIELD_BYTES} bytes")]
    Long(String),
    /// Too many.
    #[error("give at most {MOST_FIELDS} headers")]
    Many,
}

/// One field.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderField {
    name: String,
    value: String,
}

impl HeaderField {
    /// Parses `NAME: VALUE`. The name is kept in small letters.
    ///
    /// # Errors
    /// When it is no field, or one that the engine writes itself.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        let (name, value) = text.split_once(':').ok_or(HeaderError::Form)?;
        Self::new(name.trim(), value)
    }

    /// A field of this name and value.
    ///
    /// # Errors
    /// As of [`HeaderField::parse`].
    pub fn new(name: &str, value: &str) -> Result<Self, HeaderError> {
        let value = value.trim_matches([' ', '\t']);
        if name.is_empty() {
            return Err(HeaderError::Form);
        }
        // RFC 9110, section 5.6.2.
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if !name.bytes().all(is_token) {
            let shown = name.chars().filter(|c| !c.is_control()).take(60);
            return Err(HeaderError::Name(shown.collect()));
        }
        let name = name.to_ascii_lowercase();
        if name.len() + value.len() > MOST_FIELD_BYTES {
            return Err(HeaderError::Long(name.chars().take(60).collect()));
        }
        // RFC 9110, section 5.5: visible characters, spaces, tabs, and bytes above 127.
        let is_allowed = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
        if !value.bytes().all(is_allowed) {
            return Err(HeaderError::Value(name));
        }
        match OWN.contains(&name.as_str()) {
            true => Err(HeaderError::Own(name)),
            false => Ok(Self {
                name,
                value: value.to_owned(),
            }),
        }
    }

    /// The name, in small letters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, as it is sent.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether the value is shown to nobody.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        SECRET.iter().any(|part| self.name.contains(part))
    }

    /// `NAME: VALUE` as it may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        let value = if self.is_secret() {
            HIDDEN
        } else {
            &self.value
        };
        format!("{}: {value}", self.name)
    }
}

/// Shows no secret.
impl std::fmt::Debug for HeaderField {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.shown())
    }
}

/// `NAME: VALUE` as it may be shown: what is recorded is no place for secrets.
impl Serialize for HeaderField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

/// See the module's documentation. A field replaces an earlier one of the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RequestHeaders(Vec<HeaderField>);

impl RequestHeaders {
    /// Adds a field.
    ///
    /// # Errors
    /// When there are too many.
    pub fn add(&mut self, field: HeaderField) -> Result<(), HeaderError> {
        self.0.retain(|known| known.name != field.name);
        if self.0.len() == MOST_FIELDS {
            return Err(HeaderError::Many);
        }
        self.0.push(field);
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields.
    pub fn iter(&self) -> impl Iterator<Item = &HeaderField> {
        self.0.iter()
    }

    /// Whether a field has this name, in small letters.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.name == name)
    }

    /// The lines of a request's head from `host` on, which is `authority` where nobody says otherwise,
    /// each with its end.
    #[must_use]
    pub fn lines(&self, authority: &str) -> String {
        let mut text = String::new();
        if !self.has("host") {
            push_line(&mut text, "host", authority);
        }
        // The host comes first (RFC 9110, section 7.2).
        let (host, others): (Vec<_>, Vec<_>) = self.0.iter().partition(|it| it.name == "host");
        for field in host.into_iter().chain(others) {
            push_line(&mut text, &field.name, &field.value);
        }
        text
    }
}

fn push_line(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(": ");
    text.push_str(value);
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(texts: &[&str]) -> RequestHeaders {
        let mut headers = RequestHeaders::default();
        for text in texts {
            headers.add(HeaderField::parse(text).unwrap()).unwrap();
        }
        headers
    }

    #[test]
    fn lines_begin_with_the_host_and_the_last_of_a_name_counts() {
        assert_eq!(headers(&[]).lines("shop:8000"), "host: shop:8000\r\n");
        assert_eq!(
            headers(&["X-A: 1", "x-b:2", "HOST: other", "x-a:  3 4\t"]).lines("shop:8000"),
            "host: other\r\nx-b: 2\r\nx-a: 3 4\r\n"
        );
        assert_eq!(
            headers(&["x-empty:"]).lines("s"),
            "host: s\r\nx-empty: \r\n"
        );
        assert_eq!(headers(&["x: ä:b"]).lines("s"), "host: s\r\nx: ä:b\r\n");
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for (text, says) in [
            ("x-a", "write it like"),
            (": b", "write it like"),
            ("", "write it like"),
            ("x a: b", "no name of a header"),
            ("x\r\nb: c", "no name of a header"),
            ("ä: b", "no name of a header"),
            ("x-a: b\r\nx-c: d", "a character that no header may hold"),
            ("x-a: b\0", "a character that no header may hold"),
            (
                "authorization: geheim\n",
                "a character that no header may hold",
            ),
            ("Content-Length: 5", "written by shopblast itself"),
            ("transfer-encoding: chunked", "written by shopblast itself"),
            ("Connection: close", "written by shopblast itself"),
        ] {
            let said = HeaderField::parse(text).unwrap_err().to_string();
            assert!(said.contains(says), "{text:?}: {said}");
            assert!(!said.contains("geheim") && !said.contains('\n'), "{said}");
        }
        let long = format!("x: {}", "y".repeat(MOST_FIELD_BYTES));
        assert!(matches!(
            HeaderField::parse(&long),
            Err(HeaderError::Long(_))
        ));
        let mut many = RequestHeaders::default();
        let field = |at: usize| HeaderField::new(&format!("x-{at}"), "y").unwrap();
        for at in 0..MOST_FIELDS {
            many.add(field(at)).unwrap();
        }
        assert_eq!(many.add(field(MOST_FIELDS)), Err(HeaderError::Many));
        assert_eq!(
            many.add(field(3)),
            Ok(()),
            "it takes the place of another one"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        for (text, shown) in [
            ("authorization: Bearer geheim", "authorization: ***"),
            ("Proxy-Authorization: geheim", "proxy-authorization: ***"),
            ("Cookie: a=geheim", "cookie: ***"),
            ("X-Api-Key: geheim", "x-api-key: ***"),
            ("x-access-token:geheim", "x-access-token: ***"),
            ("x-tenant: blue", "x-tenant: blue"),
        ] {
            let field = HeaderField::parse(text).unwrap();
            assert_eq!(field.shown(), shown);
            let told = format!(
                "{field:?} {}",
                serde_json::to_string(&headers(&[text])).unwrap()
            );
            assert!(!told.contains("geheim"), "{told}");
        }
    }
}

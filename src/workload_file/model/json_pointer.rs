//! Values at a place of a JSON text, found without a tree of it: one walk over the bytes, nothing
//! allocated. What is walked over is not judged: a text that is no JSON gives a value, or none.

use fastrand::Rng;

/// A place in a JSON text (RFC 6901), with `*` for any element of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPointer {
    tokens: Vec<Token>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A member of an object by name, or an element of an array by number.
    Name { name: String, number: Option<usize> },
    /// Any element of an array.
    Any,
}

/// A value as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// What stands between the quotes of a text, escapes and all.
    Text(&'a [u8]),
    /// A number, a boolean or null.
    Bare(&'a [u8]),
    /// An object or an array.
    Nested(&'a [u8]),
}

impl JsonPointer {
    /// Reads a pointer: empty for the whole text, or `/` before each name.
    ///
    /// # Errors
    /// When it does not begin with `/`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err("a JSON pointer begins with `/`, like /items/0/id");
        }
        let tokens = text.split('/').skip(1).map(|token| match token {
            "*" => Token::Any,
            token => Token::Name {
                name: token.replace("~1", "/").replace("~0", "~"),
                number: token.parse().ok(),
            },
        });
        Ok(Self {
            tokens: tokens.collect(),
            text: text.to_owned(),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The element with this number of an array.
    #[must_use]
    pub fn element(number: usize) -> Self {
        Self {
            tokens: vec![Token::Name {
                name: number.to_string(),
                number: Some(number),
            }],
            text: String::new(),
        }
    }

    /// Whether there is more than one such place.
    #[must_use]
    pub fn has_choice(&self) -> bool {
        self.tokens.contains(&Token::Any)
    }

    /// The names on the way there.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Name { name, .. } => Some(name.clone()),
            Token::Any => None,
        })
    }

    /// The value at this place of `json`; where there is a choice, `rng` makes it.
    #[inline]
    pub fn find<'a>(&self, json: &'a [u8], rng: &mut Rng) -> Option<Found<'a>> {
        let mut at = Walk { json, at: 0 };
        at.skip_space();
        for token in &self.tokens {
            match token {
                Token::Any => at.enter_any(rng)?,
                Token::Name { name, number } => match at.peek()? {
                    b'{' => at.enter_member(name)?,
                    b'[' => at.enter_element((*number)?)?,
                    _ => return None,
                },
            }
        }
        at.value()
    }
}

/// A place in a text.
#[derive(Clone, Copy)]
struct Walk<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// From the start of an object to the value of its member `name`.
    fn enter_member(&mut self, name: &str) -> Option<()> {
        self.at += 1;
        loop {
            self.skip_space();
            if self.peek()? != b'"' {
                return None;
            }
            let known = self.text()?;
            self.skip_space();
            if self.peek()? != b':' {
                return None;
            }
            self.at += 1;
            self.skip_space();
            if is_called(known, name) {
                return Some(());
            }
            self.skip_value()?;
            self.next_of_several()?;
        }
    }

    /// From the start of an array to its element `number`.
    fn enter_element(&mut self, number: usize) -> Option<()> {
        self.at += 1;
        self.skip_space();
        for _ in 0..number {
            self.skip_element()?;
            self.next_of_several()?;
            self.skip_space();
        }
        (self.peek()? != b']').then_some(())
    }

    /// From the start of an array to one of its elements.
    fn enter_any(&mut self, rng: &mut Rng) -> Option<()> {
        if self.peek()? != b'[' {
            return None;
        }
        let mut counting = *self;
        counting.at += 1;
        counting.skip_space();
        let mut count = 0;
        while counting.peek()? != b']' {
            counting.skip_element()?;
            count += 1;
            counting.skip_space();
            if counting.peek()? == b',' {
                counting.at += 1;
                counting.skip_space();
            }
        }
        if count == 0 {
            return None;
        }
        self.enter_element(rng.usize(..count))
    }

    fn skip_element(&mut self) -> Option<()> {
        match self.peek()? {
            b']' => None,
            _ => self.skip_value(),
        }
    }

    /// Over a comma.
    fn next_of_several(&mut self) -> Option<()> {
        self.skip_space();
        if self.peek()? != b',' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// What stands between the quotes of the text that begins here; its end is passed.
    #[inline]
    fn text(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        let mut from = start;
        loop {
            let found = memchr::memchr2(b'"', b'\\', self.json.get(from..)?)?;
            from += found;
            if self.json[from] == b'"' {
                self.at = from + 1;
                return Some(&self.json[start..from]);
            }
            from += 2;
        }
    }

    #[inline]
    fn skip_value(&mut self) -> Option<()> {
        self.value().map(|_| ())
    }

    /// The value that begins here; its end is passed.
    #[inline]
    fn value(&mut self) -> Option<Found<'a>> {
        let start = self.at;
        match self.peek()? {
            b'"' => self.text().map(Found::Text),
            b'{' | b'[' => {
                self.skip_nested()?;
                Some(Found::Nested(&self.json[start..self.at]))
            }
            _ => {
                let rest = &self.json[start..];
                let is_end =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
                let length = rest.iter().position(is_end).unwrap_or(rest.len());
                self.at += length;
                (length > 0).then_some(Found::Bare(&rest[..length]))
            }
        }
    }

    fn skip_nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.text()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// Whether what stands between quotes means `name`.
#[inline]
fn is_called(between: &[u8], name: &str) -> bool {
    between == name.as_bytes()
        || memchr::memchr(b'\\', between).is_some()
            && unescaped(between).is_some_and(|text| text == name)
}

/// What the text between quotes means.
#[cold]
#[must_use]
pub fn unescaped(between: &[u8]) -> Option<String> {
    let quoted = [b"\"", between, b"\""].concat();
    serde_json::from_slice(&quoted).ok()
}

#[cfg(test)]
mod tests {
    use super::{Found, JsonPointer, unescaped};
    use fastrand::Rng;
    use proptest::collection::{hash_map, vec};
    use proptest::prelude::{
        Just, Strategy, any, prop_assert_eq, prop_assume, prop_oneof, proptest,
    };
    use serde_json::{Value, json};

    fn found(json: &str, pointer: &str) -> Option<Value> {
        let pointer = JsonPointer::parse(pointer).unwrap();
        let found = pointer.find(json.as_bytes(), &mut Rng::with_seed(1))?;
        Some(match found {
            Found::Text(text) => unescaped(text)?.into(),
            Found::Bare(text) | Found::Nested(text) => serde_json::from_slice(text).ok()?,
        })
    }

    #[test]
    fn values_are_found_where_the_pointer_says() {
        let json = r#" { "a\"b" : {"c":[ 1, {"id" : "x-\u00e9" } , "]" ]}, "n":null,"token":"t", "": 0 } "#;
        for (pointer, expected) in [
            ("/token", json!("t")),
            ("/a\"b/c/0", json!(1)),
            ("/a\"b/c/1/id", json!("x-é")),
            ("/a\"b/c/2", json!("]")),
            ("/n", Value::Null),
            ("/", json!(0)),
            ("/a\"b/c", json!([1, {"id": "x-é"}, "]"])),
        ] {
            assert_eq!(found(json, pointer), Some(expected), "{pointer}");
        }
        for pointer in ["/none", "/token/x", "/a\"b/c/3", "/a\"b/c/x", "/n/0", "/*"] {
            assert_eq!(found(json, pointer), None, "{pointer}");
        }
        for broken in ["", "{", "{\"a", "{\"a\":", "[", "[1", "[[[[", "nul"] {
            assert_eq!(found(broken, "/a/0"), None, "{broken}");
        }
        // What stands behind a value is not looked at.
        assert_eq!(found("{\"a\":[1,", "/a/0"), Some(json!(1)));
        assert!(JsonPointer::parse("token").is_err());
    }

    #[test]
    fn any_element_is_drawn_and_each_has_its_turn() {
        let pointer = JsonPointer::parse("/items/*/id").unwrap();
        let json = br#"{"items":[{"id":0},{"id":1},{"id":2}]}"#;
        let mut rng = Rng::with_seed(7);
        let mut seen = [0; 3];
        for _ in 0..300 {
            match pointer.find(json, &mut rng) {
                Some(Found::Bare(&[digit])) => seen[usize::from(digit - b'0')] += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(seen.iter().all(|&times| times > 50), "{seen:?}");
        assert_eq!(pointer.find(br#"{"items":[]}"#, &mut rng), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c\"\\\\/~é{}\\[\\],:]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                hash_map("[ab/~\"]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_tree_of_the_text_has_the_same_values(json in any_json(), tokens in vec("[ab/~\"0-2]{0,2}", 0..4), is_pretty: bool) {
            let escaped = |token: &String| format!("/{}", token.replace('~', "~0").replace('/', "~1"));
            let pointer: String = tokens.iter().map(escaped).collect();
            // Numbers with a leading zero are names in the standard, and elements here.
            prop_assume!(!tokens.iter().any(|token| token.len() > 1 && token.starts_with('0')));
            let text = match is_pretty {
                true => format!("{json:#}"),
                false => json.to_string(),
            };
            prop_assert_eq!(found(&text, &pointer), json.pointer(&pointer).cloned());
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in vec(any::<u8>(), 0..60), pointer in "(/[a*0]){0,3}") {
            let pointer = JsonPointer::parse(&pointer).unwrap();
            let _ = pointer.find(&bytes, &mut Rng::with_seed(1));
        }
    }
}

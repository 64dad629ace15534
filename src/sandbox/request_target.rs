//! Path and parameters of a request, taken apart and decoded.

use std::borrow::Cow;

/// The path and the query of a request target, which may be an absolute address.
pub fn split_target(target: &str) -> (&str, Option<&str>) {
    let target = target.split('#').next().unwrap_or(target);
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let path = match path.split_once("://") {
        Some((_, rest)) if !path.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => path,
    };
    (path, query)
}

/// `path` without percent-encoding.
pub fn decode(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |place: usize| char::from(*bytes.get(place)?).to_digit(16);
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// The last value of the parameter `name`, decoded.
pub fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = query?.split('&').rev();
    pairs.find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| decode(&text.replace('+', " ")).into_owned();
        (plain(key) == name).then(|| plain(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_the_last_one_counts() {
        let query = Some("a=1&event=handler.%2A&b&a=x+y%20z");
        assert_eq!(parameter(query, "a").as_deref(), Some("x y z"));
        assert_eq!(parameter(query, "event").as_deref(), Some("handler.*"));
        assert_eq!(parameter(query, "b").as_deref(), Some(""));
        assert_eq!(parameter(query, "c"), None);
        assert_eq!(parameter(None, "a"), None);
    }

    #[test]
    fn targets_are_taken_apart() {
        assert_eq!(split_target("/a?b=c?d#e"), ("/a", Some("b=c?d")));
        assert_eq!(split_target("http://h:1/a"), ("/a", None));
        assert_eq!(split_target("http://h:1"), ("/", None));
        assert_eq!(split_target("/a://b/c"), ("/a://b/c", None));
        assert_eq!(decode("/he%61lth"), "/health");
        assert_eq!(decode("/%C3%A9%2F%zz%f"), "/\u{e9}/%zz%f");
        assert_eq!(decode("/%ff"), "/\u{fffd}");
    }
}

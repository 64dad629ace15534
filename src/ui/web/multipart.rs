//! Bodies of the kind `multipart/form-data` (RFC 7578), as browsers' `FormData` and Python's requests
//! send them: texts by name. Files are none of a form's fields here.

/// Fields that a body may have.
const MOST_FIELDS: usize = 1_000;
/// The longest boundary that there may be.
const LONGEST_BOUNDARY: usize = 70;

/// Why a body is not what it says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Its kind says no boundary, or a wrong one.
    #[error("multipart/form-data without a boundary")]
    Boundary,
    /// It does not end as it should, or a part of it has no name.
    #[error("this is no multipart/form-data: it breaks off, or a part of it has no name")]
    Parts,
    /// A part is a file.
    #[error("a form has no files: send its fields as texts")]
    File,
    /// A part is no text.
    #[error("a field of the form is not UTF-8")]
    Text,
}

/// Names and values of a `body` whose `Content-Type` has these `parameters`.
///
/// # Errors
/// When it is not what it says it is.
pub fn fields(parameters: &str, body: &[u8]) -> Result<Vec<(String, String)>, Broken> {
    let boundary = parameter(parameters, "boundary").ok_or(Broken::Boundary)?;
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return Err(Broken::Boundary);
    }
    let opening = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    // What comes before the first boundary does not count.
    let start = match body.starts_with(opening.as_bytes()) {
        true => opening.len(),
        false => place_of(body, between.as_bytes()).ok_or(Broken::Parts)? + between.len(),
    };
    let mut rest = &body[start..];
    let mut fields = Vec::new();
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n").ok_or(Broken::Parts)?;
        let end = place_of(part, between.as_bytes()).ok_or(Broken::Parts)?;
        fields.push(field(&part[..end])?);
        rest = &part[end + between.len()..];
        if fields.len() > MOST_FIELDS {
            return Err(Broken::Parts);
        }
    }
    Ok(fields)
}

fn field(part: &[u8]) -> Result<(String, String), Broken> {
    let end = place_of(part, b"\r\n\r\n").ok_or(Broken::Parts)?;
    let head = std::str::from_utf8(&part[..end]).map_err(|_| Broken::Text)?;
    let value = std::str::from_utf8(&part[end + 4..]).map_err(|_| Broken::Text)?;
    let disposition = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
        .and_then(|(_, text)| text.split_once(';'))
        .filter(|(kind, _)| kind.trim().eq_ignore_ascii_case("form-data"));
    let (_, parameters) = disposition.ok_or(Broken::Parts)?;
    if parameter(parameters, "filename").is_some() || parameter(parameters, "filename*").is_some() {
        return Err(Broken::File);
    }
    let name = parameter(parameters, "name").ok_or(Broken::Parts)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The value of a parameter, without its quotes. No name of a field here needs an escape.
fn parameter<'a>(parameters: &'a str, wanted: &str) -> Option<&'a str> {
    let mut pairs = parameters
        .split(';')
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
    let value = value.trim();
    let quoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    Some(quoted.unwrap_or(value))
}

fn place_of(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = " boundary=----WebKitFormBoundaryx7";

    fn read(body: &str) -> Result<Vec<(String, String)>, Broken> {
        let body = body.replace('\n', "\r\n");
        fields(KIND, body.as_bytes())
    }

    #[test]
    fn a_browsers_form_data_is_read() {
        let read = read(
            "------WebKitFormBoundaryx7\nContent-Disposition: form-data; name=\"user_count\"\n\n5\n\
             ------WebKitFormBoundaryx7\nContent-Disposition: form-data; name=\"host\"\n\n\n\
             ------WebKitFormBoundaryx7--\n",
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read, Ok(vec![pair("user_count", "5"), pair("host", "")]));
    }

    #[test]
    fn what_pythons_requests_sends_is_read() {
        let body = "--0f8a\r\nContent-Disposition: form-data; name=\"host\"\r\nContent-Type: text/plain\r\n\r\n\
                    http://a\r\n--x\r\n--0f8a--\r\n";
        let read = fields("boundary=\"0f8a\"", body.as_bytes());
        let value = "http://a\r\n--x".to_owned();
        assert_eq!(read, Ok(vec![("host".to_owned(), value)]));
    }

    #[test]
    fn what_is_broken_is_refused() {
        let open = "------WebKitFormBoundaryx7\n";
        let head = "Content-Disposition: form-data; name=\"a\"\n\n";
        let end = "\n------WebKitFormBoundaryx7--";
        for (body, why) in [
            ("user_count=5".to_owned(), Broken::Parts),
            (format!("{open}{head}5"), Broken::Parts),
            (format!("{open}no head{end}"), Broken::Parts),
            (
                format!("{open}Content-Disposition: form-data\n\n5{end}"),
                Broken::Parts,
            ),
            (
                format!(
                    "{open}Content-Disposition: form-data; name=\"a\"; filename=\"f\"\n\n5{end}"
                ),
                Broken::File,
            ),
        ] {
            assert_eq!(read(&body), Err(why), "{body}");
        }
        assert_eq!(fields("charset=utf-8", b""), Err(Broken::Boundary));
        assert_eq!(fields("boundary=", b"----"), Err(Broken::Boundary));
        let bytes = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--b--";
        assert_eq!(fields("boundary=b", bytes), Err(Broken::Text));
    }

    #[test]
    fn a_form_without_fields_is_one() {
        assert_eq!(fields("boundary=b", b"--b--\r\n"), Ok(Vec::new()));
    }
}

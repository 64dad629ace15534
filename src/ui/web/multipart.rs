//! Bodies of the kind `multipart/form-data` (RFC 7578), as browsers' `FormData` and Python's requests
//! send them: texts by name. Files are none of a form's fields here.

use bytes::Bytes;
use futures_util::future::{FutureExt, ready};
use futures_util::stream;
use multer::Multipart;
use std::convert::Infallible;

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

/// Names and values of a `body` of this `Content-Type`.
///
/// # Errors
/// When it is not what it says it is.
pub fn fields(kind: &str, body: &[u8]) -> Result<Vec<(String, String)>, Broken> {
    let boundary = multer::parse_boundary(kind).map_err(|_| Broken::Boundary)?;
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return Err(Broken::Boundary);
    }
    let whole = Bytes::copy_from_slice(body);
    let whole = stream::once(ready(Ok::<_, Infallible>(whole)));
    let reading = read_all(Multipart::new(whole, boundary));
    // All of it is here: there is nothing to wait for.
    reading.now_or_never().unwrap_or(Err(Broken::Parts))
}

async fn read_all(mut parts: Multipart<'_>) -> Result<Vec<(String, String)>, Broken> {
    let mut fields = Vec::new();
    while let Some(field) = parts.next_field().await.map_err(|_| Broken::Parts)? {
        if field.file_name().is_some() {
            return Err(Broken::File);
        }
        let name = field.name().ok_or(Broken::Parts)?.to_owned();
        let value = field.bytes().await.map_err(|_| Broken::Parts)?;
        let value = String::from_utf8(value.into()).map_err(|_| Broken::Text)?;
        fields.push((name, value));
        if fields.len() > MOST_FIELDS {
            return Err(Broken::Parts);
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=----WebKitFormBoundaryx7";

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
        let read = fields("multipart/form-data; boundary=\"0f8a\"", body.as_bytes());
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
        assert_eq!(
            fields("multipart/form-data; charset=utf-8", b""),
            Err(Broken::Boundary)
        );
        assert_eq!(
            fields("multipart/form-data; boundary=", b"----"),
            Err(Broken::Boundary)
        );
        let bytes = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--b--";
        assert_eq!(
            fields("multipart/form-data; boundary=b", bytes),
            Err(Broken::Text)
        );
    }

    #[test]
    fn a_form_without_fields_is_one() {
        assert_eq!(
            fields("multipart/form-data; boundary=b", b"--b--\r\n"),
            Ok(Vec::new())
        );
    }
}

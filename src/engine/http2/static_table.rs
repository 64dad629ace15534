//! The static table of HPACK (RFC 7541, appendix A).

/// Names and values, from index 1 on.
pub(super) const STATIC_TABLE: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// Indices of names that requests have.
pub(super) const AUTHORITY: u64 = 1;
pub(super) const METHOD: u64 = 2;
pub(super) const PATH: u64 = 4;
pub(super) const SCHEME_HTTP: u64 = 6;
pub(super) const SCHEME_HTTPS: u64 = 7;
pub(super) const CONTENT_LENGTH: u64 = 28;

/// The first index of a name.
pub(super) fn index_of(name: &[u8]) -> Option<u64> {
    let mut names = STATIC_TABLE.iter();
    let place = names.position(|(known, _)| known.as_bytes() == name)?;
    Some(place as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_indices_are_those_of_the_table() {
        for (index, name) in [
            (AUTHORITY, ":authority"),
            (METHOD, ":method"),
            (PATH, ":path"),
            (SCHEME_HTTP, ":scheme"),
            (CONTENT_LENGTH, "content-length"),
        ] {
            assert_eq!(index_of(name.as_bytes()), Some(index), "{name}");
        }
        assert_eq!(
            STATIC_TABLE[SCHEME_HTTPS as usize - 1],
            (":scheme", "https")
        );
        assert_eq!(STATIC_TABLE[60].0, "www-authenticate");
    }
}

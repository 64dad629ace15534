//! What a certificate (X.509, RFC 5280) says of itself: whose it is, who vouches for it, how long. Read by
//! lengths alone, and trusted for nothing: whether it holds is for rustls to say.

use std::net::IpAddr;

/// Names that are kept.
const MOST_NAMES: usize = 16;
/// Longest text that is kept, in bytes.
const MOST_TEXT_BYTES: usize = 256;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const OCTETS: u8 = 0x04;
/// Parts that may be left out, by their numbers.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// Kinds of alternative names.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// `id-at-commonName` and `id-at-organizationName`.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
/// `id-ce-subjectAltName`.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Whose it is; empty when it does not say, as some do not beside their names.
    pub subject: String,
    /// Who vouches for it.
    pub issuer: String,
    /// The names and addresses that it is for, at most 16.
    pub names: Vec<String>,
    /// From when it holds, like `2026-01-31T12:00:00Z`.
    pub not_before: String,
    /// Until when it holds.
    pub not_after: String,
}

impl CertificateFacts {
    /// Those of a certificate in DER; `None` when it cannot be read.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (whole, _) = part_of(der, SEQUENCE)?;
        let (signed, _) = part_of(whole, SEQUENCE)?;
        let signed = part_of(signed, VERSION).map_or(signed, |(_, rest)| rest);
        // Serial number, then the algorithm of the signature.
        let (_, _, signed) = part(signed)?;
        let (_, _, signed) = part(signed)?;
        let (issuer, signed) = part_of(signed, SEQUENCE)?;
        let (validity, signed) = part_of(signed, SEQUENCE)?;
        let (subject, signed) = part_of(signed, SEQUENCE)?;
        let (tag, not_before, validity) = part(validity)?;
        let not_before = moment(tag, not_before)?;
        let (tag, not_after, _) = part(validity)?;
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            names: alternative_names(signed).unwrap_or_default(),
            not_before,
            not_after: moment(tag, not_after)?,
        })
    }
}

/// The first part: its tag, what is in it, and what comes after it.
fn part(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => {
            let (&[length], rest) = rest.split_first_chunk()?;
            (usize::from(length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        // No certificate has a part of 64 KiB.
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The same, of this tag.
fn part_of(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    part(der).and_then(|(found, content, rest)| (found == tag).then_some((content, rest)))
}

fn parts(der: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = der;
    std::iter::from_fn(move || {
        let (tag, content, after) = part(rest)?;
        rest = after;
        Some((tag, content))
    })
}

/// The common name of a distinguished name, and else its organization's.
fn name(der: &[u8]) -> String {
    let attributes = parts(der).filter(|(tag, _)| *tag == SET);
    let attributes = attributes.flat_map(|(_, set)| parts(set));
    let mut found = String::new();
    for (_, attribute) in attributes {
        let Some((kind, value)) = part_of(attribute, OBJECT_ID) else {
            continue;
        };
        let Some((_, value, _)) = part(value) else {
            continue;
        };
        if kind == COMMON_NAME {
            return text(value);
        }
        if kind == ORGANIZATION {
            found = text(value);
        }
    }
    found
}

fn text(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MOST_TEXT_BYTES)];
    String::from_utf8_lossy(bytes).into_owned()
}

/// Those among what comes after the subject.
fn alternative_names(rest: &[u8]) -> Option<Vec<String>> {
    let (_, extensions) = parts(rest).find(|(tag, _)| *tag == EXTENSIONS)?;
    let (extensions, _) = part_of(extensions, SEQUENCE)?;
    let of_names = parts(extensions).find_map(|(_, extension)| {
        let (kind, value) = part_of(extension, OBJECT_ID)?;
        let value = parts(value).find(|(tag, _)| *tag == OCTETS);
        (kind == ALTERNATIVE_NAMES).then_some(value?.1)
    })?;
    let (names, _) = part_of(of_names, SEQUENCE)?;
    let names = parts(names).filter_map(|(tag, value)| match tag {
        DNS_NAME => Some(text(value)),
        IP_ADDRESS => address(value),
        _ => None,
    });
    Some(names.take(MOST_NAMES).collect())
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4.or(v6).ok().map(|address| address.to_string())
}

/// Digits as in `260131120000Z`, or with the whole year.
fn moment(tag: u8, bytes: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(bytes).ok()?.strip_suffix('Z')?;
    let digits = match tag {
        // RFC 5280, section 4.1.2.5.1.
        UTC_TIME if digits < "50" => format!("20{digits}"),
        UTC_TIME => format!("19{digits}"),
        GENERALIZED_TIME => digits.to_owned(),
        _ => return None,
    };
    if digits.len() != 14 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let [year, month, day] = [&digits[..4], &digits[4..6], &digits[6..8]];
    let [hour, minute, second] = [&digits[8..10], &digits[10..12], &digits[12..]];
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    fn made(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let names = ["shop.test", "127.0.0.1", "::1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_is_read_by_its_parts() {
        let der = made(|params| {
            params
                .distinguished_name
                .push(DnType::OrganizationName, "The shop");
            params
                .distinguished_name
                .push(DnType::CommonName, "shop.test");
            params.not_before = date_time_ymd(2026, 1, 31);
            params.not_after = date_time_ymd(2061, 12, 1);
        });
        let facts = CertificateFacts::read(&der).unwrap();
        assert_eq!(
            (&*facts.subject, &*facts.issuer),
            ("shop.test", "shop.test")
        );
        assert_eq!(facts.names, ["shop.test", "127.0.0.1", "::1"]);
        assert_eq!(facts.not_before, "2026-01-31T00:00:00Z");
        assert_eq!(facts.not_after, "2061-12-01T00:00:00Z");
        let of_last_century = made(|params| params.not_before = date_time_ymd(1999, 1, 2));
        let facts = CertificateFacts::read(&of_last_century).unwrap();
        assert_eq!(facts.not_before, "1999-01-02T00:00:00Z");
    }

    #[test]
    fn one_without_a_common_name_is_its_organizations() {
        let der = made(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params
                .distinguished_name
                .push(DnType::OrganizationName, "The shop");
            params.subject_alt_names.clear();
        });
        let facts = CertificateFacts::read(&der).unwrap();
        assert_eq!((&*facts.subject, facts.names.len()), ("The shop", 0));
    }

    #[test]
    fn one_that_was_cut_off_is_none() {
        let der = made(|_| {});
        for length in 0..der.len() {
            assert_eq!(CertificateFacts::read(&der[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = CertificateFacts::read(&bytes);
        }

        #[test]
        fn a_certificate_with_bytes_changed_is_read_or_not(
            changes in proptest::collection::vec((0_usize..600, any::<u8>()), 1..8)
        ) {
            let mut der = made(|_| {});
            for (place, byte) in changes {
                let length = der.len();
                der[place % length] = byte;
            }
            let _ = CertificateFacts::read(&der);
        }
    }
}

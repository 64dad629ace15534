//! What names tell: of resources and their ids, of fields and what they hold.

/// Names of ids that do not say whose id it is.
const PLAIN_IDS: [&str; 5] = ["id", "uuid", "guid", "pk", "_id"];
/// Longest name that a file gives.
const LONGEST_NAME: usize = 60;

/// `name` in small letters with underscores: `petId`, `Pet-ID` and `pet_id` are the same.
#[must_use]
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        let is_break =
            letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        let parts = is_break || !letter.is_ascii_alphanumeric();
        if parts && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if letter.is_ascii_alphanumeric() && out.len() < LONGEST_NAME {
            out.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    let out = out.trim_end_matches('_');
    match out.is_empty() {
        true => "value".to_owned(),
        false => out.to_owned(),
    }
}

/// One of what `name` are several of, as English has it, about.
#[must_use]
pub fn singular(name: &str) -> String {
    let name = snake(name);
    for (end, instead) in [
        ("ies", "y"),
        ("sses", "ss"),
        ("xes", "x"),
        ("ches", "ch"),
        ("shes", "sh"),
    ] {
        if let Some(stem) = name.strip_suffix(end)
            && stem.len() > 1
        {
            return format!("{stem}{instead}");
        }
    }
    match name.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => name,
    }
}

/// What the id called `name` of the resource at `segment` of a path is called everywhere.
#[must_use]
pub fn id_name(name: &str, segment: &str) -> String {
    let plain = snake(name);
    let resource = singular(segment);
    match PLAIN_IDS.contains(&plain.as_str()) || plain == resource {
        true => format!("{resource}_id"),
        false => plain,
    }
}

/// Whether `name` may be the name of a header.
#[must_use]
pub fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// Whether a field called `name` holds an id.
#[must_use]
pub fn is_id(name: &str) -> bool {
    let name = snake(name);
    PLAIN_IDS.contains(&name.as_str()) || name.ends_with("_id") || name.ends_with("_uuid")
}

/// Whether the id called `name` says by itself whose it is.
#[must_use]
pub fn is_plain_id(name: &str) -> bool {
    PLAIN_IDS.contains(&snake(name).as_str())
}

/// What a text called `name` may hold, the likeliest first: templates, each with the least and the most
/// characters that it makes.
#[must_use]
pub fn candidates(name: &str, format: &str) -> Vec<(&'static str, usize, usize)> {
    let name = snake(name);
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let is = |words: &[&str]| {
        words
            .iter()
            .any(|word| name == *word || name.ends_with(&format!("_{word}")))
    };
    let found: &[(&'static str, usize, usize)] = match format {
        "email" | "idn-email" => &[("{$email}", 46, 60), ("{$letters 8}@example.com", 20, 20)],
        "uuid" | "guid" => &[("{$uuid}", 36, 36)],
        "date" => &[("{$date}", 10, 10)],
        "date-time" => &[("{$date}T12:00:00Z", 20, 20)],
        "time" => &[("12:00:00Z", 9, 9)],
        "duration" => &[("P1D", 3, 3)],
        "uri" | "url" | "iri" => &[
            ("https://example.com/{$uuid}", 56, 56),
            ("http://example.com", 18, 18),
        ],
        "uri-reference" => &[("/{$uuid}", 37, 37), ("/", 1, 1)],
        "hostname" | "idn-hostname" => &[("example.com", 11, 11)],
        "ipv4" | "ip" => &[("192.0.2.{$int 100..199}", 11, 11)],
        "ipv6" => &[("2001:db8::{$int 100..999}", 13, 13)],
        "byte" | "base64" => &[("c2hvcGJsYXN0", 12, 12), ("AA==", 4, 4)],
        "password" => &[
            ("Open-{$digits 8}-Sesame", 20, 20),
            ("Aa1-{$digits 4}", 8, 8),
        ],
        "phone" | "tel" => &[("{$phone}", 15, 15)],
        _ if has(&["email", "e_mail"]) => {
            &[("{$email}", 46, 60), ("{$letters 8}@example.com", 20, 20)]
        }
        _ if has(&["phone", "mobile", "telephone"]) => {
            &[("{$phone}", 15, 15), ("{$digits 9}", 9, 9)]
        }
        _ if is(&["first_name", "given_name", "firstname"]) => &[("{$first_name}", 2, 20)],
        _ if is(&["last_name", "family_name", "surname", "lastname"]) => &[("{$last_name}", 2, 20)],
        _ if is(&["full_name", "customer_name", "user_name_full", "recipient"]) => {
            &[("{$name}", 5, 40)]
        }
        _ if is(&["username", "user_name", "login", "nickname"]) => {
            &[("{$unique}", 29, 40), ("{$letters 10}", 10, 10)]
        }
        _ if has(&["password", "passphrase"]) => &[
            ("Open-{$digits 8}-Sesame", 20, 20),
            ("Aa1-{$digits 4}", 8, 8),
        ],
        _ if is(&[
            "street",
            "address_line",
            "line1",
            "address1",
            "street_address",
        ]) =>
        {
            &[("{$street}", 7, 40)]
        }
        _ if is(&["city", "town"]) => &[("{$city}", 4, 40)],
        _ if is(&["postal_code", "zip", "zip_code", "postcode"]) => &[("{$digits 5}", 5, 5)],
        _ if is(&["country", "country_code"]) => &[("{$choice US|DE|FR}", 2, 2)],
        _ if is(&["currency", "currency_code"]) => &[("{$choice USD|EUR}", 3, 3)],
        _ if is(&["locale", "language", "lang"]) => &[("en", 2, 2)],
        _ if has(&["birth"]) || is(&["date", "day", "dob"]) => &[("{$date}", 10, 10)],
        _ if name.ends_with("_at") || is(&["timestamp", "datetime"]) => {
            &[("{$date}T12:00:00Z", 20, 20)]
        }
        _ if is(&["url", "uri", "link", "href", "website", "image"]) => &[
            ("https://example.com/{$uuid}", 56, 56),
            ("http://example.com", 18, 18),
        ],
        _ if is(&[
            "sku",
            "code",
            "number",
            "reference",
            "slug",
            "key",
            "external_id",
        ]) =>
        {
            &[
                ("{$unique}", 29, 40),
                ("{$letters 4}-{$digits 8}", 13, 13),
                ("{$letters 2}{$digits 4}", 6, 6),
            ]
        }
        _ if is_id(&name) => &[("{$uuid}", 36, 36), ("{$letters 4}{$digits 8}", 12, 12)],
        _ if is(&["name"]) => &[("{$words 2} {$digits 4}", 8, 36), ("{$letters 6}", 6, 6)],
        _ if has(&["title", "subject", "label"]) => {
            &[("{$words 3}", 5, 48), ("{$letters 6}", 6, 6)]
        }
        _ if has(&[
            "description",
            "comment",
            "note",
            "message",
            "text",
            "reason",
            "body",
            "content",
            "summary",
        ]) =>
        {
            &[("{$words 12}", 23, 190), ("{$words 3}", 5, 48)]
        }
        _ => &[("{$word}", 1, 16)],
    };
    found.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_has_one_name() {
        for (name, segment, called) in [
            ("id", "customers", "customer_id"),
            ("customerId", "customers", "customer_id"),
            ("customer_id", "x", "customer_id"),
            ("pet", "pets", "pet_id"),
            ("id", "categories", "category_id"),
            ("id", "addresses", "address_id"),
            ("id", "status", "status_id"),
            ("ID", "boxes", "box_id"),
            ("inventory_item_id", "inventory", "inventory_item_id"),
        ] {
            assert_eq!(id_name(name, segment), called);
        }
        assert_eq!(snake("--"), "value");
        assert_eq!(snake("HTTPServer 2"), "httpserver_2");
    }

    #[test]
    fn what_is_made_up_for_a_name_can_be_made_up() {
        use crate::workload_file::Generator;
        for name in [
            "email",
            "phone",
            "first_name",
            "sku",
            "city",
            "url",
            "x",
            "user_id",
            "title",
            "note",
        ] {
            for (template, least, most) in candidates(name, "") {
                assert!(least <= most && !template.is_empty());
                for inside in template.split("{$").skip(1) {
                    let inside = inside.split('}').next().unwrap();
                    assert!(Generator::parse(inside).is_ok(), "{inside}");
                }
            }
        }
    }
}

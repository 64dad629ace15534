//! What the page holds beside markup: styles, scripts, the charts' data, and the policy that says
//! that nothing else counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A style sheet or script that is part of this program.
#[derive(Clone, Copy)]
pub struct StaticText(pub &'static str);

impl StaticText {
    /// As a source of a content security policy.
    fn source(&self) -> String {
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(self.0)))
    }
}

/// The logo of every page, written and live: an SVG image.
pub const LOGO: &str = include_str!("../../templates/design/logo.svg");

/// The colours of every page, written and live, as a style sheet: the light ones, the dark ones where
/// they were chosen or are preferred, and the light ones on paper. They are safe for colour-blind eyes;
/// outcomes differ in lightness, too.
pub const PALETTE: StaticText = StaticText(concat!(
    ":root {\n",
    include_str!("../../templates/design/light.css"),
    "}\n:root[data-theme=\"dark\"] {\n",
    include_str!("../../templates/design/dark.css"),
    "}\n@media (prefers-color-scheme: dark) { :root:not([data-theme]) {\n",
    include_str!("../../templates/design/dark.css"),
    "} }\n@media print { :root:root {\n",
    include_str!("../../templates/design/light.css"),
    "} }\n",
));

/// The styles that every written page has, beside those of its own.
pub const STYLES: [StaticText; 3] = [
    PALETTE,
    StaticText(include_str!("../../assets/uplot-1.6.32/uPlot.min.css")),
    StaticText(include_str!("../../templates/report/report.css")),
];
/// The scripts that every written page has, before those of its own.
pub const SCRIPTS: [StaticText; 4] = [
    StaticText(include_str!("../../assets/uplot-1.6.32/uPlot.iife.min.js")),
    StaticText(include_str!("../../templates/report/page.js")),
    StaticText(include_str!("../../templates/report/tables.js")),
    StaticText(include_str!("../../templates/report/plots.js")),
];

/// The content security policy: nothing is loaded, nothing is sent, and nothing runs but these. Images
/// are those that the page holds itself: its icon, and charts on their way into a picture.
#[must_use]
pub fn policy(styles: &[StaticText], scripts: &[StaticText]) -> String {
    let sources = |texts: &[StaticText]| {
        let sources: Vec<String> = texts.iter().map(StaticText::source).collect();
        sources.join(" ")
    };
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        sources(styles),
        sources(scripts),
    )
}

/// JSON for the inside of a `script` element: no letter in it can end the element or begin a
/// comment, and every line end of JavaScript is escaped.
#[must_use]
pub fn json_for_html(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned());
    let mut safe = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            // Outside of strings JSON has none of these, inside the escape means the same.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", letter as u32));
            }
            letter => safe.push(letter),
        }
    }
    safe
}

/// `2026-11-25 22:05:32 UTC` of a moment in RFC 3339; whatever else it is, as it is.
#[must_use]
pub fn moment_text(moment: &str) -> String {
    let parsed: Result<jiff::Timestamp, _> = moment.parse();
    parsed.map_or_else(
        |_| moment.to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// A number that takes no more room than it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compact(pub f64);

impl Serialize for Compact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rounded = (self.0 * 1e3).round() / 1e3;
        if rounded.fract() == 0.0 && rounded.abs() < 9e15 {
            serializer.serialize_i64(rounded as i64)
        } else {
            serializer.serialize_f64(rounded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_leave_its_element() {
        let hostile = "</script><script>alert(1)</script><!-- \u{2028}\u{2029} & \" \\";
        let safe = json_for_html(&hostile);
        for dangerous in ["<", ">", "&", "\u{2028}", "\u{2029}"] {
            assert!(!safe.contains(dangerous), "{safe}");
        }
        let read: String = serde_json::from_str(&safe).unwrap();
        assert_eq!(read, hostile);
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [5.0, 0.1234567, -2.5, 1e300].map(Compact);
        assert_eq!(json_for_html(&&numbers[..3]), "[5,0.123,-2.5]");
        assert!(json_for_html(&numbers[3]).starts_with('1'));
    }
}

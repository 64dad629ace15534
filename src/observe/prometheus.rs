//! Prometheus' text format, version 0.0.4, read strictly: a line that is none of it is an error.
//!
//! Own code, as no library for it is both kept up and strict: those there are skip what they do not
//! understand, which would turn a broken reply into missing figures. The format:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

/// Where an Observatory has its metrics.
pub const METRICS_PATH: &str = "/metrics";
/// Samples that are read: an Observatory of many streams has some hundred.
const MOST_SAMPLES: usize = 20_000;

/// Names and values.
type MetricLabels = Vec<(String, String)>;

/// One sample line.
#[derive(Clone, Debug, PartialEq)]
pub struct PrometheusSample {
    /// Number of its line, from 1.
    pub line: usize,
    /// Name of the metric.
    pub name: String,
    /// Its labels, in their order.
    pub labels: MetricLabels,
    /// Its value; may be infinite or no number.
    pub value: f64,
}

impl PrometheusSample {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        let found = labels.find(|(label, _)| label == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Where a text is not in the format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not in Prometheus' text format: {why}")]
pub struct PrometheusError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Reads all samples of a text, in their order. Comments, with HELP and TYPE among them, are
/// skipped: today's Observatory declares other names than it uses.
///
/// # Errors
/// When a line is neither empty, nor a comment, nor a sample; when there are more than are read.
pub fn parse_prometheus(text: &str) -> Result<Vec<PrometheusSample>, PrometheusError> {
    let mut samples = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_matches([' ', '\t']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let refused = |why| PrometheusError {
            line: index + 1,
            why,
        };
        let mut sample = sample(line).map_err(refused)?;
        sample.line = index + 1;
        if samples.len() == MOST_SAMPLES {
            return Err(refused(
                "there are more than the 20000 samples that are read",
            ));
        }
        samples.push(sample);
    }
    Ok(samples)
}

/// `name{label="value",…} value [timestamp]`
fn sample(line: &str) -> Result<PrometheusSample, &'static str> {
    let (name, rest) = split_name(line, ":");
    if name.is_empty() {
        return Err("a metric's name was expected");
    }
    let rest = rest.trim_start_matches([' ', '\t']);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.split_ascii_whitespace();
    let value = words.next().ok_or("the value is missing")?;
    let value = number(value).ok_or("the value is no number")?;
    if let Some(timestamp) = words.next() {
        timestamp
            .parse::<i64>()
            .map_err(|_| "the timestamp is no whole number")?;
    }
    if words.next().is_some() {
        return Err("there is something after the timestamp");
    }
    Ok(PrometheusSample {
        line: 0,
        name: name.to_owned(),
        labels,
        value,
    })
}

/// The labels after `{`, and what follows their `}`.
fn labels(mut rest: &str) -> Result<(MetricLabels, &str), &'static str> {
    let mut labels = MetricLabels::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = split_name(rest, "");
        if name.is_empty() {
            return Err("a label's name was expected");
        }
        if labels.iter().any(|(label, _)| label == name) {
            return Err("a label is there twice");
        }
        let after = after.trim_start_matches([' ', '\t']);
        let after = after.strip_prefix('=').ok_or("`=` was expected")?;
        let after = after.trim_start_matches([' ', '\t']);
        let after = after.strip_prefix('"').ok_or("`\"` was expected")?;
        let (value, after) = quoted(after)?;
        labels.push((name.to_owned(), value));
        rest = after.trim_start_matches([' ', '\t']);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("`,` or `}` was expected after a label"),
        }
    }
}

/// A label's value up to its closing quote, and what follows.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[place + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                _ => return Err("only \\\\, \\\" and \\n may be escaped"),
            },
            other => value.push(other),
        }
    }
    Err("a label's value has no end")
}

/// Splits a name of letters, digits, `_` and those of `also` off, which starts with no digit.
fn split_name<'a>(text: &'a str, also: &str) -> (&'a str, &'a str) {
    let is_part =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || also.contains(letter);
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return ("", text);
    }
    let end = text.find(|letter: char| !is_part(letter));
    text.split_at(end.unwrap_or(text.len()))
}

/// As Go writes floating-point numbers.
fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        // Rust reads more words than these.
        _ if text
            .contains(|letter: char| letter.is_ascii_alphabetic() && !"eE".contains(letter)) =>
        {
            None
        }
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(line: &str) -> Result<PrometheusSample, &'static str> {
        parse_prometheus(line)
            .map(|mut samples| samples.remove(0))
            .map_err(|error| error.why)
    }

    #[test]
    fn todays_observatory_is_read() {
        let text = include_str!("../../tests/data/observatory/metrics.txt");
        let samples = parse_prometheus(text).unwrap();
        assert_eq!(samples.len(), 33);
        assert_eq!(samples[2].name, "protean_outbox_messages");
        assert_eq!(samples[2].label("domain"), Some("identity"));
        assert_eq!(samples[2].label("status"), Some("published"));
        assert_eq!(samples[2].value, 66.0);
        assert_eq!(samples[2].label("stream"), None);
    }

    #[test]
    fn every_part_of_a_line_is_read() {
        let sample = one(r#" a:b_1 { x = "1\\2\"3\n4" , y="",} -1.5e+3 1700000000123 "#).unwrap();
        assert_eq!(sample.name, "a:b_1");
        assert_eq!(sample.label("x"), Some("1\\2\"3\n4"));
        assert_eq!(sample.label("y"), Some(""));
        assert_eq!(sample.value, -1_500.0);
        assert_eq!(one("up 1").unwrap().labels, []);
        assert_eq!(one("up{} +Inf").unwrap().value, f64::INFINITY);
        assert!(one("up NaN").unwrap().value.is_nan());
    }

    #[test]
    fn anything_else_is_an_error() {
        for (line, why) in [
            ("<html>", "a metric's name was expected"),
            ("1up 1", "a metric's name was expected"),
            ("up", "the value is missing"),
            ("up{a=\"b\"}", "the value is missing"),
            ("up one", "the value is no number"),
            ("up infinity", "the value is no number"),
            ("up 1 2.5", "the timestamp is no whole number"),
            ("up 1 2 3", "there is something after the timestamp"),
            ("up{a=\"b", "a label's value has no end"),
            ("up{a=\"b\\t\"} 1", "only \\\\, \\\" and \\n may be escaped"),
            (
                "up{a=\"b\" c=\"d\"} 1",
                "`,` or `}` was expected after a label",
            ),
            ("up{a=b} 1", "`\"` was expected"),
            ("up{a} 1", "`=` was expected"),
            ("up{=\"b\"} 1", "a label's name was expected"),
            ("up{a=\"1\",a=\"2\"} 1", "a label is there twice"),
        ] {
            assert_eq!(one(line), Err(why), "{line}");
        }
        let error = parse_prometheus("# fine\nup 1\n\nup").unwrap_err();
        assert_eq!(error.line, 4);
        let many: Vec<String> = (0..30_000).map(|number| format!("up{number} 1")).collect();
        let error = parse_prometheus(&many.join("\n")).unwrap_err();
        assert_eq!(error.line, 20_001);
        assert!(error.why.contains("more than the 20000"), "{error}");
    }

    fn escaped(value: &str) -> String {
        value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,12}",
            label in "[a-zA-Z_][a-zA-Z0-9_]{0,8}",
            text in "\\PC{0,12}|[\\n\"\\\\a]{0,6}",
            value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
        ) {
            let line = format!("{name}{{{label}=\"{}\"}} {value:e}", escaped(&text));
            let samples = parse_prometheus(&line).unwrap();
            prop_assert_eq!(samples.len(), 1);
            prop_assert_eq!(samples[0].label(&label), Some(text.as_str()));
            prop_assert_eq!(samples[0].value, value);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|[a{}=\",\\\\ 1\\n#]{0,40}") {
            let _ = parse_prometheus(&text);
        }
    }
}

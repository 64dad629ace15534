//! Sets of HTTP statuses as people write them: 200, 2xx, 200..299.

/// Statuses that a reply may have.
const LEAST: u16 = 100;
const MOST: u16 = 999;

/// A set of HTTP statuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// Spans, both ends included; at least one.
    spans: Vec<(u16, u16)>,
}

/// Why a text names no statuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no HTTP status: write one like 200, a class like 2xx, or a span like 200..204"
)]
pub struct StatusError {
    text: String,
}

impl Statuses {
    /// Those of success: 200 to 299.
    #[must_use]
    pub fn successes() -> Self {
        Self {
            spans: vec![(200, 299)],
        }
    }

    /// Reads one status, class or span.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, StatusError> {
        let wrong = || StatusError {
            text: text.to_owned(),
        };
        let number = |text: &str| {
            let number = text.trim().parse::<u16>().ok()?;
            (LEAST..=MOST).contains(&number).then_some(number)
        };
        let trimmed = text.trim();
        let span = match (trimmed.split_once(".."), trimmed.as_bytes()) {
            (Some((from, to)), _) => number(from).zip(number(to)),
            (None, [class @ b'1'..=b'9', b'x' | b'X', b'x' | b'X']) => {
                let from = u16::from(class - b'0') * 100;
                Some((from, from + 99))
            }
            (None, _) => number(trimmed).map(|one| (one, one)),
        };
        match span {
            Some((from, to)) if from <= to => Ok(Self {
                spans: vec![(from, to)],
            }),
            _ => Err(wrong()),
        }
    }

    /// These and those of `other`.
    pub fn add(&mut self, other: Self) {
        self.spans.extend(other.spans);
    }

    /// Whether `status` is one of them.
    #[inline]
    #[must_use]
    pub fn has(&self, status: u16) -> bool {
        let mut spans = self.spans.iter();
        spans.any(|&(from, to)| (from..=to).contains(&status))
    }

    /// The first of them: of a set of successes, the one that is usual.
    #[must_use]
    pub fn first(&self) -> u16 {
        self.spans.first().map_or(200, |&(from, _)| from)
    }

    /// Whether none of them is one of `other`, too.
    #[must_use]
    pub fn is_apart_from(&self, other: &Self) -> bool {
        let overlaps = |&(from, to): &(u16, u16)| {
            let mut theirs = other.spans.iter();
            theirs.any(|&(start, end)| from <= end && start <= to)
        };
        !self.spans.iter().any(overlaps)
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, &(from, to)) in self.spans.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            formatter.write_str(comma)?;
            match (from % 100, to - from) {
                (_, 0) => write!(formatter, "{from}")?,
                (0, 99) => write!(formatter, "{}xx", from / 100)?,
                _ => write!(formatter, "{from}..{to}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_numbers_classes_and_spans() {
        for (text, inside, outside, shown) in [
            ("200", 200, 201, "200"),
            ("2xx", 299, 300, "2xx"),
            (" 4XX ", 400, 399, "4xx"),
            ("200..204", 204, 205, "200..204"),
        ] {
            let statuses = Statuses::parse(text).unwrap();
            assert!(statuses.has(inside) && !statuses.has(outside), "{text}");
            assert_eq!(statuses.to_string(), shown);
        }
        for text in [
            "", "99", "1000", "xx2", "0xx", "204..200", "200..", "2x", "ok",
        ] {
            let said = Statuses::parse(text).unwrap_err().to_string();
            assert!(said.contains("like 200"), "{text}: {said}");
        }
    }

    #[test]
    fn sets_overlap_or_do_not() {
        let parse = |text| Statuses::parse(text).unwrap();
        let mut set = parse("404");
        set.add(parse("409..412"));
        assert!(set.has(410) && !set.has(408));
        assert_eq!(set.to_string(), "404, 409..412");
        assert!(set.is_apart_from(&parse("2xx")));
        assert!(!set.is_apart_from(&parse("4xx")) && !parse("4xx").is_apart_from(&set));
        assert_eq!(set.first(), 404);
    }
}

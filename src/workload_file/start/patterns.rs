//! Texts for the patterns that descriptions ask for: as templates, where a pattern is a plain one.

use regex_lite::RegexBuilder;

/// Longest pattern that is looked at, in bytes.
const LONGEST: usize = 400;
/// Longest text that a pattern is to be met with, in characters.
const LONGEST_TEXT: usize = 400;
/// Deepest groups.
const DEEPEST: usize = 12;
/// What a pattern may take of memory, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Whether `text` meets `pattern`; `None` when that cannot be told.
#[must_use]
pub fn meets(pattern: &str, text: &str) -> Option<bool> {
    if pattern.len() > LONGEST {
        return None;
    }
    let mut builder = RegexBuilder::new(pattern);
    let built = builder.size_limit(MOST_BYTES).build().ok()?;
    Some(built.is_match(text))
}

/// A template for texts of `pattern`, and one of these texts.
#[must_use]
pub fn template(pattern: &str) -> Option<(String, String)> {
    if pattern.len() > LONGEST {
        return None;
    }
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = match inner.strip_suffix('$') {
        Some(cut) if !cut.ends_with('\\') => cut,
        _ => inner,
    };
    let mut reader = Reader {
        rest: inner.chars().collect(),
        at: 0,
        made: Made::default(),
    };
    reader.alternatives(0)?;
    if reader.at != reader.rest.len() {
        return None;
    }
    let Made { template, sample } = reader.made;
    let is_met = meets(pattern, &sample)?;
    is_met.then_some((template, sample))
}

#[derive(Clone, Default)]
struct Made {
    template: String,
    sample: String,
}

impl Made {
    fn push(&mut self, letter: char) {
        match letter {
            '{' | '}' => self.template.extend([letter, letter]),
            letter => self.template.push(letter),
        }
        self.sample.push(letter);
    }
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    made: Made,
}

/// One place of a pattern.
enum Atom {
    Digit,
    Capital,
    Letter(char),
    Group(Made),
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    /// The first of several is made; the others are read, too.
    fn alternatives(&mut self, depth: usize) -> Option<()> {
        self.sequence(depth)?;
        let first = self.made.clone();
        while self.peek() == Some('|') {
            self.at += 1;
            self.made = Made::default();
            self.sequence(depth)?;
        }
        self.made = first;
        Some(())
    }

    fn sequence(&mut self, depth: usize) -> Option<()> {
        while let Some(letter) = self.peek() {
            if letter == '|' || letter == ')' {
                return Some(());
            }
            let atom = self.atom(depth)?;
            let times = self.times()?;
            for _ in 0..match &atom {
                Atom::Digit | Atom::Capital => 0,
                _ => times,
            } {
                match &atom {
                    Atom::Group(made) => {
                        self.made.template += &made.template;
                        self.made.sample += &made.sample;
                    }
                    Atom::Letter(letter) => self.made.push(*letter),
                    _ => {}
                }
                if self.made.sample.len() > LONGEST_TEXT {
                    return None;
                }
            }
            let (generator, letter) = match atom {
                Atom::Digit => ("digits", '5'),
                Atom::Capital => ("letters", 'K'),
                _ => continue,
            };
            if times > LONGEST_TEXT {
                return None;
            }
            if times > 0 {
                self.made.template += &format!("{{${generator} {times}}}");
                self.made.sample.extend(std::iter::repeat_n(letter, times));
            }
        }
        Some(())
    }

    fn atom(&mut self, depth: usize) -> Option<Atom> {
        match self.next()? {
            '(' => {
                if depth >= DEEPEST {
                    return None;
                }
                if self.peek() == Some('?') {
                    self.at += 1;
                    // Nothing but a group that is not counted.
                    (self.next()? == ':').then_some(())?;
                }
                let outer = std::mem::take(&mut self.made);
                self.alternatives(depth + 1)?;
                (self.next()? == ')').then_some(())?;
                Some(Atom::Group(std::mem::replace(&mut self.made, outer)))
            }
            '[' => self.class(),
            '\\' => match self.next()? {
                'd' => Some(Atom::Digit),
                'w' => Some(Atom::Capital),
                's' => Some(Atom::Letter(' ')),
                'D' | 'S' => Some(Atom::Capital),
                'W' => Some(Atom::Letter('-')),
                'b' | 'B' | 'A' | 'z' | 'p' | 'P' | 'u' | 'x' => None,
                'n' => Some(Atom::Letter('\n')),
                't' => Some(Atom::Letter('\t')),
                letter if letter.is_ascii_alphanumeric() => None,
                letter => Some(Atom::Letter(letter)),
            },
            '.' => Some(Atom::Capital),
            '^' | '$' | '*' | '+' | '?' | '{' => None,
            letter => Some(Atom::Letter(letter)),
        }
    }

    fn class(&mut self) -> Option<Atom> {
        let is_other = self.peek() == Some('^');
        if is_other {
            self.at += 1;
        }
        let mut ranges: Vec<(char, char)> = Vec::new();
        loop {
            let from = match self.next()? {
                ']' if !ranges.is_empty() => break,
                '\\' => match self.next()? {
                    'd' => {
                        ranges.push(('0', '9'));
                        continue;
                    }
                    'w' => {
                        ranges.extend([('A', 'Z'), ('a', 'z'), ('0', '9'), ('_', '_')]);
                        continue;
                    }
                    's' => {
                        ranges.push((' ', ' '));
                        continue;
                    }
                    letter if letter.is_ascii_alphanumeric() => return None,
                    letter => letter,
                },
                '[' => return None,
                letter => letter,
            };
            let is_range = self.peek() == Some('-') && self.rest.get(self.at + 1) != Some(&']');
            let to = if is_range {
                self.at += 1;
                match self.next()? {
                    '\\' => self.next()?,
                    letter => letter,
                }
            } else {
                from
            };
            ranges.push((from, to));
        }
        let has = |letter: char| {
            ranges
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&letter))
        };
        let all = |from: char, to: char| (from..=to).all(has) != is_other;
        let none = |from: char, to: char| !(from..=to).any(has);
        let has_all = |from, to| {
            if is_other {
                none(from, to)
            } else {
                all(from, to)
            }
        };
        if has_all('A', 'Z') {
            return Some(Atom::Capital);
        }
        if has_all('0', '9') {
            return Some(Atom::Digit);
        }
        let mut may = (' '..='~').filter(|letter| has(*letter) != is_other);
        let letter = may.clone().find(char::is_ascii_alphanumeric);
        letter.or_else(|| may.next()).map(Atom::Letter)
    }

    /// How often the place before is there: as seldom as may be, but once if it may be left out only.
    fn times(&mut self) -> Option<usize> {
        let times = match self.peek() {
            Some('+') => 3,
            Some('*') => 3,
            Some('?') => 1,
            Some('{') => {
                let end = self.rest[self.at..].iter().position(|it| *it == '}')?;
                let inside: String = self.rest[self.at + 1..self.at + end].iter().collect();
                self.at += end + 1;
                self.lazy();
                let least = inside.split(',').next()?.trim();
                let least: usize = if least.is_empty() {
                    0
                } else {
                    least.parse().ok()?
                };
                let most = inside.split_once(',').map(|(_, most)| most.trim());
                let most = most
                    .and_then(|most| most.parse().ok())
                    .unwrap_or(least.max(3));
                return Some(least.max(1).min(most.max(least)));
            }
            _ => return Some(1),
        };
        self.at += 1;
        self.lazy();
        Some(times)
    }

    fn lazy(&mut self) {
        if matches!(self.peek(), Some('?' | '+')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_patterns_are_met() {
        for (pattern, expected) in [
            (r"^\d{2}:\d{2}$", "{$digits 2}:{$digits 2}"),
            (r"^[A-Z]{3}$", "{$letters 3}"),
            (r"^[A-Z]{2,4}-[0-9]+$", "{$letters 2}-{$digits 3}"),
            (r"^(?:red|blue)$", "red"),
            (r"^[a-z]+(-[a-z]+)*$", "aaa-aaa-aaa-aaa"),
            (r"^\+?[1-9]\d{1,14}$", "+1{$digits 1}"),
            (r"^[^@\s]+@x\.y$", ""),
            (r"^\{x\}$", "{{x}}"),
        ] {
            let made = template(pattern);
            let (template, sample) = made.unwrap_or_else(|| panic!("{pattern}"));
            assert_eq!(meets(pattern, &sample), Some(true), "{pattern}: {sample}");
            if !expected.is_empty() {
                assert_eq!(template, expected, "{pattern}");
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for pattern in [
            "(?=a)b",
            "a{99999}",
            "(",
            "[",
            r"\p{L}+",
            "a{",
            &"(".repeat(200),
            &"a".repeat(900),
        ] {
            assert_eq!(template(pattern), None, "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_makes_it_fail(pattern in "[\\[\\]a-z0-9(){}|*+?\\\\^$.,-]{0,24}") {
            if let Some((_, sample)) = template(&pattern) {
                assert_eq!(meets(&pattern, &sample), Some(true));
            }
        }
    }
}

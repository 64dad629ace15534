//! Mistakes that people make in workload files: the files that come with the program, with tokens lost,
//! doubled, swapped, of another kind, with names renamed, texts cut and numbers changed.

use shopblast::plan::ClassShare;
use shopblast::shop::Profile;
use shopblast::workload_file::{BUILT_IN, FileWorkload, STARTER, built_in, read_of_program};

const ORIGIN: &str = "mistaken.toml";
/// The file that has races and rules.
const RACES: &str = include_str!("../../workloads/other-shop-races.toml");
/// Values of other kinds than the one that was there.
const KINDS: [&str; 14] = [
    "1",
    "-1",
    "0",
    "1.5",
    "true",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[[]]",
    "nan",
    "1979-05-27",
    "99999999999999999999",
    "\"{$int 1..0}\"",
];
/// What people put into texts.
const PIECES: [&str; 12] = [
    "{",
    "}",
    "{{",
    "{x}",
    "{$}",
    "{$unique}",
    "{$choice }",
    "{$words 99999}",
    "..",
    "%",
    "\\u0000",
    "é",
];

/// Numbers that look drawn, made of an input.
struct Dice<'a> {
    bytes: &'a [u8],
    state: u64,
}

impl Dice<'_> {
    fn below(&mut self, limit: usize) -> usize {
        let (byte, rest) = match self.bytes {
            [byte, rest @ ..] => (*byte, rest),
            [] => (0x5d, &[][..]),
        };
        self.bytes = rest;
        // One step of splitmix64.
        self.state = self
            .state
            .wrapping_add(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(u64::from(byte));
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
}

/// What became of a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// The file says something else, which is sound.
    Sound,
    /// It is refused, each with a place and what would be right: what is said.
    Refused(Vec<String>),
}

/// A workload with mistakes is refused with their places, or is sound all the same.
pub fn mistakes(bytes: &[u8]) {
    let _ = became(bytes);
}

/// What becomes of the mistakes that `bytes` make.
///
/// # Panics
/// When a mistake is told without a place, or without a word about it.
pub fn became(bytes: &[u8]) -> Became {
    let mut dice = Dice { bytes, state: 0 };
    let which = dice.below(BUILT_IN.len() + 2);
    let mut text = match BUILT_IN.get(which).and_then(|(name, _)| built_in(name)) {
        Some(Ok(parts)) => parts.text().to_owned(),
        _ if which == BUILT_IN.len() => RACES.to_owned(),
        _ => STARTER.to_owned(),
    };
    for _ in 0..=dice.below(3) {
        text = mistaken(&text, &mut dice);
    }
    judged(&text)
}

/// What becomes of `text`.
///
/// # Panics
/// When a mistake is told without a place, or without a word about it.
pub fn judged(text: &str) -> Became {
    let lines = text.matches('\n').count() + 1;
    let model = match read_of_program(text, ORIGIN) {
        Ok(model) => model,
        Err(error) => {
            assert!(!error.mistakes.is_empty());
            for mistake in &error.mistakes {
                let position = mistake.position;
                assert!(
                    (1..=lines).contains(&position.line) && position.column >= 1,
                    "{error}"
                );
                assert!(mistake.says.split(' ').count() >= 3, "{error}");
            }
            let said = error.mistakes.into_iter().map(|mistake| mistake.says);
            return Became::Refused(said.collect());
        }
    };
    let classes: Vec<ClassShare> = model
        .classes
        .iter()
        .map(|class| ClassShare {
            class: class.name.clone(),
            weight: class.weight,
        })
        .collect();
    if let Err(error) = Profile::parse_within(text, ORIGIN, &classes) {
        let position = error.position;
        assert!(
            position.is_some_and(|it| (1..=lines).contains(&it.line)),
            "{error}\n{text}"
        );
        return Became::Refused(vec![error.fault.to_string()]);
    }
    drop(FileWorkload::new(&model));
    Became::Sound
}

/// `text` with one more mistake in it.
fn mistaken(text: &str, dice: &mut Dice<'_>) -> String {
    let tokens = tokens(text);
    let at = dice.below(tokens.len());
    // What is said in comments is no mistake; the next that is none will do.
    let at = (at..tokens.len())
        .find(|at| is_meant(tokens[*at]))
        .unwrap_or(0);
    let other = dice.below(tokens.len());
    let mut tokens: Vec<String> = tokens.into_iter().map(str::to_owned).collect();
    let Some(token) = tokens.get(at).cloned() else {
        return text.to_owned();
    };
    match dice.below(10) {
        0 => tokens[at].clear(),
        1 => tokens[at] += &token,
        2 => tokens.swap(at, other),
        3 => tokens[at] = KINDS[dice.below(KINDS.len())].to_owned(),
        4 => {
            let cut = token.floor_char_boundary(dice.below(token.len()));
            tokens[at].truncate(cut);
        }
        5 => {
            let place = token.floor_char_boundary(dice.below(token.len()));
            tokens[at].insert_str(place, PIECES[dice.below(PIECES.len())]);
        }
        6 => tokens[at] = renamed(&token, dice),
        7 => tokens[at] = with_other_numbers(&token, dice),
        8 => {
            // A line is lost, or comes again where another stands.
            let mut lines: Vec<&str> = text.lines().collect();
            let line = lines.remove(dice.below(lines.len()));
            if dice.below(2) == 1 {
                lines.insert(dice.below(lines.len()), line);
            }
            return lines.join("\n") + "\n";
        }
        _ => {
            let place = text.floor_char_boundary(dice.below(text.len()));
            return text[..place].to_owned();
        }
    }
    tokens.concat()
}

/// Whether a token means something.
fn is_meant(token: &str) -> bool {
    !token.starts_with('#') && !token.trim().is_empty()
}

/// `text` in pieces: words, texts, comments, marks, blanks.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || "_-.%".contains(letter);
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            letter if is_word(letter) => rest.find(|it| !is_word(it)).unwrap_or(rest.len()),
            letter if letter.is_whitespace() => rest
                .find(|it: char| !it.is_whitespace())
                .unwrap_or(rest.len()),
            letter => letter.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// A name with one letter too few, too many, or another one.
fn renamed(token: &str, dice: &mut Dice<'_>) -> String {
    let mut letters: Vec<char> = token.chars().collect();
    let at = dice.below(letters.len());
    match dice.below(3) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        _ => letters[at] = 'q',
    }
    letters.into_iter().collect()
}

fn with_other_numbers(token: &str, dice: &mut Dice<'_>) -> String {
    let numbers = [
        "0",
        "-5",
        "1e999",
        "4294967296",
        "9223372036854775808",
        "0.5",
        "1_000",
        "0x10",
    ];
    let number = numbers[dice.below(numbers.len())];
    match token.find(|letter: char| letter.is_ascii_digit()) {
        Some(at) => format!("{}{number}{}", &token[..at], &token[at + 1..]),
        None => format!("{token}{number}"),
    }
}

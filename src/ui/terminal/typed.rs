//! Bytes of a keyboard as keys. It never waits for the rest of a sequence: what is not whole yet is
//! kept until more comes, and given up when nothing does.
//!
//! The `crossterm` crate's own reader blocks in the middle of a sequence, of a character, of a
//! paste, and with it the whole view.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const ESCAPE: u8 = 0x1b;
const CTRL_C: u8 = 0x03;
/// Parameters of a sequence that are kept; those that keys have are shorter.
const MOST_PARAMETERS: usize = 16;
/// What follows a paste, after its escape character.
const PASTE_END: &[u8] = b"[201~";

/// Where the bytes stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    /// An escape character has come.
    Escape,
    /// `ESC [` and these parameters.
    Sequence(Vec<u8>),
    /// `ESC O`.
    Single,
    /// A character of several bytes, of which so many are to come.
    Character(u8),
    /// A pasted text, and how much of its end has come.
    Paste(usize),
}

/// What was typed and is not whole yet.
#[derive(Debug, Default)]
pub struct Typed {
    within: Within,
    /// Whether nothing has come since the last look.
    has_paused: bool,
}

impl Typed {
    /// The keys that end in `bytes`.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<KeyEvent> {
        self.has_paused = false;
        bytes.iter().filter_map(|&byte| self.key(byte)).collect()
    }

    /// Nothing more came in a look. After two of them what is not whole is given up; an escape
    /// character alone was its key.
    pub fn pause(&mut self) -> Option<KeyEvent> {
        if !std::mem::replace(&mut self.has_paused, true) {
            return None;
        }
        match self.within {
            Within::Nothing | Within::Paste(_) => None,
            _ => {
                let given_up = std::mem::take(&mut self.within);
                (given_up == Within::Escape).then(|| plain(KeyCode::Esc))
            }
        }
    }

    fn key(&mut self, byte: u8) -> Option<KeyEvent> {
        // Whatever is on its way: this one always gets through.
        if byte == CTRL_C {
            self.within = Within::Nothing;
            return Some(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
        }
        let (within, key) = match (std::mem::take(&mut self.within), byte) {
            (Within::Paste(seen), _) => (pasted(seen, byte), None),
            (Within::Escape, ESCAPE) => (Within::Escape, Some(plain(KeyCode::Esc))),
            (_, ESCAPE) => (Within::Escape, None),
            (Within::Escape, b'[') => (Within::Sequence(Vec::new()), None),
            (Within::Escape, b'O') => (Within::Single, None),
            (Within::Sequence(mut parameters), 0x20..=0x3f) => {
                if parameters.len() < MOST_PARAMETERS {
                    parameters.push(byte);
                }
                (Within::Sequence(parameters), None)
            }
            (Within::Sequence(parameters), b'~') if parameters == b"200" => {
                (Within::Paste(0), None)
            }
            (Within::Sequence(parameters), _) => (Within::Nothing, sequence(&parameters, byte)),
            (Within::Single, _) => (Within::Nothing, sequence(&[], byte)),
            (Within::Character(left), 0x80..=0xbf) if left > 1 => {
                (Within::Character(left - 1), None)
            }
            (Within::Character(_), 0x80..=0xbf) => (Within::Nothing, None),
            (_, 0xc2..=0xdf) => (Within::Character(1), None),
            (_, 0xe0..=0xef) => (Within::Character(2), None),
            (_, 0xf0..=0xf4) => (Within::Character(3), None),
            _ => (Within::Nothing, letter(byte)),
        };
        self.within = within;
        key
    }
}

/// Where a paste stands after another byte.
fn pasted(seen: usize, byte: u8) -> Within {
    match seen {
        _ if byte == ESCAPE => Within::Paste(1),
        1.. if byte == PASTE_END[seen - 1] && seen == PASTE_END.len() => Within::Nothing,
        1.. if byte == PASTE_END[seen - 1] => Within::Paste(seen + 1),
        _ => Within::Paste(0),
    }
}

fn plain(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// The key of one byte; no key of several does anything.
fn letter(byte: u8) -> Option<KeyEvent> {
    match byte {
        b'\t' => Some(plain(KeyCode::Tab)),
        b' '..=b'~' => Some(plain(KeyCode::Char(char::from(byte)))),
        _ => None,
    }
}

/// The key of a sequence.
fn sequence(parameters: &[u8], end: u8) -> Option<KeyEvent> {
    let code = match (end, parameters) {
        (b'A', _) => KeyCode::Up,
        (b'B', _) => KeyCode::Down,
        (b'C', _) => KeyCode::Right,
        (b'D', _) => KeyCode::Left,
        (b'Z', _) => KeyCode::BackTab,
        (b'~', b"5") => KeyCode::PageUp,
        (b'~', b"6") => KeyCode::PageDown,
        _ => return None,
    };
    Some(plain(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(keys: impl IntoIterator<Item = KeyEvent>) -> Vec<KeyCode> {
        keys.into_iter().map(|key| key.code).collect()
    }

    #[test]
    fn keys_are_told_by_their_bytes_in_whatever_pieces_they_come() {
        use KeyCode::{BackTab, Char, Down, Left, PageDown, PageUp, Right, Tab, Up};
        for (bytes, expected) in [
            (&b"q+?"[..], &[Char('q'), Char('+'), Char('?')][..]),
            (b"\t\x1b[Z", &[Tab, BackTab]),
            (b"\x1b[A\x1b[B\x1b[C\x1b[D", &[Up, Down, Right, Left]),
            (b"\x1bOA\x1bOB\x1bOC\x1bOD", &[Up, Down, Right, Left]),
            (b"\x1b[5~\x1b[6~", &[PageUp, PageDown]),
            (b"\x1b[1;5Aj", &[Up, Char('j')]),
            ("äq🛒w".as_bytes(), &[Char('q'), Char('w')]),
            (b"\x1b[200~qqq\x1b[A\x1b[201~w", &[Char('w')]),
            (b"\x1b[?62;4cq", &[Char('q')]),
            (b"\x1bq", &[Char('q')]),
            (b"\x1b[<0;33;7Mq", &[Char('q')]),
            (b"\xff\x80q", &[Char('q')]),
            (b"\xc3q", &[Char('q')]),
        ] {
            let whole = codes(Typed::default().take(bytes));
            assert_eq!(whole, expected, "{}", bytes.escape_ascii());
            let mut typed = Typed::default();
            let mut pieces = Vec::new();
            for byte in bytes {
                pieces.extend(typed.take(&[*byte]));
                pieces.extend(typed.pause());
            }
            assert_eq!(codes(pieces), expected, "{}", bytes.escape_ascii());
        }
    }

    /// What may come without ever becoming whole.
    const HALVES: &[&[u8]] = &[
        b"\x1b",
        b"\x1b[",
        b"\x1b[1;",
        b"\x1b[1111111111111111111111111111111111111111111111",
        b"\x1bO",
        b"\x1b[200~",
        b"\x1b[200~abc\x1b[201",
        b"\xc3",
        b"\xe2\x82",
        b"\xf0\x9f",
        b"\x1b]0;title",
        b"\x1bP",
    ];

    #[test]
    fn what_is_half_holds_nothing_up() {
        for half in HALVES {
            let mut typed = Typed::default();
            typed.take(half);
            let interrupt = typed.take(&[CTRL_C]);
            assert_eq!(
                interrupt.last().map(|key| key.modifiers),
                Some(KeyModifiers::CONTROL)
            );
            let mut typed = Typed::default();
            typed.take(half);
            let is_paste = matches!(typed.within, Within::Paste(_));
            let given_up = [typed.pause(), typed.pause()];
            assert_eq!(
                given_up[1].is_some(),
                *half == b"\x1b",
                "{}",
                half.escape_ascii()
            );
            let next = codes(typed.take(b"q"));
            let expected: &[KeyCode] = if is_paste { &[] } else { &[KeyCode::Char('q')] };
            assert_eq!(next, expected, "{}", half.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_bounded(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            let mut typed = Typed::default();
            prop_assert!(typed.take(&bytes).len() <= bytes.len());
            if let Within::Sequence(parameters) = &typed.within {
                prop_assert!(parameters.len() <= MOST_PARAMETERS);
            }
        }
    }
}

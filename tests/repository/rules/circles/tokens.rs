//! The words and marks of Rust source, without its comments, strings, letters and numbers.

/// A word or a mark of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A keyword or a name.
    Word(&'a str),
    /// `::`.
    PathMark,
    /// Any other letter that is not white space.
    Mark(char),
}

/// The tokens of a source text, each with its line from 1.
pub fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        tokens: Vec::new(),
    };
    while reader.at < text.len() {
        reader.step();
    }
    reader.tokens
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<(usize, Token<'a>)>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn pass(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.text.len());
        self.line += self.text[self.at..end].matches('\n').count();
        self.at = end;
    }

    /// Passes everything up to and with `end`; all the rest when it never comes.
    fn pass_to(&mut self, end: &str) {
        let found = self.rest().find(end);
        self.pass(found.map_or(usize::MAX - self.at, |start| start + end.len()));
    }

    fn step(&mut self) {
        let rest = self.rest();
        let Some(letter) = rest.chars().next() else {
            return;
        };
        if rest.starts_with("//") {
            self.pass_to("\n");
        } else if rest.starts_with("/*") {
            self.pass_block_comment();
        } else if let Some(fence) = raw_fence(rest) {
            self.pass(rest.find('"').unwrap_or(0) + 1);
            self.pass_to(&fence);
        } else if letter == '"' || rest.starts_with("b\"") || rest.starts_with("c\"") {
            self.pass(rest.find('"').unwrap_or(0) + 1);
            self.pass_string();
        } else if letter == '\'' {
            self.pass_letter_or_lifetime();
        } else if letter.is_ascii_digit() {
            self.pass_number();
        } else if letter.is_alphabetic() || letter == '_' {
            self.take_word();
        } else if rest.starts_with("::") {
            self.tokens.push((self.line, Token::PathMark));
            self.pass(2);
        } else {
            if !letter.is_whitespace() {
                self.tokens.push((self.line, Token::Mark(letter)));
            }
            self.pass(letter.len_utf8());
        }
    }

    /// Block comments may stand in one another.
    fn pass_block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.pass(2);
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.pass(2);
            } else {
                self.pass(rest.chars().next().map_or(1, char::len_utf8));
            }
            if depth == 0 || self.at >= self.text.len() {
                return;
            }
        }
    }

    fn pass_string(&mut self) {
        while let Some(letter) = self.rest().chars().next() {
            self.pass(letter.len_utf8());
            match letter {
                '"' => return,
                '\\' => self.pass(self.rest().chars().next().map_or(0, char::len_utf8)),
                _ => {}
            }
        }
    }

    /// `'x'` and `'\n'` are letters, `'a` without an end is a lifetime.
    fn pass_letter_or_lifetime(&mut self) {
        let mut letters = self.rest().chars().skip(1);
        let (first, second) = (letters.next(), letters.next());
        if first == Some('\\') {
            self.pass(3);
            self.pass_to("'");
        } else if second == Some('\'') {
            self.pass(2 + first.map_or(0, char::len_utf8));
        } else {
            self.pass(1);
            self.pass(word_length(self.rest()));
        }
    }

    fn pass_number(&mut self) {
        self.pass(word_length(self.rest()));
        let mut letters = self.rest().chars();
        let is_fraction = letters.next() == Some('.')
            && letters.next().is_some_and(|letter| letter.is_ascii_digit());
        if is_fraction {
            self.pass(1);
            self.pass(word_length(self.rest()));
        }
    }

    fn take_word(&mut self) {
        if self.rest().starts_with("r#") {
            self.pass(2);
        }
        let length = word_length(self.rest());
        let word = &self.rest()[..length];
        self.tokens.push((self.line, Token::Word(word)));
        self.pass(length);
    }
}

/// How many bytes of a word `text` begins with.
fn word_length(text: &str) -> usize {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    end.unwrap_or(text.len())
}

/// What ends the raw string that `text` begins with; `None` when it begins with something else.
fn raw_fence(text: &str) -> Option<String> {
    let inside = text.trim_start_matches(['b', 'c']);
    if text.len() - inside.len() > 1 {
        return None;
    }
    let hashes = inside.strip_prefix('r')?;
    let string = hashes.trim_start_matches('#');
    string
        .starts_with('"')
        .then(|| format!("\"{}", "#".repeat(hashes.len() - string.len())))
}

//! What one module defines, imports and mentions, read from its source. What only tests see is left out.

use super::tokens::{Token, tokens};
use std::collections::HashSet;

/// A module: a file, or one that is written inside a file.
pub struct Module {
    /// Its names from the crate's root, which has none.
    pub path: Vec<String>,
    /// The file that it stands in.
    pub file: String,
    /// The names of its items.
    pub defines: HashSet<String>,
    /// Its `use` declarations, those inside of functions too.
    pub imports: Vec<Import>,
    /// The paths that its code names, and names that stand alone.
    pub mentions: Vec<Mention>,
}

/// One name that a `use` declaration brings.
pub struct Import {
    pub line: usize,
    /// The name it has here; `*` for all names.
    pub name: String,
    pub path: Vec<String>,
    /// Whether others may take it from here.
    pub is_handed_on: bool,
}

/// A path in code, `Load::default` or only `Load`.
pub struct Mention {
    pub line: usize,
    pub path: Vec<String>,
}

/// The modules of a file, and the names of modules below it that only tests see.
pub fn read(file: &str, path: &[String], text: &str) -> (Vec<Module>, Vec<Vec<String>>) {
    let mut reading = Reading {
        file,
        tokens: tokens(text),
        at: 0,
        modules: Vec::new(),
        tests: Vec::new(),
    };
    reading.module(path.to_vec());
    (reading.modules, reading.tests)
}

/// Words before the name of an item.
const KINDS: &[&str] = &[
    "fn",
    "struct",
    "enum",
    "trait",
    "type",
    "const",
    "static",
    "union",
    "macro_rules",
];

struct Reading<'a> {
    file: &'a str,
    tokens: Vec<(usize, Token<'a>)>,
    at: usize,
    modules: Vec<Module>,
    tests: Vec<Vec<String>>,
}

impl<'a> Reading<'a> {
    fn token(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + ahead).map(|(_, token)| *token)
    }

    fn word(&self, ahead: usize) -> Option<&'a str> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is_mark(&self, ahead: usize, mark: char) -> bool {
        self.token(ahead) == Some(Token::Mark(mark))
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(line, _)| *line)
    }

    /// Reads a module until its brace closes or its file ends.
    fn module(&mut self, path: Vec<String>) {
        let mut module = Module {
            path,
            file: self.file.to_owned(),
            defines: HashSet::new(),
            imports: Vec::new(),
            mentions: Vec::new(),
        };
        let mut depth = 0_usize;
        while let Some(token) = self.token(0) {
            match token {
                Token::Mark('#') if self.is_test_attribute() => self.pass_test_item(&module.path),
                Token::Mark('{') => {
                    depth += 1;
                    self.at += 1;
                }
                Token::Mark('}') if depth == 0 => break,
                Token::Mark('}') => {
                    depth -= 1;
                    self.at += 1;
                }
                Token::Word("use") => self.import(&mut module),
                Token::Word("mod") if depth == 0 => self.inner_module(&module.path),
                Token::Word(word) => {
                    if depth == 0 && KINDS.contains(&word) {
                        self.definition(&mut module);
                    }
                    self.mention(&mut module);
                }
                Token::PathMark | Token::Mark(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.modules.push(module);
    }

    /// Whether `#[cfg(test)]` or `#[cfg(all(test, …))]` stands here.
    fn is_test_attribute(&self) -> bool {
        let is_cfg = self.is_mark(1, '[') && self.word(2) == Some("cfg");
        let inside = if self.word(4) == Some("all") { 6 } else { 4 };
        is_cfg && self.word(inside) == Some("test")
    }

    /// Passes an item with its attributes: up to its semicolon, or to the end of its braces. A field or
    /// a variant ends at its comma.
    fn pass_test_item(&mut self, path: &[String]) {
        let mut depth = 0_usize;
        let mut is_attribute = false;
        let mut is_member = true;
        while let Some(token) = self.token(0) {
            match token {
                Token::Mark('#') if depth == 0 => is_attribute = true,
                Token::Word("mod") if depth == 0 => {
                    let name = self.word(1).map(str::to_owned);
                    self.tests.push(path.iter().cloned().chain(name).collect());
                }
                Token::Word(word) if depth == 0 && (KINDS.contains(&word) || word == "impl") => {
                    is_member = false;
                }
                Token::Mark('{' | '[' | '(') => depth += 1,
                Token::Mark(mark @ ('}' | ']' | ')')) => {
                    // The module's own end: the item was its last expression.
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                    let is_end = depth == 0 && mark == '}';
                    if is_end && !is_attribute {
                        self.at += 1;
                        return;
                    }
                    is_attribute &= depth > 0;
                }
                Token::Mark(';') if depth == 0 => {
                    self.at += 1;
                    return;
                }
                Token::Mark(',') if depth == 0 && is_member => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// `mod name;` says nothing that the files do not say; `mod name { … }` is read.
    fn inner_module(&mut self, path: &[String]) {
        let name = self.word(1).map(str::to_owned);
        let is_inline = self.is_mark(2, '{');
        self.at += if is_inline { 3 } else { 1 };
        if is_inline {
            self.module(path.iter().cloned().chain(name).collect());
        }
    }

    fn definition(&self, module: &mut Module) {
        let ahead = if self.is_mark(1, '!') { 2 } else { 1 };
        if let Some(name) = self.word(ahead)
            && !KINDS.contains(&name)
        {
            module.defines.insert(name.to_owned());
        }
    }

    /// Takes a path with all its names, or a name that stands alone. What follows a dot or a type in
    /// angle brackets is a member, not a path.
    fn mention(&mut self, module: &mut Module) {
        let before = self.at.checked_sub(1).map(|at| self.tokens[at].1);
        let is_member = matches!(before, Some(Token::PathMark | Token::Mark('.')));
        let line = self.line();
        let mut path = Vec::new();
        while let Some(word) = self.word(0) {
            path.push(word.to_owned());
            self.at += 1;
            if self.token(0) != Some(Token::PathMark) || self.word(1).is_none() {
                break;
            }
            self.at += 1;
        }
        if !is_member {
            module.mentions.push(Mention { line, path });
        }
    }

    fn import(&mut self, module: &mut Module) {
        let before = self.at.checked_sub(1).map(|at| self.tokens[at].1);
        let is_handed_on = matches!(before, Some(Token::Word("pub") | Token::Mark(')')));
        self.at += 1;
        self.branch(&mut Vec::new(), is_handed_on, module);
    }

    /// One branch of a `use` tree, below the names of `path`.
    fn branch(&mut self, path: &mut Vec<String>, is_handed_on: bool, module: &mut Module) {
        let trunk = path.len();
        loop {
            let line = self.line();
            let token = self.token(0);
            match token {
                Some(Token::Word("as")) => {
                    let name = self.word(1).map(str::to_owned);
                    if let (Some(import), Some(name)) = (module.imports.last_mut(), name) {
                        import.name = name;
                    }
                    self.at += 2;
                }
                Some(Token::Word(_) | Token::Mark('*')) => {
                    let word = self.word(0).unwrap_or("*");
                    if word != "self" || path.is_empty() {
                        path.push(word.to_owned());
                    }
                    self.at += 1;
                    if self.token(0) != Some(Token::PathMark) {
                        module.imports.push(Import {
                            line,
                            name: path.last().cloned().unwrap_or_default(),
                            path: path.clone(),
                            is_handed_on,
                        });
                    }
                }
                Some(Token::PathMark) => self.at += 1,
                Some(Token::Mark('{')) => {
                    self.at += 1;
                    while self.token(0).is_some() && !self.is_mark(0, '}') {
                        self.branch(path, is_handed_on, module);
                        if self.is_mark(0, ',') {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                }
                _ => break,
            }
        }
        path.truncate(trunk);
    }
}

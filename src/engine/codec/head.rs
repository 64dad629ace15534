//! The head of a reply: its lines as they come in, and what they say of the body and the connection.
//!
//! Where RFC 9112 leaves it to the recipient, a head is taken rather than refused: lines that end
//! in a bare LF, folded lines, spaces before a colon, control characters in values. What could be
//! a line end to others, a bare CR or a NUL, is refused.

use super::malformed::{MAX_HEAD_BYTES, MAX_HEADER_LINES, Malformed, Misplaced, Offset};

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// HTTP status, 0 to 999.
    pub status: u16,
    /// Bytes of the head in the buffer.
    pub bytes: usize,
    /// Whether the connection may carry another request.
    pub keep_alive: bool,
    /// Where the body ends.
    pub framing: Framing,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes.
    Length(usize),
    /// After the last chunk.
    Chunked,
    /// Where the connection does.
    UntilClose,
}

/// What transfer-encoding says so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Codings {
    /// Nothing, or `identity`.
    #[default]
    None,
    /// `chunked` comes last.
    Chunked,
    /// Something else comes last.
    Other,
    /// `chunked` has a parameter.
    Faulty,
}

/// What content-length says so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    #[default]
    None,
    Known(usize),
    Faulty,
}

/// How far the reading of a head has come. Positions are those of the buffer.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeadReading {
    /// Where the line begins that is not read yet, with the lines folded onto it.
    at: u32,
    /// Up to here there is no line end that was not looked at.
    searched: u32,
    /// Where a line begins whose content-length or transfer-encoding is faulty.
    faulty_at: u32,
    /// Where there is a CR that ends no line; 0 when there is none.
    bare_return_at: u32,
    lines: u16,
    status: u16,
    length: Length,
    codings: Codings,
    is_version_10: bool,
    has_status_line: bool,
    says_close: bool,
    says_keep_alive: bool,
}

impl HeadReading {
    /// Goes on reading at the start of `buffer`, to which bytes were appended since the last call.
    /// `before` bytes of the same reply were taken out of it. `None` while the head is not
    /// complete. What is refused does not depend on the pieces in which it came.
    ///
    /// # Errors
    /// When it is no head of a reply.
    pub fn advance(&mut self, buffer: &[u8], before: usize) -> Result<Option<Head>, Malformed> {
        let most_bytes = MAX_HEAD_BYTES.saturating_sub(before);
        if !self.has_status_line {
            self.begin(&buffer[..buffer.len().min(most_bytes)], before)?;
        }
        loop {
            let from = self.searched as usize;
            let place = memchr::memchr2(b'\r', b'\n', &buffer[from..]);
            let place = place.map_or(buffer.len(), |found| from + found);
            let end = match buffer[place..] {
                [b'\n', ..] => place + 1,
                [b'\r', b'\n', ..] => place + 2,
                [b'\r', _, ..] => {
                    self.note_bare_return(place);
                    continue;
                }
                _ => {
                    self.searched = place as u32;
                    return match buffer.len() > most_bytes {
                        true => Err(Malformed::HeadTooLarge),
                        false => Ok(None),
                    };
                }
            };
            if end > most_bytes {
                return Err(Malformed::HeadTooLarge);
            }
            let at = self.at as usize;
            let line = &buffer[at..end];
            if matches!(line, b"\n" | b"\r\n") {
                return self.finish(&buffer[..end], before).map(Some);
            }
            // The line goes on if the next one begins with a space (RFC 9112 §5.2).
            match buffer.get(end) {
                None => {
                    self.searched = (end - 1) as u32;
                    return Ok(None);
                }
                Some(b' ' | b'\t') => self.searched = end as u32,
                Some(_) => {
                    match std::mem::replace(&mut self.has_status_line, true) {
                        // The rest of the status line means nothing to a machine.
                        false => {}
                        true => self.read_field(line, before)?,
                    }
                    (self.at, self.searched) = (end as u32, end as u32);
                }
            }
        }
    }

    /// A CR that ends no line. It is refused when its line is read, unless that is the status line.
    #[cold]
    fn note_bare_return(&mut self, place: usize) {
        self.searched = place as u32 + 1;
        if self.has_status_line && self.bare_return_at == 0 {
            self.bare_return_at = place as u32;
        }
    }

    /// Reads the status line as far as it has come: what speaks no HTTP is known by its first
    /// bytes, and often sends no line end.
    fn begin(&mut self, bytes: &[u8], before: usize) -> Result<(), Malformed> {
        let mut at = self.at as usize;
        loop {
            match bytes[at..] {
                [b'\n', ..] => at += 1,
                [b'\r', b'\n', ..] => at += 2,
                [] | [b'\r'] => {
                    self.skip_to(at);
                    return Ok(());
                }
                _ => break,
            }
        }
        self.skip_to(at);
        let line = &bytes[at..];
        let misplaced =
            |place: usize| Malformed::NotHttp(Misplaced::new(line[place], before + at + place));
        if line.starts_with(b"HTTP/1.")
            && let Some([minor, b' ', hundreds, tens, ones, b' ']) = line[7..].first_chunk()
            && [minor, hundreds, tens, ones].map(u8::is_ascii_digit) == [true; 4]
        {
            // As almost all are.
            let digit = |byte: &u8| u16::from(byte - b'0');
            self.is_version_10 = *minor == b'0';
            self.status = digit(hundreds) * 100 + digit(tens) * 10 + digit(ones);
            return Ok(());
        }
        let name = line.iter().zip(b"HTTP/1.");
        if let Some(place) = name.clone().position(|(byte, expected)| byte != expected) {
            return Err(misplaced(place));
        }
        let mut place = name.len();
        match line.get(place) {
            None => return Ok(()),
            // Minor versions that are not known are read as the last one that is (RFC 9110 §2.5).
            Some(b'0'..=b'9') => self.is_version_10 = line[place] == b'0',
            Some(_) => return Err(misplaced(place)),
        }
        place += 1;
        let spaces = line[place..].iter().take_while(|byte| is_blank(**byte));
        let spaces = spaces.count();
        place += spaces;
        let mut status = 0;
        let mut digits = 0;
        for &byte in &line[place..] {
            match byte {
                b'0'..=b'9' if spaces > 0 && digits < 3 => {
                    status = status * 10 + u16::from(byte - b'0');
                    digits += 1;
                }
                b' ' | b'\t' | b'\r' | b'\n' if digits == 3 => break,
                _ => return Err(misplaced(place + digits)),
            }
        }
        self.status = status;
        Ok(())
    }

    fn skip_to(&mut self, at: usize) {
        self.at = at as u32;
        self.searched = self.searched.max(self.at);
    }

    /// Reads a header line, with those folded onto it and its line end.
    fn read_field(&mut self, line: &[u8], before: usize) -> Result<(), Malformed> {
        self.lines += 1;
        if usize::from(self.lines) > MAX_HEADER_LINES {
            return Err(Malformed::TooManyHeaders);
        }
        let at = before + self.at as usize;
        let misplaced = |place: usize| Misplaced::new(line[place], at + place);
        let name_ends = line.iter().position(|byte| !is_of_token(*byte));
        let name_ends = name_ends.unwrap_or_default();
        let spaces = line[name_ends..].iter().take_while(|byte| is_blank(**byte));
        let colon = name_ends + spaces.count();
        if name_ends == 0 || line[colon] != b':' {
            return Err(Malformed::Name(misplaced(name_ends)));
        }
        let name = &line[..name_ends];
        let value = &line[colon + 1..];
        if self.bare_return_at > 0 {
            return Err(Malformed::Value(misplaced(
                (self.bare_return_at - self.at) as usize,
            )));
        }
        // The length tells most of the names of no interest apart from these.
        match name.len() {
            10 if name.eq_ignore_ascii_case(b"connection") => self.read_connection(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.read_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.read_codings(value),
            _ => {}
        }
        Ok(())
    }

    fn read_connection(&mut self, value: &[u8]) {
        for option in elements(value) {
            self.says_close |= option.eq_ignore_ascii_case(b"close");
            self.says_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// A number, or a list of the same number over and over (RFC 9112 §6.3).
    fn read_length(&mut self, value: &[u8]) {
        match decimal(value.trim_ascii()) {
            Some(number) => self.note_length(Some(number)),
            None if elements(value).next().is_none() => self.note_length(None),
            None => elements(value).for_each(|element| self.note_length(decimal(element))),
        }
    }

    fn note_length(&mut self, number: Option<usize>) {
        match (number, self.length) {
            (Some(number), Length::None) => self.length = Length::Known(number),
            (Some(number), Length::Known(known)) if number == known => {}
            _ => self.fault_length(),
        }
    }

    fn fault_length(&mut self) {
        if self.length != Length::Faulty {
            self.length = Length::Faulty;
            self.faulty_at = self.at;
        }
    }

    /// The last coding of the last line decides (RFC 9112 §6.3). `identity`, which RFC 2616 had
    /// and servers still send, is none.
    fn read_codings(&mut self, value: &[u8]) {
        for coding in elements(value) {
            let name = coding.split(|&byte| byte == b';').next().unwrap_or(coding);
            let is_chunked = name.trim_ascii().eq_ignore_ascii_case(b"chunked");
            match self.codings {
                Codings::Faulty => {}
                _ if coding.eq_ignore_ascii_case(b"identity") => {}
                _ if !is_chunked => self.codings = Codings::Other,
                _ if name.len() == coding.len() => self.codings = Codings::Chunked,
                _ => {
                    self.codings = Codings::Faulty;
                    self.faulty_at = self.at;
                }
            }
        }
    }

    /// The head is complete: what it says (RFC 9112 §6.3 and §9.3).
    fn finish(&self, head: &[u8], before: usize) -> Result<Head, Malformed> {
        if let Some(place) = memchr::memchr(0, head) {
            return Err(Malformed::Value(Misplaced::new(0, before + place)));
        }
        let at = Offset::new(before + self.faulty_at as usize);
        let framing = match (self.status, self.codings, self.length) {
            (100..=199 | 204 | 304, ..) => Framing::Length(0),
            (_, Codings::Faulty, _) => return Err(Malformed::TransferEncoding(at)),
            (_, Codings::Chunked, _) => Framing::Chunked,
            (_, Codings::Other, _) | (_, Codings::None, Length::None) => Framing::UntilClose,
            (_, Codings::None, Length::Known(length)) => Framing::Length(length),
            (_, Codings::None, Length::Faulty) => return Err(Malformed::ContentLength(at)),
        };
        let has_codings = self.codings != Codings::None;
        // Both may be an attempt at smuggling (§6.3), and HTTP/1.0 knows no codings (§6.1): such a
        // reply is read, and its connection is not trusted again.
        let is_doubtful = has_codings && (self.length != Length::None || self.is_version_10);
        let persists = !self.is_version_10 || self.says_keep_alive;
        Ok(Head {
            status: self.status,
            bytes: head.len(),
            keep_alive: persists && !self.says_close && !is_doubtful,
            framing,
        })
    }
}

/// The elements of a list that are not empty. A fold is a space.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// The number that `text` is; the largest there is for a larger one.
fn decimal(text: &[u8]) -> Option<usize> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_usize, |number, byte| match byte {
        b'0'..=b'9' => {
            let digit = usize::from(byte - b'0');
            Some(number.saturating_mul(10).saturating_add(digit))
        }
        _ => None,
    })
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a name may have a byte (RFC 9110 §5.6.2).
const OF_TOKEN: [bool; 256] = {
    let others = b"!#$%&'*+-.^_`|~";
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut place = 0;
    while place < others.len() {
        table[others[place] as usize] = true;
        place += 1;
    }
    table
};

fn is_of_token(byte: u8) -> bool {
    OF_TOKEN[usize::from(byte)]
}

/// The value of the first header line called `name` in a whole head, as it came.
#[must_use]
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    fields(head, name).next()
}

/// The values of all header lines called `name`, as [`field`] gives the first.
pub fn fields<'a>(head: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = head;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, after) = rest.split_at(line_bytes(rest));
            rest = after;
            if let Some(colon) = memchr::memchr(b':', line)
                && line[..colon]
                    .trim_ascii_end()
                    .eq_ignore_ascii_case(name.as_bytes())
            {
                return Some(line[colon + 1..].trim_ascii());
            }
        }
        None
    })
}

/// Bytes of the first line, with those folded onto it.
fn line_bytes(text: &[u8]) -> usize {
    let feeds = memchr::memchr_iter(b'\n', text);
    let mut ends = feeds.map(|feed| feed + 1);
    let is_end = |end: &usize| !text.get(*end).is_some_and(|byte| is_blank(*byte));
    ends.find(is_end).unwrap_or(text.len())
}

//! What the program says on standard output and standard error. Whoever reads it can pause, be slow or
//! go: that holds nobody up who says something, and is a normal end of the reading.

use rustix::io::Errno;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that may wait for a reader; what is said beyond is not said.
const MOST_WAITING: usize = 1 << 20;
/// How long a reader of the last words may take nothing before the program ends without it.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long what was said before on the other side is waited for, so that both come in their order.
const ORDER_PATIENCE: Duration = Duration::from_millis(300);
/// What is written at once.
const PIECE: usize = 4096;

/// Counts what is said, on both sides.
static SAID: AtomicU64 = AtomicU64::new(0);
static OUT: Voice = Voice::new(Side::Out);
static ERR: Voice = Voice::new(Side::Err);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Out,
    Err,
}

/// One of the two sides.
struct Voice {
    side: Side,
    state: Mutex<Speech>,
    changed: Condvar,
}

/// What is to be said, and how far it is.
struct Speech {
    waiting: VecDeque<(u64, Vec<u8>)>,
    /// What of `waiting` is being written.
    spoken: Option<u64>,
    /// Bytes of `waiting`, and of what is being written.
    bytes: usize,
    /// Grows with every piece that was taken.
    taken: u64,
    has_thread: bool,
    /// Whether the other side waited for it in vain since it was taken last.
    is_stuck: bool,
    /// Why nothing can be said any more; `BrokenPipe` when the reader has gone.
    end: Option<ErrorKind>,
    /// What the system said then.
    why: String,
}

/// Whether a line is drawn over itself on standard error, which what is told must not be appended to.
static IS_LINE_DRAWN: AtomicBool = AtomicBool::new(false);
/// Takes such a line away. It is drawn anew below.
const CLEAR_LINE: &str = "\r\x1b[2K";

/// Says a line on standard error, in time. Returns at once; when too much waits there already, it is
/// not said.
pub fn tell(line: impl AsRef<str>) {
    let clear = match IS_LINE_DRAWN.swap(false, Ordering::Relaxed) {
        true => CLEAR_LINE,
        false => "",
    };
    let text = ERR.fitting(&format!("{}\n", line.as_ref()));
    ERR.queue(format!("{clear}{text}").into_bytes());
}

/// Remembers whether a line is being drawn over itself on standard error.
pub fn mark_drawn_line(is_drawn: bool) {
    IS_LINE_DRAWN.store(is_drawn, Ordering::Relaxed);
}

/// Says `text` on standard output, in time and after what was said before. Returns at once. Colours are
/// left out where they may not be.
pub fn print(text: impl AsRef<str>) {
    OUT.say(text.as_ref());
}

/// Prints `text` on standard output, however long its reader takes: for what does nothing else.
///
/// # Errors
/// When it cannot be written. A reader that went has read what it wanted.
pub fn print_whole(text: &str) -> io::Result<()> {
    let text = OUT.fitting(text);
    match OUT.write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Waits until everything is said, but for readers that take nothing.
///
/// # Errors
/// When standard output could not be written. A reader that went, or takes no more, has read what it
/// wanted.
pub fn fall_silent() -> io::Result<()> {
    let _ = ERR.wait(PATIENCE);
    OUT.wait(PATIENCE)
}

/// The same for a moment only, before the process ends at once.
pub fn fall_silent_soon() {
    let _ = ERR.wait(ORDER_PATIENCE);
    let _ = OUT.wait(ORDER_PATIENCE);
}

/// Pictures of a terminal's screen, each whole or not at all. What is written is one when it is
/// flushed.
#[derive(Debug)]
pub struct Pictures {
    side: Side,
    picture: Vec<u8>,
}

impl Pictures {
    /// On standard output.
    #[must_use]
    pub fn on_output() -> Self {
        Self {
            side: Side::Out,
            picture: Vec::new(),
        }
    }

    /// On standard error.
    #[must_use]
    pub fn on_errors() -> Self {
        Self {
            side: Side::Err,
            picture: Vec::new(),
        }
    }

    /// Whether everything is shown that was drawn: only then it makes sense to draw again.
    #[must_use]
    pub fn are_shown(&self) -> bool {
        let voice = self.side.voice();
        voice.lock().bytes == 0
    }

    /// Does not show what was written since the last picture.
    pub fn forget(&mut self) {
        self.picture.clear();
    }

    /// Whether nobody can see them any more.
    #[must_use]
    pub fn are_unseen(&self) -> bool {
        self.side.voice().lock().end.is_some()
    }
}

impl Write for Pictures {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.picture.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let picture = std::mem::take(&mut self.picture);
        self.side.voice().queue(picture);
        match self.are_unseen() {
            true => Err(ErrorKind::BrokenPipe.into()),
            false => Ok(()),
        }
    }
}

impl Side {
    fn voice(self) -> &'static Voice {
        match self {
            Self::Out => &OUT,
            Self::Err => &ERR,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Out => Self::Err,
            Self::Err => Self::Out,
        }
    }

    fn write(self, bytes: &[u8]) -> rustix::io::Result<usize> {
        match self {
            Self::Out => rustix::io::write(io::stdout(), bytes),
            Self::Err => rustix::io::write(io::stderr(), bytes),
        }
    }

    fn has_colours(self) -> bool {
        let choice = match self {
            Self::Out => anstream::AutoStream::choice(&io::stdout()),
            Self::Err => anstream::AutoStream::choice(&io::stderr()),
        };
        choice != anstream::ColorChoice::Never
    }
}

impl Speech {
    /// The number of what is to be said next, or is being said.
    fn oldest(&self) -> Option<u64> {
        let waiting = self.waiting.front().map(|(number, _)| *number);
        self.spoken.or(waiting)
    }
}

impl Voice {
    const fn new(side: Side) -> Self {
        Self {
            side,
            state: Mutex::new(Speech {
                waiting: VecDeque::new(),
                spoken: None,
                bytes: 0,
                taken: 0,
                has_thread: false,
                is_stuck: false,
                end: None,
                why: String::new(),
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Speech> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&'static self, text: &str) {
        self.queue(self.fitting(text).into_bytes());
    }

    /// Without colours where they may not be.
    fn fitting(&self, text: &str) -> String {
        match self.side.has_colours() {
            true => text.to_owned(),
            false => anstream::adapter::strip_str(text).to_string(),
        }
    }

    fn queue(&'static self, bytes: Vec<u8>) {
        let mut speech = self.lock();
        let is_too_much = speech.bytes > 0 && speech.bytes + bytes.len() > MOST_WAITING;
        if speech.end.is_some() || is_too_much || bytes.is_empty() {
            return;
        }
        speech.bytes += bytes.len();
        let number = SAID.fetch_add(1, Ordering::Relaxed);
        speech.waiting.push_back((number, bytes));
        if !speech.has_thread {
            let thread = thread::Builder::new().name("voice".to_owned());
            speech.has_thread = thread.spawn(|| self.speak()).is_ok();
        }
        if !speech.has_thread {
            speech.waiting.clear();
            speech.bytes = 0;
        }
        self.changed.notify_all();
    }

    /// Says what is to be said, for ever.
    fn speak(&self) {
        let mut speech = self.lock();
        loop {
            let Some((number, text)) = speech.waiting.pop_front() else {
                let waited = self.changed.wait(speech);
                speech = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            speech.spoken = Some(number);
            drop(speech);
            self.side.other().voice().let_finish(number);
            speech = self.lock();
            for piece in text.chunks(PIECE) {
                if speech.end.is_some() {
                    break;
                }
                drop(speech);
                let written = self.write_all(piece);
                speech = self.lock();
                if let Err(error) = written {
                    speech.why = error.to_string();
                    speech.end = Some(error.kind());
                }
                speech.taken += 1;
                speech.is_stuck = false;
                self.changed.notify_all();
            }
            speech.spoken = None;
            speech.bytes -= text.len();
            if speech.end.is_some() {
                speech.waiting.clear();
                speech.bytes = 0;
            }
            self.changed.notify_all();
        }
    }

    /// Waits a moment until what was said before `number` on this side is said.
    fn let_finish(&self, number: u64) {
        let give_up = Instant::now() + ORDER_PATIENCE;
        let mut speech = self.lock();
        while speech.oldest().is_some_and(|oldest| oldest < number) && !speech.is_stuck {
            let left = give_up.saturating_duration_since(Instant::now());
            speech.is_stuck = left.is_zero();
            let waited = self.changed.wait_timeout(speech, left);
            speech = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn write_all(&self, mut left: &[u8]) -> io::Result<()> {
        while !left.is_empty() {
            match self.side.write(left) {
                Ok(written) => left = &left[written..],
                Err(Errno::INTR) => {}
                // Somebody else made the terminal or pipe so that it never blocks.
                Err(Errno::AGAIN) => thread::sleep(Duration::from_millis(5)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until everything is said, or nothing was taken for as long as `patience`.
    fn wait(&self, patience: Duration) -> io::Result<()> {
        let mut speech = self.lock();
        let mut taken = speech.taken;
        let mut give_up = Instant::now() + patience;
        while speech.bytes > 0 && speech.end.is_none() {
            if std::mem::replace(&mut taken, speech.taken) != speech.taken {
                give_up = Instant::now() + patience;
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let waited = self.changed.wait_timeout(speech, left);
            speech = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match speech.end {
            Some(ErrorKind::BrokenPipe) | None => Ok(()),
            Some(kind) => Err(io::Error::new(kind, speech.why.clone())),
        }
    }
}

//! What stores and the Observatory answer, at our border: read through the sources that ask them, over
//! channels that are played.

use shopblast::observe::answers::{self, ByteChannel, RedisChannel};
use shopblast::observe::{Account, FigureSource, Problem, Readout};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a Redis may send for a reading: less than in a run, so that the end of it is met soon.
const MOST_REDIS_BYTES: u64 = 64 << 10;
/// Longest text of a source about itself.
const LONGEST_TEXT: usize = 4 << 10;

/// What a played store says: one part each time that it is asked, and the last for ever or never again.
struct Script {
    parts: VecDeque<Vec<u8>>,
    forever: Vec<u8>,
    at: usize,
    /// Bytes of one reading.
    piece: usize,
}

impl Script {
    /// The first byte chooses; parts are parted by `|~|`.
    fn new(bytes: &[u8]) -> Option<Self> {
        let (choice, text) = bytes.split_first()?;
        let mut parts = VecDeque::new();
        let mut rest = text;
        while let Some(end) = rest.windows(3).position(|three| three == b"|~|") {
            parts.push_back(rest[..end].to_vec());
            rest = &rest[end + 3..];
        }
        parts.push_back(rest.to_vec());
        let is_endless = choice & 1 == 1;
        let forever = if is_endless {
            rest.to_vec()
        } else {
            Vec::new()
        };
        Some(Self {
            parts,
            forever,
            at: 0,
            // Who goes on for ever in small pieces takes seconds to be cut off, and shows nothing more.
            piece: match is_endless {
                false => [1, 7, 4_096, 65_536][usize::from(choice >> 1) % 4],
                true => [4_096, 65_536][usize::from(choice >> 1) % 2],
            },
        })
    }

    /// It was asked: the next part can come.
    fn next_part(&mut self) {
        if self.at >= self.parts.front().map_or(0, Vec::len) && self.parts.len() > 1 {
            self.parts.pop_front();
            self.at = 0;
        }
    }

    /// Fills `buffer` as far as it goes; `None` when it waits to be asked, 0 when it has closed.
    fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let part = self.parts.front().expect("there is a last part");
        if self.at == part.len() && self.parts.len() > 1 {
            return None;
        }
        let room = buffer.len().min(self.piece);
        let buffer = &mut buffer[..room];
        if self.at < part.len() {
            let count = room.min(part.len() - self.at);
            buffer[..count].copy_from_slice(&part[self.at..self.at + count]);
            self.at += count;
            return Some(count);
        }
        if self.forever.is_empty() {
            return Some(0);
        }
        for (place, byte) in buffer.iter_mut().enumerate() {
            *byte = self.forever[place % self.forever.len()];
        }
        let whole = room - room % self.forever.len();
        Some(if whole == 0 { room } else { whole })
    }
}

struct PlayedRedis(Script);

impl Read for PlayedRedis {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Some(count) => return Ok(count),
                // Nobody would ask: it goes on by itself.
                None => self.0.next_part(),
            }
        }
    }
}

impl Write for PlayedRedis {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.next_part();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl RedisChannel for PlayedRedis {
    fn wait_for_at_most(&self, _: Duration) -> io::Result<()> {
        Ok(())
    }
}

/// Whatever a Redis answers is figures or one problem.
pub fn redis(bytes: &[u8]) {
    // As what an entry of a stream holds, too.
    shopblast::observe::read_entry(bytes);
    let Some(script) = Script::new(bytes) else {
        return;
    };
    let mut source = answers::redis(Box::new(PlayedRedis(script)), MOST_REDIS_BYTES);
    sound(&source.read());
}

struct PlayedPostgres {
    script: Script,
    waiting: Option<Waker>,
    /// How often it was looked at in vain since it was asked.
    looks: u32,
}

impl AsyncRead for PlayedPostgres {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = vec![0; buffer.remaining().min(self.script.piece)];
        loop {
            if let Some(count) = self.script.read(&mut bytes) {
                buffer.put_slice(&bytes[..count]);
                return Poll::Ready(Ok(()));
            }
            self.looks += 1;
            if self.looks <= 3 {
                context.waker().wake_by_ref();
                self.waiting = Some(context.waker().clone());
                return Poll::Pending;
            }
            // Nobody asks it any more: it goes on by itself.
            self.looks = 0;
            self.script.next_part();
        }
    }
}

impl AsyncWrite for PlayedPostgres {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.script.next_part();
        self.looks = 0;
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Whatever a PostgreSQL answers is figures and an account, or one problem each.
pub fn postgres(bytes: &[u8]) {
    if Script::new(bytes).is_none() {
        return;
    }
    let dial = || {
        let bytes = bytes.to_vec();
        move || -> Box<dyn ByteChannel> {
            Box::new(PlayedPostgres {
                script: Script::new(&bytes).expect("as before"),
                waiting: None,
                looks: 0,
            })
        }
    };
    let sources: [Box<dyn FigureSource>; 2] = [
        Box::new(answers::outbox(Box::new(dial()))),
        Box::new(answers::message_store(Box::new(dial()))),
    ];
    for mut source in sources {
        sound(&source.read());
        source.mark();
        match source.account() {
            Some(Ok(account)) => is_possible(&account),
            Some(Err(problem)) => speaks(&problem),
            None => panic!("no account"),
        }
    }
}

/// Whatever an Observatory says of its outboxes and metrics is figures or one problem.
pub fn observatory(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    sound(&answers::outbox_counts(text));
    sound(&answers::metrics(text));
}

fn sound(result: &Result<Readout, Problem>) {
    let readout = match result {
        Ok(readout) => readout,
        Err(problem) => return speaks(problem),
    };
    assert!(readout.figures.len() <= 5_000 && readout.caveats.len() <= 20);
    for figure in &readout.figures {
        let value = figure.amount.value;
        assert!(value.is_finite() && value >= 0.0, "{figure:?}");
        assert!(!figure.domain.contains(char::is_control));
        assert!(!figure.detail.contains(char::is_control));
    }
    for line in readout.lines.iter().chain(&readout.caveats) {
        assert!(line.len() <= LONGEST_TEXT, "{line}");
    }
}

fn is_possible(account: &Account) {
    for events in &account.events {
        assert!(!events.domain.is_empty() && !events.name.is_empty());
        assert!(!events.name.contains(char::is_control));
    }
    if let Some(rows) = &account.outbox {
        assert!(rows.repeated <= rows.message_ids && rows.rows_of_repeated <= rows.rows);
    }
}

fn speaks(problem: &Problem) {
    let text = problem.text();
    assert!(!text.is_empty() && text.len() <= LONGEST_TEXT, "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
}

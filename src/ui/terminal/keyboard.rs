//! What is typed on the terminal, without waiting for it.

use super::typed::Typed;
use ratatui::crossterm::event::KeyEvent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How often the keyboard is read in one look: who holds a key down, or pastes a book, does not hold
/// the view up.
const MOST_READS: u32 = 16;

/// The keys that were pressed since the last look.
pub fn keys_typed(typed: &mut Typed) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut bytes = [0; 256];
    for _ in 0..MOST_READS {
        let count = match state().contains(PollFlags::IN) {
            true => rustix::io::read(std::io::stdin(), &mut bytes).unwrap_or(0),
            false => 0,
        };
        match count {
            0 => {
                keys.extend(typed.pause());
                break;
            }
            _ => keys.extend(typed.take(&bytes[..count])),
        }
    }
    keys
}

/// Whether the terminal is still there.
pub fn is_there() -> bool {
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    !state().intersects(gone)
}

fn state() -> PollFlags {
    let keys = std::io::stdin();
    let mut keys = [PollFd::new(&keys, PollFlags::IN)];
    match poll(&mut keys, Some(&Timespec::default())) {
        Ok(_) => keys[0].revents(),
        // Interrupted by a signal: the next look tells.
        Err(_) => PollFlags::empty(),
    }
}

//! What keys do.

use super::view::{Page, View};
use crate::run::{RunControl, RunState};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Users that `+` and `-` stand for, as Locust's `W` and `S` do.
const MANY: i64 = 10;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the run gently.
    Stop,
    /// What Ctrl-C does everywhere.
    Interrupt,
    /// So many users more, or fewer.
    Users(i64),
    /// Let the figures count from now on.
    Reset,
    /// Show this page.
    Turn(Page),
    /// Show the next or the last page.
    Leaf(i8),
    /// Move through long tables, by lines.
    Scroll(i16),
    /// Show what keys do, or hide it.
    Help,
    /// Hide what keys do.
    Close,
}

/// What `key` asks for; `None` when nothing.
#[must_use]
pub fn action_of(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Action::Interrupt);
    }
    Some(match key.code {
        KeyCode::Char('q' | 'Q') => Action::Stop,
        KeyCode::Char('+' | '=' | 'W') => Action::Users(MANY),
        KeyCode::Char('-' | '_' | 'S') => Action::Users(-MANY),
        KeyCode::Char('w') => Action::Users(1),
        KeyCode::Char('s') => Action::Users(-1),
        KeyCode::Char('r') => Action::Reset,
        KeyCode::Char('?' | 'h') => Action::Help,
        KeyCode::Char(digit @ '1'..='4') => {
            Action::Turn(Page::ALL[usize::from(digit as u8 - b'1')])
        }
        KeyCode::Tab | KeyCode::Right => Action::Leaf(1),
        KeyCode::BackTab | KeyCode::Left => Action::Leaf(-1),
        KeyCode::Down | KeyCode::Char('j') => Action::Scroll(1),
        KeyCode::Up | KeyCode::Char('k') => Action::Scroll(-1),
        KeyCode::PageDown => Action::Scroll(10),
        KeyCode::PageUp => Action::Scroll(-10),
        KeyCode::Esc => Action::Close,
        _ => return None,
    })
}

/// Does what was asked for: steers the run, or changes the view. What cannot be done is told on
/// the view.
pub fn obey(action: Action, control: &RunControl, view: &mut View) {
    match action {
        Action::Stop => {
            control.stop();
            view.say("stopping: replies are waited for (Ctrl-C cuts them off)");
        }
        Action::Interrupt => {
            let cuts = control.state() == RunState::Stopping;
            control.interrupt();
            view.say(match cuts {
                false => "interrupted: replies are waited for (again: cut them off)",
                true => "cutting off requests in flight (again: exit without a report)",
            });
        }
        Action::Users(more) => change_users(more, control, view),
        Action::Reset => {
            control.reset();
            view.say("the figures count from here; the record keeps everything");
        }
        Action::Turn(page) => view.turn_to(page),
        Action::Leaf(by) => view.leaf(by),
        Action::Scroll(by) => view.scroll = view.scroll.saturating_add_signed(by),
        Action::Help => view.shows_help = !view.shows_help,
        Action::Close => view.shows_help = false,
    }
}

fn change_users(more: i64, control: &RunControl, view: &mut View) {
    // An open run refuses by itself, with the reason.
    let (users, rate_per_s) = control.target().unwrap_or((0, 1.0));
    let wanted = (i64::from(users) + more).clamp(0, i64::from(u32::MAX)) as u32;
    match control.set_users(wanted, rate_per_s) {
        Ok(()) => view.say(format!("going to {wanted} users")),
        Err(refusal) => view.say(refusal.to_string()),
    }
}

//! Golden screens of made-up runs, and what keys do.

pub(super) mod made_up;

use super::draw;
use super::keys::{Action, action_of, obey};
use super::screen::LEAST_SIZE;
use super::theme::Theme;
use super::view::{Page, View};
use crate::plan::{LONGEST_DURATION, Load, Stage, Threshold};
use crate::record::ThresholdRecord;
use crate::record::golden::assert_golden;
use crate::run::{RunControl, RunState};
use crate::stats::{Amount, DomainBacklog, GeneratorState, ThresholdStanding, ThresholdVerdict};
use made_up::{contested, plain_run, request, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::style::Color;
use std::sync::Arc;
use std::time::Duration;

const WIDE: (u16, u16) = (120, 40);
/// What most terminals are at least.
const USUAL: (u16, u16) = (80, 24);

fn drawn(view: &View, (columns, rows): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw::draw(frame, view)).unwrap();
    terminal.backend().buffer().clone()
}

fn screen(view: &View, size: (u16, u16)) -> String {
    let buffer = drawn(view, size);
    let rows = buffer.content().chunks(usize::from(size.0));
    rows.map(|row| {
        let text: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        format!("{}\n", text.trim_end())
    })
    .collect()
}

#[test]
fn the_overview_fits_the_smallest_terminal_and_uses_a_larger_one() {
    let plain = view(plain_run(95));
    assert_golden("view-80x24.txt", screen(&plain, USUAL).as_bytes());
    assert_golden("view-120x40.txt", screen(&plain, WIDE).as_bytes());
    let contested = view(contested());
    let small = screen(&contested, USUAL);
    assert!(small.contains("1 VIOLATED"), "{small}");
    assert_golden("view-races-80x24.txt", small.as_bytes());
    assert_golden("view-races-120x40.txt", screen(&contested, WIDE).as_bytes());
}

/// Screens of the sizes that people have, one below the other.
fn at_sizes(view: &View) -> String {
    let sizes = [LEAST_SIZE, USUAL, (100, 30), (200, 50)];
    let screens = sizes.map(|(columns, rows)| {
        format!("=== {columns} × {rows}\n{}", screen(view, (columns, rows)))
    });
    screens.concat()
}

/// The words of a text, without what stands around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
}

#[test]
fn on_every_size_words_are_whole_and_names_differ() {
    let mut live = contested();
    live.record.generator.state = GeneratorState::AtItsLimit;
    let names = [
        "POST /customers/{id}/addresses/first/default",
        "POST /customers/{id}/addresses/second/default",
    ];
    for (row, name) in live.record.names.iter_mut().zip(names) {
        row.name = name.to_owned();
        row.figures.requests = 26_427;
    }
    let shown = view(live);
    let screens = at_sizes(&shown);
    assert_golden("view-sizes.txt", screens.as_bytes());
    let wide = screen(&shown, (300, 60));
    for word in words(&screens).filter(|word| word.chars().all(|letter| letter.is_uppercase())) {
        assert!(
            words(&wide).any(|whole| whole == word),
            "{word} is no word:\n{screens}"
        );
    }
    for size in [LEAST_SIZE, USUAL] {
        let small = screen(&shown, size);
        let of_name = |text: &str| small.lines().filter(|line| line.contains(text)).count();
        let has_room = size == USUAL;
        assert_eq!(of_name("26,427"), if has_room { 2 } else { 0 }, "{small}");
        let mut names: Vec<&str> = small
            .lines()
            .filter_map(|line| Some(line.split_once("/default")?.0))
            .collect();
        names.dedup();
        assert_eq!(names.len(), 2, "{small}");
        for truth in ["p50 ", "p99 ", "failed ", "AT ITS LIMIT", "at its limit"] {
            let is_there = small.to_lowercase().contains(&truth.to_lowercase());
            assert!(is_there, "{truth}:\n{small}");
        }
    }
}

#[test]
fn without_colour_the_lines_of_charts_differ_by_their_marks() {
    let mut view = view(plain_run(95));
    let plain = screen(&view, USUAL);
    for mark in ["⠒p50 ", "•p95 ", "█p99 "] {
        assert!(plain.contains(mark), "{mark}:\n{plain}");
    }
    let of = |mark: char, screen: &str| screen.chars().filter(|letter| *letter == mark).count();
    assert!(of('•', &plain) > 5 && of('█', &plain) > 5, "{plain}");
    view.theme = Theme::new(true);
    let coloured = screen(&view, USUAL);
    assert_eq!(of('•', &coloured), 0, "{coloured}");
}

#[test]
fn every_page_and_the_help_are_as_they_were() {
    let mut view = view(contested());
    for page in &Page::ALL[1..] {
        view.turn_to(*page);
        let name = format!("view-{}.txt", page.title());
        assert_golden(&name, screen(&view, USUAL).as_bytes());
    }
    view.turn_to(Page::Overview);
    view.shows_help = true;
    assert_golden("view-help.txt", screen(&view, USUAL).as_bytes());
}

#[test]
fn thresholds_and_backlog_show_where_there_are_any() {
    let mut live = plain_run(20);
    let standing = |text, value, verdict| {
        ThresholdRecord::of(&ThresholdStanding {
            threshold: Arc::new(Threshold::parse(text).unwrap()),
            verdict,
            value: Some(Amount::exact(value)),
            worst: None,
            worst_at_s: None,
            crossed_at_s: None,
            why: None,
            aborted: false,
        })
    };
    live.record.thresholds = vec![
        standing("response: p(99) < 300ms", 8_530.0, ThresholdVerdict::Held),
        standing("failed: rate < 1%", 0.021, ThresholdVerdict::Crossed),
    ];
    let backlog = |domain: &str, value, outbox_pending| DomainBacklog {
        domain: domain.into(),
        amount: Amount {
            value,
            at_least: true,
        },
        outbox_pending,
        stream_lag: None,
    };
    live.backlogs = vec![
        backlog("catalogue", 0.0, Some(0)),
        backlog("payments", 7.0, None),
        backlog("ordering", 100.0, Some(100)),
    ];
    let mut view = view(live);
    let overview = screen(&view, USUAL);
    assert!(
        overview.contains("thresholds ✓ 1  ✗ 1  failed: rate < 1% (now 2.10 %)"),
        "{overview}"
    );
    assert!(
        overview.contains("backlog ordering ≥100 pending  payments ≥7\n"),
        "{overview}"
    );
    view.turn_to(Page::Generator);
    let page = screen(&view, WIDE);
    assert!(
        page.contains("✓ response: p(99) < 300ms  8.53 ms"),
        "{page}"
    );
    assert!(page.contains(" catalogue ≥0 pending\n"), "{page}");
    assert!(!page.contains("events until"), "{page}");
    let mut followed = view.live.as_deref().unwrap().clone();
    followed.events = crate::record::made_up::events();
    view.live = Some(Arc::new(followed));
    let page = screen(&view, WIDE);
    assert!(
        page.contains(
            " Ordering OrderCreated  published 12.0 ms, 80.5 ms  done 250 ms, ≥2.10 s  90 of 120 seen\n"
        ),
        "{page}"
    );
    assert!(
        page.contains(
            " Identity CustomerRegistered  published 12.0 ms, 80.5 ms  118 of 120 seen\n"
        ),
        "{page}"
    );
    view.turn_to(Page::Overview);
    let mut idle = view.live.as_deref().unwrap().clone();
    idle.backlogs.truncate(1);
    view.live = Some(Arc::new(idle));
    let overview = screen(&view, USUAL);
    assert!(overview.contains(" backlog ≥0\n"), "{overview}");
}

#[test]
fn nothing_measured_can_be_drawn_at_any_size() {
    let mut empty = view(plain_run(1));
    for size in [(1, 1), (20, 5), (79, 23), (300, 100)] {
        for page in Page::ALL {
            empty.turn_to(page);
            drawn(&empty, size);
        }
        empty.shows_help = true;
        drawn(&empty, size);
    }
    empty.live = None;
    assert!(screen(&empty, USUAL).contains("the first second"));
}

#[test]
fn without_colours_no_cell_has_one() {
    let mut view = view(contested());
    let has_colour = |view: &View| {
        let buffer = drawn(view, WIDE);
        let mut cells = buffer.content().iter();
        cells.any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(!has_colour(&view));
    view.theme = Theme::new(true);
    assert!(has_colour(&view));
}

#[test]
fn what_the_target_wrote_commands_nothing() {
    let mut live = contested();
    live.record.errors[0].reason = "\u{1b}[2J\u{1b}]0;gone\u{7}".into();
    let newest = live.record.witnesses.last_mut().unwrap();
    newest.violation.why = "line\r\nline\u{9b}31m".into();
    let mut view = view(live);
    for page in Page::ALL {
        view.turn_to(page);
        let screen = screen(&view, WIDE);
        let hostile = |letter: char| letter.is_control() && letter != '\n';
        assert!(!screen.contains(hostile), "{screen:?}");
    }
}

fn press(code: KeyCode) -> Option<Action> {
    action_of(KeyEvent::new(code, KeyModifiers::NONE))
}

#[test]
fn keys_ask_for_what_the_help_says() {
    let table = [
        (KeyCode::Char('q'), Action::Stop),
        (KeyCode::Char('+'), Action::Users(10)),
        (KeyCode::Char('-'), Action::Users(-10)),
        (KeyCode::Char('w'), Action::Users(1)),
        (KeyCode::Char('s'), Action::Users(-1)),
        (KeyCode::Char('W'), Action::Users(10)),
        (KeyCode::Char('S'), Action::Users(-10)),
        (KeyCode::Char('r'), Action::Reset),
        (KeyCode::Char('1'), Action::Turn(Page::Overview)),
        (KeyCode::Char('4'), Action::Turn(Page::Generator)),
        (KeyCode::Tab, Action::Leaf(1)),
        (KeyCode::Up, Action::Scroll(-1)),
        (KeyCode::Char('?'), Action::Help),
    ];
    for (code, action) in table {
        assert_eq!(press(code), Some(action), "{code:?}");
    }
    assert_eq!(press(KeyCode::Char('5')), None);
    let ctrl = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
    assert_eq!(action_of(ctrl('c')), Some(Action::Interrupt));
    assert_eq!(action_of(ctrl('q')), None, "flow control is not the end");
    let mut released = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
    released.kind = KeyEventKind::Release;
    assert_eq!(action_of(released), None);
}

#[test]
fn keys_turn_pages_and_cover_them() {
    let request = request();
    let control = RunControl::new(&request);
    let mut view = view(plain_run(5));
    obey(Action::Leaf(-1), &control, &mut view);
    assert_eq!(view.page, Page::Generator);
    obey(Action::Leaf(1), &control, &mut view);
    assert_eq!(view.page, Page::Overview);
    obey(Action::Turn(Page::Names), &control, &mut view);
    obey(Action::Scroll(-5), &control, &mut view);
    obey(Action::Scroll(3), &control, &mut view);
    assert_eq!((view.page, view.scroll), (Page::Names, 3));
    obey(Action::Help, &control, &mut view);
    assert!(view.shows_help);
    obey(Action::Close, &control, &mut view);
    assert!(!view.shows_help);
}

#[test]
fn keys_steer_the_run_and_say_what_came_of_it() {
    let request = request();
    let control = RunControl::new(&request);
    let mut view = view(plain_run(5));
    obey(Action::Users(10), &control, &mut view);
    assert_eq!(view.message(), Some("the run has not started yet"));
    control.begin(crate::engine::now_ns());
    assert_eq!(control.state(), RunState::Running);
    obey(Action::Users(10), &control, &mut view);
    obey(Action::Users(-1), &control, &mut view);
    assert_eq!(view.message(), Some("going to 12 users"));
    assert_eq!(control.target(), Some((12, 2.0)));
    for _ in 0..3 {
        obey(Action::Users(-10), &control, &mut view);
    }
    assert_eq!(control.target(), Some((0, 2.0)));
    obey(Action::Users(1_000), &control, &mut view);
    assert!(view.message().unwrap().contains("room for 50"));
    obey(Action::Stop, &control, &mut view);
    assert_eq!(control.state(), RunState::Stopping);
    let footer = screen(&view, USUAL);
    assert!(
        footer.contains("stopping: replies are waited for"),
        "{footer}"
    );
}

#[test]
fn a_message_goes_away_by_itself() {
    let mut view = view(plain_run(5));
    view.say("heard");
    let live = Arc::new(plain_run(6));
    for _ in 0..4 {
        view.show(&live);
        assert_eq!(view.message(), Some("heard"));
    }
    view.show(&live);
    assert_eq!(view.message(), None);
}

#[test]
fn an_open_run_has_no_users_to_change() {
    let mut request = request();
    request.plan.load = Load::open(5.0, crate::plan::Arrivals::Constant, 9).unwrap();
    let control = RunControl::new(&request);
    control.begin(crate::engine::now_ns());
    let mut view = view(plain_run(5));
    obey(Action::Users(1), &control, &mut view);
    assert!(view.message().unwrap().contains("arrivals at a rate"));
}

#[test]
fn an_open_end_has_no_progress_bar() {
    let mut live = plain_run(95);
    Arc::make_mut(&mut live.context).run_time_us = LONGEST_DURATION.as_micros() as u64;
    let screen = screen(&view(live), USUAL);
    assert!(screen.contains("01:35, open end"), "{screen}");
    assert!(!screen.contains('━'), "{screen}");
}

/// The load of [`request`]: 3 users, 2 a second.
fn load() -> Load {
    let stage = Stage {
        users: 3,
        spawn_rate_per_s: 2.0,
        duration_us: 60_000_000,
    };
    Load::closed(vec![stage], Duration::from_secs(60)).unwrap()
}

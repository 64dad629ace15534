//! Rooms import downward only.

use super::{File, Finding, code_of};

/// The rooms, each above those that it may import. `shop`, `sandbox` and
/// `workload_file` are neighbours.
const ROOMS: &[(&str, u8)] = &[
    ("plan", 0),
    ("words", 0),
    ("stats", 1),
    ("engine", 2),
    ("shop", 3),
    ("sandbox", 3),
    ("workload_file", 3),
    ("observe", 4),
    ("pieces", 5),
    ("record", 6),
    ("report", 7),
    ("compare", 8),
    ("run", 9),
    ("ui", 10),
    ("hunt", 11),
    ("fleet", 12),
    ("doctor", 13),
    ("draft", 13),
    ("cli", 14),
];

/// The ways between neighbours: the sandbox speaks the shop's vocabulary, and the shop's journeys are
/// files.
const NEIGHBOURS: [(&str, &str); 2] = [("sandbox", "shop"), ("shop", "workload_file")];

/// The rooms that are one workload's own.
const WORKLOADS: &[&str] = &["shop", "sandbox", "workload_file"];
/// Those that know a workload only as the value that they are given: they carry out, record and show a
/// load test of whatever is tested.
const OF_ANY_WORKLOAD: &[&str] = &[
    "pieces", "record", "report", "compare", "run", "ui", "hunt", "fleet",
];

/// See the file's purpose.
pub fn point_downward(file: &File) -> Vec<Finding> {
    let Some(room) = room_of(&file.path) else {
        return Vec::new();
    };
    let Some(floor) = floor_of(room) else {
        let says =
            format!("the room `{room}` has no place; put it into ROOMS in tests/repository/rules");
        return vec![Finding::at(file, 1, says)];
    };
    let code: Vec<&str> = file.lines().map(|(_, line)| code_of(line)).collect();
    let code = code.join("\n");
    let mut findings = Vec::new();
    for (start, path) in code.match_indices("crate::") {
        let line = code[..start].matches('\n').count() + 1;
        for imported in imported(&code[start + path.len()..]) {
            let is_below = floor_of(imported).is_none_or(|below| below < floor);
            if imported != room && !is_below && !NEIGHBOURS.contains(&(room, imported)) {
                let says = format!(
                    "{room} may not import {imported}: imports point downward only; move what is needed down"
                );
                findings.push(Finding::at(file, line, says));
            }
            if OF_ANY_WORKLOAD.contains(&room) && WORKLOADS.contains(&imported) {
                let says = format!(
                    "{room} may not know {imported}: it is of any workload; take what is needed from the Subject that it is given"
                );
                findings.push(Finding::at(file, line, says));
            }
        }
    }
    findings
}

/// The room of `src/room/…` or `src/room.rs`; `None` for the crate's roots and for other files.
fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let room = inside.split('/').next()?;
    let room = room.strip_suffix(".rs").unwrap_or(room);
    (!["lib", "main"].contains(&room)).then_some(room)
}

fn floor_of(room: &str) -> Option<u8> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

/// The rooms named right after `crate::`: one, or those of a list.
fn imported(after: &str) -> Vec<&str> {
    let Some(list) = after.strip_prefix('{') else {
        return vec![word(after)];
    };
    let mut rooms = vec![word(list)];
    let mut depth = 0_u32;
    for (place, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => rooms.push(word(&list[place + 1..])),
            _ => {}
        }
    }
    rooms
}

/// The identifier that `text` begins with.
fn word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

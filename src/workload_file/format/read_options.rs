//! What files say beside operations and journeys: ways in which a run may differ, the order of statistics,
//! and draws that several bodies share.

use super::document::{Document, Table};
use super::keys::DRAW_SET_KEYS;
use super::read_bodies::{Known, count, draws};
use super::sections::{section, texts};
use crate::workload_file::model::bounds::STRICT;
use crate::workload_file::model::definitions::{DrawSet, Model, RunOption};
use toml::de::DeValue;

/// Ways in which a run may differ, at most: what a set of them has room for.
pub const MOST_OPTIONS: usize = 32;
/// Names in statistics that a file may order.
const MOST_ROWS: usize = 1_000;

/// Reads options, the order of statistics and shared draws into `model`.
pub fn options(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) {
    if let Some(value) = file.get("options") {
        for (name, offset, value, about) in texts(document, value, "options") {
            if !super::document::is_name(name) {
                document.mistake(offset, format!("`{name}` is no word for an option"));
            } else if name == STRICT {
                let says = "every workload has the option `strict`; leave it out";
                document.mistake(offset, says);
            } else if document.line(value, name).is_some() {
                model.options.push(RunOption {
                    name: name.to_owned(),
                    about,
                });
            }
        }
        if model.options.len() > MOST_OPTIONS {
            let says = format!("a workload has at most {MOST_OPTIONS} options");
            document.mistake(value.span().start, says);
            model.options.truncate(MOST_OPTIONS);
        }
    }
    if let Some(value) = file.get("rows") {
        match value.get_ref() {
            DeValue::Array(rows) if rows.len() <= MOST_ROWS => {
                let rows = rows.iter().filter_map(|row| document.line(row, "rows"));
                model.rows = rows.collect();
            }
            _ => {
                let says = format!("`rows` is a list of at most {MOST_ROWS} names in statistics");
                document.mistake(value.span().start, says);
            }
        }
    }
}

/// Reads the draws that bodies share into `model`.
pub fn draw_sets(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) {
    for (name, offset, value) in section(document, file, "draws") {
        let what = format!("the draws `{name}`");
        let Some(table) = document.table(value, &what, DRAW_SET_KEYS) else {
            continue;
        };
        let Some(drawn) = table.get("draw") else {
            let says = format!(
                "`{name}` lacks what is drawn; add a line like draw = {{ size = \"{{$int 1..9}}\" }}"
            );
            document.mistake(offset, says);
            continue;
        };
        let known = Known {
            values: &model.values,
            options: &model.options,
            sets: &[],
        };
        let (names, draws) = draws(document, drawn, known);
        let count = table.get("count").and_then(|value| count(document, value));
        model.draws.push(DrawSet {
            name: name.to_owned(),
            count,
            names,
            draws,
        });
    }
}

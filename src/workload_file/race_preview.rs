//! What a race would send and what is asked of it, as lines: for `shopblast check`.

use crate::workload_file::model::definitions::Model;
use std::fmt::Write;

/// The race at `position`, its sides, what is asked afterwards, and its rules.
pub fn write_race(model: &Model, position: usize, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let race = &model.races[position];
    let about = match race.about.is_empty() {
        true => String::new(),
        false => format!(" ({})", race.about),
    };
    // Writing into memory does not fail.
    let _ = writeln!(out, "{indent}race {}{about}, all at once:", race.name);
    for side in &race.sides {
        let operation = &model.operations[side.operation];
        let label = side.label.as_ref().unwrap_or(&operation.label);
        let tags = side.tags.as_ref().unwrap_or(&operation.tags);
        let tagged = match tags.is_empty() {
            true => String::new(),
            false => format!("; tags {}", tags.join(", ")),
        };
        let _ = writeln!(
            out,
            "{indent}  {} × {}: {label} → {}{tagged}",
            side.racers, side.name, operation.expect
        );
    }
    for probe in &race.probes {
        let label = &model.operations[probe.operation].label;
        let when = probe.after.map_or_else(
            || "then asks".to_owned(),
            |side| format!("after {} asks", race.sides[usize::from(side)].name),
        );
        let _ = writeln!(out, "{indent}  {when} {label}");
    }
    for rule in model.rules.iter().filter(|rule| rule.race == position) {
        let known = match rule.is_promised {
            true => "",
            false => " (known not to be kept)",
        };
        let _ = writeln!(out, "{indent}  rule {}: {}{known}", rule.name, rule.text);
    }
}

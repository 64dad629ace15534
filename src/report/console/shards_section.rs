//! The shards of a merged record, for people.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, TextColumn, TextTable, in_lines};
use crate::plan::shown;
use crate::record::RunRecord;
use crate::report::shards_text::{SHARD_TITLES, shard_rows, shards_sentence};

/// One line a shard, and which was the slowest; nothing for a run of one machine.
pub fn shards_section(record: &RunRecord, style: SummaryStyle) -> String {
    if record.shards.is_empty() {
        return String::new();
    }
    let [shard, host, cores, requests, generator, own, clock, until] = SHARD_TITLES;
    let mut table = TextTable::new(&[
        TextColumn::number(shard, 0),
        TextColumn::text(host, 0),
        TextColumn::number(cores, 0),
        TextColumn::number(requests, 0),
        TextColumn::text(generator, 0),
        TextColumn::number(own, 1),
        TextColumn::text(clock, 2),
        TextColumn::text(until, 1),
    ]);
    for row in shard_rows(record) {
        table.row(row.map(|text| shown(&text).into_owned()));
    }
    let mut text = format!("{}\n{}", bold(style, "Shards"), table.text(0, style));
    if let Some(sentence) = shards_sentence(record) {
        text.push_str("\n  ");
        text.push_str(&in_lines(&shown(&sentence), 2, 2, style.width));
    }
    text
}

//! The summary's section about recovery from a spike.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, TextColumn, TextTable, in_lines};
use crate::record::RunRecord;
use crate::report::recovery_text::{COLUMNS, legend, rows, sentences};

/// Figures before, in and after the spike, and what they mean; nothing without one.
pub fn recovery_section(record: &RunRecord, style: SummaryStyle) -> String {
    let Some(recovery) = &record.recovery else {
        return String::new();
    };
    // How much each of them matters, beside the first and the last.
    let mut columns = COLUMNS.map(|title| TextColumn::number(title, 0));
    let ranks = [(1, 2), (2, 5), (3, 4), (5, 3), (6, 1)];
    for (index, rank) in ranks {
        columns[index] = TextColumn::number(COLUMNS[index], rank);
    }
    columns[0] = TextColumn::text(COLUMNS[0], 0);
    columns[COLUMNS.len() - 1] = TextColumn::text(COLUMNS[COLUMNS.len() - 1], 6);
    let mut table = TextTable::new(&columns);
    for row in rows(recovery) {
        table.row(row);
    }
    let mut lines = vec![bold(style, "Recovery"), table.text(0, style)];
    let told = sentences(recovery).into_iter().chain([legend(recovery)]);
    lines.extend(told.map(|sentence| format!("  {}", in_lines(&sentence, 2, 2, style.width))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::golden::assert_golden;
    use crate::record::made_up;
    use crate::report::recovery_text::tests::made_up as made_up_recovery;

    #[test]
    fn a_shop_that_did_not_come_back() {
        let style = SummaryStyle {
            width: None,
            colour: false,
        };
        let mut record = made_up::record();
        assert_eq!(recovery_section(&record, style), "");
        record.recovery = Some(made_up_recovery());
        let text = recovery_section(&record, style);
        assert_golden("summary-recovery.txt", text.as_bytes());
    }
}

//! The summary's section about recovery from a spike.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, plain_table};
use crate::record::RunRecord;
use crate::report::recovery_text::{COLUMNS, legend, rows, sentences};
use comfy_table::CellAlignment;

/// Figures before, in and after the spike, and what they mean; nothing without one.
pub fn recovery_section(record: &RunRecord, style: SummaryStyle) -> String {
    let Some(recovery) = &record.recovery else {
        return String::new();
    };
    let mut table = plain_table(style);
    table.set_header(COLUMNS);
    for row in rows(recovery) {
        table.add_row(row);
    }
    let words = [0, COLUMNS.len() - 1];
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if !words.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines = vec![bold(style, "Recovery"), table.to_string()];
    let told = sentences(recovery).into_iter().chain([legend(recovery)]);
    lines.extend(told.map(|sentence| format!("  {sentence}")));
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

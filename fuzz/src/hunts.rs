//! The record of a hunt that is resumed.

use shopblast::hunt::{HuntRecord, conclude, hunt_page, hunt_text};
use shopblast::pieces::SummaryStyle;
use shopblast::record::Record;
use std::path::Path;

const PLAIN: SummaryStyle = SummaryStyle {
    width: None,
    colour: false,
};

/// Whatever is read can be concluded from, told, shown and written, and is read back the same.
pub fn hunt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(mut record) = HuntRecord::read(text) else {
        return;
    };
    conclude(&mut record);
    assert!(!hunt_text(&record, Path::new("hunt"), PLAIN).is_empty());
    let page = hunt_page(&record);
    assert!(page.ends_with("</html>") || page.ends_with("</html>\n"));
    let written = record.json_text();
    let again = HuntRecord::read(&written).expect("what was written is a record");
    assert_eq!(again.json_text(), written);
}

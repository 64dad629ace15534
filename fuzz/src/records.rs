//! Files of a record, whatever was written over them.

use shopblast::record::{CsvColumns, Recorded, RequestLog};
use shopblast::report::{ReportFormat, html_report};
use std::path::PathBuf;

/// `run.json` as an earlier version wrote it: what came later must be optional.
const AN_OLDER_RUN: &str = include_str!("an_older_run.json");
/// Scripts and the charts' data, which is the last but them.
const DATA: &str = "<script type=\"application/json\" id=\"data\">";

/// From any CSV files, a NUL between two, there is a page, and nothing in them gets out of its
/// place.
pub fn report(bytes: &[u8]) {
    let mut files = bytes.split(|byte| *byte == 0).map(CsvColumns::parse);
    let mut next = || files.next().unwrap_or_default();
    let recorded = Recorded {
        directory: PathBuf::from("results/some-run"),
        run: serde_json::from_str(AN_OLDER_RUN).expect("an older record can be read"),
        series: next(),
        bands: next(),
        distribution: next(),
        events: next(),
        observed: next(),
        rounds: next(),
        outcomes: next(),
        requests: RequestLog::parse(bytes),
    };
    for format in ReportFormat::ALL {
        let text = format
            .text(&recorded, &|_, _| Vec::new())
            .expect("texts are made in memory");
        assert!(!text.is_empty(), "{format:?}");
    }
    let page = html_report(&recorded, &|_, _| Vec::new());
    // One with the data, seven with code.
    assert_eq!(page.matches("<script").count(), 8);
    assert!(!page.contains("<!--"));
    let (_, data) = page.split_once(DATA).expect("data");
    let (data, _) = data.split_once("</script>").expect("its end");
    serde_json::from_str::<serde_json::Value>(data).expect("the data is JSON");
}

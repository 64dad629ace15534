//! The page as text: what it says, what it leaves out, and that nothing in a record can break it.

use super::html_report;
use crate::record::golden::assert_golden;
use crate::record::{
    BandsCsv, DistributionCsv, EventsCsv, Record, Recorded, RunRecord, SeriesCsv, made_up,
};
use crate::stats::IntervalSink;
use std::path::Path;
use tempfile::TempDir;

const SCRIPT_TAG: &str = "</script><script>document.title = 'owned'</script><!--\u{2028}";

/// A record on disk: of `run`, with the files beside it that the made-up run gives.
fn recorded(run: &RunRecord) -> (TempDir, Recorded) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let (context, totals) = (made_up::context(), made_up::totals());
    let mut sinks: Vec<Box<dyn IntervalSink>> = vec![
        Box::new(SeriesCsv::create(&path("series.csv"), &context.cpus).expect("created")),
        Box::new(BandsCsv::create(&path("bands.csv"), &context.names).expect("created")),
        Box::new(DistributionCsv::new(&path("distribution.csv"))),
        Box::new(
            EventsCsv::create(&path("events.csv"), &context.raises, made_up::start())
                .expect("created"),
        ),
    ];
    for sink in &mut sinks {
        for second in made_up::seconds() {
            sink.second(&second, &totals).expect("written");
        }
        sink.finish(&totals).expect("finished");
    }
    run.write(&path("run.json")).expect("written");
    let recorded = Recorded::read(directory.path()).expect("a record");
    (directory, recorded)
}

fn page_of(run: &RunRecord) -> String {
    html_report(&recorded(run).1, &|_, _| Vec::new())
}

/// The page without its styles and scripts.
fn body_of(page: &str) -> String {
    let start = page.find("<header").expect("a header");
    let end = page
        .rfind("<script type=\"application/json\"")
        .expect("data");
    let lines = page[start..end].lines().map(str::trim_end);
    let kept: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    kept.join("\n") + "\n"
}

/// The data of the charts.
fn data_of(page: &str) -> serde_json::Value {
    let start = page.find("id=\"data\">").expect("data") + "id=\"data\">".len();
    let end = start + page[start..].find("</script>").expect("its end");
    serde_json::from_str(&page[start..end]).expect("JSON")
}

#[test]
fn the_page_of_a_run_with_races() {
    let run = made_up::contested_record();
    let (directory, recorded) = recorded(&run);
    let place = directory.path().display().to_string();
    let body = body_of(&html_report(&recorded, &|_, _| Vec::new())).replace(&place, "results/x");
    assert_golden("report.html", body.as_bytes());
}

#[test]
fn totals_are_those_of_the_record() {
    let run = made_up::record();
    let page = page_of(&run);
    let (_, footer) = page.split_once("<tfoot>").expect("a footer");
    let (footer, _) = footer.split_once("</tfoot>").expect("its end");
    let totals = &run.totals;
    for exact in [
        totals.requests,
        totals.success,
        totals.failed,
        totals.failures,
        totals.response_us.p99,
        totals.response_us.max,
        totals.service_us.p99,
        totals.lag_us.p99,
    ] {
        let cell = format!("data-value=\"{exact}\"");
        assert!(footer.contains(&cell), "{cell} is not in {footer}");
    }
    let data = data_of(&page);
    let of_chart = |label: &str| -> f64 {
        let lines = data["over_time"]["outcomes"].as_array().expect("lines");
        let line = lines.iter().find(|line| line["label"] == label);
        let values = line.expect("a line")["values"].as_array().expect("values");
        values.iter().filter_map(serde_json::Value::as_f64).sum()
    };
    // Two seconds, and one of 1.25 s that holds the last replies.
    assert_eq!(of_chart("failed"), 4.0 / 1.25);
    let latencies = &data["latencies"][0];
    assert_eq!(latencies["response"][30], totals.response_us.max);
    assert_eq!(latencies["counts"][0], totals.requests);
}

#[test]
fn sections_without_content_are_left_out() {
    let mut run = made_up::record();
    let page = page_of(&run);
    for missing in ["contests", "thresholds"] {
        assert!(!page.contains(&format!("id=\"{missing}\"")), "{missing}");
    }
    for there in [
        "verdict",
        "over-time",
        "names",
        "latencies",
        "errors",
        "events",
    ] {
        assert!(
            page.contains(&format!("<section id=\"{there}\"")),
            "{there}"
        );
    }
    (run.errors, run.domains, run.journeys, run.names) = Default::default();
    let page = page_of(&run);
    for missing in ["errors", "events", "shares", "names"] {
        assert!(!page.contains(&format!("id=\"{missing}\"")), "{missing}");
        assert!(!page.contains(&format!("href=\"#{missing}\"")), "{missing}");
    }
}

#[test]
fn a_spike_has_its_recovery() {
    let mut run = made_up::record();
    assert!(!page_of(&run).contains("id=\"recovery\""));
    let mut recovery = crate::report::recovery_text::tests::made_up();
    recovery.figures[4].domain = SCRIPT_TAG.to_owned();
    run.recovery = Some(recovery);
    let page = page_of(&run);
    let body = body_of(&page);
    assert!(body.contains("<a href=\"#recovery\">Recovery</a>"));
    assert!(body.contains("that were watched: backlog of"), "{body}");
    assert!(body.contains("<div class=\"doubt\"><dt>Recovery</dt><dd>Not back within"));
    assert!(body.contains("<th scope=\"row\">response p99</th><td class=\"n\">20.6 ms</td>"));
    assert!(!page.contains("<script>document.title"));
}

#[test]
fn an_older_record_has_tables_but_no_charts() {
    let directory = tempfile::tempdir().expect("a directory");
    made_up::record()
        .write(&directory.path().join("run.json"))
        .expect("written");
    let recorded = Recorded::read(directory.path()).expect("a record");
    let page = html_report(&recorded, &|_, _| Vec::new());
    assert!(page.contains("id=\"names-table\""));
    for missing in ["over-time", "latencies", "chart-events", "chart-cores"] {
        assert!(!page.contains(&format!("id=\"{missing}\"")), "{missing}");
    }
}

#[test]
fn a_run_that_was_cut_off_says_so() {
    let mut run = made_up::record();
    (run.finished, run.measured_s) = (false, 1.0);
    let (directory, _) = recorded(&run);
    let cut = |name: &str| {
        let path = directory.path().join(name);
        let bytes = std::fs::read(&path).expect("there");
        std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("written");
    };
    ["series.csv", "bands.csv", "events.csv"]
        .into_iter()
        .for_each(cut);
    let page = html_report(
        &Recorded::read(directory.path()).expect("a record"),
        &|_, _| Vec::new(),
    );
    assert!(page.contains("This run was cut off"), "{}", body_of(&page));
    assert!(page.contains("holds its first 3 s"));
    assert_eq!(
        data_of(&page)["over_time"]["time_s"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    let finished = page_of(&made_up::record());
    assert!(!finished.contains("cut off"));
}

#[test]
fn nothing_in_a_record_gets_out_of_its_place() {
    let mut run = made_up::contested_record();
    let hostile = || SCRIPT_TAG.to_owned();
    run.errors[0].reason = hostile();
    run.errors[0].name = hostile();
    run.names[0].name = hostile();
    run.profile = hostile();
    run.command = hostile();
    run.verdict = hostile();
    run.host.cpu = hostile();
    run.races[0].name = hostile();
    run.journeys[0].name = hostile();
    run.domains[0].domain = hostile();
    run.invariants[0].why = Some(hostile());
    run.plan.insert("profile".into(), SCRIPT_TAG.into());
    run.generator.reasons.push(hostile());
    for exchange in &mut run.witnesses[0].violation.exchanges {
        (exchange.reply, exchange.body) = (hostile(), hostile());
    }
    let page = page_of(&run);
    assert!(!page.contains("<script>document.title"));
    assert!(!page.contains("<!--"));
    let scripts = page.matches("<script").count();
    assert_eq!(
        scripts,
        page_of(&made_up::record()).matches("<script").count()
    );
    let data = data_of(&page);
    assert_eq!(data["latencies"][1]["name"], SCRIPT_TAG);
}

#[test]
fn the_page_asks_for_nothing() {
    let page = page_of(&made_up::contested_record());
    for reference in ["src=", "@import", "url(", "<link", "<iframe"] {
        let place = page
            .find(reference)
            .map(|at| &page[at.saturating_sub(60)..at + 20]);
        assert_eq!(place, None, "{reference}");
    }
    assert!(page.contains("default-src &#39;none&#39;"));
    assert!(
        !page.contains(" style=\""),
        "the policy lets no inline style through"
    );
}

#[test]
fn a_directory_without_a_record_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let error = Recorded::read(directory.path()).expect_err("nothing is there");
    assert!(error.to_string().contains("run.json"), "{error}");
    std::fs::write(directory.path().join("run.json"), "{\"finis").expect("written");
    let error = Recorded::read(Path::new(directory.path())).expect_err("half a record");
    assert!(
        error.to_string().contains("name the directory of a record"),
        "{error}"
    );
}

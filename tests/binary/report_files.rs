//! Reports made by the built binary: at the end of a run, again from its record, and from the record
//! of a run that was killed.

use crate::invocation::{Ended, Invocation, run, shopblast};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

const RUN: &str = "--profile smoke --pacing max --sandbox -u 4 -r 4 -t 2s";

fn report(arguments: &[&str], record: &Path) -> Output {
    shopblast()
        .arg("report")
        .arg(record)
        .args(arguments)
        .output()
        .expect("the binary starts")
}

fn page_in(ended: &Ended) -> String {
    let path = ended.record_directory().join("report.html");
    std::fs::read_to_string(path).expect("a report")
}

#[test]
fn a_run_leaves_its_report_and_a_copy_where_it_is_wanted() {
    let copies = tempfile::tempdir().expect("a directory");
    let copy = copies.path().join("copy.html");
    let ended = run(&format!("{RUN} --html {}", copy.display()));
    let page = page_in(&ended);
    assert_eq!(std::fs::read_to_string(&copy).expect("a copy"), page);
    assert!(ended.out.contains("copy.html"), "{}", ended.told());
    let requests = ended.record()["totals"]["requests"].as_u64();
    let cell = format!("data-value=\"{}\"", requests.expect("a number"));
    let (_, footer) = page.split_once("<tfoot>").expect("a table");
    assert!(footer.contains(&cell), "{cell}");
    assert!(!page.contains("was cut off"));

    let directory = ended.record_directory();
    let again = report(&["--out", "-"], &directory);
    assert!(again.status.success(), "{again:?}");
    assert!(again.stderr.is_empty(), "{again:?}");
    assert_eq!(String::from_utf8_lossy(&again.stdout), page);
    let by_file = report(&[], &directory.join("run.json"));
    let told = String::from_utf8_lossy(&by_file.stderr).into_owned();
    assert!(told.trim_end().ends_with("report.html"), "{told}");
}

#[test]
fn a_killed_run_still_yields_a_report_that_says_so() {
    let invocation = Invocation::begin("--profile smoke --pacing max --sandbox -t 60s");
    let record = loop {
        match invocation.record_path() {
            Some(path) => break path,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let kept = invocation.kill();
    let directory = record.parent().expect("its directory");
    assert!(!directory.join("report.html").exists());
    let made = report(&[], directory);
    assert!(made.status.success(), "{made:?}");
    let page = std::fs::read_to_string(directory.join("report.html")).expect("a report");
    assert!(page.contains("This run was cut off"));
    drop(kept);
}

#[test]
fn without_a_record_there_is_a_clear_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = report(&[], directory.path());
    assert_eq!(output.status.code(), Some(104));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("run.json"), "{told}");
    assert!(told.contains("name the directory of a record"), "{told}");
}

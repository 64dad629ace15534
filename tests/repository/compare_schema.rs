//! `compare.json` is what its schema says.

use shopblast::compare::ComparisonRecord;
use shopblast::record::Record;
use std::path::{Path, PathBuf};

const SCHEMA: &str = "schema/compare.schema.json";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = path(SCHEMA);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, ComparisonRecord::schema_text()).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == ComparisonRecord::schema_text(),
        "{SCHEMA} is out of date; refresh it with `BLESS_GOLDEN=1 cargo test --test repository`"
    );
}

/// The golden file is what the types write (a unit test holds it to that).
#[test]
fn a_comparison_fits_the_schema_and_reads_back() {
    let read = |name: &str| std::fs::read_to_string(path(name)).expect(name);
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let comparison = read("tests/golden/compare.json");
    let validator = jsonschema::validator_for(&json(&read(SCHEMA))).expect("a schema");
    let mistakes: Vec<String> = validator
        .iter_errors(&json(&comparison))
        .map(|error| error.to_string())
        .collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let mut spoiled = json(&comparison);
    spoiled["comparisons"][0]["verdict"] = "great".into();
    assert!(!validator.is_valid(&spoiled));
    let record: ComparisonRecord = serde_json::from_str(&comparison).expect("read back");
    assert_eq!(record.json_text(), comparison);
}

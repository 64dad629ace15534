//! Tests of merging: what is refused, and what is told of shards that are missing.

use super::*;
use std::path::Path;

#[test]
fn what_is_no_record_of_a_shard_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let request = MergeRequest {
        directories: vec![place.path().join("nothing")],
        out: place.path().join("out"),
        output: Output::default(),
        exit_code_on_error: 1,
        fail_on_saturation: false,
    };
    let error = merge(&request, &|_, _| Vec::new()).unwrap_err().to_string();
    assert!(error.contains("nothing"), "{error}");
    assert!(!Path::new(&request.out).exists(), "nothing was written");
    let none = MergeRequest {
        directories: Vec::new(),
        ..request
    };
    assert!(matches!(
        merge(&none, &|_, _| Vec::new()),
        Err(MergeError::Nothing)
    ));
}

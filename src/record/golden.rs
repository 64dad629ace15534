//! Comparing with files under `tests/golden`; `BLESS_GOLDEN=1` writes them anew.

use std::path::Path;

/// Fails when `actual` is not what `tests/golden/<name>` holds, byte by byte.
pub(crate) fn assert_golden(name: &str, actual: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, actual).expect("the golden file can be written");
    }
    let expected = std::fs::read(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs; check it and run `BLESS_GOLDEN=1 cargo test --lib`. It is now:\n{}",
        String::from_utf8_lossy(actual)
    );
}

//! What comparisons read: Locust's CSV files.

use shopblast::compare::locust::{LocustFile, read, span};
use shopblast::compare::{ComparedQuantity, RunEvidence};

/// A file is read or refused with words; what is read is finite, not negative, and a share of at most 1.
pub fn csv(bytes: &[u8]) {
    for file in [LocustFile::Stats, LocustFile::History] {
        match read(bytes, file) {
            Ok(run) => is_sound(&run),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Ok(Some(span)) = span(bytes) {
        assert!(span.start_s >= 0.0 && span.length_s >= 0.0 && span.length_s.is_finite());
    }
}

fn is_sound(run: &RunEvidence) {
    for (quantity, value) in run.names.values().chain([&run.whole]).flatten() {
        assert!(value.value.is_finite() && value.value >= 0.0, "{quantity}");
        assert!(value.half_step.is_finite() && value.half_step >= 0.0);
        if matches!(quantity, ComparedQuantity::Share(_)) {
            assert!(value.value <= 1.0);
        }
    }
    assert_eq!(run.plan_hash, None);
}

//! One run after the other in one process, as hunts and the web page make them: nothing of a run that
//! is over stays open.

use crate::alone;
use crate::sandbox_request::request;
use shopblast::run::{RunControl, carry_out};
use std::time::Duration;

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("/proc").count()
}

fn carry_out_once(results: &std::path::Path, class: &str) {
    let request = request(results, 8, Duration::from_millis(300), class);
    let control = RunControl::new(&request);
    carry_out(&request, class.to_owned(), &control, &mut []).expect("a run");
}

#[test]
fn runs_leave_no_descriptor_behind() {
    let _alone = alone();
    let results = tempfile::tempdir().expect("a directory");
    for class in ["SpikeUser", "RaceConditionUser"] {
        // What is opened once a process is open after the first.
        carry_out_once(results.path(), class);
        let before = open_descriptors();
        for _ in 0..3 {
            carry_out_once(results.path(), class);
        }
        // The kernel closes a ring and what is in it a little later.
        let give_up = std::time::Instant::now() + Duration::from_secs(20);
        while open_descriptors() > before && std::time::Instant::now() < give_up {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(
            open_descriptors() <= before,
            "{class}: {} instead of {before}",
            open_descriptors()
        );
    }
}

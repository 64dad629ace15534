//! A load test that goes on for a while with its page open and reloaded: what a process may have only so many
//! of does not grow. `scripts/soak.sh` does the same for half an hour, with memory and disk.

use crate::chromium::Browser;
use crate::web_server::{WebServer, read_json};
use std::time::{Duration, Instant};

/// As long as CI has time for.
const LENGTH: Duration = Duration::from_secs(40);
/// Descriptors and threads may go up and down with visitors who come and go.
const FEW: usize = 3;

/// Looks in each half.
const LEAST_LOOKS: usize = 3;

/// What is run, as the page's flags have it.
const SOAKED: &[&str] = &[
    "EventFloodUser -u 10 -r 100 --pacing class",
    "--profile endurance -u 10 -r 10",
];

/// How many descriptors and threads the page's process has.
fn taken(server: &WebServer) -> [usize; 2] {
    ["fd", "task"].map(|kind| {
        let entries = std::fs::read_dir(format!("/proc/{}/{kind}", server.id()));
        entries.expect("it runs").count()
    })
}

#[test]
fn a_page_that_is_reloaded_for_long_takes_no_more_descriptors_and_threads() {
    let browser = Browser::launch();
    let length = LENGTH / SOAKED.len() as u32;
    for line in SOAKED {
        let mut server = WebServer::start(&format!(
            "{line} --sandbox --retain 500 -t 1h --autostart --cores 1"
        ));
        server.stats_when("the load", |stats| stats["state"] == "running");
        let page = browser.open(&server.url());
        let halves = [(); 2].map(|()| {
            let begun = Instant::now();
            let mut half = Vec::new();
            // On a busy machine a page takes long.
            while begun.elapsed() < length / 2 || half.len() < LEAST_LOOKS {
                page.go(&server.url());
                page.wait_until("document.querySelector('#state').textContent === 'running'");
                half.push(taken(&server));
                std::thread::sleep(Duration::from_millis(500));
            }
            half
        });
        // The fewest: what is there in any case, whoever visits just then.
        let least = halves.each_ref().map(|half| {
            let of = |kind: usize| half.iter().map(|taken| taken[kind]).min();
            [0, 1].map(|kind| of(kind).expect("it was looked at"))
        });
        for kind in [0, 1] {
            let [first, second] = [least[0][kind], least[1][kind]];
            assert!(
                second <= first + FEW,
                "{line}: from {first} to {second}: {halves:?}"
            );
        }
        assert_eq!(page.complaints(), Vec::<String>::new(), "{line}");
        let run_json = server.record().join("run.json");
        let (code, run) = server.interrupt_and(|| read_json(&run_json));
        assert!([0, 1, 105].contains(&code), "{line}: {code}");
        assert_eq!(run["finished"], true, "{line}");
        assert!(run["totals"]["requests"].as_u64() > Some(100), "{line}");
    }
}

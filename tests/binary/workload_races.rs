//! Races and rules of a workload file at a shop that is no ShopStream: sound, with faults that only races
//! find, and fired again.

use crate::invocation::{Ended, run, run_inside, shopblast};
use crate::other_shop::{Fault, Manners, OtherShop};
use serde_json::Value;
use std::path::Path;

fn file() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/other-shop-races.toml");
    path.to_str().expect("text").to_owned()
}

fn raced(shop: &OtherShop, more: &str) -> Ended {
    let line = format!(
        "--workload {} --profile rivals -H {} -t 6s {more}",
        file(),
        shop.url()
    );
    let ended = run(&line);
    assert_eq!(shop.wrong(), Vec::<String>::new());
    ended
}

/// What the record tells of the rule called `name`.
fn rule<'a>(record: &'a Value, name: &str) -> &'a Value {
    let rules = record["invariants"].as_array().expect("rules");
    let found = rules.iter().find(|rule| rule["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {rules:?}"))
}

const RULES: [&str; 6] = [
    "coupon_counts_once",
    "not_oversold",
    "nothing_lost",
    "left_is_possible",
    "one_order_a_key",
    "closed_is_closed",
];

#[test]
fn a_sound_shop_breaks_no_rule_whatever_the_seed() {
    let shop = OtherShop::start(Manners::default());
    for more in [
        "--seed 1",
        "--seed 2 --pacing max",
        "--seed 3 --race-offset -2ms..2ms",
        "--seed 4 --race-release whole",
    ] {
        let ended = raced(&shop, more);
        assert_eq!(ended.code, 0, "{more}: {}", ended.told());
        let record = ended.record();
        for name in RULES {
            let rule = rule(&record, name);
            assert_eq!(rule["verdict"], "held", "{more}: {rule}");
            assert!(rule["checked"].as_u64() > Some(0), "{more}: {rule}");
        }
        let races = record["races"].as_array().expect("races");
        let names: Vec<&str> = races.iter().filter_map(|it| it["name"].as_str()).collect();
        assert_eq!(names, ["coupon", "last_pieces", "sent_twice", "closing"]);
        for race in races {
            assert!(race["count"].as_u64() > Some(0), "{race}");
        }
    }
    // One after the other nothing is let go together, and what follows from the answers is judged.
    let ended = raced(&shop, "--seed 5 --sequential-races");
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(rule(&record, "coupon_counts_once")["verdict"], "held");
    assert_eq!(rule(&record, "nothing_lost")["verdict"], "undecided");
}

/// A fault, a rule that it breaks, and a word of what is said then.
const FAULTS: [(Fault, &str, &str); 5] = [
    (
        Fault::LooksFirst,
        "coupon_counts_once",
        "requests succeeded, and 1 may",
    ),
    (Fault::LooksFirst, "not_oversold", "the successes come to"),
    (
        Fault::ForgetsKeys,
        "one_order_a_key",
        "one key made two things",
    ),
    (
        Fault::StaysOpen,
        "closed_is_closed",
        "sent after what excludes it",
    ),
    (
        Fault::LosesPieces,
        "nothing_lost",
        "of the successes must be",
    ),
];

#[test]
fn a_fault_is_found_with_a_witness_that_is_fired_again() {
    for (fault, name, says) in FAULTS {
        let shop = OtherShop::with(Manners::default(), fault);
        let ended = raced(&shop, "--seed 7");
        assert_eq!(ended.code, 96, "{fault:?}: {}", ended.told());
        let record = ended.record();
        assert_eq!(rule(&record, name)["verdict"], "violated", "{fault:?}");
        let witnesses = record["witnesses"].as_array().expect("witnesses");
        let witness = witnesses.iter().find(|witness| witness["rule"] == name);
        let witness = witness.unwrap_or_else(|| panic!("{fault:?}: {witnesses:?}"));
        let why = witness["why"].as_str().expect("a sentence");
        assert!(why.contains(says), "{fault:?}: {why}");
        // Who signed up, logged in and opened the offer; no token is told.
        let exchanges = witness["exchanges"].as_array().expect("exchanges");
        let before: Vec<&str> = exchanges
            .iter()
            .filter(|it| it["part"] == "before")
            .filter_map(|it| it["name"].as_str())
            .collect();
        assert!(
            before.starts_with(&["POST /users", "POST /sessions", "POST /offers"]),
            "{before:?}"
        );
        let text = witness.to_string();
        assert!(
            text.contains("Bearer {token}") && !text.contains("tttttt"),
            "{text}"
        );
        let console = ended.told();
        for word in [name, "VIOLATED", "shopblast replay"] {
            assert!(console.contains(word), "{word}: {console}");
        }
        let directory = ended.record_directory();
        for (report, word) in [
            ("report.html", name),
            ("ledger.jsonl", name),
            ("junit.xml", name),
        ] {
            let text = std::fs::read_to_string(directory.join(report)).expect(report);
            assert!(text.contains(word), "{report}: {word}");
            // How long this shop takes for a request alone nobody knows.
            assert!(!text.contains("seen to be handled at once"), "{report}");
        }
        let number = &witness["number"];
        let (code, text) = replay(&directory, &format!("--witness {number} --times 5"));
        assert_eq!(code, Some(96), "{fault:?}: {text}");
        assert!(
            text.contains("the rule is broken by these answers"),
            "{text}"
        );
        // What is told is what was sent: at an offer that was opened anew.
        let racers = exchanges.iter().filter(|it| it["part"] == "racer");
        for old in racers.filter_map(|it| it["path"].as_str()) {
            assert!(!text.contains(&format!(" {old} ")), "{old}: {text}");
        }
        // At a shop without the fault the same requests break nothing.
        let sound = OtherShop::start(Manners::default());
        let elsewhere = format!("--witness {number} --times 3 -H {}", sound.url());
        let (code, text) = replay(&directory, &elsewhere);
        assert_eq!(code, Some(0), "{fault:?}: {text}");
        assert!(text.contains("It did not happen again"), "{text}");
        assert_eq!(sound.wrong(), Vec::<String>::new());
        assert_eq!(shop.wrong(), Vec::<String>::new());
    }
}

fn replay(record: &Path, arguments: &str) -> (Option<i32>, String) {
    let output = shopblast()
        .env_clear()
        .arg("replay")
        .arg(record)
        .args(arguments.split_whitespace())
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), text)
}

#[test]
fn a_check_tells_what_a_race_would_send() {
    let checked = run_inside(&format!("check {}", file()));
    assert_eq!(checked.code, 0, "{}", checked.told());
    for says in [
        "race last_pieces (one to four pieces, six who want one or two of them), all at once:",
        "6 × reserve: POST /offers/{offer}/reservations → 201",
        "then asks GET /offers/{offer}",
        "after close asks POST /offers/{offer}/reservations",
        "rule coupon_counts_once: of redeem at most 1 succeed",
        "rule not_oversold: no more pieces are granted than there were",
        "rule closed_is_closed: nothing of reserve succeeds after close",
    ] {
        assert!(checked.out.contains(says), "{says}: {}", checked.out);
    }
    let line = format!("check {} --print-requests 9", file());
    let printed = run_inside(&line).out;
    let keys: Vec<&str> = printed
        .split("── hurry")
        .nth(2)
        .expect("the first racer")
        .lines()
        .filter(|line| line.starts_with("idempotency-key: once "))
        .collect();
    assert_eq!(keys.len(), 1, "{printed}");
    // Both racers have the key of the race, and each request of another race has one of its own.
    assert!(printed.matches(keys[0]).count() >= 2, "{printed}");
    let mut own: Vec<&str> = printed
        .split("── come_late")
        .skip(1)
        .flat_map(str::lines)
        .filter(|line| line.starts_with("idempotency-key: "))
        .collect();
    let all = own.len();
    own.sort_unstable();
    own.dedup();
    assert!(all == 5 && own.len() == all, "{printed}");
}

#[test]
fn the_example_of_the_documentation_is_sound() {
    let documentation = include_str!("../../docs/workloads.md");
    let (_, after) = documentation
        .split_once("## Races and rules")
        .expect("a section");
    let (_, example) = after.split_once("```toml\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("races.toml");
    std::fs::write(&path, example).expect("written");
    let path = path.to_str().expect("text");
    let checked = run_inside(&format!("check {path}"));
    assert_eq!(checked.code, 0, "{}", checked.told());
    assert!(checked.out.contains("race last_item"), "{}", checked.out);
    // It runs, too: at a shop that knows nothing of it every request is answered, and none wins.
    let shop = OtherShop::start(Manners::default());
    let line = format!("--workload {path} -H {} -u 1 -t 1s", shop.url());
    let ended = run(&line);
    assert_eq!(ended.code, 1, "{}", ended.told());
}

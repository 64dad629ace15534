//! What generators make, and what they cannot.

use super::*;
use crate::workload_file::model::generated::Turn;
use fastrand::Rng;

fn drawn(text: &str) -> Vec<String> {
    let generator = Generator::parse(text).unwrap();
    let mut rng = Rng::with_seed(1);
    let run_id = RunId::new(1_800_000_000_000, 4_711, 1);
    let draw = |_| {
        let mut out = String::new();
        generator.draw(&mut rng, Turn::first(&run_id), &mut out);
        out
    };
    (0..500).map(draw).collect()
}

#[test]
fn every_generator_makes_what_it_says() {
    let matches = |text: &str, pattern: &str| {
        let pattern = regex_lite::Regex::new(pattern).unwrap();
        for made in drawn(text) {
            assert!(pattern.is_match(&made), "{text}: {made}");
        }
    };
    for (text, pattern) in [
        ("first_name", "^[A-Z][a-zA-Z' ]+$"),
        ("last_name", "^[A-Z][a-zA-Z' ]+$"),
        ("name", "^[A-Z].* [A-Z].*$"),
        ("phone", r"^\+1-555-\d{3}-\d{4}$"),
        ("street", r"^\d+ .+ .+$"),
        ("city", "^[A-Z].+$"),
        ("word", "^[a-z]+$"),
        ("words 3", "^[a-z]+ [a-z]+ [a-z]+$"),
        (
            "uuid",
            "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        ),
        ("date", r"^202\d-[01]\d-[0-2]\d$"),
        ("bool", "^(true|false)$"),
        ("digits 4", r"^\d{4}$"),
        ("letters 3", "^[A-Z]{3}$"),
        ("int -2..2", "^(-[12]|[012])$"),
        ("decimal -0.5..0.5", r"^-?0\.[0-5]$"),
        ("decimal 1..2", r"^[12]\.\d\d$"),
        ("choice a b | c=3", "^(a b|c)$"),
        ("title 2", "^[A-Z][a-z]* [A-Z][a-z]*$"),
        ("sentence", r"^[A-Z][a-z]*( [a-z]+){2,7}\.$"),
        ("paragraph 72", r"^([A-Z][a-z ]+\.( |$)){1,4}$"),
        ("company", "^[A-Z].+$"),
        ("state", "^[A-Z]{2}$"),
        ("hex 6", "^[0-9a-f]{6}$"),
        ("hex 8", "^[0-9a-f]{8}$"),
        ("day 1999-12-31..2000-01-01", "^(1999-12-31|2000-01-01)$"),
        ("in_days 1..13", r"^2027-01-(1[6-9]|2[0-8])$"),
        ("padded 0008..0011", "^00(0[89]|1[01])$"),
        ("float 0.00..3.00", r"^([012]\.(\d|\d[1-9])|3\.0)$"),
        ("text int 1..3", "^[123]$"),
        ("number choice 1=5|20", "^(1|20)$"),
        ("each red|green", "^red$"),
        ("each 7..5", "^7$"),
        ("null", "^null$"),
        ("normal 5 1.00 3..7", r"^[3-7]\.\d\d$"),
        ("exponential 3", r"^\d+$"),
        ("zipf 9", "^[1-9]$"),
        ("price 1..5", r"^[1-5]\.\d\d$"),
    ] {
        matches(text, pattern);
    }
    let made: std::collections::BTreeSet<String> = drawn("int -2..2").into_iter().collect();
    assert_eq!(made.len(), 5, "both ends are made");
}

#[test]
fn choices_come_as_often_as_their_weights_say() {
    let heavy = drawn("choice rare|common=9");
    let common = heavy.iter().filter(|made| *made == "common").count();
    assert!((400..500).contains(&common), "{common} of 500");
}

#[test]
fn what_cannot_be_made_is_told_with_what_can() {
    for (text, says) in [
        ("emial", "did you mean `$email`?"),
        ("int", "write {$int A..B}"),
        ("int 5..1", "like {$int 1..5}"),
        ("int 1..x", "like {$int 1..5}"),
        ("int 1..99999999999999999999", "like {$int 1..5}"),
        ("decimal 1..1e30", "like {$decimal"),
        ("decimal 1..NaN", "like {$decimal"),
        ("decimal 0.0000001..1", "at most 6 digits"),
        ("digits 0", "from 1 to 1000"),
        ("words 1001", "from 1 to 1000"),
        ("email x", "takes nothing behind it"),
        ("choice a", "from 2 to 1000"),
        ("", "there are: unique"),
        ("hex 9", "from 1 to 8"),
        ("paragraph 71", "a sentence may take 72"),
        ("day 2000-01-02..2000-01-01", "like {$day"),
        ("in_days 2..1", "{$in_days 1..14}"),
        ("padded -1..1", "{$padded"),
        ("text word", "a text already"),
        ("text", "lacks what it is to make"),
        ("number choice 1|two", "write whole numbers"),
        ("number int 1..2", "write whole numbers"),
        ("each 1", "from 2 to 1000 values"),
        ("each 1..100000", "there may be 10000"),
        ("float 1", "like {$float"),
        ("counter x", "write {$counter 1}"),
        ("zipf x", "like {$zipf 1000}"),
        ("sum /lines", "like {$sum /lines quantity*price}"),
        ("sum lines quantity", "{$sum /lines quantity*price}"),
        ("sum a + ", "like {$sum price*count + 2.50}"),
    ] {
        let said = Generator::parse(text).unwrap_err();
        assert!(said.contains(says), "{text}: {said}");
    }
}

#[test]
fn the_list_has_every_generator_once() {
    for (name, wants, _) in GENERATORS {
        let example = match *name {
            "day" => "2000-01-01..2000-01-02".to_owned(),
            "paragraph" => "100".to_owned(),
            "text" => "int 1..2".to_owned(),
            "number" => "choice 1|2".to_owned(),
            _ => wants.replace("A..B", "1..2").replace('N', "2"),
        };
        let text = format!("{name} {example}");
        assert!(Generator::parse(&text).is_ok(), "{text}");
    }
    let names: std::collections::BTreeSet<&str> =
        GENERATORS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), GENERATORS.len());
}

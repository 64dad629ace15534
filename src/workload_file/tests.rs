//! Files that are sound, files that are wrong, and files that mean harm.

use super::{FileError, Model, Statuses, read};
use crate::plan::WaitTime;
use proptest::prelude::{any, proptest};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub const EXAMPLE: &str = include_str!("../../workloads/other-shop.toml");
/// The suite, as one text.
pub static BUILT_IN_TEXT: LazyLock<String> = LazyLock::new(|| {
    let parts = super::built_in("shopstream").unwrap().unwrap();
    parts.text().to_owned()
});
/// What every hostile file has to be refused within.
const PATIENCE: Duration = Duration::from_secs(1);

pub fn sound(text: &str) -> Model {
    read(text, "x.toml").unwrap_or_else(|error| panic!("{error}"))
}

pub fn refused(text: &str) -> FileError {
    match read(text, "x.toml") {
        Err(error) => error,
        Ok(model) => panic!("{model:?}"),
    }
}

/// The smallest file, with these lines in its operation.
pub fn with(lines: &str) -> String {
    format!(
        "name = \"x\"\n[operations.home]\nrequest = \"POST /\"\n{lines}\n[journeys.visit]\nsteps = \
         [\"home\"]\n"
    )
}

#[test]
fn the_smallest_file_has_one_class_that_makes_every_journey() {
    let model = sound(&with(""));
    assert_eq!(model.classes.len(), 1);
    assert_eq!(model.classes[0].name, "User");
    assert_eq!(model.classes[0].journeys, [(0, 1)]);
    assert_eq!(model.classes[0].wait, WaitTime::None);
    assert_eq!(model.operations[0].expect, Statuses::successes());
    assert_eq!(model.health, "/");
}

#[test]
fn the_example_is_sound() {
    let model = sound(EXAMPLE);
    assert_eq!(model.values, ["user", "token", "item", "price", "cart"]);
    assert_eq!(model.health, "/health");
    let shopper = model.class("Shopper").unwrap();
    assert_eq!((shopper.weight, shopper.first), (3, Some(0)));
    assert_eq!(shopper.journeys, [(1, 3), (2, 1)]);
}

/// What is wrong, the line and the column of it, and what is said.
#[test]
fn a_mistake_is_told_with_its_place_and_a_remedy() {
    for (lines, line, column, says) in [
        ("expet = 200", 4, 1, "did you mean `expect`?"),
        ("expect = \"ok\"", 4, 10, "like 200"),
        ("expect = []", 4, 10, "names no status"),
        ("json = { a = \"{b}\" }", 4, 15, "there is no value `b`"),
        (
            "json = { a = \"{email}\" }",
            4,
            15,
            "did you mean `{$email}`?",
        ),
        (
            "json = { a = \"{$emial}\" }",
            4,
            15,
            "did you mean `$email`?",
        ),
        ("json = { a = \"b {c\" }", 4, 17, "is not closed"),
        ("json = { a = \"b}\" }", 4, 16, "closes nothing"),
        ("json = 1\ntext = \"\"", 5, 1, "a request has one body"),
        ("draw = { a = \"b\" }", 4, 1, "means nothing without a body"),
        ("json = { a = nan }", 4, 14, "JSON has no such number"),
        (
            "json = 1\ndraw = { a = \"{$unique}\" }",
            5,
            15,
            "cannot be drawn once",
        ),
        ("headers = { \"a b\" = \"\" }", 4, 13, "no name of a header"),
        ("headers = { host = \"h\" }", 4, 13, "leave it out"),
        ("headers = { x = \"a\\nb\" }", 4, 17, "end its line"),
        ("read = { a = \"id\" }", 4, 14, "a JSON pointer like"),
        ("refused = [201]", 4, 11, "count as success"),
        ("refused = { 4040 = \"x\" }", 4, 13, "like 200"),
        ("retry_after = 1", 4, 15, "true or false"),
        ("body = \"order\"", 4, 8, "write it as [bodies.order]"),
        ("name = 7", 4, 8, "is a text"),
        ("check = 1", 4, 9, "a table of places"),
        ("check = { status = 1 }", 4, 11, "no place in a reply"),
        ("check = { \"/a/*\" = 1 }", 4, 11, "one that is certain"),
        (
            "check = { \"/a\" = \"{b}\" }",
            4,
            19,
            "there is no value `b`",
        ),
        (
            "check = { \"/a\" = \"{$word}\" }",
            4,
            18,
            "nothing is made up",
        ),
        (
            "check = { \"/a\" = { tipe = 1 } }",
            4,
            20,
            "did you mean `type`?",
        ),
        (
            "check = { \"/a\" = { type = \"text\" } }",
            4,
            27,
            "there is no type `text`",
        ),
        (
            "check = { body = { matches = \"(\" } }",
            4,
            30,
            "is no pattern",
        ),
        (
            "check = { body = { type = \"array\" } }",
            4,
            27,
            "at a JSON pointer",
        ),
        (
            "check = { \"/a\" = { between = \"2..1\" } }",
            4,
            30,
            "two numbers",
        ),
        ("check = { \"/a\" = [] }", 4, 18, "a number, true or false"),
        ("check = { size = \"x\" }", 4, 18, "whole number"),
        ("check = { body = {} }", 4, 18, "nothing is checked"),
        (
            "json = { a = { \"$repeat\" = 2 } }",
            4,
            16,
            "elements of a list",
        ),
        ("json = [{ \"$repeat\" = 2000 }]", 4, 23, "up to 1000"),
        (
            "json = [{ \"$repeat\" = 2, \"$of\" = 1, a = 1 }]",
            4,
            34,
            "`a` does not go with",
        ),
        (
            "json = { a = \"{$sum /b n}\" }",
            4,
            14,
            "there is no list at /b",
        ),
        (
            "json = { a = \"{$sum /b n}\", b = [{ m = 1 }] }",
            4,
            14,
            "has no /n",
        ),
        (
            "json = { a = \"{$sum /b n}\", b = [{ n = \"{$word}\" }] }",
            4,
            14,
            "is no number",
        ),
        ("json = { a = \"{$sum b n}\" }", 4, 15, "like {$sum /lines"),
        (
            "form = { a = \"{$sum /b n}\" }",
            4,
            14,
            "stands in its `json`",
        ),
        (
            "headers = { a = \"{$sum /b n}\" }",
            4,
            17,
            "stands in its `json`",
        ),
        (
            "json = 1\ndraw = { a = \"{$counter 1}\" }",
            5,
            15,
            "cannot be drawn once",
        ),
        ("[data.d]\nrows = 1", 5, 8, "a list of rows"),
        ("[data.d]\nrows = [1]", 5, 9, "a row is a table"),
        (
            "[data.d]\nrows = [{ a = 1 }, {}]",
            5,
            20,
            "this row has no `a`",
        ),
        (
            "[data.d]\nrows = [{ mail = 1 }, { mail = 1, mial = 1 }]",
            5,
            35,
            "did you mean `mail`?",
        ),
        ("[data.d]\nrows = [{ a = inf }]", 5, 15, "as JSON has them"),
        (
            "[data.d]\nrows = [{ a = 1 }]\norder = \"uniqe\"",
            6,
            9,
            "did you mean `unique`?",
        ),
        (
            "[data.d]\nrows = [{ a = 1 }]\nper = \"step\"",
            6,
            7,
            "\"pass\" or \"user\"",
        ),
        (
            "[data.d]\nrows = [{ a = 1 }]\nused_up = \"stop\"",
            6,
            1,
            "come again anyway",
        ),
        (
            "[data.d]\nrows = [{ a = 1 }]\nfile = \"a.csv\"",
            5,
            1,
            "keep one of the two",
        ),
        (
            "[data.d]\nrows = [{ a = 1 }]\nnumbers = []",
            6,
            1,
            "for CSV files",
        ),
        (
            "[data.d]\nfile = \"a.csv\"",
            5,
            8,
            "no folder to read files of",
        ),
        ("[data.d]", 4, 7, "has no rows"),
    ] {
        let error = refused(&with(lines));
        let mistake = &error.mistakes[0];
        let place = (mistake.position.line, mistake.position.column);
        assert_eq!(place, (line, column), "{lines}: {error}");
        assert!(mistake.says.contains(says), "{lines}: {error}");
        assert_eq!(error.mistakes.len(), 1, "{lines}: {error}");
    }
}

#[test]
fn thresholds_of_a_file_are_those_of_the_command_line() {
    let of = |text: &str| {
        with("").replace(
            "name = \"x\"\n",
            &format!("name = \"x\"\nthresholds = {text}\n"),
        )
    };
    assert_eq!(
        sound(&of("[\"failures: count < 1\", \"lag: p99 < 1ms\"]"))
            .thresholds
            .len(),
        2
    );
    for (text, column, says) in [
        ("1", 14, "is a list"),
        ("[1]", 15, "is a text"),
        (
            "[\"lag: p99 <> 1ms\"]",
            15,
            "`lag: p99 <> 1ms` is no threshold: expected a number",
        ),
    ] {
        let error = refused(&of(text));
        let position = error.mistakes[0].position;
        assert_eq!((position.line, position.column), (2, column), "{error}");
        assert!(error.mistakes[0].says.contains(says), "{error}");
    }
}

#[test]
fn what_a_file_lacks_is_told_with_a_line_that_would_do() {
    for (text, says) in [
        ("", "add a line like name = "),
        (
            "name = \"x\"",
            "there are no operations; add lines like [operations.home]",
        ),
        ("name = \"x\"\n[operations.a]", "`a` lacks its request"),
        (
            "name = \"x\"\n[operations.a]\nrequest = \"/\"",
            "there are GET, HEAD, POST",
        ),
        (
            "name = \"x\"\n[operations.a]\nrequest = \"get /\"",
            "did you mean `GET`?",
        ),
        (
            "name = \"x\"\n[operations.a]\nrequest = \"GET x\"",
            "a path begins with `/`",
        ),
        (
            "name = \"x\"\n[operations.a]\nrequest = \"GET /a b\"",
            "cannot stand in a path",
        ),
        (
            "name = \"x\"\n[operations.a]\nrequest = \"GET /\"\njson = 1",
            "a request by GET has no body",
        ),
        (
            "name = \"x\"\n[operations.a]\nrequest = \"GET /\"\n[operations.b]\nrequest = \"GET /\"",
            "has the same name in statistics",
        ),
        ("name = \"x\"\n[journeys.j]", "`j` lacks its steps"),
        ("name = \"x\"\n[journeys.j]\nsteps = []", "`steps` is empty"),
        ("name = \"x\"\n[classes.c]", "`c` lacks its journeys"),
        ("name = \"\"", "is no name"),
        ("name = \"x", "this is not TOML"),
    ] {
        let told = refused(text).to_string();
        assert!(told.contains(says), "{text}: {told}");
    }
}

#[test]
fn values_have_to_be_there_on_every_way() {
    let file = |steps: &str, class: &str| {
        format!(
            "name = \"x\"\n[operations.log_in]\nrequest = \"POST /s\"\nread = {{ token = \"/t\" }}\n\
             [operations.home]\nrequest = \"GET /{{token}}\"\n[journeys.enter]\nsteps = [\"log_in\"]\n\
             [journeys.visit]\nsteps = {steps}\n[classes.C]\njourneys = [\"visit\"]\n{class}"
        )
    };
    for (steps, class) in [
        ("[\"log_in\", \"home\"]", ""),
        ("[\"home\"]", "first = \"enter\""),
        ("[{ steps = [\"log_in\"], repeat = 2 }, \"home\"]", ""),
        ("[{ steps = [\"log_in\", \"home\"], chance = \"1%\" }]", ""),
    ] {
        sound(&file(steps, class));
    }
    for (steps, column) in [
        ("[\"home\", \"log_in\"]", 10),
        (
            "[{ call = \"log_in\", on_failure = \"continue\" }, \"home\"]",
            56,
        ),
        ("[{ call = \"log_in\", chance = \"99%\" }, \"home\"]", 47),
        ("[{ call = \"log_in\", repeat = \"0..1\" }, \"home\"]", 48),
    ] {
        let error = refused(&file(steps, ""));
        let mistake = &error.mistakes[0];
        let place = (mistake.position.line, mistake.position.column);
        assert_eq!(place, (10, column), "{error}");
        assert!(mistake.says.contains("call `log_in` before"), "{error}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_up_to_a_screen() {
    let lines: String = (0..30).map(|at| format!("wrong{at} = 1\n")).collect();
    let error = refused(&with(&lines));
    assert_eq!(error.mistakes.len(), 30);
    let told = error.to_string();
    assert_eq!(told.lines().count(), 21);
    assert!(told.ends_with("and 10 more"), "{told}");
}

#[test]
fn files_that_mean_harm_are_refused_at_once() {
    let deep =
        |open: &str, close: &str| format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
    let doubling: String = (0..40)
        .map(|at| match at {
            0 => "d0 = \"{$words 1000}\"\n".to_owned(),
            at => format!("d{at} = \"{{d{}}}{{d{}}}\"\n", at - 1, at - 1),
        })
        .collect();
    let nested = (0..6).fold("\"home\"".to_owned(), |inner, _| {
        format!("{{ repeat = 10000, steps = [{inner}] }}")
    });
    let one = |steps: String| {
        format!(
            "name = \"x\"\n[operations.home]\nrequest = \"GET /\"\n[journeys.j]\nsteps = [{steps}]\n"
        )
    };
    let long = "{$words 1000}".repeat(70);
    for (what, text) in [
        ("deep arrays", format!("a = {}", deep("[", "]"))),
        ("deep tables", format!("a = {}", deep("{a=", "}"))),
        (
            "a deep body",
            with(&format!("json = {}1{}", "[".repeat(60), "]".repeat(60))),
        ),
        (
            "doubling draws",
            format!(
                "{}[operations.home.draw]\n{doubling}",
                with("json = \"{d39}\"").replace("[journeys.visit]\nsteps = [\"home\"]\n", "")
                    + "\n"
            ),
        ),
        ("a long body", with(&format!("text = \"{long}\""))),
        (
            "a gigabyte of bodies",
            format!(
                "name = \"x\"\n{}[journeys.j]\nsteps = [\"o1\"]\n",
                (0..900)
                    .map(|at| format!(
                        "[operations.o{at}]\nrequest = \"PUT /{at}\"\ntext = \"{}\"\n",
                        "{$words 1000}".repeat(64)
                    ))
                    .collect::<String>()
            ),
        ),
        ("deep repetitions", one(nested)),
        (
            "endless repetitions",
            one("{ call = \"home\", repeat = 10001 }".to_owned()),
        ),
        ("many steps", one("\"home\",".repeat(20_000))),
        ("long waits", one("{ think = \"2h\" }".to_owned())),
        ("a large file", format!("# {}", "x".repeat(2 << 20))),
        (
            "many operations",
            format!(
                "name = \"x\"\n{}",
                (0..2_000)
                    .map(|at| format!("[operations.o{at}]\nrequest = \"GET /{at}\"\n"))
                    .collect::<String>()
            ),
        ),
    ] {
        let begun = Instant::now();
        let error = refused(&text);
        assert!(!error.mistakes.is_empty(), "{what}");
        // Far more than it takes; what grows without bound takes far longer.
        assert!(
            begun.elapsed() < 20 * PATIENCE,
            "{what}: {:?}",
            begun.elapsed()
        );
    }
}

/// Words of the example that stand for something else, each with what it would be confused with.
fn references() -> Vec<(usize, &'static str)> {
    let words = [
        "sign_up",
        "log_in",
        "list_items",
        "get_item",
        "create_cart",
        "add_item",
        "check_out",
        "browse",
        "buy",
        "arrive",
        "token",
        "cart",
        "item",
        "user",
        "expect",
        "request",
        "journeys",
        "steps",
        "retry_after",
        "repeat",
        "call",
        "weight",
        "pace",
        "wait",
        "first_name",
        "decimal",
        "choice",
    ];
    let mut found = Vec::new();
    for word in words {
        for (at, _) in EXAMPLE.match_indices(word) {
            let before = EXAMPLE[..at].chars().next_back();
            let after = EXAMPLE[at + word.len()..].chars().next();
            let is_of_word = |letter: Option<char>| {
                letter.is_some_and(|it| it.is_ascii_alphanumeric() || it == '_' || it == '/')
            };
            let line_start = EXAMPLE[..at].rfind('\n').map_or(0, |end| end + 1);
            let line = EXAMPLE[line_start..].lines().next().unwrap_or_default();
            // What is only told, sent, or read by a name of the shop's own means nothing to the file.
            let is_told = ["#", "about", "description", "name ="]
                .iter()
                .any(|start| line.starts_with(start));
            let is_sent =
                line.starts_with("json") || line.starts_with("form") || line.contains("item = ");
            // A name in statistics is as it is written.
            let is_label = line.contains("(before buying)") && word == "item";
            let is_value = before == Some('{') || before == Some('$');
            if !is_of_word(before)
                && !is_of_word(after)
                && !is_told
                && !is_label
                && (is_value || !is_sent)
            {
                found.push((at, word));
            }
        }
    }
    found
}

#[test]
fn ten_thousand_mistakes_at_random_are_refused_with_their_places() {
    let references = references();
    assert!(references.len() > 60, "{}", references.len());
    let mut rng = fastrand::Rng::with_seed(1);
    for number in 0..10_000 {
        let (at, word) = references[rng.usize(..references.len())];
        let letter = rng.usize(..word.len());
        let wrong = match rng.u8(..4) {
            0 => format!("{}{}", &word[..letter], &word[letter + 1..]),
            1 => format!("{}{}", &word[..=letter], &word[letter..]),
            2 => format!(
                "{}{}{}",
                &word[..letter],
                rng.lowercase(),
                &word[letter + 1..]
            ),
            _ => format!("{word}_"),
        };
        if wrong == word {
            continue;
        }
        let text = format!("{}{wrong}{}", &EXAMPLE[..at], &EXAMPLE[at + word.len()..]);
        let error = match read(&text, "x.toml") {
            Err(error) => error,
            Ok(_) => panic!("{number}: `{wrong}` for `{word}` at {at}"),
        };
        for mistake in &error.mistakes {
            let lines = text.lines().count() + 1;
            assert!((1..=lines).contains(&mistake.position.line), "{error}");
            assert!(mistake.says.len() > 15, "{error}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_in_the_example_make_it_fail(at in 0..EXAMPLE.len(), cut in 0..40_usize, put in "[ -~\n]{0,12}") {
        let start = EXAMPLE.floor_char_boundary(at);
        let end = EXAMPLE.ceil_char_boundary((start + cut).min(EXAMPLE.len()));
        let text = format!("{}{put}{}", &EXAMPLE[..start], &EXAMPLE[end..]);
        if let Err(error) = read(&text, "x.toml") {
            assert!(!error.mistakes.is_empty());
        }
    }

    #[test]
    fn no_text_at_all_makes_it_fail(text in any::<String>()) {
        let _ = read(&text, "x.toml");
    }
}

//! Workload files, descriptions and recordings that mean harm: refused, or read, in little memory.

use shopblast::engine::most_held;
use shopblast::workload_file::{from_description, from_recording, read};

/// What reading anything may hold, in bytes.
const MOST_HELD: usize = 100 << 20;

/// A workload with these lines in its one operation.
fn with(lines: &str) -> String {
    format!(
        "name = \"x\"\n[operations.home]\nrequest = \"POST /\"\n{lines}\n[journeys.visit]\nsteps = \
         [\"home\"]\n"
    )
}

/// The same, with these steps.
fn stepping(steps: &str) -> String {
    format!(
        "name = \"x\"\n[operations.home]\nrequest = \"GET /\"\n[journeys.visit]\nsteps = [{steps}]\n"
    )
}

fn nested(open: &str, close: &str, deep: usize) -> String {
    format!("{}1{}", open.repeat(deep), close.repeat(deep))
}

#[test]
fn workloads_that_mean_harm_are_refused_in_little_memory() {
    let words = "{$words 1000}".repeat(64);
    let bodies = (0..900)
        .map(|at| format!("[operations.o{at}]\nrequest = \"PUT /{at}\"\ntext = \"{words}\"\n"));
    let doubling = (1..60).map(|at| format!("d{at} = \"{{d{}}}{{d{}}}\"\n", at - 1, at - 1));
    let doubling: String = doubling.collect();
    let repeated = (0..10).fold("\"home\"".to_owned(), |inner, _| {
        format!("{{ repeat = 10000, steps = [{inner}] }}")
    });
    for (what, text) in [
        ("deep arrays", format!("a = {}", nested("[", "]", 400_000))),
        (
            "deep tables",
            format!("a = {}", nested("{a=", "}", 200_000)),
        ),
        ("deep keys", format!("{} = 1", vec!["a"; 400_000].join("."))),
        (
            "deep headers",
            format!("[{}]", vec!["a"; 400_000].join(".")),
        ),
        (
            "a deep body",
            with(&format!("json = {}", nested("[", "]", 60))),
        ),
        (
            "many keys",
            (0..60_000).map(|at| format!("k{at} = 1\n")).collect(),
        ),
        (
            "many tables",
            (0..60_000).map(|at| format!("[t.k{at}]\n")).collect(),
        ),
        ("many wrong tables", "[[a]]\n".repeat(150_000)),
        (
            "a gigabyte of bodies",
            format!("{}{}", with(""), bodies.collect::<String>()),
        ),
        (
            "doubling draws",
            with(&format!(
                "json = \"{{d59}}\"\n[operations.home.draw]\nd0 = \"{{$words 1000}}\"\n{doubling}"
            )),
        ),
        ("a long body", with(&format!("text = \"{words}{words}\""))),
        ("long words", with("text = \"{$words 4000000000}\"")),
        (
            "many choices",
            with(&format!("text = \"{{$choice {}x}}\"", "a|".repeat(400_000))),
        ),
        ("many steps", stepping(&"\"home\",".repeat(100_000))),
        ("deep repetitions", stepping(&repeated)),
        (
            "endless repetitions",
            stepping("{ call = \"home\", repeat = 4000000000 }"),
        ),
        ("a large file", "#".repeat(64 << 20)),
        (
            "open braces",
            with(&format!("text = \"{}\"", "{".repeat(500_001))),
        ),
        (
            "unknown values",
            with(&format!("text = \"{}\"", "{a}".repeat(300_000))),
        ),
    ] {
        let (refused, held) = most_held(|| read(&text, "x.toml").err());
        let error = refused.unwrap_or_else(|| panic!("{what} is read"));
        assert!(
            !error.mistakes.is_empty() && error.to_string().len() < 100_000,
            "{what}"
        );
        assert!(held < MOST_HELD, "{what}: {held} bytes");
    }
}

#[test]
fn descriptions_and_recordings_that_mean_harm_take_little_memory() {
    let schema = |text: String| {
        format!(
            "{{\"openapi\":\"3.1.0\",\"paths\":{{\"/a\":{{\"get\":{{}},\"post\":{{\"requestBody\":{{\"content\":\
             {{\"application/json\":{{\"schema\":{text}}}}}}}}}}}}}}}"
        )
    };
    let entries = |text: String| format!("{{\"log\":{{\"entries\":[{text}]}}}}");
    let properties: String = (0..100_000)
        .map(|at| format!("\"p{at}\":{{\"type\":\"string\"}},"))
        .collect();
    let paths: String = (0..50_000)
        .map(|at| format!("\"/p{at}\":{{\"get\":{{}}}},"))
        .collect();
    for (what, text) in [
        ("deep", nested("[", "]", 1_000_000)),
        ("many values", format!("[{}0]", "0,".repeat(8_000_000))),
        ("many members", schema(format!("{{\"properties\":{{{properties}\"x\":{{}}}}}}"))),
        ("many choices", schema(format!("{{\"enum\":[{}0]}}", "0,".repeat(300_000)))),
        ("many paths", format!("{{\"openapi\":\"3\",\"paths\":{{{paths}\"/x\":{{}}}}}}")),
        ("a long text", schema("{\"minLength\":1e18}".to_owned())),
        ("many elements", schema("{\"type\":\"array\",\"minItems\":1e18}".to_owned())),
        ("empty entries", entries("{},".repeat(100_000) + "{}")),
        (
            "many entries",
            entries(vec!["{\"request\":{\"method\":\"GET\",\"url\":\"http://a.test/x\"},\"response\":{\"status\":200}}"; 30_000].join(",")),
        ),
    ] {
        let (_, held) = most_held(|| from_description(&text, "x").map(drop));
        assert!(held < MOST_HELD, "{what}: {held} bytes");
        let (_, held) = most_held(|| from_recording(&text, "x", None).map(drop));
        assert!(held < MOST_HELD, "{what}: {held} bytes");
    }
}

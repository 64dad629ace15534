//! `shopblast workload`: files made of descriptions and of recordings, and those that come with the program.

use crate::invocation::{Ended, run, run_inside};
use crate::other_shop::{Manners, OtherShop};
use shopblast::plan::Driver;
use shopblast::sandbox::{Sandbox, SandboxConfig, SandboxMode, ShopConfig};
use shopblast::shop::Generation;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn of_repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    path.to_str().expect("text").to_owned()
}

/// A file that is not there yet.
fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("mine.toml");
    (directory, path)
}

fn shop(generation: Generation) -> Sandbox {
    Sandbox::start(&SandboxConfig {
        address: "127.0.0.1:0".parse().expect("an address"),
        mode: SandboxMode::Shop(ShopConfig {
            generation,
            retain: 10_000,
            ..ShopConfig::default()
        }),
        cores: Vec::new(),
        driver: Driver::Uring,
        ..SandboxConfig::default()
    })
    .expect("a sandbox")
}

/// Makes a file as `words` say, and looks whether it is sound.
fn made(words: &str) -> (TempDir, PathBuf, Ended) {
    let (directory, path) = new_file();
    let ended = run_inside(&format!("workload init {words} --out {}", path.display()));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert!(
        ended.err.contains("next: shopblast check"),
        "{}",
        ended.told()
    );
    let checked = run_inside(&format!("check {} --print-requests 1", path.display()));
    assert_eq!(checked.code, 0, "{}", checked.told());
    (directory, path, ended)
}

/// Requests that were sent, and those that were refused because of their form.
fn sent_and_refused(path: &Path, sandbox: &Sandbox, more: &str) -> (u64, u64) {
    let address = sandbox.address();
    let line = format!(
        "--workload {} --profile quick -H http://{address} --pacing max -t 4s {more}",
        path.display()
    );
    let ended = run(&line);
    let record = ended.record();
    let rows = record["names"].as_array().expect("names");
    let sent = rows.iter().filter_map(|row| row["requests"].as_u64()).sum();
    let errors = record["errors"].as_array().expect("errors");
    let of_form = errors
        .iter()
        .filter(|error| error.to_string().contains("Unprocessable"));
    let refused = of_form.filter_map(|error| error["count"].as_u64()).sum();
    (sent, refused)
}

#[test]
fn a_start_from_the_sandboxs_own_description_sends_nothing_that_its_schemas_refuse() {
    for generation in [Generation::Today, Generation::Five] {
        let sandbox = shop(generation);
        let (_directory, path, _) = made(&format!("--from-openapi http://{}", sandbox.address()));
        let (sent, refused) = sent_and_refused(&path, &sandbox, "");
        assert!(
            sent > 1_000 && refused == 0,
            "{generation:?}: {sent} sent, {refused} refused"
        );
        // What is counted is what would be refused.
        let text = std::fs::read_to_string(&path).expect("the file");
        let wrong = text.replace("\nemail = \"{$email}\"", "\nmail = \"{$email}\"");
        assert_ne!(text, wrong);
        std::fs::write(&path, wrong).expect("the file");
        let line = format!(
            "--workload {} -H http://{} -t 1s",
            path.display(),
            sandbox.address()
        );
        let ended = run(&line);
        assert_eq!(ended.code, 104, "{}", ended.told());
        let says = "the target refuses POST /customers: /email is missing, which is required";
        assert!(ended.err.contains(says), "{}", ended.told());
        let (_, refused) = sent_and_refused(&path, &sandbox, "--allow-drift");
        assert!(refused > 0, "{generation:?}");
    }
}

#[test]
fn a_start_from_a_file_sends_nothing_that_schemas_refuse() {
    let sandbox = shop(Generation::Today);
    let description = of_repository("src/shop/generation/openapi-today.json");
    let (_directory, path, _) = made(&format!("--from-openapi {description}"));
    let (sent, refused) = sent_and_refused(&path, &sandbox, "");
    assert!(
        sent > 1_000 && refused == 0,
        "{sent} sent, {refused} refused"
    );
}

/// The recording is that of a visit by Chromium; only what its comments ask for is put in.
#[test]
fn a_start_from_a_recording_is_carried_out_by_many() {
    let shop = OtherShop::start(Manners::default());
    let (_directory, path, ended) = made(&format!(
        "--from-har {}",
        of_repository("tests/data/starts/shop.har")
    ));
    assert!(ended.err.contains("1 journey"), "{}", ended.told());
    let text = std::fs::read_to_string(&path).expect("the file");
    let own = text
        .replace("CHANGE-ME", "open sesame")
        .replace("ann.recorded@example.com", "{$email}")
        .replace("order 4711", "order {$unique}");
    assert_ne!(text, own);
    std::fs::write(&path, own).expect("the file");
    let ended = run(&format!(
        "--workload {} -H {} -u 5 -r 5 --pacing max -t 3s",
        path.display(),
        shop.url()
    ));
    assert_eq!(shop.wrong(), Vec::<String>::new());
    assert_eq!(ended.code, 0, "{}", ended.told());
    let carts = shop.asked("POST /carts/{cart}/checkout");
    assert!(carts > 10, "{carts}");
}

#[test]
fn what_comes_with_the_program_is_listed_and_printed() {
    let listed = run_inside("workload show");
    assert_eq!(listed.code, 0, "{}", listed.told());
    for name in ["other-shop", "single-url", "shopstream/identity"] {
        assert!(
            listed.out.lines().any(|line| line.starts_with(name)),
            "{}",
            listed.told()
        );
        let file_name = if name.contains('/') { ".toml" } else { "" };
        let shown = run_inside(&format!("workload show {name}{file_name}"));
        let file = std::fs::read_to_string(of_repository(&format!("workloads/{name}.toml")));
        assert_eq!(shown.out, file.expect("the file"));
    }
    let (_directory, path, _) = made("");
    let printed = run_inside("workload init");
    assert_eq!(
        printed.out,
        std::fs::read_to_string(path).expect("the file")
    );
}

#[test]
fn what_cannot_be_is_told_and_nothing_is_written_over() {
    let (_directory, path, _) = made("");
    let path = path.display();
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("an address");
    drop(nobody);
    let sandbox = shop(Generation::Today);
    let known = sandbox.address();
    for (words, code, says) in [
        (format!("init --out {path}"), 104, "is there already"),
        ("init other-shop".to_owned(), 104, "init takes no name"),
        (
            "show other-shp".to_owned(),
            104,
            "did you mean `other-shop`?",
        ),
        ("show --out x.toml".to_owned(), 104, "go with init"),
        (
            "init --from-openapi none.json".to_owned(),
            104,
            "check the path",
        ),
        (
            format!("init --from-openapi {path}"),
            104,
            "is no description",
        ),
        (format!("init --from-har {path}"), 104, "is no recording"),
        (
            "init --from-openapi http://192.0.2.1/x".to_owned(),
            104,
            "192.0.2.1",
        ),
        (
            format!("init --from-openapi http://{address}"),
            107,
            "cannot reach",
        ),
        (
            format!("init --from-openapi http://{known}/nothing.json"),
            104,
            "answers with 404",
        ),
        (
            format!("init --from-openapi http://{known}/health"),
            104,
            "is no description",
        ),
        (
            format!("init --from-openapi {known} --insecure"),
            104,
            "--insecure",
        ),
        ("start".to_owned(), 104, "init"),
    ] {
        let ended = run_inside(&format!("workload {words}"));
        assert_eq!(ended.code, code, "{}", ended.told());
        assert!(ended.err.contains(says), "{says}: {}", ended.told());
    }
}

#[test]
fn a_doctor_looks_at_the_target_of_a_file_or_a_url() {
    let shop_of_file = OtherShop::start(Manners::default());
    let file = of_repository("workloads/other-shop.toml");
    let looked = run_inside(&format!(
        "doctor --workload {file} -H {}",
        shop_of_file.url()
    ));
    for says in [
        "answers GET /health with 200",
        "workload: other-shop is sound: 7 operations, 3 journeys",
        "description: there is none at /openapi.json",
        "plan: the profile rush",
    ] {
        assert!(looked.out.contains(says), "{says}: {}", looked.told());
    }
    assert!(
        !looked.out.contains("ShopStream") && !looked.out.contains("observatory"),
        "{}",
        looked.told()
    );
    let sandbox = shop(Generation::Today);
    let address = sandbox.address();
    let (_directory, path, _) = made(&format!("--from-openapi http://{address}"));
    let looked = run_inside(&format!(
        "doctor --workload {} -H http://{address}",
        path.display()
    ));
    let says = "all that is called is in the target's own description";
    assert!(looked.out.contains(says), "{}", looked.told());
    let looked = run_inside(&format!("doctor --workload {file} -H http://{address}"));
    let says = "description: `POST /users` is not in it";
    assert!(looked.out.contains(says), "{}", looked.told());
    let looked = run_inside(&format!("doctor --url http://{address}/health -u 10"));
    assert!(
        looked.out.contains("answers GET /health with 200"),
        "{}",
        looked.told()
    );
    assert!(
        looked.out.contains("plan: a run with 10 users"),
        "{}",
        looked.told()
    );
    let looked = run_inside(&format!("doctor --url http://{address}/nothing"));
    assert_eq!(looked.code, 1, "{}", looked.told());
    assert!(looked.out.contains("problem health:"), "{}", looked.told());
}

/// Serves `body` to everybody; gives what they asked, up to the empty line, when they are gone.
fn serving(body: String) -> (String, std::sync::mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (told, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let reader = BufReader::new(stream.try_clone().expect("a stream"));
            let lines = reader.lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let length = body.len();
            let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            // Who has gone wants nothing.
            let _ = stream.write_all(reply.as_bytes());
            if told.send(head).is_err() {
                return;
            }
        }
    });
    (url, asked)
}

#[test]
fn a_description_is_asked_for_once_with_what_requests_carry() {
    let path = of_repository("tests/data/starts/small.openapi.json");
    let description = std::fs::read_to_string(path).expect("the file");
    let (url, asked) = serving(description);
    let (_directory, path, ended) = made(&format!(
        "--from-openapi {url}/v2/openapi.json --header x-tenant:blue --bearer-from {}",
        // Cargo sets it for its tests.
        "CARGO_PKG_NAME"
    ));
    assert!(
        ended.err.contains("9 operations (4 more in no journey"),
        "{}",
        ended.told()
    );
    let head = asked.recv().expect("a request");
    assert_eq!(head[0], "GET /v2/openapi.json HTTP/1.1");
    assert!(head.iter().any(|line| line == "x-tenant: blue"), "{head:?}");
    assert!(
        head.iter()
            .any(|line| line.starts_with("authorization: Bearer ")),
        "{head:?}"
    );
    assert!(asked.try_recv().is_err(), "it is asked once");
    // Where it came from is told, and what was sent along is not.
    let text = std::fs::read_to_string(path).expect("the file");
    assert!(
        text.contains(&format!("the description at {url}/v2/openapi.json")),
        "{text}"
    );
    assert!(!text.contains("blue"), "{text}");
}

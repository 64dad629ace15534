//! The traffic light over real sockets: what the generator is driven to, and that every place tells
//! it in the same words. States are looked at, never times: the machine may be busy.

use crate::invocation::shopblast;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const AT_ITS_LIMIT: &str = "at its limit";

/// A run that is over.
struct Ended {
    output: Output,
    directory: PathBuf,
    _results: tempfile::TempDir,
}

impl Ended {
    fn of(arguments: &str) -> Self {
        let results = tempfile::tempdir().expect("a directory");
        let output = shopblast()
            .args(arguments.split_whitespace())
            .args([
                "--headless",
                "--fail-on-saturation",
                "--details",
                "--results",
            ])
            .arg(results.path())
            .env("NO_COLOR", "1")
            .output()
            .expect("shopblast runs");
        let directory = std::fs::read_dir(results.path())
            .expect("a directory")
            .next()
            .unwrap_or_else(|| panic!("no record: {}", text(&output)))
            .expect("an entry");
        Self {
            directory: directory.path(),
            output,
            _results: results,
        }
    }

    fn record(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.directory.join("run.json")).expect("a record");
        serde_json::from_str(&text).expect("JSON")
    }

    fn state(&self) -> String {
        let record = self.record();
        let state = record["generator"]["state"].as_str();
        state.expect("a state").to_owned()
    }

    fn report(&self, format: &str) -> String {
        let file = self.directory.join(format!("told.{format}"));
        let output = shopblast()
            .arg("report")
            .arg(&self.directory)
            .args(["--format", format, "--out"])
            .arg(&file)
            .output()
            .expect("shopblast runs");
        assert!(output.status.success(), "{}", text(&output));
        std::fs::read_to_string(file).expect("written")
    }

    /// Everything that a reader may look at has these words.
    fn tells(&self, words: &str) {
        let console = text(&self.output);
        let line = format!("Generator: {words}");
        assert!(console.contains(&line), "{line} is not in\n{console}");

        for (file, told) in [
            ("junit.xml", self.read("junit.xml").replace("&apos;", "'")),
            (
                "report.html",
                self.read("report.html").replace("&#39;", "'"),
            ),
            ("Markdown", self.report("md").replace("\\", "")),
            ("summary.txt", self.read("summary.txt")),
        ] {
            assert!(told.contains(words), "{words} is not in {file}:\n{told}");
        }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.join(name)).expect("written")
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The sandbox as a process of its own.
struct Sandbox {
    child: Child,
    address: String,
}

impl Sandbox {
    fn start(arguments: &[&str]) -> Self {
        let mut child = shopblast()
            .args(["sandbox", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let found = lines.map_while(Result::ok).find_map(|line| {
            let start = line.find("http://")?;
            let address = line[start..].split_whitespace().next()?;
            Some(address.to_owned())
        });
        let address = found.expect("the sandbox says where it is");
        Self { child, address }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first CPU that this process may use.
fn some_cpu() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .expect("a list of CPUs");
    let first = allowed.trim().split([',', '-']).next();
    first.expect("a CPU").to_owned()
}

/// A shop that gives so many replies, each after 200 ms, and is dead then: nobody listens.
fn dying_api(replies: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let given = Arc::new(AtomicU64::new(0));
    listener.set_nonblocking(true).expect("set");
    thread::spawn(move || {
        while given.load(Ordering::Relaxed) < replies {
            match listener.accept() {
                Ok((stream, _)) => {
                    let given = Arc::clone(&given);
                    thread::spawn(move || answer(stream, &given, replies));
                }
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    });
    address
}

fn answer(mut stream: TcpStream, given: &AtomicU64, replies: u64) {
    const REPLY: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{}";
    let _ = stream.set_nonblocking(false);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
    let mut request = [0; 65_536];
    while given.load(Ordering::Relaxed) < replies {
        match stream.read(&mut request) {
            Ok(0) => return,
            Ok(_) => {
                thread::sleep(Duration::from_millis(200));
                given.fetch_add(1, Ordering::Relaxed);
                if stream.write_all(REPLY).is_err() {
                    return;
                }
            }
            Err(_) => {}
        }
    }
}

#[test]
fn an_idle_paced_smoke_beside_its_shop_is_clean_or_disturbed_with_its_share() {
    let ended = Ended::of("--profile smoke --sandbox --service-time 100ms -t 6s");
    let state = ended.state();
    let console = text(&ended.output);
    assert_eq!(ended.output.status.code(), Some(0), "{console}");
    let share = &ended.record()["generator"]["own_share"]["p99"];
    let share = share.as_f64().expect("a share");
    assert!((0.0..=1.0).contains(&share), "{share}");
    match state.as_str() {
        "clean" => ended.tells("clean"),
        "disturbed" => {
            let percent = (share * 100.0).ceil();
            ended.tells(&format!(
                "disturbed: at most {percent} % of p99 is the generator's"
            ));
        }
        other => panic!("{other}: {console}"),
    }
}

#[test]
fn without_pacing_against_a_fixed_reply_on_one_core_the_generator_is_at_its_limit() {
    let cpu = some_cpu();
    let core = format!("{cpu}-{cpu}");
    let sandbox = Sandbox::start(&["--fixed", "--cores", &core]);
    let ended = Ended::of(&format!(
        "EventFloodUser --pacing max -u 64 -r 64 -t 4s --no-preflight --cores {core} -H {}",
        sandbox.address
    ));
    assert_eq!(ended.state(), AT_ITS_LIMIT, "{}", text(&ended.output));
    assert_eq!(
        ended.output.status.code(),
        Some(95),
        "{}",
        text(&ended.output)
    );
    ended.tells(AT_ITS_LIMIT);
    let junit = ended.read("junit.xml");
    assert!(
        junit.contains("<failure message=\"at its limit: "),
        "{junit}"
    );
}

#[test]
fn a_dead_api_does_not_make_the_generator_its_limit() {
    let dying = dying_api(100);
    let ended = Ended::of(&format!(
        "EventFloodUser --pacing max -u 8 -r 8 -t 7s --no-preflight -H {dying}"
    ));
    assert_ne!(ended.state(), AT_ITS_LIMIT, "{}", text(&ended.output));
    assert_ne!(ended.output.status.code(), Some(95));
}

#[test]
fn an_api_that_takes_connections_and_never_answers_does_neither() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let ended = Ended::of(&format!(
        "EventFloodUser --rate 200 --max-users 20 -t 4s --stop-timeout 0 --no-preflight -H http://{address}"
    ));
    assert_eq!(ended.state(), "clean", "{}", text(&ended.output));
    assert_ne!(ended.output.status.code(), Some(95));
    drop(listener);
}

/// So that records of before can be told and compared.
#[test]
fn a_record_of_an_older_layout_is_read() {
    let ended = Ended::of("--profile smoke --sandbox -t 2s");
    let path: &Path = &ended.directory.join("run.json");
    let mut record = ended.record();
    record["schema_version"] = 3.into();
    let generator = record["generator"].as_object_mut().expect("an object");
    for newer in ["state", "own_share", "attention_us"] {
        generator.remove(newer);
    }
    generator.insert("saturated".to_owned(), true.into());
    std::fs::write(path, record.to_string()).expect("written");
    let told = ended.report("md");
    assert!(told.contains("Generator: at its limit"), "{told}");
}

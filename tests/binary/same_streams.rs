//! The same seed and run id give every user the same bytes, on one core, on two, and with more
//! workers than CPUs, seen from the other end of real sockets.

use crate::invocation::shopblast;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What each user sent, by the user's part of the unique number in its first registration.
type Streams = BTreeMap<String, Vec<Vec<u8>>>;

/// The requests of every connection that has ended.
type Recorded = Arc<Mutex<Vec<Vec<Vec<u8>>>>>;

const USERS: usize = 6;
/// Requests of each user that are compared.
const COMPARED: usize = 25;

/// Answers every request, and keeps what each connection sent.
fn recording_shop() -> (u16, Recorded) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || {
                let requests = serve(stream.unwrap());
                kept.lock().unwrap().push(requests);
            });
        }
    });
    (port, seen)
}

fn serve(mut stream: TcpStream) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    let mut buffer = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        if let Some(end) = request_end(&buffer) {
            let request: Vec<u8> = buffer.drain(..end).collect();
            let creates = request.starts_with(b"POST /customers ");
            requests.push(request);
            let body = match creates {
                true => "{\"customer_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f\"}",
                false => "{\"status\":\"ok\"}",
            };
            let status = if creates || requests.last().unwrap().starts_with(b"POST") {
                "201 Created"
            } else {
                "200 OK"
            };
            let reply = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(reply.as_bytes()).is_err() {
                return requests;
            }
            continue;
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return requests,
            Ok(received) => buffer.extend_from_slice(&piece[..received]),
        }
    }
}

fn request_end(buffer: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(buffer);
    let head = text.find("\r\n\r\n")? + 4;
    let length: usize = text[..head]
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    (buffer.len() >= head + length).then_some(head + length)
}

/// What came of a run.
struct Seen {
    streams: Streams,
    /// Requests that the server answered, and the bytes of them.
    answered: (u64, u64),
    record: Value,
    told: String,
}

fn streams(cores: &str) -> Streams {
    seen(&["--cores", cores, "--quiet"], USERS).streams
}

/// Runs `users` users with `flags`.
fn seen(flags: &[&str], users: usize) -> Seen {
    let (port, seen) = recording_shop();
    let results = tempfile::tempdir().unwrap();
    let output = shopblast()
        .env_clear()
        .args(["IdentityUser", "--pacing", "max", "--no-preflight"])
        .args(["--seed", "42", "--run-id", "0123456789abcdef"])
        .args(["-u", &users.to_string(), "-r", "1000", "-t", "2s"])
        .args(["-H", &format!("http://127.0.0.1:{port}")])
        .args(flags)
        .arg("--results")
        .arg(results.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut streams = Streams::new();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while streams.len() < users && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(20));
        for requests in seen.lock().unwrap().iter() {
            // The port differs from run to run, and is no part of what a user does.
            let host = format!("host: 127.0.0.1:{port}");
            let plain: Vec<Vec<u8>> = requests
                .iter()
                .map(|request| {
                    String::from_utf8_lossy(request)
                        .replace(&host, "host: shop")
                        .into_bytes()
                })
                .collect();
            streams.insert(user_of(&plain[0]), plain);
        }
    }
    let answered = seen
        .lock()
        .unwrap()
        .iter()
        .flatten()
        .fold((0, 0), |(requests, bytes), request| {
            (requests + 1, bytes + request.len() as u64)
        });
    let run = std::fs::read_dir(results.path()).unwrap().next().unwrap();
    let run_json = run.unwrap().path().join("run.json");
    Seen {
        streams,
        answered,
        record: serde_json::from_slice(&std::fs::read(run_json).unwrap()).unwrap(),
        told: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    }
}

/// The five characters of the unique number that are the user's global index.
fn user_of(registration: &[u8]) -> String {
    let body = &registration[registration
        .windows(4)
        .position(|at| at == b"\r\n\r\n")
        .unwrap()
        + 4..];
    let body: Value = serde_json::from_slice(body).unwrap();
    let id = body["external_id"].as_str().unwrap();
    let unique = id.strip_prefix("EXT-LT-0123456789abcdef").unwrap();
    unique[..5].to_owned()
}

#[test]
fn every_user_sends_the_same_bytes_on_one_core_and_on_two() {
    let cpus = shopblast::run::allowed_cpus();
    assert!(
        cpus.len() >= 2,
        "this test needs two CPUs, there is {cpus:?}"
    );
    let one = streams(&format!("{},", cpus[0]));
    let two = streams(&format!("{},{}", cpus[0], cpus[1]));
    let again = streams(&format!("{},{}", cpus[0], cpus[1]));
    assert_eq!(one.len(), USERS);
    for other in [&two, &again] {
        assert_eq!(other.len(), USERS);
        assert_same(&one, other, COMPARED);
    }
}

/// Each user sent the same, as far as it came, at least so many requests.
fn assert_same(one: &Streams, other: &Streams, at_least: usize) {
    for (user, requests) in one {
        let others = &other[user];
        assert!(requests.len() >= at_least && others.len() >= at_least);
        for (mine, theirs) in requests.iter().zip(others) {
            assert_eq!(
                String::from_utf8_lossy(mine),
                String::from_utf8_lossy(theirs),
                "user {user}"
            );
        }
    }
}

#[test]
fn sixteen_and_sixty_four_workers_on_two_cpus_count_what_the_server_did() {
    const MANY: usize = 64;
    let cpus = shopblast::run::allowed_cpus();
    let two = &cpus[..cpus.len().min(2)];
    // The program inherits it: its machine has two CPUs at most.
    assert!(shopblast::engine::confine(two));
    let one = seen(&["--cores", &format!("{},", two[0]), "--quiet"], MANY);
    assert_eq!(one.streams.len(), MANY);
    assert_eq!(one.record["host"]["placement"]["oversubscribed"], false);
    for workers in [16, 64] {
        let many = seen(&["--oversubscribe", "--cores", &workers.to_string()], MANY);
        assert_eq!(many.streams.len(), MANY, "{}", many.told);
        assert_same(&one.streams, &many.streams, 3);
        let record = &many.record;
        let (requests, bytes) = many.answered;
        let totals = &record["totals"];
        assert_eq!(totals["requests"], requests, "{}", many.told);
        assert_eq!(totals["success"], requests);
        assert_eq!(totals["bytes_out"], bytes);
        let names = record["names"].as_array().unwrap().iter();
        let by_name: u64 = names.map(|row| row["requests"].as_u64().unwrap()).sum();
        assert_eq!(by_name, requests);
        let of_workers = record["generator"]["cores"].as_array().unwrap();
        assert_eq!(of_workers.len(), workers);
        // It is said wherever a figure is.
        assert_eq!(record["host"]["workers"].as_array().unwrap().len(), workers);
        assert_eq!(record["host"]["placement"]["oversubscribed"], true);
        assert_eq!(record["generator"]["state"], "at its limit");
        let doubt = format!("{workers} workers share ");
        assert!(many.told.contains(&doubt), "{}", many.told);
        assert!(many.told.contains("no figure is to be trusted"));
        assert!(many.told.contains("OVERSUBSCRIBED"), "at the start");
    }
}

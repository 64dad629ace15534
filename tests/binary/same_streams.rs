//! The same seed and run id give every user the same bytes, on one core and on two, seen from the
//! other end of real sockets.

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

fn streams(cores: &str) -> Streams {
    let (port, seen) = recording_shop();
    let results = tempfile::tempdir().unwrap();
    let status = shopblast()
        .env_clear()
        .args([
            "IdentityUser",
            "--pacing",
            "max",
            "--no-preflight",
            "--quiet",
        ])
        .args([
            "--seed",
            "42",
            "--run-id",
            "0123456789abcdef",
            "--cores",
            cores,
        ])
        .args(["-u", &USERS.to_string(), "-r", "100", "-t", "2s"])
        .args(["-H", &format!("http://127.0.0.1:{port}")])
        .arg("--results")
        .arg(results.path())
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    let mut streams = Streams::new();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while streams.len() < USERS && std::time::Instant::now() < deadline {
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
    streams
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
        for (user, requests) in &one {
            let others = &other[user];
            assert!(requests.len() >= COMPARED && others.len() >= COMPARED);
            for (mine, theirs) in requests.iter().zip(others) {
                assert_eq!(
                    String::from_utf8_lossy(mine),
                    String::from_utf8_lossy(theirs),
                    "user {user}"
                );
            }
        }
    }
}

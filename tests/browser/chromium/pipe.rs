//! Commands to the browser and its answers and events, over a pair of pipes.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// What the browser says of a question that the page it was asked of did not live to answer.
const PAGE_WAS_LEFT: &str = "Inspected target navigated or closed";

/// Longer than any answer takes; a browser that takes it hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// The browser reads commands from descriptor 3 and writes to 4.
const WITH_PIPES: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// The browser's process, and what it said that nobody waited for.
pub struct Pipe {
    process: Child,
    commands: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Events that came so far, oldest first.
    pub events: Vec<Value>,
    latest_id: u64,
}

impl Pipe {
    pub fn start(program: &Path, arguments: &[String]) -> Self {
        let mut process = Command::new("sh")
            .args(["-c", WITH_PIPES, "sh"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let output = process.stdout.take().expect("a pipe");
        let (send, messages) = channel();
        thread::spawn(move || {
            let texts = BufReader::new(output).split(0);
            for text in texts.map_while(Result::ok) {
                let message = serde_json::from_slice(&text).expect("the browser speaks JSON");
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            commands: process.stdin.take(),
            process,
            messages,
            events: Vec::new(),
            latest_id: 0,
        }
    }

    /// Has a command carried out, and gives its result: null of a page that was left meanwhile. Panics when
    /// the browser refuses.
    pub fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.latest_id += 1;
        let id = self.latest_id;
        let mut command = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        self.write(&command);
        loop {
            let mut message = self.next(method);
            if message["id"] != id {
                self.events.push(message);
                continue;
            }
            let refusal = &message["error"];
            if refusal["message"] == PAGE_WAS_LEFT {
                return Value::Null;
            }
            assert!(refusal.is_null(), "{method}: {refusal}");
            return message["result"].take();
        }
    }

    /// Waits until an event has come that `is_it` says is the one.
    pub fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) {
        while !self.events.iter().any(&is_it) {
            let message = self.next(what);
            self.events.push(message);
        }
    }

    fn next(&mut self, what: &str) -> Value {
        let message = self.messages.recv_timeout(PATIENCE);
        message.unwrap_or_else(|_| {
            let state = self.process.try_wait();
            panic!("the browser says nothing to {what} (its process: {state:?})")
        })
    }

    fn write(&mut self, command: &Value) {
        let commands = self.commands.as_mut().expect("open until the end");
        let text = format!("{command}\0");
        commands
            .write_all(text.as_bytes())
            .and_then(|()| commands.flush())
            .expect("the browser listens");
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if let Some(mut commands) = self.commands.take() {
            let _ = commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        }
        // It goes by itself within moments; what does not is ended.
        for _ in 0..500 {
            match self.process.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

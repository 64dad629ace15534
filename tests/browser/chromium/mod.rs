//! A real headless Chromium, driven over the DevTools protocol.
//!
//! The protocol is spoken over a pipe (`--remote-debugging-pipe`): JSON texts that end with a NUL. No
//! port, no WebSocket, no async runtime, and no generated code for the thousand commands that no
//! test needs.

mod page;
mod pipe;

pub use page::Page;

use pipe::Pipe;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tempfile::TempDir;

/// Names that the browser goes by.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// What to do without one.
const REMEDY: &str = "tests of pages need Chromium: install it with `apt-get install --no-install-recommends chromium fonts-dejavu-core`, or name another one with CHROMIUM=FILE";
/// Beside the profile's directory.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
];

/// A browser with a profile of its own, which goes when it is dropped.
pub struct Browser {
    pipe: Rc<RefCell<Pipe>>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it.
    ///
    /// # Panics
    /// When there is none: the message says what to install.
    pub fn launch() -> Self {
        Self::launch_with(&[])
    }

    /// The same with `more` flags.
    ///
    /// # Panics
    /// When there is none: the message says what to install.
    pub fn launch_with(more: &[&str]) -> Self {
        let program = program().expect(REMEDY);
        let profile = tempfile::tempdir().expect("a directory");
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).into();
        arguments.extend(more.iter().map(|&flag| flag.to_owned()));
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push("about:blank".to_owned());
        let pipe = Pipe::start(&program, &arguments);
        Self {
            pipe: Rc::new(RefCell::new(pipe)),
            _profile: profile,
        }
    }

    /// A new page that shows `url` and has loaded.
    pub fn open(&self, url: &str) -> Page {
        let page = self.blank();
        page.go(url);
        page
    }

    /// A new page that shows nothing yet, for settings that have to be made before it does.
    pub fn blank(&self) -> Page {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", attach);
        let session = session["sessionId"].as_str().expect("a session");
        Page::new(Rc::clone(&self.pipe), session.to_owned())
    }

    /// Lets pages save files, into `directory`.
    pub fn save_downloads_in(&self, directory: &Path) {
        let settings = json!({
            "behavior": "allow",
            "downloadPath": directory.display().to_string(),
            "eventsEnabled": true,
        });
        self.call("Browser.setDownloadBehavior", settings);
    }

    /// Lets every page do what a person is asked about otherwise.
    pub fn grant(&self, permissions: &[&str]) {
        self.call(
            "Browser.grantPermissions",
            json!({"permissions": permissions}),
        );
    }

    /// Files that were saved to their end so far.
    pub fn downloads(&self) -> usize {
        // Events come before the answer to a later command.
        self.call("Browser.getVersion", json!({}));
        let pipe = self.pipe.borrow();
        let events = pipe.events.iter();
        let saved = events.filter(|event| {
            event["method"] == "Browser.downloadProgress" && event["params"]["state"] == "completed"
        });
        saved.count()
    }

    fn call(&self, method: &str, parameters: Value) -> Value {
        self.pipe.borrow_mut().call(None, method, parameters)
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut candidates = NAMES.iter().flat_map(|name| {
        directories
            .iter()
            .map(move |directory| directory.join(name))
    });
    candidates.find(|candidate| candidate.is_file())
}

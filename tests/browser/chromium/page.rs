//! One page of the browser: what a person does with it, and what a person sees of it.

use super::pipe::Pipe;
use base64::Engine;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Longer than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A page.
pub struct Page {
    pipe: Rc<RefCell<Pipe>>,
    session: String,
}

impl Page {
    pub(super) fn new(pipe: Rc<RefCell<Pipe>>, session: String) -> Self {
        let page = Self { pipe, session };
        for domain in ["Page", "Runtime", "Log", "Network", "DOM"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page
    }

    /// Shows `url`, and waits until it has loaded.
    pub fn go(&self, url: &str) {
        self.pipe
            .borrow_mut()
            .events
            .retain(|event| event["method"] != "Page.loadEventFired");
        let answer = self.call("Page.navigate", json!({"url": url}));
        let refusal = &answer["errorText"];
        assert!(refusal.is_null(), "{url}: {refusal}");
        let session = self.session.clone();
        self.pipe.borrow_mut().wait_for("the page's load", |event| {
            event["method"] == "Page.loadEventFired" && event["sessionId"] == session.as_str()
        });
    }

    /// The value of a JavaScript expression (of its promise, when it is one) as JSON. Panics when it
    /// throws.
    pub fn evaluate(&self, expression: &str) -> Value {
        let wanted = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let mut answer = self.call("Runtime.evaluate", wanted);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown:#}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true.
    pub fn wait_until(&self, condition: &str) {
        let give_up = Instant::now() + PATIENCE;
        while self.evaluate(&format!("Boolean({condition})")) != true {
            assert!(Instant::now() < give_up, "never true: {condition}");
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// The text that the first element of `selector` shows; panics when there is none.
    pub fn text(&self, selector: &str) -> String {
        let text = self.evaluate(&format!("{}.innerText", found(selector)));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// How many elements `selector` finds.
    pub fn count(&self, selector: &str) -> u64 {
        let counted = self.evaluate(&format!(
            "document.querySelectorAll({}).length",
            json!(selector)
        ));
        counted.as_u64().expect("a number")
    }

    /// Clicks into the middle of the first element of `selector`, with the mouse.
    pub fn click(&self, selector: &str) {
        let (x, y) = self.place_in(selector, 0.5, 0.5);
        self.mouse("mouseMoved", x, y, 0);
        self.mouse("mousePressed", x, y, 1);
        self.mouse("mouseReleased", x, y, 1);
    }

    /// Moves the mouse over an element, to the place at these shares of its width and height.
    pub fn hover(&self, selector: &str, across: f64, down: f64) {
        let (x, y) = self.place_in(selector, across, down);
        self.mouse("mouseMoved", x, y, 0);
    }

    /// Drags across an element at half its height, between two shares of its width.
    pub fn drag_across(&self, selector: &str, from: f64, to: f64) {
        let (start_x, y) = self.place_in(selector, from, 0.5);
        let (end_x, _) = self.place_in(selector, to, 0.5);
        self.mouse("mouseMoved", start_x, y, 0);
        self.mouse("mousePressed", start_x, y, 1);
        self.mouse("mouseMoved", (start_x + end_x) / 2.0, y, 1);
        self.mouse("mouseMoved", end_x, y, 1);
        self.mouse("mouseReleased", end_x, y, 1);
    }

    /// Double-clicks into the middle of the first element of `selector`.
    pub fn double_click(&self, selector: &str) {
        self.click(selector);
        let (x, y) = self.place_in(selector, 0.5, 0.5);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 2,
            });
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Puts `text` in place of what an input holds, as typing does.
    pub fn type_into(&self, selector: &str, text: &str) {
        self.evaluate(&format!("{0}.focus(), {0}.select?.()", found(selector)));
        if text.is_empty() {
            self.press("Backspace", 8);
        } else {
            self.call("Input.insertText", json!({"text": text}));
        }
    }

    /// Presses a key, by its name in the DOM and its Windows key code: `("Enter", 13)`.
    pub fn press(&self, key: &str, code: u32) {
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
            });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Shows the page on a screen of this size in CSS pixels.
    pub fn resize(&self, width: u32, height: u32, is_phone: bool) {
        let screen = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone,
        });
        self.call("Emulation.setDeviceMetricsOverride", screen);
    }

    /// Lets the page think that the user prefers a scheme (`light`, `dark`).
    pub fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// A picture of the page as PNG: of what the screen shows, or of all of it.
    pub fn screenshot(&self, all: bool) -> Vec<u8> {
        let wanted = json!({"format": "png", "captureBeyondViewport": all});
        let answer = self.call("Page.captureScreenshot", wanted);
        let data = answer["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD
            .decode(data)
            .expect("base64")
    }

    /// What went wrong on the page so far: errors and warnings on its console, exceptions, refused
    /// requests and violations of its content security policy.
    pub fn complaints(&self) -> Vec<String> {
        // Events come before the answer to a later command.
        self.evaluate("0");
        self.events()
            .iter()
            .filter_map(|event| {
                let details = &event["params"];
                let is_complaint = match event["method"].as_str()? {
                    "Runtime.exceptionThrown" => true,
                    "Runtime.consoleAPICalled" => {
                        ["error", "warning", "assert"].contains(&details["type"].as_str()?)
                    }
                    "Log.entryAdded" => {
                        ["error", "warning"].contains(&details["entry"]["level"].as_str()?)
                    }
                    "Network.loadingFailed" => details["canceled"] != true,
                    _ => false,
                };
                is_complaint.then(|| details.to_string())
            })
            .collect()
    }

    /// Addresses of everything that the page asked for so far.
    pub fn requests(&self) -> Vec<String> {
        self.evaluate("0");
        let events = self.events();
        let asked = events
            .iter()
            .filter(|event| event["method"] == "Network.requestWillBeSent");
        let addresses = asked.map(|event| &event["params"]["request"]["url"]);
        addresses
            .filter_map(|url| url.as_str().map(str::to_owned))
            .collect()
    }

    /// A command of the protocol, for what has no function here.
    pub fn call(&self, method: &str, parameters: Value) -> Value {
        let mut pipe = self.pipe.borrow_mut();
        pipe.call(Some(&self.session), method, parameters)
    }

    fn events(&self) -> Vec<Value> {
        let pipe = self.pipe.borrow();
        let events = pipe.events.iter();
        events
            .filter(|event| event["sessionId"] == self.session.as_str())
            .cloned()
            .collect()
    }

    /// Scrolls an element into view and gives a place in it, in pixels of the screen.
    fn place_in(&self, selector: &str, across: f64, down: f64) -> (f64, f64) {
        let element = found(selector);
        self.evaluate(&format!(
            "{element}.scrollIntoView({{block: 'center', behavior: 'instant'}})"
        ));
        let place = self.evaluate(&format!(
            "(({{left, top, width, height}}) => [left + width * {across}, top + height * {down}])({element}.getBoundingClientRect())"
        ));
        let part = |index: usize| place[index].as_f64().expect("a number");
        (part(0), part(1))
    }

    fn mouse(&self, kind: &str, x: f64, y: f64, buttons: u32) {
        let button = if buttons > 0 { "left" } else { "none" };
        let clicks = u32::from(kind != "mouseMoved");
        let event = json!({
            "type": kind, "x": x, "y": y, "button": button, "buttons": buttons,
            "clickCount": clicks,
        });
        self.call("Input.dispatchMouseEvent", event);
    }
}

/// JavaScript for the first element of `selector`, which throws when there is none.
fn found(selector: &str) -> String {
    let selector = json!(selector);
    format!(
        "(document.querySelector({selector}) ?? (() => {{ throw new Error('nothing is ' + {selector}) }})())"
    )
}

//! The web page from outside: Locust's endpoints, who is let in, and the page in a real browser.

#[path = "../browser/mod.rs"]
#[allow(dead_code, reason = "tests of other pages use the rest of it")]
mod browser;
mod locust;
mod page;
mod pictures;
mod security;
mod server;

//! The web page from outside: Locust's endpoints, who is let in, and the page in a real browser.

#[path = "../browser/mod.rs"]
mod browser;
mod locust;
mod page;
mod pictures;
mod security;
mod server;

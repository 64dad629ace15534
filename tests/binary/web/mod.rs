//! The web page from outside, without a browser: Locust's endpoints, and who is let in.

mod locust;
mod security;

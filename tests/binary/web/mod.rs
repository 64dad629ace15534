//! The web page from outside, without a browser: Locust's endpoints, and who is let in.

mod commands;
mod locust;
mod proxy;
mod security;
mod tls;

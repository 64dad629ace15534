//! What needs a real browser: the web page as a person uses it, the HTML report, and their pictures.

#[path = "../invocation/mod.rs"]
mod invocation;
#[path = "../web_server/mod.rs"]
mod web_server;

mod axe;
mod chromium;
mod endurance_record;

mod accessibility;
mod page;
mod pictures;
mod report_page;
mod screenshots;

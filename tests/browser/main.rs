//! What needs a real browser: the web page as a person uses it, the HTML report, and their pictures.

#[path = "../certificates/mod.rs"]
mod certificates;
#[path = "../invocation/mod.rs"]
mod invocation;
#[path = "../web_server/mod.rs"]
mod web_server;

mod axe;
mod chromium;
mod drawn;
mod endurance_record;

mod accessibility;
mod comparison_page;
mod faults;
mod hunt_page;
mod in_tls;
mod live_accessibility;
mod page;
mod paper;
mod pictures;
mod proxy;
mod report_page;
mod screenshots;
mod soak;
mod witnesses;

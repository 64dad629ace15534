//! Pages by axe-core's rules, light and dark, on a desktop's screen and on a phone's. What installs
//! axe-core and runs this is `scripts/accessibility.sh`.

use crate::axe;
use crate::chromium::Browser;

fn page_with(body: &str) -> String {
    let page = format!(
        "<!doctype html><html lang='en'><title>t</title><meta name='viewport' content='width=device-width'><main><h1>t</h1>{body}</main>"
    );
    format!("data:text/html,{}", page.replace('#', "%23"))
}

#[test]
fn what_breaks_a_rule_is_found() {
    let Some(script) = axe::script() else { return };
    let browser = Browser::launch();
    axe::is_accessible(&browser, &script, &page_with("<p>good</p>"), |_| {});
    let pale = "<p style='color:#aaa;background:#fff'>pale</p>";
    let nested = "<div role='img'><button>in it</button></div>";
    let page = browser.open(&page_with(&format!("{pale}{nested}")));
    let broken = axe::broken_rules(&page, &script);
    for rule in ["color-contrast", "nested-interactive"] {
        let is_found = broken.iter().any(|line| line.starts_with(rule));
        assert!(is_found, "{rule}: {broken:?}");
    }
}

//! The page behind a proxy: under another name, and below a path.

use crate::invocation::shopblast;
use crate::web_server::WebServer;

const TOKEN: &str = "correct-horse-battery";

#[test]
fn names_that_were_told_are_answered_and_no_others() {
    let server =
        WebServer::start("--sandbox SpikeUser --web-name load.example --web-name b.example:8443");
    for host in ["load.example", "load.example:8080", "B.example:8443"] {
        assert_eq!(
            server.ask("GET", "/", &[("host", host)], "").status,
            200,
            "{host}"
        );
    }
    let stranger = server.ask("GET", "/", &[("host", "evil.example")], "");
    assert_eq!(stranger.status, 403);
    assert!(
        stranger.text().contains("--web-name"),
        "{}",
        stranger.text()
    );
    // A proxy may ask with the name of the server behind it.
    let asked = |origin: &str| {
        server
            .ask("POST", "/stop", &[("origin", origin)], "")
            .status
    };
    for origin in [
        "https://load.example",
        "http://load.example",
        "https://b.example:8443",
    ] {
        assert_eq!(asked(origin), 200, "{origin}");
    }
    for origin in [
        "http://load.example:3000",
        "https://b.example",
        "https://evil.example",
    ] {
        assert_eq!(asked(origin), 403, "{origin}");
    }
}

#[test]
fn addresses_are_answered_with_and_without_the_path_before_them() {
    let server = WebServer::start("--sandbox SpikeUser --web-base /tools/load/");
    assert!(server.out().contains("/tools/load/"), "{}", server.out());
    for path in [
        "/tools/load/",
        "/",
        "/tools/load/page/app.js",
        "/page/app.js",
        "/tools/load/stats/requests?x=1",
    ] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    let slashless = server.get("/tools/load");
    assert_eq!(
        (slashless.status, slashless.header("location")),
        (303, "load/")
    );
    assert_eq!(server.get("/tools/loads").status, 404);
    // What changes something is so below the path, too.
    let other = [("sec-fetch-site", "cross-site")];
    assert_eq!(
        server.ask("GET", "/tools/load/stop", &other, "").status,
        403
    );
}

#[test]
fn the_login_leads_to_where_the_page_is() {
    let line = format!("--sandbox --web-base /load --web-token {TOKEN}");
    let server = WebServer::start(&line);
    let page = [("accept", "text/html")];
    for (path, login) in [
        ("/load/", "login"),
        ("/load/results/x/report", "../../login"),
    ] {
        let reply = server.ask("GET", path, &page, "");
        assert_eq!(
            (reply.status, reply.header("location")),
            (303, login),
            "{path}"
        );
    }
    assert_eq!(server.get("/load/login").status, 200);
    assert_eq!(server.get("/load/setup").status, 401);
    let login = server.post("/load/login", &format!("token={TOKEN}"));
    assert!(
        login.header("set-cookie").ends_with("; Path=/load/"),
        "{login:?}"
    );
}

#[test]
fn nothing_on_the_page_is_asked_for_from_the_root() {
    let server = WebServer::start("--sandbox");
    for path in [
        "/",
        "/page/app.js",
        "/page/form.js",
        "/page/history.js",
        "/page/panels.js",
        "/page/stream.js",
    ] {
        let text = server.get(path).text();
        for root in [
            "\"/page",
            "\"/live",
            "\"/results",
            "\"/stats",
            "\"/swarm",
            "\"/stop",
            "`/results",
        ] {
            assert!(!text.contains(root), "{path}: {root}");
        }
    }
    assert_eq!(server.get("/live-x").status, 404);
}

#[test]
fn wrong_names_and_paths_are_told() {
    for (flag, value, says) in [
        ("--web-name", "http://load.example", "like load.example"),
        ("--web-base", "load", "like /load"),
    ] {
        let output = shopblast()
            .env_clear()
            .args(["--web", flag, value])
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(104));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(says), "{told}");
    }
}

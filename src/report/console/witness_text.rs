//! A witness for people: what was asked and answered when, and commands that ask it again.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, TextColumn, TextTable, duration_text, in_lines, number_text};
use crate::plan::{ConnectTo, shown_start};
use crate::record::RunRecord;
use crate::stats::{Part, Violation, WitnessExchange};
use std::fmt::Write;
use std::path::Path;

/// Longest body or reply in the table; longer ones are cut. The record has all of it.
const SHOWN_CHARS: usize = 100;

const COLUMNS: [TextColumn; 5] = [
    TextColumn::number("Sent", 0),
    TextColumn::number("Took", 1),
    TextColumn::word("Part", 2),
    TextColumn::text("Request", 0),
    TextColumn::text("Answer", 0),
];

/// The exchanges that show `violation`, and the commands; `target` is where they go, `replay`
/// the command that fires it again.
#[must_use]
pub fn witness_text(
    violation: &Violation,
    target: &CurlTarget,
    replay: &str,
    style: SummaryStyle,
) -> String {
    let title = format!("Witness of {}", violation.rule);
    let why = in_lines(&violation.why, title.len() + 2, 2, style.width);
    let mut text = format!("{}: {why}\n", bold(style, &title));
    let showing: Vec<&WitnessExchange> = violation
        .exchanges
        .iter()
        .filter(|exchange| exchange.shows)
        .collect();
    if violation.exchanges.is_empty() {
        // A store showed it: there is nothing to send.
        return text;
    }
    let first_us = showing
        .iter()
        .filter_map(|exchange| exchange.sent_us)
        .min()
        .unwrap_or(0);
    let mut table = TextTable::new(&COLUMNS);
    for exchange in &showing {
        table.row(row(exchange, first_us));
    }
    let commands = curl_commands(violation, target);
    let _ = write!(text, "{}\n\n{commands}", table.text(0, style));
    let _ = write!(text, "# or: {replay}");
    text
}

fn row(exchange: &WitnessExchange, first_us: i64) -> [String; 5] {
    let sent = exchange.sent_us.map_or_else(
        || "never".to_owned(),
        |sent_us| match sent_us - first_us {
            before @ ..0 => format!("{} µs", number_text(before)),
            after => format!("+{} µs", number_text(after)),
        },
    );
    let took_us = exchange
        .sent_us
        .map_or(0, |sent_us| exchange.done_us - sent_us);
    let status = exchange
        .status
        .map_or_else(|| "no reply".to_owned(), |status| status.to_string());
    [
        sent,
        duration_text(took_us.max(0) as u64),
        part_word(exchange.part).to_owned(),
        cut(&format!(
            "{} {} {}",
            exchange.method, exchange.path, exchange.body
        )),
        cut(&format!(
            "{status} {}: {}",
            exchange.outcome.word(),
            exchange.reply
        )),
    ]
}

/// The part of an exchange, in a word.
#[must_use]
pub fn part_word(part: Part) -> &'static str {
    match part {
        Part::Before => "before",
        Part::Racer => "racer",
        Part::After => "after",
        Part::Probe => "probe",
    }
}

/// Bodies are the target's and may hold anything: nothing that moves a cursor gets through.
fn cut(text: &str) -> String {
    shown_start(text, SHOWN_CHARS).into_owned()
}

/// `curl` commands for the shell: racers side by side.
pub(crate) fn curl_commands(violation: &Violation, target: &CurlTarget) -> String {
    let mut text = String::new();
    let mut racing = false;
    let needed = violation
        .exchanges
        .iter()
        .filter(|exchange| exchange.shows || exchange.part == Part::Before);
    for exchange in needed {
        let races = exchange.part == Part::Racer;
        if racing && !races {
            text.push_str("wait\n");
        }
        racing = races;
        let _ = writeln!(
            text,
            "{}{}",
            curl(exchange, target),
            if races { " &" } else { "" }
        );
    }
    if racing {
        text.push_str("wait\n");
    }
    text
}

/// Where `curl` sends requests, and what all of them carry.
#[derive(Clone, Debug, Default)]
pub struct CurlTarget {
    /// Scheme and authority; paths are whole.
    origin: String,
    /// Arguments of every command, each after a space.
    arguments: String,
    /// Names of the headers that every request carries.
    names: Vec<String>,
}

impl CurlTarget {
    /// That of a run. What its record does not keep has `***` in its place.
    #[must_use]
    pub fn of(run: &RunRecord) -> Self {
        let mut arguments = String::new();
        match run.connected_to() {
            Some(ConnectTo::Unix { unix }) => {
                let path = quoted(unix.as_str());
                let _ = write!(arguments, " --unix-socket {path}");
            }
            Some(place) => {
                let place = quoted(&format!("::{place}"));
                let _ = write!(arguments, " --connect-to {place}");
            }
            None => {}
        }
        arguments += match (run.is_http2(), run.target_tls()) {
            (false, _) => "",
            (true, Some(_)) => " --http2",
            (true, None) => " --http2-prior-knowledge",
        };
        arguments += &tls_arguments(run);
        let mut names = Vec::new();
        for header in run.target_headers() {
            let _ = write!(arguments, " -H {}", quoted(&header));
            let name = header.split(':').next().unwrap_or_default();
            names.push(name.to_owned());
        }
        Self {
            origin: run.target_origin(),
            arguments,
            names,
        }
    }

    fn says(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// Whom the run trusted and as whom it asked, in curl's words; files by their names.
fn tls_arguments(run: &RunRecord) -> String {
    let flags = run.target_tls_flags().into_iter();
    let in_words_of_curl = flags.map(|(flag, file)| {
        let flag = match flag {
            "--ca" => "--cacert",
            "--client-cert" => "--cert",
            "--client-key" => "--key",
            other => other,
        };
        let file = file.map(|file| format!(" {}", quoted(&file)));
        format!(" {flag}{}", file.unwrap_or_default())
    });
    in_words_of_curl.collect()
}

fn curl(exchange: &WitnessExchange, target: &CurlTarget) -> String {
    let mut command = format!(
        "curl -s -X {} {}{}",
        exchange.method,
        quoted(&format!("{}{}", target.origin, exchange.path)),
        target.arguments
    );
    let own = exchange.headers.iter();
    for (name, value) in own.filter(|(name, _)| !target.says(name)) {
        let _ = write!(command, " -H {}", quoted(&format!("{name}: {value}")));
    }
    if !exchange.body.is_empty() {
        let mut names = exchange.headers.iter();
        let has_type = names.any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if !target.says("content-type") && !has_type {
            command.push_str(" -H 'content-type: application/json'");
        }
        let _ = write!(command, " -d {}", quoted(&exchange.body));
    }
    command
}

/// The command that fires a witness again, from wherever it is given: `directory` is its record's.
pub(crate) fn replay_command(directory: &Path, number: u64) -> String {
    let whole = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let place = quoted(&whole.display().to_string());
    format!("shopblast replay {place} --witness {number}")
}

/// For a POSIX shell. A text with a NUL cannot be an argument at all.
pub(super) fn quoted(text: &str) -> String {
    let without_nul = text.replace('\0', "");
    shlex::try_quote(&without_nul).map_or_else(|_| "''".to_owned(), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up::{record, violation};

    const PLAIN: SummaryStyle = SummaryStyle {
        width: None,
        colour: false,
    };

    fn at(origin: &str) -> CurlTarget {
        CurlTarget {
            origin: origin.to_owned(),
            ..CurlTarget::default()
        }
    }

    #[test]
    fn commands_carry_what_the_run_did_and_go_where_it_went() {
        let mut run = record();
        let target = serde_json::json!({
            "authority": "shop.test",
            "base_path": "/api",
            "headers": ["x-tenant: it's", "authorization: ***", "content-type: application/x"],
            "connect_to": {"host": "::1", "port": 8000},
        });
        run.plan.insert("target".to_owned(), target);
        let mut violation = violation();
        violation.exchanges.truncate(1);
        violation.exchanges[0].path = "/api/inventory".to_owned();
        violation.exchanges[0].headers = vec![
            ("x-tenant".to_owned(), "red".to_owned()),
            ("x-hook".to_owned(), "1".to_owned()),
        ];
        let command = curl_commands(&violation, &CurlTarget::of(&run));
        let words = shlex::split(&command).unwrap();
        let expected = [
            "curl",
            "-s",
            "-X",
            "POST",
            "http://shop.test/api/inventory",
            "--connect-to",
            "::[::1]:8000",
            "-H",
            "x-tenant: it's",
            "-H",
            "authorization: ***",
            "-H",
            "content-type: application/x",
            "-H",
            "x-hook: 1",
            "-d",
            r#"{"initial_quantity":3}"#,
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn commands_trust_whom_the_run_did_and_show_what_it_showed() {
        let mut run = record();
        let mut target = serde_json::json!({
            "authority": "shop.test:8443",
            "base_path": "",
            "tls": {
                "roots": {"pem": "given"},
                "is_insecure": true,
                "identity": "given",
                "files": {"ca": "it's/ca.pem", "cert": "me.pem", "key": "me-key.pem"},
            },
        });
        run.plan.insert("target".to_owned(), target.clone());
        let mut violation = violation();
        violation.exchanges.truncate(1);
        let command = |run: &RunRecord| {
            let command = curl_commands(&violation, &CurlTarget::of(run));
            shlex::split(&command).unwrap()
        };
        let words = command(&run);
        let expected = [
            "https://shop.test:8443/inventory",
            "--cacert",
            "it's/ca.pem",
            "--cert",
            "me.pem",
            "--key",
            "me-key.pem",
            "--insecure",
        ];
        assert_eq!(words[4..12], expected);
        target["tls"] = serde_json::json!({"roots": "platform"});
        run.plan.insert("target".to_owned(), target);
        let words = command(&run);
        assert_eq!(words[4..6], ["https://shop.test:8443/inventory", "-H"]);
    }

    #[test]
    fn commands_are_safe_whatever_the_bodies_hold() {
        let mut hostile = violation();
        hostile.exchanges[1].body = "{\"a\":\"'; rm -rf / #$(x)`y`\"}\n".into();
        hostile.exchanges[1].reply = "\u{1b}[2Jcleared".into();
        let text = witness_text(&hostile, &at("http://h:1"), "shopblast replay x", PLAIN);
        let line = text.lines().find(|line| line.contains("rm -rf")).unwrap();
        assert!(!text.contains('\u{1b}'), "{text}");
        let commands = curl_commands(&hostile, &at("http://h:1"));
        let words = shlex::split(&commands.replace(" &\n", "\n")).unwrap();
        assert!(
            words.contains(&hostile.exchanges[1].body),
            "{line}\n{words:?}"
        );
    }

    #[test]
    fn the_command_for_a_replay_can_be_given_anywhere() {
        let command = replay_command(Path::new("/runs/of today/it's"), 3);
        let words = shlex::split(&command).unwrap();
        let expected = [
            "shopblast",
            "replay",
            "/runs/of today/it's",
            "--witness",
            "3",
        ];
        assert_eq!(words, expected);
        let relative = replay_command(Path::new("results/x"), 1);
        assert!(
            shlex::split(&relative).unwrap()[2].starts_with('/'),
            "{relative}"
        );
    }

    #[test]
    fn racers_are_sent_side_by_side() {
        let commands = curl_commands(&violation(), &at("http://h:1"));
        let expected = "\
curl -s -X POST http://h:1/inventory -H 'content-type: application/json' -d '{\"initial_quantity\":3}'
curl -s -X POST http://h:1/inventory/i/reserve -H 'content-type: application/json' -d '{\"quantity\":2}' &
curl -s -X POST http://h:1/inventory/i/reserve -H 'content-type: application/json' -d '{\"quantity\":3}' &
wait
";
        assert_eq!(commands, expected);
    }
}

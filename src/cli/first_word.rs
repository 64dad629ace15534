//! What people type where a user class should be, who mean something else: an address, a profile, a file,
//! a command of another tool.

use crate::plan::Target;
use crate::shop::Profile;

/// Files that say what to do, by how their names end.
const SCRIPTS: [&str; 4] = [".py", ".js", ".ts", ".lua"];

/// Commands of other tools, and what is said instead.
const FOREIGN: [(&str, &str); 8] = [
    (
        "run",
        "a run needs no word, like: shopblast --profile smoke --sandbox",
    ),
    (
        "start",
        "a run needs no word, like: shopblast --profile smoke --sandbox",
    ),
    (
        "test",
        "a run needs no word, like: shopblast --profile smoke --sandbox",
    ),
    (
        "web",
        "the web page has a flag, like: shopblast --web --sandbox",
    ),
    (
        "ui",
        "the web page has a flag, like: shopblast --web --sandbox",
    ),
    ("demo", "for a first look: shopblast --sandbox"),
    ("profiles", "they are shown by: shopblast list"),
    ("classes", "they are shown by: shopblast list"),
];

/// What `word`, which is no user class, was meant as, and how that is said.
pub(super) fn instead(word: &str) -> Option<String> {
    if let Some(address) = address(word) {
        return Some(match Target::parse(&address) {
            Ok(_) => format!(
                "the shop's address has a flag, like: shopblast --profile smoke -H {address}; any other \
                 server is read with --url"
            ),
            Err(error) => format!("the shop's address has a flag, -H; and {error}"),
        });
    }
    if Profile::find_built_in(word).is_some() {
        return Some(format!(
            "it is a profile, which has a flag: --profile {word}"
        ));
    }
    if word.ends_with(".toml") {
        return Some(format!(
            "the file of a profile has a flag: --profile {word}; that of a workload has --workload"
        ));
    }
    if SCRIPTS.iter().any(|end| word.ends_with(end)) {
        return Some(
            "journeys are part of the program, see `shopblast list`, or of a workload file, like: \
             --workload ./mine.toml; load tests of your own are profiles in TOML, like: --profile \
             ./mine.toml"
                .to_owned(),
        );
    }
    let foreign = FOREIGN.iter().find(|(name, _)| *name == word);
    foreign.map(|(_, says)| (*says).to_owned())
}

/// `word` as an address, if it looks like one: with a scheme, with a port, or of numbers.
pub(super) fn address(word: &str) -> Option<String> {
    if word.contains("://") {
        return Some(word.to_owned());
    }
    if word.starts_with('-') || word.contains(['=', ' ']) {
        return None;
    }
    let host = word.split('/').next().unwrap_or_default();
    let has_port = host.rsplit_once(':').is_some_and(|(name, port)| {
        !name.is_empty() && port.starts_with(|first: char| first.is_ascii_digit())
    });
    let is_of_numbers = host.parse::<std::net::Ipv4Addr>().is_ok();
    (has_port || is_of_numbers || host == "localhost").then(|| format!("http://{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word, and what is said of it; nothing of those that are spelt like a class.
    const WORDS: &[(&str, &str)] = &[
        (
            "http://localhost:8000",
            "like: shopblast --profile smoke -H http://localhost:8000",
        ),
        ("http://shop.test/api", "-H http://shop.test/api"),
        ("https://shop.test", "-H https://shop.test"),
        ("http://localhost:99999", "the port `99999` is not a number"),
        ("localhost:8000", "-H http://localhost:8000"),
        ("localhost", "-H http://localhost"),
        ("127.0.0.1", "-H http://127.0.0.1"),
        ("127.0.0.1:80/base", "-H http://127.0.0.1:80/base"),
        ("shop:8000", "-H http://shop:8000"),
        ("[::1]:8000", "-H http://[::1]:8000"),
        ("smoke", "--profile smoke"),
        ("flash-sale", "--profile flash-sale"),
        ("mine.toml", "--profile mine.toml"),
        ("../mine.toml", "--profile ../mine.toml"),
        ("locustfile.py", "journeys are part of the program"),
        ("script.js", "journeys are part of the program"),
        ("wrk.lua", "journeys are part of the program"),
        ("run", "a run needs no word"),
        ("web", "--web"),
        ("SpikUser", ""),
        ("spiker", ""),
        ("SpikeUser=3:4", ""),
    ];

    #[test]
    fn what_was_meant_is_told_with_how_it_is_said() {
        for (word, says) in WORDS {
            match instead(word) {
                None => assert!(says.is_empty(), "{word}"),
                Some(told) => assert!(!says.is_empty() && told.contains(says), "{word}: {told}"),
            }
        }
    }

    #[test]
    fn no_word_of_another_tool_is_a_command_here() {
        let command = crate::cli::definition::command();
        for (word, _) in FOREIGN {
            assert!(command.find_subcommand(word).is_none(), "{word}");
        }
    }
}

//! The command that does without a page what a form asked for.

use super::definition;
use super::options::RunOptions;
use super::passwords::shown;
use super::request_options::RequestFlags;
use crate::ui::web::SwarmOrder;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};
use std::ffi::OsString;

/// Headings of flags that a command without a page has no use for.
const PAGE: &str = "Web page";
/// Headings of the flags that only the embedded shop has.
const EMBEDDED: [&str; 2] = ["Embedded shop", "Pipeline of the embedded shop"];
/// The one of them that is about any shop.
const OF_ANY_SHOP: &str = "no-observatory";
/// Flags that a form has fields for.
const OF_FORM: [&str; 7] = [
    "profile",
    "users",
    "spawn-rate",
    "run-time",
    "pacing",
    "with",
    "host",
];
/// Flags that say what requests carry: to the host that was named with them.
const OF_REQUESTS: [&str; 11] = [
    "header",
    "bearer-from",
    "trace",
    "connect-to",
    "interface",
    "http2",
    "ca",
    "insecure",
    "client-cert",
    "client-key",
    "no-session-resumption",
];
/// Flags that say how journeys arrive.
const OF_ARRIVALS: [&str; 3] = ["rate", "arrivals", "max-users"];

/// Words of a command, as a shell takes them, without passwords.
pub(super) fn command_text(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| shown(word)).collect();
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// The words of the command that `order` stands for where the arguments were `typed`; it makes `options`
/// again.
pub(super) fn command_words(
    typed: &[OsString],
    order: &SwarmOrder,
    options: &RunOptions,
) -> Vec<String> {
    let program = typed
        .first()
        .map(|word| word.to_string_lossy().into_owned());
    let mut words: Vec<String> = program.into_iter().collect();
    let command = definition::command();
    if let Ok(matches) = command.clone().try_get_matches_from(typed) {
        let (path, command, matches) = definition::deepest(&command, &matches);
        words.extend(path.into_iter().map(str::to_owned));
        for flag in command.get_arguments() {
            if !is_dropped(flag, order, options) {
                words.extend(written(flag, matches));
            }
        }
    }
    let of = |name: &str, value: Option<&String>| {
        value.map_or_else(Vec::new, |value| said(name, value, false))
    };
    // By its path, when it is a file that was typed.
    let profile = options.workload.profile.as_ref();
    let profile = profile.filter(|_| order.profile.is_some());
    let length = match (&order.run_time, options.load.run_time) {
        (Some(text), _) => Some(text.clone()),
        (None, length) => length.map(|length| format!("{}s", length.as_secs_f64())),
    };
    words.extend(of("profile", profile));
    words.extend(of("users", order.users.as_ref()));
    words.extend(of("spawn-rate", order.spawn_rate.as_ref()));
    words.extend(of("run-time", length.as_ref()));
    words.extend(of("pacing", order.pacing.as_ref()));
    words.extend(order.with.iter().flat_map(|word| said("with", word, false)));
    match (&options.workload.url, &order.host) {
        // The one flag says both where the load goes and what is read there.
        (Some(url), Some(host)) => {
            let url = format!("{}{}", host.trim_end_matches('/'), url.path);
            words.extend(said("url", &url, false));
        }
        (_, host) => words.extend(of("host", host.as_ref())),
    }
    words.extend(
        options
            .workload
            .classes
            .iter()
            .map(|share| match share.weight {
                1 => share.class.clone(),
                weight => format!("{}={weight}", share.class),
            }),
    );
    words
}

/// Whether a flag that was typed does not count beside `order`.
fn is_dropped(flag: &Arg, order: &SwarmOrder, options: &RunOptions) -> bool {
    let heading = flag.get_help_heading().unwrap_or_default();
    // User classes are written last.
    let Some(name) = flag.get_long() else {
        return true;
    };
    let is_of_embedded = EMBEDDED.contains(&heading) && name != OF_ANY_SHOP || name == "sandbox";
    let is_said_again = match name {
        "profile" => order.profile.is_some(),
        "users" => order.users.is_some(),
        "spawn-rate" => order.spawn_rate.is_some(),
        // It is always said.
        "run-time" => true,
        "pacing" => order.pacing.is_some(),
        "with" => !order.with.is_empty(),
        "host" => order.host.is_some(),
        _ => false,
    };
    heading == PAGE
        || is_of_embedded && order.host.is_some()
        || OF_REQUESTS.contains(&name) && options.target.requests == RequestFlags::default()
        || OF_ARRIVALS.contains(&name) && order.users.is_some()
        || name == "url" && order.host.is_some()
        || OF_FORM.contains(&name) && (order.whole || is_said_again)
}

/// `flag` as it was typed, in one way of all that there are.
fn written(flag: &Arg, matches: &ArgMatches) -> Vec<String> {
    let (Some(name), id) = (flag.get_long(), flag.get_id().as_str()) else {
        return Vec::new();
    };
    let is_typed = matches.try_contains_id(id).is_ok()
        && matches.value_source(id) == Some(ValueSource::CommandLine);
    match flag.get_action() {
        _ if !is_typed => Vec::new(),
        ArgAction::SetTrue => vec![format!("--{name}")],
        ArgAction::Set | ArgAction::Append => {
            let values = matches.get_raw(id).into_iter().flatten();
            let is_joined = flag.is_require_equals_set();
            values
                .flat_map(|value| said(name, &value.to_string_lossy(), is_joined))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A flag with its value: as two words, which needs no quotes, unless the value looks like a flag.
fn said(name: &str, value: &str, is_joined: bool) -> Vec<String> {
    match is_joined || value.starts_with('-') || value.is_empty() {
        true => vec![format!("--{name}={value}")],
        false => vec![format!("--{name}"), value.to_owned()],
    }
}

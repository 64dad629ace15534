//! Variables that a cluster sets for a Service whose name begins like the program's: none of ours.
//!
//! Kubernetes gives every container variables of each Service beside it, and those of Docker's links as
//! well. A Service `shopblast` makes `SHOPBLAST_PORT=tcp://10.0.0.1:80`, which is spelt like the variable
//! of `--port`; a Service `shopblast-web` does the same to `--web-port`.

use std::ffi::OsStr;

/// What Services speak.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
/// What a port of a Service has beside its address.
const PARTS: [&str; 3] = ["PROTO", "PORT", "ADDR"];

/// Whether a variable with this value is one that a cluster sets for a Service.
pub(super) fn is_of_service(name: &str, value: &OsStr) -> bool {
    let ends = ["_SERVICE_HOST", "_SERVICE_PORT"];
    if ends.iter().any(|end| name.ends_with(end)) || name.contains("_SERVICE_PORT_") {
        return true;
    }
    if name.ends_with("_PORT") && is_address(value) {
        return true;
    }
    let ports = name.match_indices("_PORT_");
    ports
        .map(|(place, found)| &name[place + found.len()..])
        .any(is_of_port)
}

/// `tcp://10.0.0.1:80`.
fn is_address(value: &OsStr) -> bool {
    let value = value.to_string_lossy();
    let scheme = value
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_uppercase());
    scheme.is_some_and(|scheme| PROTOCOLS.contains(&scheme.as_str()))
}

/// Whether `rest`, behind `…_PORT_`, is like `80_TCP` or `80_TCP_ADDR`.
fn is_of_port(rest: &str) -> bool {
    let mut words = rest.split('_');
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_digit());
    words.next().is_some_and(is_number)
        && words.next().is_some_and(|word| PROTOCOLS.contains(&word))
        && words.next().is_none_or(|word| PARTS.contains(&word))
        && words.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;

    /// Variables, and whether they are a Service's.
    const VARIABLES: &[(&str, &str, bool)] = &[
        ("SHOPBLAST_SERVICE_HOST", "10.0.0.1", true),
        ("SHOPBLAST_SERVICE_PORT", "80", true),
        ("SHOPBLAST_SERVICE_PORT_HTTP", "80", true),
        ("SHOPBLAST_SERVICE_PORT_WEB_PAGE", "8089", true),
        ("SHOPBLAST_PORT", "tcp://10.0.0.1:80", true),
        ("SHOPBLAST_PORT", "udp://10.0.0.1:80", true),
        ("SHOPBLAST_PORT", "sctp://10.0.0.1:80", true),
        ("SHOPBLAST_PORT", "9000", false),
        ("SHOPBLAST_PORT", "http://10.0.0.1:80", false),
        ("SHOPBLAST_PORT", "", false),
        ("SHOPBLAST_PORT_80_TCP", "tcp://10.0.0.1:80", true),
        ("SHOPBLAST_PORT_80_TCP_PROTO", "tcp", true),
        ("SHOPBLAST_PORT_80_TCP_PORT", "80", true),
        ("SHOPBLAST_PORT_80_TCP_ADDR", "10.0.0.1", true),
        ("SHOPBLAST_PORT_53_UDP", "udp://10.0.0.1:53", true),
        ("SHOPBLAST_PORT_80_TCP_NAME", "x", false),
        ("SHOPBLAST_PORT_EIGHTY_TCP", "x", false),
        ("SHOPBLAST_PORT_80", "x", false),
        ("SHOPBLAST_WEB_SERVICE_HOST", "10.0.0.1", true),
        ("SHOPBLAST_WEB_PORT", "tcp://10.0.0.1:8089", true),
        ("SHOPBLAST_WEB_PORT", "8089", false),
        ("SHOPBLAST_WEB_PORT_8089_TCP_ADDR", "10.0.0.1", true),
        (
            "SHOPBLAST_SANDBOX_PORT_8000_TCP",
            "tcp://10.0.0.1:8000",
            true,
        ),
        ("SHOPBLAST_USERS", "5", false),
        ("LOCUST_PORT", "tcp://10.0.0.1:8089", true),
        ("LOCUST_SERVICE_HOST", "10.0.0.1", true),
    ];

    #[test]
    fn what_a_cluster_sets_for_a_service_is_told_from_flags() {
        for (name, value, expected) in VARIABLES {
            assert_eq!(
                is_of_service(name, OsStr::new(value)),
                *expected,
                "{name}={value}"
            );
        }
    }

    #[test]
    fn no_flag_of_ours_is_named_like_one_of_a_service() {
        let command = definition::command();
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
                let name = format!("SHOPBLAST_{}", flag.replace('-', "_").to_ascii_uppercase());
                assert!(!is_of_service(&name, OsStr::new("80")), "{name}");
            }
        }
    }
}

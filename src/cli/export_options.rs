//! The flags that ask for other reports, and for live figures that other programs read.

use crate::plan::{AddressPolicy, PublicAddress, Target, port_of};
use crate::report::ReportFormat;
use crate::run::{GithubActions, MetricsTargets};
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The flags as typed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ExportFlags {
    /// Write NAME.json, as Locust's option of this name does
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Output",
        hide_short_help = true
    )]
    pub json_file: Option<PathBuf>,

    /// Write a summary as k6's option of this name does
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Output",
        hide_short_help = true
    )]
    pub summary_export: Option<PathBuf>,

    /// Write JUnit's test cases to this file, too
    ///
    /// Thresholds, invariants and requests are test cases; they are always in the record as
    /// junit.xml.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub junit: Option<PathBuf>,

    /// Serve /metrics for Prometheus here: a port, or address:port
    ///
    /// During the run. A port alone is one of this machine only; 0.0.0.0:9464 is for everybody.
    #[arg(long, value_name = "ADDR", help_heading = "Output", value_parser = parse_address)]
    pub prometheus: Option<SocketAddr>,

    /// Push figures every 5 s to this collector of OpenTelemetry
    ///
    /// Like http://localhost:4318: OTLP over HTTP, in JSON.
    #[arg(long, value_name = "URL", help_heading = "Output", value_parser = parse_url)]
    pub otlp: Option<String>,

    #[arg(skip)]
    github: Option<GithubActions>,
}

impl ExportFlags {
    /// Notes whether this is a step of GitHub Actions, by the variables that it sets.
    pub(super) fn read_variables(&mut self, environment: &[(OsString, OsString)]) {
        let variable = |name: &str| {
            let mut variables = environment.iter();
            let found = variables.find(|(known, _)| known == name);
            found
                .map(|(_, value)| value)
                .filter(|value| !value.is_empty())
        };
        if variable("GITHUB_ACTIONS").map(OsString::as_os_str) == Some(OsStr::new("true")) {
            self.github = Some(GithubActions {
                step_summary: variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            });
        }
    }

    /// The reports that were asked for, and where they go.
    pub(super) fn reports(&self) -> Vec<(ReportFormat, PathBuf)> {
        let locust = self.json_file.as_ref().map(|name| {
            let mut path = name.clone().into_os_string();
            path.push(".json");
            PathBuf::from(path)
        });
        let reports = [
            (ReportFormat::LocustJson, locust),
            (ReportFormat::K6Summary, self.summary_export.clone()),
            (ReportFormat::Junit, self.junit.clone()),
        ];
        let asked = reports.into_iter();
        asked
            .filter_map(|(format, path)| Some((format, path?)))
            .collect()
    }

    /// Where live figures go.
    pub(super) fn metrics(&self) -> MetricsTargets {
        MetricsTargets {
            prometheus: self.prometheus,
            otlp: self.otlp.clone(),
        }
    }

    /// That figures go nowhere that nobody means.
    ///
    /// # Errors
    /// When the collector is at a link-local address that was not named.
    pub(super) fn check(&self, addresses: &AddressPolicy) -> Result<(), PublicAddress> {
        let collector = self.otlp.as_deref().map(Target::parse);
        match collector {
            Some(Ok(collector)) => addresses.check_collector(&collector.host),
            _ => Ok(()),
        }
    }

    /// The step of GitHub Actions that this is.
    pub(super) fn github(&self) -> Option<GithubActions> {
        self.github.clone()
    }
}

/// A port alone is one of loopback: others read the figures only when the address says so.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>();
    if let Ok(port) = port {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let address = text.replace("localhost:", "127.0.0.1:");
    address.parse().map_err(|_| {
        format!(
            "`{text}` is neither a port, like 9464, nor an address and a port, like 0.0.0.0:9464"
        )
    })
}

/// The URL that figures are posted to: the usual path when it has none.
fn parse_url(text: &str) -> Result<String, String> {
    let Some(rest) = text.strip_prefix("http://") else {
        return Err(format!(
            "`{text}` must begin with http:// (there is no TLS; use a collector on this machine)"
        ));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.is_empty() || text.contains(char::is_whitespace) {
        return Err(format!(
            "`{text}` names no host, as in http://localhost:4318"
        ));
    }
    port_of(authority).map_err(|error| format!("`{text}`: {error}"))?;
    match path {
        "" => Ok(format!("http://{authority}/v1/metrics")),
        path => Ok(format!("http://{authority}/{path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_loopback_and_the_rest_is_explicit() {
        let shown = |text| parse_address(text).map(|address| address.to_string());
        assert_eq!(shown("9464"), Ok("127.0.0.1:9464".to_owned()));
        assert_eq!(shown(":9464"), Ok("127.0.0.1:9464".to_owned()));
        assert_eq!(shown("localhost:1"), Ok("127.0.0.1:1".to_owned()));
        assert_eq!(shown("0.0.0.0:9464"), Ok("0.0.0.0:9464".to_owned()));
        assert_eq!(shown("[::1]:9464"), Ok("[::1]:9464".to_owned()));
        assert!(shown("example.com:80").is_err() && shown("99999").is_err());
    }

    #[test]
    fn figures_go_to_credentials_of_machines_only_when_these_are_named() {
        let checked = |url: &str, named: &[String]| {
            let flags = ExportFlags {
                otlp: Some(parse_url(url).unwrap()),
                ..ExportFlags::default()
            };
            flags.check(&AddressPolicy::new(named)).is_ok()
        };
        for (url, host) in [
            ("http://169.254.169.254", "169.254.169.254"),
            ("http://[fe80::1]:4318/v1/metrics", "fe80::1"),
            ("http://[fd00:ec2::254]", "fd00:ec2::254"),
            ("http://[::ffff:169.254.1.1]", "::ffff:169.254.1.1"),
        ] {
            assert!(!checked(url, &[]), "{url}");
            assert!(checked(url, &[host.to_owned()]), "{url}");
        }
        for url in [
            "http://localhost",
            "http://8.8.8.8:4318",
            "http://collector/x",
        ] {
            assert!(checked(url, &[]), "{url}");
        }
    }

    #[test]
    fn a_collector_has_its_usual_path() {
        let table = [
            (
                "http://localhost:4318",
                Some("http://localhost:4318/v1/metrics"),
            ),
            (
                "http://localhost:4318/",
                Some("http://localhost:4318/v1/metrics"),
            ),
            (
                "http://prometheus:9090/api/v1/otlp/v1/metrics",
                Some("http://prometheus:9090/api/v1/otlp/v1/metrics"),
            ),
            ("https://localhost", None),
            ("http://", None),
            ("http://a b", None),
            ("http://localhost:99999", None),
            ("http://[::1]:0/v1/metrics", None),
            ("http://localhost:", None),
        ];
        for (text, url) in table {
            assert_eq!(parse_url(text).ok().as_deref(), url, "{text}");
        }
    }

    #[test]
    fn github_is_told_by_its_variables() {
        let read = |variables: &[(&str, &str)]| {
            let mut flags = ExportFlags::default();
            let variables: Vec<(OsString, OsString)> = variables
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect();
            flags.read_variables(&variables);
            flags.github()
        };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("GITHUB_ACTIONS", "false")]), None);
        let step_summary = Some(PathBuf::from("summary.md"));
        assert_eq!(
            read(&[
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_STEP_SUMMARY", "summary.md")
            ]),
            Some(GithubActions { step_summary })
        );
        assert_eq!(
            read(&[("GITHUB_ACTIONS", "true")]),
            Some(GithubActions::default())
        );
    }
}

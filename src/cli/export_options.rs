//! The flags that ask for other reports, and for live figures that other programs read.

use super::CliError;
use super::secret::Secret;
use crate::plan::{AddressPolicy, Target, TlsIdentity, TlsSettings};
use crate::report::ReportFormat;
use crate::run::{CollectorUrl, GithubActions, MetricsTargets};
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
    /// Like http://localhost:4318 or https://user:password@collector: OTLP over HTTP, in JSON.
    // Parsed later: it may hold a password, which is not repeated.
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Output",
        hide_short_help = true
    )]
    pub otlp: Option<Secret>,

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

    /// Where live figures go: /metrics with this certificate, pushes to a collector that is trusted so.
    ///
    /// # Errors
    /// When the collector has no address that can be used, or a link-local one that was not named.
    pub(super) fn metrics(
        &self,
        addresses: &AddressPolicy,
        identity: Option<TlsIdentity>,
        otlp_tls: &TlsSettings,
    ) -> Result<MetricsTargets, CliError> {
        let otlp = self.otlp.as_ref().map(|Secret(text)| {
            let (url, host) = collector(text)?;
            addresses.check_collector(&host)?;
            Ok::<_, CliError>(CollectorUrl(url))
        });
        Ok(MetricsTargets {
            prometheus: self.prometheus,
            identity,
            otlp: otlp.transpose()?,
            otlp_tls: otlp_tls.clone(),
        })
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

/// The URL that figures are posted to, with the usual path when it has none; and the host in it.
fn collector(text: &str) -> Result<(String, String), CliError> {
    let refused = |why: &str| CliError::Arguments(format!("--otlp: {why}"));
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    if !["http", "https"].contains(&scheme) {
        return Err(refused(
            "the address begins with http:// or https://, as in http://localhost:4318",
        ));
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    if place.is_empty() || text.contains(char::is_whitespace) || login.contains('@') {
        return Err(refused(
            "the address names no host, as http://localhost:4318 does (letters like @ in a password as %40)",
        ));
    }
    // Without who one is there.
    let target = Target::parse(&format!("http://{place}"));
    let host = target.map_err(|error| refused(&error.to_string()))?.host;
    let path = if path.is_empty() { "v1/metrics" } else { path };
    Ok((format!("{scheme}://{authority}/{path}"), host))
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
                otlp: Some(url.into()),
                ..ExportFlags::default()
            };
            let policy = AddressPolicy::new(named);
            flags
                .metrics(&policy, None, &TlsSettings::default())
                .is_ok()
        };
        for (url, host) in [
            ("http://169.254.169.254", "169.254.169.254"),
            ("http://[fe80::1]:4318/v1/metrics", "fe80::1"),
            ("https://a:b@169.254.169.254/", "169.254.169.254"),
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
            ("https://localhost", Some("https://localhost/v1/metrics")),
            (
                "https://user:s3cret@collector:4318",
                Some("https://user:s3cret@collector:4318/v1/metrics"),
            ),
            ("ftp://localhost", None),
            ("localhost:4318", None),
            ("https://user:s3cr@t@collector", None),
            ("https://user:s3cret@collector:x", None),
            ("http://", None),
            ("http://a b", None),
            ("http://localhost:99999", None),
            ("http://[::1]:0/v1/metrics", None),
            ("http://localhost:", None),
        ];
        for (text, url) in table {
            let said = collector(text);
            let told = format!("{:?}", said.as_ref().err());
            assert!(!told.contains("s3cr"), "{told}");
            assert_eq!(said.ok().map(|(url, _)| url).as_deref(), url, "{text}");
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

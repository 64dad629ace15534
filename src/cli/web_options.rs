//! The flags of the web page.

use super::{CliError, pem_files};
use crate::plan::TlsIdentity;
use crate::ui::web::{SHORTEST_TOKEN, WebBase, WebName, WebSettings};
use clap::Args;
use std::path::{Path, PathBuf};

/// Whether the web page is served, and where.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct WebFlags {
    /// Serve a web page that starts, watches and stops load tests
    ///
    /// Until Ctrl-C. The flags of a run are what its start form holds at first. Scripts for Locust's page work:
    /// POST /swarm, GET /stop, /stats/requests and so on.
    #[arg(long, help_heading = "Web page")]
    pub web: bool,

    /// Address that the page is served on; other than loopback needs a token to come in
    #[arg(
        long,
        value_name = "HOST",
        help_heading = "Web page",
        hide_short_help = true,
        default_value = "127.0.0.1"
    )]
    pub web_host: String,

    /// Port that the page is served on; 0 takes a free one
    #[arg(
        short = 'P',
        long,
        value_name = "PORT",
        help_heading = "Web page",
        default_value_t = 8089
    )]
    pub web_port: u16,

    /// Serve the page, and /metrics of --prometheus, in TLS with this certificate (PEM)
    ///
    /// Followed by those that vouch for it. The file may hold the private key, too.
    #[arg(
        long,
        value_name = "FILE",
        alias = "tls-cert",
        help_heading = "Web page",
        hide_short_help = true
    )]
    pub web_cert: Option<PathBuf>,

    /// The private key of --web-cert (PEM, without a password)
    #[arg(
        long,
        value_name = "FILE",
        alias = "tls-key",
        help_heading = "Web page",
        hide_short_help = true
    )]
    pub web_key: Option<PathBuf>,

    /// What must be shown to come in, at least 12 characters; better given as SHOPBLAST_WEB_TOKEN,
    /// which other users of this machine cannot see [default: none on loopback, else made up]
    #[arg(
        long,
        value_name = "TOKEN",
        help_heading = "Web page",
        hide_short_help = true
    )]
    pub web_token: Option<String>,

    /// Name that a proxy before the page goes by, like load.example; may be repeated
    #[arg(
        long, value_name = "NAME[:PORT]", help_heading = "Web page", hide_short_help = true,
        value_parser = WebName::parse, value_delimiter = ','
    )]
    pub web_name: Vec<WebName>,

    /// Path that a proxy puts before the page's addresses, like /load
    #[arg(
        long, value_name = "PATH", help_heading = "Web page", hide_short_help = true,
        value_parser = WebBase::parse
    )]
    pub web_base: Option<WebBase>,

    /// Serve the page, and start the run that the flags describe at once
    #[arg(long, help_heading = "Web page")]
    pub autostart: bool,

    /// Serve no page, whatever else is said: run at once and exit
    #[arg(long, help_heading = "Web page", hide_short_help = true)]
    pub headless: bool,
}

impl WebFlags {
    /// Whether there is a page.
    pub fn is_wanted(&self) -> bool {
        (self.web || self.autostart) && !self.headless
    }

    /// The certificate that is shown to those who come.
    ///
    /// # Errors
    /// When a file cannot be read, or does not hold what it should.
    pub fn identity(&self) -> Result<Option<TlsIdentity>, CliError> {
        let names = ["--web-cert", "--web-key"];
        pem_files::identity(names, self.web_cert.as_deref(), self.web_key.as_deref())
    }

    /// Where and for whom the page is served.
    pub fn settings(&self, results: &Path) -> Result<WebSettings, CliError> {
        let token = self.web_token.clone();
        let length = token.as_ref().map(|token| token.trim().chars().count());
        if length.is_some_and(|length| length < SHORTEST_TOKEN) {
            return Err(CliError::ShortToken);
        }
        Ok(WebSettings {
            host: self.web_host.clone(),
            port: self.web_port,
            identity: self.identity()?,
            token: token.map(|token| token.trim().to_owned()),
            names: self.web_name.clone(),
            base: self.web_base.clone().unwrap_or_default(),
            results: results.to_owned(),
        })
    }
}

//! `shopblast sandbox`: the flags of the embedded shop.

use super::serving_options::ServingFlags;
use super::shop_options::ShopFlags;
use super::{CliError, Machine, values};
use crate::plan::{CoreChoice, Driver};
use crate::run;
use crate::sandbox::{Sandbox, SandboxConfig, SandboxError, SandboxMode, ShopConfig, TlsServing};
use clap::Args;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// How the embedded shop is served.
#[derive(Clone, Debug, PartialEq)]
pub struct SandboxOptions {
    /// Address to listen on.
    pub bind: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Answer every request with one prepared 201.
    pub fixed: bool,
    /// Kernel CPU numbers of the serving threads, at least one.
    pub cores: Vec<usize>,
    /// How the shop behaves.
    pub shop: ShopConfig,
    /// The kernel interface.
    pub driver: Driver,
    /// Where the arrivals of requests are written down.
    pub arrival_log: Option<PathBuf>,
    /// How TLS is spoken; `None` is plain HTTP.
    pub tls: Option<TlsServing>,
}

impl SandboxOptions {
    /// Serves it until Ctrl-C.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn serve(&self) -> Result<(), SandboxError> {
        run::raise_locked_memory();
        let sandbox = Sandbox::start(&self.config())?;
        let what = match self.fixed {
            false => "the embedded shop",
            true => "one fixed reply",
        };
        run::serve(what, Box::new(sandbox));
        Ok(())
    }

    /// The sandbox that they ask for.
    #[must_use]
    pub fn config(&self) -> SandboxConfig {
        SandboxConfig {
            address: SocketAddr::new(self.bind, self.port),
            mode: if self.fixed {
                SandboxMode::Fixed
            } else {
                SandboxMode::Shop(self.shop.clone())
            },
            cores: self.cores.clone(),
            driver: self.driver,
            arrival_log: self.arrival_log.clone(),
            tls: self.tls.clone(),
        }
    }
}

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct SandboxFlags {
    /// Port to listen on; 0 takes a free one
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8000,
        allow_hyphen_values = true
    )]
    port: u16,

    /// Address to listen on; others than this machine reach the shop only if you change this
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    bind: IpAddr,

    /// Answer every request with one prepared 201: the cheapest server, to measure generators with
    #[arg(long)]
    fixed: bool,

    /// Cores to serve on: how many, all, or which CPUs, like 0,2 or 3-3 [default: the last core]
    #[arg(long, value_name = "N|all|LIST", value_parser = CoreChoice::parse, allow_hyphen_values = true)]
    cores: Option<CoreChoice>,

    #[command(flatten)]
    serving: ServingFlags,

    #[command(flatten)]
    shop: ShopFlags,

    /// Kernel interface that carries the replies
    #[arg(long, value_name = "NAME", default_value = "uring", value_parser = values::driver())]
    driver: Driver,

    /// Write down when each request arrived (CSV: nanoseconds on the monotonic clock, method,
    /// path), when the shop ends
    #[arg(long, value_name = "FILE")]
    arrival_log: Option<PathBuf>,
}

/// Chooses the cores: by default the CPU of the core that runs take last.
pub(super) fn resolve(flags: SandboxFlags, machine: &Machine) -> Result<SandboxOptions, CliError> {
    let cores = match &flags.cores {
        Some(choice) => machine.choose(choice)?,
        None => machine.last_core()?,
    };
    let shop = flags.shop.config(cores.len())?;
    let pipeline = &flags.shop.pipeline;
    Ok(SandboxOptions {
        bind: flags.bind,
        port: flags.port,
        fixed: flags.fixed,
        shop: ShopConfig {
            observatory: pipeline.observatory(shop.generation, flags.bind, flags.port),
            ..shop
        },
        cores,
        driver: flags.driver,
        arrival_log: flags.arrival_log,
        tls: flags.serving.tls()?,
    })
}

//! The embedded shop: beside a run with `--sandbox`, or served alone by `shopblast sandbox`.

use super::sandbox_target::target;
use super::{observers, signals};
use crate::observe::ObserverConfig;
use crate::plan::{Plan, Target};
use crate::sandbox::{Mode, Sandbox, SandboxConfig, SandboxError, ShopConfig};
use std::net::SocketAddr;

/// The embedded shop, for more than one run.
pub struct EmbeddedShop {
    sandbox: Sandbox,
}

impl EmbeddedShop {
    /// Starts the shop on a free port of this machine, on a CPU of its own where the workers of `plan`
    /// leave one.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(plan: &Plan, shop: &ShopConfig) -> Result<Self, SandboxError> {
        start(plan, shop).map(|sandbox| Self { sandbox })
    }

    /// Where it takes requests.
    #[must_use]
    pub fn target(&self) -> Target {
        target(&self.sandbox)
    }

    /// What `asked` becomes beside it: its own Observatory is read, unless another one was named.
    #[must_use]
    pub fn observers(&self, asked: &ObserverConfig) -> ObserverConfig {
        observers::beside(asked, Some(&self.sandbox))
    }

    /// Ends it.
    pub fn stop(self) {
        self.sandbox.stop();
    }
}

/// Starts the shop on a free port of this machine, on a CPU of its own where the workers of `plan`
/// leave one.
///
/// # Errors
/// When it cannot listen.
pub fn start(plan: &Plan, shop: &ShopConfig) -> Result<Sandbox, SandboxError> {
    Sandbox::start(&SandboxConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        mode: Mode::Shop(shop.clone()),
        cores: plan.placement.shop().into_iter().collect(),
        driver: plan.driver,
        arrival_log: None,
    })
}

/// Serves the shop until Ctrl-C.
///
/// # Errors
/// When it cannot listen.
pub fn serve(config: &SandboxConfig) -> Result<(), SandboxError> {
    let sandbox = Sandbox::start(config)?;
    let stopper = sandbox.stopper();
    let _listening = signals::listen(move || stopper.stop());
    let what = match config.mode {
        Mode::Shop(_) => "the embedded shop",
        Mode::Fixed => "one fixed reply",
    };
    let observatory = sandbox
        .observatory_address()
        .map(|address| format!(", its Observatory on http://{address}"))
        .unwrap_or_default();
    println!(
        "serving {what} on http://{}{observatory} (Ctrl-C ends it)",
        sandbox.address()
    );
    sandbox.wait();
    Ok(())
}

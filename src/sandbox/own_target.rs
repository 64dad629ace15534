//! The embedded shop as the target that a run brings along.

use super::observatory::MOST_CONNECTIONS;
use super::server::{Sandbox, SandboxConfig, SandboxError, SandboxMode, ShopConfig};
use crate::engine::{NotStarted, OwnTarget, Standing};
use crate::plan::Driver;
use std::net::SocketAddr;

/// Of its one thread and both listeners.
const OWN_DESCRIPTORS: u64 = 12;

impl From<SandboxError> for NotStarted {
    fn from(error: SandboxError) -> Self {
        Self(Box::new(error))
    }
}

impl OwnTarget for ShopConfig {
    fn start(&self, cpu: Option<usize>, driver: Driver) -> Result<Box<dyn Standing>, NotStarted> {
        let sandbox = Sandbox::start(&SandboxConfig {
            mode: SandboxMode::Shop(self.clone()),
            cores: cpu.into_iter().collect(),
            driver,
            ..SandboxConfig::default()
        })?;
        Ok(Box::new(sandbox))
    }

    fn words(&self) -> Vec<String> {
        Self::words(self)
    }

    fn descriptors(&self) -> u64 {
        OWN_DESCRIPTORS + MOST_CONNECTIONS as u64
    }
}

impl Standing for Sandbox {
    fn address(&self) -> SocketAddr {
        Self::address(self)
    }

    fn scheme(&self) -> &'static str {
        Self::scheme(self)
    }

    fn observatory_address(&self) -> Option<SocketAddr> {
        Self::observatory_address(self)
    }

    fn stopper(&self) -> Box<dyn Fn() + Send + Sync> {
        let stopper = Self::stopper(self);
        Box::new(move || stopper.stop())
    }

    fn wait(self: Box<Self>) {
        Self::wait(*self);
    }

    fn stop(self: Box<Self>) {
        Self::stop(*self);
    }
}

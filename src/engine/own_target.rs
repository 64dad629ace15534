//! A target that the program brings along: how a run starts it, finds it and ends it.

use crate::plan::Driver;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;

/// Why a target of one's own cannot be had.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NotStarted(#[from] pub Box<dyn Error + Send + Sync>);

/// A target that can be started on this machine.
pub trait OwnTarget: Any + fmt::Debug + Send + Sync {
    /// Starts it on a free port of loopback, on `cpu` where the load leaves one.
    ///
    /// # Errors
    /// When it cannot listen.
    fn start(&self, cpu: Option<usize>, driver: Driver) -> Result<Box<dyn Standing>, NotStarted>;

    /// The words that make another one like it, for the record.
    fn words(&self) -> Vec<String>;

    /// Descriptors that it may open, beside those of connections to it.
    fn descriptors(&self) -> u64 {
        0
    }
}

/// A target that stands.
pub trait Standing: Send {
    /// Where it takes requests.
    fn address(&self) -> SocketAddr;

    /// The scheme of both addresses.
    fn scheme(&self) -> &'static str {
        "http"
    }

    /// Where it tells figures of its back end, if it does.
    fn observatory_address(&self) -> Option<SocketAddr>;

    /// What ends it, from any thread.
    fn stopper(&self) -> Box<dyn Fn() + Send + Sync>;

    /// Waits until it has ended.
    fn wait(self: Box<Self>);

    /// Ends it.
    fn stop(self: Box<Self>);
}

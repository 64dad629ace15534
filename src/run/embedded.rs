//! A target that the program brings along: beside a run with `--sandbox`, or served alone by
//! `shopblast sandbox`.

use super::{descriptors, signals};
use crate::engine::{NotStarted, OwnTarget, Standing};
use crate::observe::{ObservatoryChoice, ObserverConfig};
use crate::pieces::{print, tell};
use crate::plan::{Plan, Target};
use std::net::SocketAddr;

/// A target of this process, for one run or more.
pub struct Embedded {
    standing: Box<dyn Standing>,
}

impl Embedded {
    /// Starts it on a free port of this machine, on a CPU of its own where the workers of `plan`
    /// leave one.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(plan: &Plan, own: &dyn OwnTarget) -> Result<Self, NotStarted> {
        let standing = own.start(plan.placement.shop(), plan.driver)?;
        Ok(Self { standing })
    }

    /// Where it takes requests.
    #[must_use]
    pub fn target(&self) -> Target {
        at_address(self.standing.address())
    }

    /// What `asked` becomes beside it: its own Observatory is read, unless another one was named.
    #[must_use]
    pub fn observers(&self, asked: &ObserverConfig) -> ObserverConfig {
        let mut config = asked.clone();
        let own = self.standing.observatory_address().map(at_address);
        if let (ObservatoryChoice::None, Some(own)) = (&config.observatory, own) {
            config.observatory = ObservatoryChoice::Asked(own);
        }
        config
    }

    /// Ends it.
    pub fn stop(self) {
        self.standing.stop();
    }
}

/// The target that listens on `address`.
pub fn at_address(address: SocketAddr) -> Target {
    Target {
        host: address.ip().to_string(),
        authority: address.to_string(),
        ..Target::at("", address.port())
    }
}

/// Serves `standing`, which is called `what`, until Ctrl-C.
pub fn serve(what: &str, standing: Box<dyn Standing>) {
    if let Some(most) = descriptors::most_served() {
        tell(format!(
            "warning: at most {most} connections at a time; raise the limit with `ulimit -n`"
        ));
    }
    let stopper = standing.stopper();
    let _listening = signals::listen(stopper);
    let scheme = standing.scheme();
    let observatory = standing
        .observatory_address()
        .map(|address| format!(", its Observatory on {scheme}://{address}"))
        .unwrap_or_default();
    print(format!(
        "serving {what} on {scheme}://{}{observatory} (Ctrl-C ends it)\n",
        standing.address()
    ));
    standing.wait();
}

//! Those who carry the load, prepared: the workers of this process, or the members that it leads.

use super::carriers::{Carriers, Fleet, FleetOrder, PreparedMember, PreparedPart};
use super::patience::preparing;
use super::worker_setup::WorkerSetup;
use super::worker_threads::WorkerThreads;
use super::{ReachError, RunControl, RunError, RunRequest, machine, target_addresses};
use crate::engine::{EventSampling, PreparedScript, Survey, TargetAddresses};
use crate::pieces::counted;
use crate::plan::Plan;
use crate::record::HostFacts;
use crate::stats::{Collector, CollectorInbox, IntervalSink, Merged, RunContext};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Those who carry the load, prepared and waiting for the start.
pub enum Workforce {
    /// Workers of this process.
    Own {
        /// Them.
        workers: WorkerThreads,
        /// Where they hand over what they measure.
        inbox: CollectorInbox,
    },
    /// Members of a fleet.
    Others(Arc<dyn Fleet>),
}

/// A workforce, and what is known of it.
pub struct Gathered {
    /// It.
    pub workforce: Workforce,
    /// The machine that it is led from.
    pub host: HostFacts,
    /// Kernel CPU numbers of all workers.
    pub cpus: Vec<usize>,
    /// Number of the machine of each, from 1; none where all are on this one.
    pub machines: Vec<u32>,
    /// What was found of the target's processes.
    pub survey: Option<Survey>,
}

/// What a workforce is gathered for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// What was asked for.
    pub request: &'a RunRequest,
    /// What is done.
    pub plan: &'a Plan,
    /// What users do.
    pub script: &'a PreparedScript,
    /// Where the target is.
    pub addresses: &'a Arc<TargetAddresses>,
    /// What stops and steers the run.
    pub control: &'a RunControl,
    /// Which events are followed; `None` when none is.
    pub events: Option<&'a EventSampling>,
}

impl Wanted<'_> {
    /// Has everybody prepare.
    ///
    /// # Errors
    /// When somebody cannot.
    pub fn gather(self) -> Result<Gathered, RunError> {
        match self.request.carriers.fleet() {
            Some(fleet) => self.gather_others(fleet),
            None => self.gather_own(),
        }
    }

    fn gather_own(self) -> Result<Gathered, RunError> {
        let Self { request, plan, .. } = self;
        let (handovers, inbox) = Collector::channels(plan.cores.len(), self.script.described.shape);
        let setup = WorkerSetup {
            plan,
            script: self.script,
            addresses: self.addresses,
            looks: request.preflight,
            interruption: self.control.interruption(),
            load_schedule: self.control.load_schedule(),
            clearance: request.shared.clone().map(|shared| shared as _),
            events: self.events,
        };
        // Looking for the target's processes goes by time: not on the CPU of a shop on this machine.
        let users = counted(plan.own_users().into(), "user");
        let told = preparing(
            format!("connections and bodies of {users}"),
            request.output.is_muted(),
        );
        let (workers, survey) = machine::at_large(plan, || setup.prepare(handovers))?;
        drop(told);
        reached_at_all(plan, &workers)?;
        machine::tell(plan, &request.output);
        target_addresses::tell(request, plan, &self.addresses.known(), &workers.ready);
        Ok(Gathered {
            host: machine::facts(plan, &workers.ready),
            cpus: plan.cores.clone(),
            machines: Vec::new(),
            workforce: Workforce::Own { workers, inbox },
            survey,
        })
    }

    fn gather_others(self, fleet: &Arc<dyn Fleet>) -> Result<Gathered, RunError> {
        let plan = self.plan;
        let order = FleetOrder {
            plan,
            room: self.request.room,
            control: self.control,
            shape: self.script.described.shape,
            events: self.events,
        };
        let members = fleet.prepare(&order)?;
        let cpus = members
            .iter()
            .flat_map(|member: &PreparedMember| member.cpus.iter());
        let machines = members.iter().flat_map(|member| {
            let number = member.shard.number();
            member.cpus.iter().map(move |_| number)
        });
        Ok(Gathered {
            cpus: cpus.copied().collect(),
            machines: machines.collect(),
            host: machine::facts(plan, &[]),
            workforce: Workforce::Others(Arc::clone(fleet)),
            survey: None,
        })
    }
}

impl Workforce {
    /// Gives the order to start, and tells when the clock starts, in nanoseconds of the monotonic clock.
    ///
    /// # Errors
    /// When others were to agree on it, and did not.
    pub fn start(
        &mut self,
        request: &RunRequest,
        plan: &Plan,
        control: &RunControl,
    ) -> Result<u64, RunError> {
        let (workers, carriers) = match self {
            Self::Others(fleet) => return fleet.start(),
            Self::Own { workers, .. } => (workers, &request.carriers),
        };
        let Carriers::Agreed(agreement) = carriers else {
            return Ok(workers.start());
        };
        let connections = workers.ready.iter().map(|ready| ready.open_connections);
        let start_ns = agreement.agree(&PreparedPart {
            plan,
            connections: connections.sum(),
            delay: workers.delay(),
            control,
        })?;
        workers.start_at(start_ns);
        Ok(start_ns)
    }

    /// Has everything that is measured from now on merged, in a thread of its own; gives the workers of
    /// this process, too, if there are any.
    pub fn collect(
        self,
        context: RunContext,
        sinks: Vec<Box<dyn IntervalSink>>,
    ) -> (JoinHandle<Merged>, Option<WorkerThreads>) {
        match self {
            Self::Own { workers, inbox } => {
                let collector = thread::spawn(move || inbox.run(context, sinks));
                (collector, Some(workers))
            }
            Self::Others(fleet) => {
                let collector = thread::spawn(move || fleet.collect(context, sinks));
                (collector, None)
            }
        }
    }
}

/// A target that accepted no connection of any worker was not reached.
fn reached_at_all(plan: &Plan, workers: &WorkerThreads) -> Result<(), ReachError> {
    let open: usize = workers
        .ready
        .iter()
        .map(|ready| ready.open_connections)
        .sum();
    let error = workers
        .ready
        .iter()
        .find_map(|ready| ready.connect_error.clone());
    match error {
        Some(error) if open == 0 => Err(ReachError::Unreachable {
            url: plan.target.url(),
            error,
        }),
        _ => Ok(()),
    }
}

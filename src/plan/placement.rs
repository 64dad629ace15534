//! Where the threads of a run are, and why there.

use super::topology::{Cpu, Topology};
use super::{CoreChoice, CoreError, CpuList};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the threads of a run are, and why there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Placement {
    /// Kernel numbers of the CPUs for all that is no worker: collector, faces, observers, embedded
    /// shop. All that may be used when none is without a worker; empty when nothing was chosen.
    pub beside: Vec<usize>,
    /// Whether `beside` are CPUs without workers.
    pub apart: bool,
    /// CPUs that the process may use; 0 when nothing was chosen.
    pub cpus: usize,
    /// NUMA nodes of the workers, ascending: their memory is there.
    pub nodes: Vec<usize>,
    /// Whether workers share CPUs, by `--oversubscribe`: no figure is to be trusted then.
    pub oversubscribed: bool,
    /// What the process may use, in words, like `32 CPUs, 16 cores, 2 sockets`.
    pub machine: String,
    /// Why it was chosen so, a sentence each.
    pub why: Vec<String>,
}

impl Placement {
    /// Where everything is when `workers` are what `choice` made of `topology`.
    #[must_use]
    pub fn of(topology: &Topology, workers: &[usize], choice: CoreChoiceKind) -> Self {
        let has_worker = |number: usize| workers.contains(&number);
        let free = free_cpus(topology, &has_worker);
        let apart = !free.is_empty();
        let beside = match apart {
            true => free,
            false => topology.usable().iter().map(|cpu| cpu.number).collect(),
        };
        let theirs = topology.cpus.iter().filter(|cpu| has_worker(cpu.number));
        let mut nodes: Vec<usize> = theirs.map(|cpu| cpu.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let oversubscribed = shares(workers);
        Self {
            beside,
            apart,
            cpus: topology.cpus.len(),
            nodes,
            oversubscribed,
            machine: topology.outline(),
            why: why(topology, workers, choice, apart),
        }
    }

    /// The CPU for the embedded shop, best first; `None` when every CPU has a worker.
    #[must_use]
    pub fn shop(&self) -> Option<usize> {
        self.spare().first().copied()
    }

    /// CPUs without a worker, best first.
    #[must_use]
    pub fn spare(&self) -> &[usize] {
        match self.apart {
            true => &self.beside,
            false => &[],
        }
    }

    /// Where `workers` and all else are, in one line.
    #[must_use]
    pub fn line(&self, workers: &[usize]) -> String {
        let mut cpus = workers.to_vec();
        cpus.sort_unstable();
        cpus.dedup();
        let count = match workers.len() {
            1 => "1 worker".to_owned(),
            count => format!("{count} workers"),
        };
        let mut beside = self.beside.clone();
        beside.sort_unstable();
        let rest = match self.apart {
            true => format!("all else on CPU {}", CpuList(&beside)),
            false => "all else beside them".to_owned(),
        };
        let why = match self.why.is_empty() {
            true => String::new(),
            false => format!(" ({})", self.why.join("; ")),
        };
        let doubt = match self.oversubscribed {
            true => "; OVERSUBSCRIBED: no figure is to be trusted",
            false => "",
        };
        format!("{count} on CPU {}, {rest}{why}{doubt}", CpuList(&cpus))
    }
}

/// How the workers' CPUs came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreChoiceKind {
    /// They were named one by one.
    ByName,
    /// So many were asked for.
    ByCount,
    /// All that there are were asked for, or taken since nobody asked.
    All,
    /// Nobody asked, and the shop needs its half.
    HalfBesideShop,
}

impl CoreChoiceKind {
    /// How `choice` is met.
    #[must_use]
    pub fn of(choice: &CoreChoice) -> Self {
        match choice {
            CoreChoice::Count(_) => Self::ByCount,
            CoreChoice::All => Self::All,
            CoreChoice::List(_) => Self::ByName,
        }
    }
}

/// The CPUs of `workers` workers, more of them than there is room for: round and round those that
/// there are.
///
/// # Errors
/// When there is no CPU at all.
pub fn oversubscribed(topology: &Topology, workers: usize) -> Result<Vec<usize>, CoreError> {
    let room = topology.most_workers();
    let order = topology.in_order();
    let cpus = order.iter().take(room).map(|cpu| cpu.number);
    let dealt: Vec<usize> = cpus.cycle().take(workers).collect();
    match dealt.is_empty() {
        true => Err(CoreError::too_many(workers, topology)),
        false => Ok(dealt),
    }
}

/// Whether two workers are on one CPU.
fn shares(workers: &[usize]) -> bool {
    let mut sorted = workers.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// CPUs without a worker, best first: those of whole cores without one, of caches without one before
/// others; where every core has a worker, the second threads.
fn free_cpus(topology: &Topology, has_worker: &impl Fn(usize) -> bool) -> Vec<usize> {
    let mut order = topology.in_order();
    let busy = topology.cpus.iter().filter(|cpu| has_worker(cpu.number));
    let busy: Vec<Cpu> = busy.copied().collect();
    order.retain(|cpu| !has_worker(cpu.number));
    let is_whole = |core: usize| busy.iter().all(|cpu| cpu.core != core);
    if order.iter().any(|cpu| is_whole(cpu.core)) {
        order.retain(|cpu| is_whole(cpu.core));
    }
    order.sort_by_cached_key(|cpu| busy.iter().any(|busy| busy.cache == cpu.cache));
    order.iter().map(|cpu| cpu.number).collect()
}

fn why(topology: &Topology, workers: &[usize], chosen: CoreChoiceKind, apart: bool) -> Vec<String> {
    let theirs = topology.cpus.iter();
    let theirs: Vec<Cpu> = theirs
        .filter(|cpu| workers.contains(&cpu.number))
        .copied()
        .collect();
    let share_cpus = shares(workers);
    let mut why = vec![match share_cpus {
        true => format!("room for {} at once", topology.most_workers()),
        false => choice_text(topology, &theirs, chosen).to_owned(),
    }];
    let slow = theirs.iter().filter(|cpu| cpu.is_efficient).count();
    if slow > 0 {
        why.push(format!("{slow} on efficiency cores"));
    }
    let usable = topology.usable().len();
    if let Some(quota) = topology.quota_cpus.filter(|it| *it < usable as f64) {
        why.push(format!("the control group gives the time of {quota} CPUs"));
    }
    let aside = topology.set_aside();
    if !aside.is_empty() && chosen != CoreChoiceKind::ByName {
        why.push(format!("isolated, only by name: CPU {}", CpuList(&aside)));
    }
    if !topology.offline.is_empty() {
        why.push(format!("offline: CPU {}", CpuList(&topology.offline)));
    }
    if !apart && !share_cpus {
        why.push("no CPU is without a worker".to_owned());
    }
    why
}

fn choice_text(topology: &Topology, theirs: &[Cpu], chosen: CoreChoiceKind) -> &'static str {
    let mut cores: Vec<usize> = theirs.iter().map(|cpu| cpu.core).collect();
    cores.sort_unstable();
    cores.dedup();
    let one_a_core = cores.len() == theirs.len();
    let has_threads = topology.cores() < topology.usable().len();
    match (chosen, one_a_core, has_threads) {
        (CoreChoiceKind::ByName, true, _) => "as named",
        (CoreChoiceKind::ByName, false, _) => "as named, several on one core",
        (CoreChoiceKind::HalfBesideShop, ..) => {
            "half of the cores, since the shop is on this machine"
        }
        (_, _, false) => "one a core",
        (_, true, true) => "whole cores first: one a core",
        (_, false, true) => "whole cores first, then their second threads",
    }
}

#[cfg(test)]
mod tests;

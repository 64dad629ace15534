//! What the kernel tells of the machine's CPUs, and in which order workers take them.
//!
//! Workers share nothing while they run, so that each is best off with a core, a share of a cache and
//! memory of its own: whole cores come first, on as few memory nodes as they need, dealt round the
//! caches of a node; fast cores before slow ones; the second threads of cores last.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// CPU numbers beyond this are errors: Linux knows at most 8,192 CPUs.
pub const LARGEST_CPU: usize = 8_191;

/// A CPU as the kernel schedules it: one thread of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// Its kernel number.
    pub number: usize,
    /// Lowest number of the CPUs that are threads of its core: names the core.
    pub core: usize,
    /// Lowest number of the CPUs that share its last cache: names the cache.
    pub cache: usize,
    /// Its NUMA node.
    pub node: usize,
    /// Its socket.
    pub package: usize,
    /// Whether its core is a slow, efficient one, on a machine that has faster ones, too.
    pub is_efficient: bool,
    /// Whether the kernel keeps other programs off it (`isolcpus`).
    pub is_isolated: bool,
}

/// The CPUs that a process may use, and what keeps it from using more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// Those that are online and that the process may use, by ascending number.
    pub cpus: Vec<Cpu>,
    /// Those that are switched off.
    pub offline: Vec<usize>,
    /// So many CPUs' time the process is given at most, by its control groups; `None` without a limit.
    pub quota_cpus: Option<f64>,
}

/// A CPU and where it comes among those of its kind.
struct Ranked {
    cpu: Cpu,
    /// Which thread of its core it is, of those that may be used.
    thread: usize,
    /// Which of its kind in its cache it is.
    turn: usize,
}

impl Topology {
    /// CPUs of which nothing is known: each is a core of its own, all are equal.
    #[must_use]
    pub fn flat(allowed: &[usize]) -> Self {
        let cpu = |&number| Cpu {
            number,
            core: number,
            cache: 0,
            node: 0,
            package: 0,
            is_efficient: false,
            is_isolated: false,
        };
        Self {
            cpus: allowed.iter().map(cpu).collect(),
            ..Self::default()
        }
    }

    /// Numbers of all CPUs that the process may use, ascending.
    #[must_use]
    pub fn allowed(&self) -> Vec<usize> {
        self.cpus.iter().map(|cpu| cpu.number).collect()
    }

    /// What a count of cores may take: all but isolated CPUs, which somebody set aside for a purpose;
    /// those, too, when there are no others, since then this is the purpose.
    #[must_use]
    pub fn usable(&self) -> Vec<Cpu> {
        let shared = self.cpus.iter().filter(|cpu| !cpu.is_isolated);
        let shared: Vec<Cpu> = shared.copied().collect();
        match shared.is_empty() {
            true => self.cpus.clone(),
            false => shared,
        }
    }

    /// CPUs that are left out because they are isolated.
    #[must_use]
    pub fn set_aside(&self) -> Vec<usize> {
        match self.cpus.iter().all(|cpu| cpu.is_isolated) {
            true => Vec::new(),
            false => {
                let isolated = self.cpus.iter().filter(|cpu| cpu.is_isolated);
                isolated.map(|cpu| cpu.number).collect()
            }
        }
    }

    /// Most workers that can work at once: one a usable CPU, and no more than there is CPU time for,
    /// but at least one where there is a CPU at all.
    #[must_use]
    pub fn most_workers(&self) -> usize {
        let usable = self.usable().len();
        match self.quota_cpus {
            // A quota that is no number allows what there is.
            Some(quota) if quota < usable as f64 => usable.min((quota as usize).max(1)),
            _ => usable,
        }
    }

    /// The usable CPUs in the order in which workers take them.
    #[must_use]
    pub fn in_order(&self) -> Vec<Cpu> {
        let usable = self.usable();
        let places = node_places(&usable);
        let mut ranked = ranked(&usable);
        ranked.sort_by_key(|at| {
            let Cpu {
                is_efficient,
                node,
                cache,
                number,
                ..
            } = at.cpu;
            let place = places.get(&node).copied().unwrap_or_default();
            (at.thread, is_efficient, place, at.turn, cache, number)
        });
        ranked.into_iter().map(|at| at.cpu).collect()
    }

    /// Cores of which at least one CPU is usable.
    #[must_use]
    pub fn cores(&self) -> usize {
        count(&self.usable(), |cpu| cpu.core)
    }

    /// The CPU of a core that runs take last: where something else disturbs them least. A fast one
    /// where there is a choice; `None` when there is no CPU.
    #[must_use]
    pub fn last_core(&self) -> Option<usize> {
        let order = self.in_order();
        let first_threads = order.get(..self.cores()).unwrap_or_default();
        let fast = first_threads.iter().rev().find(|cpu| !cpu.is_efficient);
        fast.or(first_threads.last()).map(|cpu| cpu.number)
    }

    /// The usable CPUs in words, like `32 CPUs, 16 cores, 2 sockets, 8 caches`; what there is only one
    /// of is left out.
    #[must_use]
    pub fn outline(&self) -> String {
        let usable = self.usable();
        let slow = usable.iter().filter(|cpu| cpu.is_efficient);
        let slow: Vec<Cpu> = slow.copied().collect();
        let parts = [
            (count(&usable, |cpu| cpu.core), "cores"),
            (count(&slow, |cpu| cpu.core), "of them efficient"),
            (count(&usable, |cpu| cpu.package), "sockets"),
            (count(&usable, |cpu| cpu.node), "memory nodes"),
            (count(&usable, |cpu| cpu.cache), "last caches"),
        ];
        let mut text = match usable.len() {
            1 => "1 CPU".to_owned(),
            cpus => format!("{cpus} CPUs"),
        };
        for (number, what) in parts {
            if number > 1 || (number == 1 && what.starts_with("of them")) {
                text.push_str(&format!(", {number} {what}"));
            }
        }
        text
    }
}

/// How many different values `what` has.
fn count(cpus: &[Cpu], what: impl Fn(&Cpu) -> usize) -> usize {
    let mut values: Vec<usize> = cpus.iter().map(what).collect();
    values.sort_unstable();
    values.dedup();
    values.len()
}

/// Which node comes when: that with most fast cores first, so that few nodes are needed.
fn node_places(cpus: &[Cpu]) -> BTreeMap<usize, usize> {
    let mut cores: BTreeMap<usize, Vec<Cpu>> = BTreeMap::new();
    for cpu in cpus {
        cores.entry(cpu.node).or_default().push(*cpu);
    }
    let mut nodes: Vec<(Reverse<usize>, usize)> = cores
        .into_iter()
        .map(|(node, mut cpus)| {
            cpus.retain(|cpu| !cpu.is_efficient);
            (Reverse(count(&cpus, |cpu| cpu.core)), node)
        })
        .collect();
    nodes.sort_unstable();
    let places = nodes.into_iter().enumerate();
    places.map(|(place, (_, node))| (node, place)).collect()
}

fn ranked(cpus: &[Cpu]) -> Vec<Ranked> {
    let mut threads: BTreeMap<usize, usize> = BTreeMap::new();
    let mut turns: BTreeMap<(usize, bool, usize, usize), usize> = BTreeMap::new();
    let mut next = |cpu: &Cpu| {
        let thread = take(threads.entry(cpu.core).or_default());
        let kind = (thread, cpu.is_efficient, cpu.node, cpu.cache);
        let turn = take(turns.entry(kind).or_default());
        Ranked {
            cpu: *cpu,
            thread,
            turn,
        }
    };
    cpus.iter().map(&mut next).collect()
}

/// The next number of a counter.
fn take(counter: &mut usize) -> usize {
    let next = *counter;
    *counter += 1;
    next
}

#[cfg(test)]
mod tests;

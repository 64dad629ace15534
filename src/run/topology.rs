//! What the kernel tells of the machine's CPUs, read from below a root: `/`, or a made-up tree.
//!
//! Nothing of it is needed: what is missing or malformed is taken for a machine without it.

use super::kernel_file::text;
use super::quota;
use crate::plan::{Cpu, LARGEST_CPU, Topology};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Cache indices of a CPU that are looked at.
const MOST_CACHES: usize = 8;
/// Memory nodes that are looked at.
const MOST_NODES: usize = 1_024;
/// A core is an efficient one when it reaches less than this share of what the fastest reaches. Fast
/// cores differ by some per cent (favoured cores); slow ones reach three quarters at most.
const FAST_SHARE: f64 = 0.8;

/// The CPUs of `allowed` (those that the process may use) as the files below `root` describe them.
#[must_use]
pub fn read(root: &Path, allowed: &[usize]) -> Topology {
    let files = Files(root.join("sys/devices/system"));
    let online = files.list("cpu/online");
    let is_online = |cpu: &usize| online.as_ref().is_none_or(|list| list.contains(cpu));
    let numbers: Vec<usize> = allowed.iter().copied().filter(is_online).collect();
    // A description that leaves no CPU is wrong: the process runs on one.
    let mut numbers = match numbers.is_empty() {
        true => allowed.to_vec(),
        false => numbers,
    };
    numbers.sort_unstable();
    numbers.dedup();
    let isolated = files.list("cpu/isolated").unwrap_or_default();
    let efficient = files.efficient(root, &numbers);
    let nodes = files.nodes();
    let mut offline = files.list("cpu/offline").unwrap_or_default();
    // Linux lists CPUs that could be plugged in as offline, too.
    if let Some(present) = files.list("cpu/present") {
        offline.retain(|cpu| present.contains(cpu));
    }
    let cpu = |&number: &usize| Cpu {
        number,
        core: files.core(number),
        cache: files.cache(number),
        node: nodes.get(&number).copied().unwrap_or_default(),
        package: files.package(number),
        is_efficient: efficient.contains(&number),
        is_isolated: isolated.contains(&number),
    };
    Topology {
        cpus: numbers.iter().map(cpu).collect(),
        offline,
        quota_cpus: quota::read(root),
    }
}

/// The kernel's lists, like `0-3,8`: numbers up to [`LARGEST_CPU`], ascending. `None` when it is none.
fn parse_list(text: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    let parts = text.split(',').filter(|_| !text.is_empty());
    for part in parts {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if last < first || last > LARGEST_CPU {
            return None;
        }
        numbers.extend(first..=last);
        if numbers.len() > LARGEST_CPU + 1 {
            return None;
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// `/sys/devices/system`.
struct Files(PathBuf);

impl Files {
    fn text(&self, path: &str) -> Option<String> {
        text(&self.0.join(path))
    }

    fn list(&self, path: &str) -> Option<Vec<usize>> {
        parse_list(&self.text(path)?)
    }

    fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.parse().ok()
    }

    /// The lowest number of the list at `path`, if `cpu` is in it.
    fn lowest_beside(&self, path: &str, cpu: usize) -> Option<usize> {
        let list = self.list(path)?;
        list.contains(&cpu).then(|| list.first().copied())?
    }

    /// Lowest number of the CPUs that are threads of the same core.
    fn core(&self, cpu: usize) -> usize {
        let threads =
            |name: &str| self.lowest_beside(&format!("cpu/cpu{cpu}/topology/{name}"), cpu);
        // The second is the first one's name up to Linux 5.
        threads("core_cpus_list")
            .or_else(|| threads("thread_siblings_list"))
            .unwrap_or(cpu)
    }

    /// Lowest number of the CPUs with the same last cache; of the same socket where that is not told.
    fn cache(&self, cpu: usize) -> usize {
        let last = (0..MOST_CACHES)
            .filter_map(|index| {
                let level = self.number(&format!("cpu/cpu{cpu}/cache/index{index}/level"))?;
                Some((level, index))
            })
            .max();
        let of_cache = last.and_then(|(_, index)| {
            let path = format!("cpu/cpu{cpu}/cache/index{index}/shared_cpu_list");
            self.lowest_beside(&path, cpu)
        });
        let of_package = || {
            let path = |name: &str| format!("cpu/cpu{cpu}/topology/{name}");
            self.lowest_beside(&path("package_cpus_list"), cpu)
                .or_else(|| self.lowest_beside(&path("core_siblings_list"), cpu))
        };
        of_cache.or_else(of_package).unwrap_or_default()
    }

    fn package(&self, cpu: usize) -> usize {
        let number = self.number(&format!("cpu/cpu{cpu}/topology/physical_package_id"));
        number.map_or(0, |number| number as usize)
    }

    /// The node of each CPU.
    fn nodes(&self) -> BTreeMap<usize, usize> {
        let mut nodes = BTreeMap::new();
        let online = self.list("node/online").unwrap_or_else(|| vec![0]);
        for node in online.into_iter().take(MOST_NODES) {
            let cpus = self.list(&format!("node/node{node}/cpulist"));
            nodes.extend(cpus.unwrap_or_default().into_iter().map(|cpu| (cpu, node)));
        }
        nodes
    }

    /// Those of `cpus` that are slow, efficient cores beside faster ones. What tells is, in this order:
    /// Intel's list of such cores, what the scheduler thinks of each core, the highest frequency.
    fn efficient(&self, root: &Path, cpus: &[usize]) -> Vec<usize> {
        let listed = text(&root.join("sys/devices/cpu_atom/cpus")).and_then(|it| parse_list(&it));
        if let Some(mut listed) = listed {
            listed.retain(|cpu| cpus.contains(cpu));
            return match listed.len() == cpus.len() {
                true => Vec::new(),
                false => listed,
            };
        }
        let slow = |file: &str| {
            let reached: Option<Vec<u64>> = cpus
                .iter()
                .map(|cpu| self.number(&format!("cpu/cpu{cpu}/{file}")))
                .collect();
            let reached = reached?;
            let fastest = reached.iter().copied().max()? as f64;
            let slow = cpus.iter().zip(&reached);
            let slow = slow.filter(|(_, reached)| (**reached as f64) < FAST_SHARE * fastest);
            let slow: Vec<usize> = slow.map(|(cpu, _)| *cpu).collect();
            (!slow.is_empty()).then_some(slow)
        };
        slow("cpu_capacity")
            .or_else(|| slow("cpufreq/cpuinfo_max_freq"))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

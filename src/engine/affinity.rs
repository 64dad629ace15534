//! On which CPUs a thread may run.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Lets the current thread, and those that it starts from now on, run on `cpus` only. False when the
/// kernel refuses, or no set can hold them: then nothing has changed.
pub fn confine(cpus: &[usize]) -> bool {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        if cpu >= CpuSet::MAX_CPU {
            return false;
        }
        set.set(cpu);
    }
    !cpus.is_empty() && sched_setaffinity(None, &set).is_ok()
}

/// The CPUs that the current thread may run on, ascending; empty when the kernel does not tell.
#[must_use]
pub fn confines() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else {
        return Vec::new();
    };
    let all = 0..CpuSet::MAX_CPU;
    all.filter(|&cpu| set.is_set(cpu)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confined_thread_hands_its_confines_on_and_may_leave_them() {
        let all = confines();
        let last = *all.last().expect("at least one CPU");
        let inside = std::thread::spawn(move || {
            assert!(confine(&[last]));
            let child = std::thread::spawn(confines).join().expect("no panic");
            let back = confine(&all) && confines() == all;
            (child, back)
        });
        assert_eq!(inside.join().expect("no panic"), (vec![last], true));
        assert!(!confine(&[]) && !confine(&[CpuSet::MAX_CPU]));
    }
}

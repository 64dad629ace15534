//! The control groups of this process, where they tell what they allow.

use super::kernel_file::text;
use std::path::{Component, Path, PathBuf};

/// Control groups above one another that are looked at.
const DEEPEST: usize = 64;

/// A directory that may tell what a control group allows.
pub enum GroupDirectory {
    /// Of the second version, which has one tree for all controllers.
    Second(PathBuf),
    /// Of the first version.
    First(PathBuf),
}

/// Directories of the group of this process that `controller` looks after, and of all above it; of the
/// first version those below these `mounts` of `/sys/fs/cgroup`. `root` is `/`, or a made-up tree.
#[must_use]
pub fn directories(root: &Path, controller: &str, mounts: &[&str]) -> Vec<GroupDirectory> {
    let groups = text(&root.join("proc/self/cgroup")).unwrap_or_default();
    let all = root.join("sys/fs/cgroup");
    let lines = groups.lines();
    lines
        .flat_map(|line| of_line(&all, line, controller, mounts))
        .collect()
}

/// The directories that a line like `0::/user/run` or `4:cpu,cpuacct:/user/run` leads to.
fn of_line(all: &Path, line: &str, controller: &str, mounts: &[&str]) -> Vec<GroupDirectory> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else {
        return Vec::new();
    };
    let group = inside(group);
    if controllers.is_empty() {
        let mounts = [all.to_owned(), all.join("unified")];
        return upward(&mounts, &group, GroupDirectory::Second);
    }
    if !controllers.split(',').any(|name| name == controller) {
        return Vec::new();
    }
    let mounts: Vec<PathBuf> = mounts.iter().map(|mount| all.join(mount)).collect();
    upward(&mounts, &group, GroupDirectory::First)
}

/// The group's path below its mount. One that leads elsewhere is that of a mount's root: a container
/// sees no more of its groups.
fn inside(group: &str) -> PathBuf {
    let path = Path::new(group);
    let leads_out = path
        .components()
        .any(|part| matches!(part, Component::ParentDir));
    match leads_out {
        true => PathBuf::new(),
        false => path
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .take(DEEPEST)
            .collect(),
    }
}

/// The group and all above it.
fn upward(
    mounts: &[PathBuf],
    group: &Path,
    version: impl Fn(PathBuf) -> GroupDirectory,
) -> Vec<GroupDirectory> {
    let all = mounts.iter().flat_map(|mount| {
        let groups = group.ancestors();
        groups.map(|group| version(mount.join(group)))
    });
    all.collect()
}

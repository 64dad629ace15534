//! Whether descriptors and memory suffice for a plan: looked at before anything is made or sent.

use super::memory;
use super::{RunControl, RunError, RunRequest};
use crate::engine::{MADE_BEFORE_START, PreparedScript};
use crate::pieces;
use crate::plan::{Load, MOST_USERS, MemoryNeed, Plan, RunSize};

/// Descriptors beside those of connections and workers: files, the terminal, observers.
const SPARE_DESCRIPTORS: u64 = 64;
/// Descriptors of a worker: rings, timer, pairs of sockets.
const WORKER_DESCRIPTORS: u64 = 8;
/// Room that a run that can be steered has for users, at least.
const LEAST_ROOM: u32 = 1_000;

/// Lets this process lock as much memory as it may: newer kernels count rings as such.
pub fn raise_locked_memory() {
    if let Ok((soft, hard)) = rlimit::getrlimit(rlimit::Resource::MEMLOCK)
        && soft < hard
    {
        // Where it cannot be, the kernel will tell what it lacks.
        let _ = rlimit::setrlimit(rlimit::Resource::MEMLOCK, hard, hard);
    }
}

/// Descriptors that a run of this `size` opens.
#[must_use]
pub fn descriptors_needed(size: &RunSize) -> u64 {
    let connections = size.connections + size.race_connections;
    let ends = connections * if size.is_target_here { 2 } else { 1 };
    ends + descriptors_beside(size)
}

/// Room for users that a run of `plan` has when it can be steered: twice its users, at least 1,000,
/// as far as this process may open connections and there is memory. None beyond the plan's in the open
/// model.
#[must_use]
pub fn room_for(plan: &Plan) -> u32 {
    let users = plan.max_users();
    if matches!(plan.load, Load::Open { .. }) {
        return users;
    }
    let room = users.saturating_mul(2).clamp(LEAST_ROOM, MOST_USERS);
    let mut room = u64::from(room);
    let size = of_plan(plan, false);
    let of = |users| RunSize {
        users,
        connections: plan.connections.map_or(users, u64::from),
        ..size
    };
    if plan.connections.is_none() {
        let beside = descriptors_beside(&of(u64::from(users)));
        if let Ok(limit) = rlimit::increase_nofile_limit(room + beside) {
            room = room.min(limit.saturating_sub(beside));
        }
    }
    if let Some(left) = memory::left_here(plan.cores.len() as u64) {
        room = room.min(MemoryNeed::of(of(u64::from(users))).most_users(left.bytes));
    }
    u32::try_from(room).unwrap_or(MOST_USERS).max(users)
}

/// What is known of the size of a run before its target is.
#[must_use]
pub fn expected(request: &RunRequest, control: &RunControl) -> RunSize {
    let plan = &request.plan;
    let size = of_plan(plan, request.sandbox.is_some());
    // Those in reserve are made as well where all are few.
    let made = control.room().min(MADE_BEFORE_START as u32);
    RunSize {
        users: size.users.max(u64::from(made)),
        ..size
    }
}

fn of_plan(plan: &Plan, is_target_here: bool) -> RunSize {
    let users = plan.max_users();
    RunSize {
        workers: plan.cores.len() as u64,
        users: u64::from(users),
        connections: u64::from(plan.connections.unwrap_or(users)),
        race_connections: 0,
        names: 1,
        has_races: false,
        is_target_here,
    }
}

/// The size of a run of `script`, of which `expected` was known before.
#[must_use]
pub fn with_script(expected: RunSize, script: &PreparedScript) -> RunSize {
    let shape = script.described.shape;
    let workers = expected.workers.max(1);
    let users_of_each = expected.users.div_ceil(workers) as usize;
    let of_each = script.race_connections(users_of_each) as u64;
    RunSize {
        race_connections: of_each * workers,
        names: shape.names as u64,
        has_races: shape.races > 0,
        ..expected
    }
}

/// That there is enough for a run of this `size`, with the limit of descriptors raised where it may be.
/// Gives how much memory it needs.
///
/// # Errors
/// When there is not; with figures.
pub fn suffice(size: RunSize) -> Result<MemoryNeed, RunError> {
    let need = MemoryNeed::of(size);
    // Where nothing is told, or the limit cannot be read, the kernel will tell.
    if let Some(left) = memory::left_here(size.workers) {
        need.fits(&left)?;
    }
    raise_locked_memory();
    let connections = size.connections + size.race_connections;
    let wanted_limit = descriptors_needed(&size);
    match rlimit::increase_nofile_limit(wanted_limit) {
        Ok(limit) if limit < wanted_limit => Err(RunError::Descriptors {
            wanted: connections,
            limit,
            wanted_limit,
        }),
        _ => Ok(need),
    }
}

fn descriptors_beside(size: &RunSize) -> u64 {
    SPARE_DESCRIPTORS + size.workers * WORKER_DESCRIPTORS
}

/// Says how much memory is needed, where users are so many that they are made as they come.
pub fn tell(size: &RunSize, need: &MemoryNeed, is_muted: bool) {
    if size.users > size.workers * MADE_BEFORE_START as u64 && !is_muted {
        pieces::tell(format!(
            "memory: {need}; users are made as they become active"
        ));
    }
}

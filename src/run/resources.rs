//! Whether descriptors and memory suffice for a plan: looked at before anything is made or sent.

use super::descriptors::{self, ends};
use super::memory;
use super::{RunControl, RunError, RunRequest};
use crate::engine::{MADE_BEFORE_START, ScriptSize};
use crate::pieces;
use crate::plan::{Load, MOST_USERS, MemoryNeed, Plan, RunSize};

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

/// Room for users that a run of `request` has when it can be steered: twice its users, at least 1,000,
/// as far as this process may open connections beside its faces, which may open `of_faces`, and there is
/// memory. None beyond the plan's in the open model. Users are those of all machines that do it together.
#[must_use]
pub fn room_for(request: &RunRequest, of_faces: u64) -> u32 {
    let plan = &request.plan;
    let users = plan.max_users();
    if matches!(plan.load, Load::Open { .. }) {
        return users;
    }
    let room = users.saturating_mul(2).clamp(LEAST_ROOM, MOST_USERS);
    let mut room = u64::from(plan.shard.part_of(room));
    let size = of_plan(plan, request.sandbox.is_some());
    let of = |users| RunSize {
        users,
        connections: plan.own_connections().map_or(users, u64::from),
        ..size
    };
    if plan.connections.is_none() {
        let beside = descriptors::beside(request, of_faces);
        if let Some(limit) = descriptors::raised_to(room * ends(&size) + beside) {
            room = room.min(limit.saturating_sub(beside) / ends(&size));
        }
    }
    if let Some(left) = memory::left_here(plan.cores.len() as u64) {
        let own_users = u64::from(plan.own_users());
        room = room.min(MemoryNeed::of(of(own_users)).most_users(left.bytes));
    }
    let of_all = room.saturating_mul(plan.shard.of.into());
    let most = u32::try_from(of_all).unwrap_or(MOST_USERS);
    most.min(MOST_USERS).max(users)
}

/// What a run takes of this machine, as far as is known.
#[derive(Clone, Copy, Debug)]
pub struct Resources {
    /// How large it is.
    pub size: RunSize,
    /// Descriptors beside those of connections to the target.
    pub descriptors_beside: u64,
}

/// What a run of `request` without a face takes, as far as it is known before its target is.
#[must_use]
pub fn resources_of(request: &RunRequest) -> Resources {
    expected(request, &RunControl::new(request), 0)
}

/// What is known of a run before its target is; its faces may open `of_faces` descriptors.
#[must_use]
pub fn expected(request: &RunRequest, control: &RunControl, of_faces: u64) -> Resources {
    let plan = &request.plan;
    let size = of_plan(plan, request.sandbox.is_some());
    // Those in reserve are made as well where all are few.
    let room = plan.shard.part_of(control.room());
    let made = room.min(MADE_BEFORE_START as u32);
    let known = Resources {
        size: RunSize {
            users: size.users.max(u64::from(made)),
            ..size
        },
        descriptors_beside: descriptors::beside(request, of_faces),
    };
    // So that what is asked for is enough for its races, too. Why there is no script the target's will tell.
    let met = request.met.clone();
    let met = met.unwrap_or_else(|| request.subject.presumed());
    match met.size(plan, known.users_of_each()) {
        Ok(size) => known.with_script(size),
        Err(_) => known,
    }
}

fn of_plan(plan: &Plan, is_target_here: bool) -> RunSize {
    let users = plan.own_users();
    RunSize {
        workers: plan.cores.len() as u64,
        users: u64::from(users),
        connections: u64::from(plan.own_connections().unwrap_or(users)),
        race_connections: 0,
        names: 1,
        has_races: false,
        cookie_bytes: 0,
        is_target_here,
    }
}

impl Resources {
    /// Users of each core, at most.
    #[must_use]
    pub fn users_of_each(&self) -> usize {
        self.size.users.div_ceil(self.size.workers.max(1)) as usize
    }

    /// Those of a run whose script takes so much, of which these were known before.
    #[must_use]
    pub fn with_script(self, script: ScriptSize) -> Self {
        let shape = script.shape;
        let size = RunSize {
            cookie_bytes: script.cookies.map_or(0, |room| room.memory_bytes()),
            race_connections: script.race_connections as u64 * self.size.workers.max(1),
            names: shape.names as u64,
            has_races: shape.races > 0,
            ..self.size
        };
        Self { size, ..self }
    }

    /// Descriptors that it may have open at the same time.
    #[must_use]
    pub fn descriptors(&self) -> u64 {
        descriptors::needed(&self.size, self.descriptors_beside)
    }

    /// That there is enough, with the limit of descriptors raised where it may be. Gives how much memory
    /// is needed.
    ///
    /// # Errors
    /// When there is not; with figures.
    pub fn suffice(&self) -> Result<MemoryNeed, RunError> {
        let need = MemoryNeed::of(self.size);
        // Where nothing is told the kernel will tell.
        if let Some(left) = memory::left_here(self.size.workers) {
            need.fits(&left)?;
        }
        raise_locked_memory();
        descriptors::suffice(&self.size, self.descriptors_beside)?;
        Ok(need)
    }

    /// Says how much memory is needed, where users are so many that they are made as they come.
    pub fn tell(&self, need: &MemoryNeed, is_muted: bool) {
        if self.size.users > self.size.workers * MADE_BEFORE_START as u64 && !is_muted {
            pieces::tell(format!(
                "memory: {need}; users are made as they become active"
            ));
        }
    }
}

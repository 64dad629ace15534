//! How much memory a plan needs, by figures that were measured: `docs/users-and-memory.md` tells how.

use std::fmt;

/// A run with one user and one statistic name: the program, its threads, the record as it is written.
const BASE_BYTES: u64 = 24 << 20;
/// A user: its task and session, the runtime's operation, its place in the pacer, and the reply that it
/// reads.
const USER_BYTES: u64 = 5 << 10;
/// A connection: the program's part, and the kernel's two buffers while little is in them.
const CONNECTION_BYTES: u64 = 5 << 10;
/// The other end of a connection, where the target is on this machine.
const SERVED_CONNECTION_BYTES: u64 = 10 << 10;
/// A connection that only races use, with its task and its reply.
const RACE_CONNECTION_BYTES: u64 = CONNECTION_BYTES + (3 << 10);
/// What a user that races keeps of each errand until it is judged.
const LOG_BYTES: u64 = 24 << 10;
/// A worker's thread, rings and three sets of counts that belong to no name.
const WORKER_BYTES: u64 = 4 << 20;
/// Three sets of histograms of one name on one worker.
const COUNTED_NAME_BYTES: u64 = 256 << 10;
/// One name in the totals and in the record.
const NAME_BYTES: u64 = 512 << 10;

/// What decides how much memory a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSize {
    /// Workers.
    pub workers: u64,
    /// Users that there is to be room for.
    pub users: u64,
    /// Connections of users.
    pub connections: u64,
    /// Connections that only races use.
    pub race_connections: u64,
    /// Statistic names.
    pub names: u64,
    /// Whether users race, and keep what they ask until it is judged.
    pub has_races: bool,
    /// Room for the cookies of one user; 0 where they are not kept.
    pub cookie_bytes: u64,
    /// Whether the target is a part of this process.
    pub is_target_here: bool,
}

/// The memory that a run takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryNeed {
    size: RunSize,
    /// For users.
    pub users: u64,
    /// For connections, the kernel's part and the other end included.
    pub connections: u64,
    /// For all else.
    pub rest: u64,
}

impl MemoryNeed {
    /// What a run of this `size` takes.
    #[must_use]
    pub fn of(size: RunSize) -> Self {
        let of_name = size.workers.saturating_mul(COUNTED_NAME_BYTES);
        let counts = size
            .names
            .saturating_mul(of_name.saturating_add(NAME_BYTES));
        let of_workers = size.workers.saturating_mul(WORKER_BYTES);
        let of_races = RACE_CONNECTION_BYTES + size.other_end_bytes();
        let of_races = size.race_connections.saturating_mul(of_races);
        let of_users = size.connections.saturating_mul(size.connection_bytes());
        Self {
            size,
            users: size.users.saturating_mul(size.user_bytes()),
            connections: of_users.saturating_add(of_races),
            rest: BASE_BYTES.saturating_add(of_workers).saturating_add(counts),
        }
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.users
            .saturating_add(self.connections)
            .saturating_add(self.rest)
    }

    /// That `left` is enough.
    ///
    /// # Errors
    /// When it is not: what is needed, what there is, and what to do.
    pub fn fits(&self, left: &MemoryLeft) -> Result<(), NotEnoughMemory> {
        if self.total() <= left.bytes {
            return Ok(());
        }
        Err(NotEnoughMemory {
            need: *self,
            left: left.clone(),
            most_users: self.most_users(left.bytes),
        })
    }

    /// Users that `bytes` are enough for, with a connection each where this plan has that.
    #[must_use]
    pub fn most_users(&self, bytes: u64) -> u64 {
        let has_own = self.size.connections >= self.size.users;
        let own = if has_own {
            self.size.connection_bytes()
        } else {
            0
        };
        let each = self.size.user_bytes().saturating_add(own);
        let fixed = self
            .total()
            .saturating_sub(each.saturating_mul(self.size.users));
        bytes.saturating_sub(fixed) / each
    }
}

impl RunSize {
    fn user_bytes(&self) -> u64 {
        let fixed = USER_BYTES + if self.has_races { LOG_BYTES } else { 0 };
        fixed.saturating_add(self.cookie_bytes)
    }

    fn connection_bytes(&self) -> u64 {
        CONNECTION_BYTES + self.other_end_bytes()
    }

    fn other_end_bytes(&self) -> u64 {
        match self.is_target_here {
            true => SERVED_CONNECTION_BYTES,
            false => 0,
        }
    }
}

impl fmt::Display for MemoryNeed {
    /// `about 286 MB of memory: 256 MB for 50,000 users, 512 kB for 100 connections, 30 MB for all else`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = &self.size;
        let connections = size.connections.saturating_add(size.race_connections);
        write!(
            formatter,
            "about {} of memory: {} for {} users, {} for {} connections, {} for all else",
            Bytes(self.total()),
            Bytes(self.users),
            Grouped(self.size.users),
            Bytes(self.connections),
            Grouped(connections),
            Bytes(self.rest),
        )
    }
}

/// Memory that a run may take, and what says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryLeft {
    /// How much it is.
    pub bytes: u64,
    /// What says so.
    pub limit: MemoryLimit,
}

/// What keeps a process from more memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// There is no more.
    Machine,
    /// A control group, its own or one above it.
    ControlGroup,
    /// The limit of its address space.
    AddressSpace,
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Machine => "are available on this machine (MemAvailable of /proc/meminfo)",
            Self::ControlGroup => "are left to the control group of this process (memory.max)",
            Self::AddressSpace => "are left of the address space of this process (`ulimit -v`)",
        })
    }
}

/// There is not enough memory for a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the plan needs {need}; only {} {}. Nothing was sent. Ask for at most {} users, or raise what limits them",
    Bytes(left.bytes), left.limit, Grouped(*most_users)
)]
pub struct NotEnoughMemory {
    /// What is needed.
    pub need: MemoryNeed,
    /// What there is.
    pub left: MemoryLeft,
    /// Users that it is enough for.
    pub most_users: u64,
}

/// Shows bytes in the unit that fits: `341 MB`, `1.7 GB`.
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes >= 1_000_000_000 => write!(formatter, "{:.1} GB", bytes as f64 / 1e9),
            bytes if bytes >= 1_000_000 => write!(formatter, "{} MB", bytes / 1_000_000),
            bytes => write!(formatter, "{} kB", bytes.div_ceil(1_000)),
        }
    }
}

/// Shows a count with its thousands apart: `33,554,432`.
pub struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                formatter.write_str(",")?;
            }
            write!(formatter, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(bytes: u64) -> MemoryLeft {
        MemoryLeft {
            bytes,
            limit: MemoryLimit::Machine,
        }
    }

    #[test]
    fn a_plan_of_the_usual_size_needs_little_and_of_the_largest_what_no_machine_has() {
        let small = RunSize {
            workers: 1,
            users: 64,
            connections: 64,
            names: 1,
            ..RunSize::default()
        };
        let need = MemoryNeed::of(small);
        assert!(need.total() < 32 << 20, "{need}");
        assert_eq!(need.fits(&left(1 << 30)), Ok(()));
        assert_eq!(need.fits(&left(need.total())), Ok(()));
        let large = RunSize {
            users: 33_554_432,
            connections: 100,
            ..small
        };
        let error = MemoryNeed::of(large)
            .fits(&left(24_000_000_000))
            .unwrap_err();
        let told = error.to_string();
        for part in [
            "the plan needs about 171.8 GB of memory: 171.8 GB for 33,554,432 users, 512 kB for 100 connections",
            "only 24.0 GB are available on this machine (MemAvailable of /proc/meminfo). Nothing was sent",
            "Ask for at most 4,6",
        ] {
            assert!(told.contains(part), "{told}");
        }
        // What is offered instead is enough, and no user more.
        let with = |users, connections| {
            let size = RunSize {
                users,
                connections,
                ..large
            };
            MemoryNeed::of(size).fits(&left(24_000_000_000))
        };
        assert_eq!(with(error.most_users, 100), Ok(()));
        assert!(with(error.most_users + 1, 100).is_err());
        let own = with(33_554_432, 33_554_432).unwrap_err().most_users;
        assert_eq!(with(own, own), Ok(()));
        assert!(with(own + 1, own + 1).is_err() && own < error.most_users);
    }

    #[test]
    fn everything_that_grows_is_counted() {
        let none = RunSize::default();
        let total = |size| MemoryNeed::of(size).total();
        for more in [
            RunSize { workers: 1, ..none },
            RunSize { users: 1, ..none },
            RunSize {
                users: 1,
                cookie_bytes: 1,
                ..none
            },
            RunSize {
                connections: 1,
                ..none
            },
            RunSize {
                race_connections: 1,
                ..none
            },
            RunSize { names: 1, ..none },
        ] {
            assert!(total(more) > total(none), "{more:?}");
        }
        let many = RunSize {
            users: 9,
            connections: 9,
            ..none
        };
        assert!(
            total(RunSize {
                has_races: true,
                ..many
            }) > total(many)
        );
        assert!(
            total(RunSize {
                is_target_here: true,
                ..many
            }) > total(many)
        );
        // No size makes it panic, or look small.
        let most = u64::MAX;
        let absurd = RunSize {
            workers: most,
            users: most,
            connections: most / 2,
            race_connections: most / 2,
            names: most,
            has_races: true,
            cookie_bytes: most,
            is_target_here: true,
        };
        assert_eq!(total(absurd), most);
        assert!(MemoryNeed::of(absurd).fits(&left(most - 1)).is_err());
    }

    #[test]
    fn sizes_and_counts_are_shown_as_people_read_them() {
        for (bytes, text) in [
            (0, "0 kB"),
            (1, "1 kB"),
            (999_999, "1000 kB"),
            (1_000_000, "1 MB"),
            (341_900_000, "341 MB"),
            (1_750_000_000, "1.8 GB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (33_554_432, "33,554,432"),
        ] {
            assert_eq!(Grouped(count).to_string(), text);
        }
    }
}

//! Which cores a run takes: what was asked for, within what the process may use.

use super::CliError;
use crate::plan::{CoreChoice, CoreChoiceKind, CoreError, Placement, Topology, oversubscribed};

/// What the command line needs to know of the machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The CPUs that this process may use.
    pub topology: Topology,
}

/// What decides how many workers make sense.
pub(super) struct WorkerNeeds<'a> {
    /// `--cores`.
    pub choice: Option<&'a CoreChoice>,
    /// `--oversubscribe`.
    pub oversubscribe: bool,
    /// The shop runs on this machine and needs cores too.
    pub shop_is_here: bool,
    /// Most users at once.
    pub max_users: u32,
    /// `--connections`, or the profile's.
    pub connections: Option<u32>,
}

impl Machine {
    /// The CPUs of `choice`.
    pub(super) fn choose(&self, choice: &CoreChoice) -> Result<Vec<usize>, CliError> {
        Ok(choice.choose(&self.topology)?)
    }

    /// The CPU alone that runs take last.
    pub(super) fn last_core(&self) -> Result<Vec<usize>, CliError> {
        match self.topology.last_core() {
            Some(cpu) => Ok(vec![cpu]),
            None => Err(self.no_core()),
        }
    }

    /// The CPUs of a run's workers, and where all else is. By default workers are on all CPUs, or on
    /// half of the cores, rounded down but at least one, when the shop is on this machine. Never more
    /// than there are users, or connections: a worker without either has nothing to do. Cores that
    /// were asked for are kept but for that; more of them than connections are an error.
    pub(super) fn worker_cores(
        &self,
        needs: &WorkerNeeds<'_>,
    ) -> Result<(Vec<usize>, Placement), CliError> {
        let (mut cores, chosen) = match needs.choice {
            Some(choice) => (self.asked(choice, needs)?, CoreChoiceKind::of(choice)),
            None => self.default_cores(needs.shop_is_here)?,
        };
        cores.truncate(needs.max_users as usize);
        if let Some(connections) = needs.connections {
            if needs.choice.is_none() {
                cores.truncate(connections as usize);
            }
            if cores.len() > connections as usize {
                return Err(CliError::TooFewConnections {
                    connections,
                    cores: cores.len(),
                });
            }
        }
        if chosen != CoreChoiceKind::ByName {
            // The order of choice has done its duty; people look for CPUs by their numbers.
            cores.sort_unstable();
        }
        let placement = Placement::of(&self.topology, &cores, chosen);
        Ok((cores, placement))
    }

    /// What `choice` asks for, on fewer CPUs if need be and allowed.
    fn asked(&self, choice: &CoreChoice, needs: &WorkerNeeds<'_>) -> Result<Vec<usize>, CliError> {
        match choice {
            CoreChoice::Count(count)
                if needs.oversubscribe && *count > self.topology.most_workers() =>
            {
                Ok(oversubscribed(&self.topology, *count)?)
            }
            choice => self.choose(choice),
        }
    }

    fn default_cores(&self, shop_is_here: bool) -> Result<(Vec<usize>, CoreChoiceKind), CliError> {
        let room = self.topology.most_workers();
        if room == 0 {
            return Err(self.no_core());
        }
        let (count, chosen) = match shop_is_here {
            true => {
                let cores = self.topology.cores().min(room);
                ((cores / 2).max(1), CoreChoiceKind::HalfBesideShop)
            }
            false => (room, CoreChoiceKind::All),
        };
        Ok((self.choose(&CoreChoice::Count(count))?, chosen))
    }

    fn no_core(&self) -> CliError {
        CliError::Cores(CoreError::too_many(1, &self.topology))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(allowed: &[usize], needs: &WorkerNeeds<'_>) -> Vec<usize> {
        let machine = Machine {
            topology: Topology::flat(allowed),
        };
        let (cores, _) = machine.worker_cores(needs).unwrap();
        cores
    }

    const MANY_USERS: WorkerNeeds<'_> = WorkerNeeds {
        choice: None,
        oversubscribe: false,
        shop_is_here: false,
        max_users: 1_000,
        connections: None,
    };

    #[test]
    fn all_cores_by_default_and_half_beside_the_shop() {
        let beside = WorkerNeeds {
            shop_is_here: true,
            ..MANY_USERS
        };
        assert_eq!(cores(&[0, 1, 4, 5], &MANY_USERS), [0, 1, 4, 5]);
        assert_eq!(cores(&[0, 1, 4, 5], &beside), [0, 1]);
        assert_eq!(cores(&[0, 1, 2], &beside), [0]);
        assert_eq!(cores(&[3], &beside), [3]);
    }

    #[test]
    fn cores_that_were_asked_for_are_kept_beside_the_shop() {
        let choice = CoreChoice::Count(3);
        let needs = WorkerNeeds {
            choice: Some(&choice),
            shop_is_here: true,
            ..MANY_USERS
        };
        assert_eq!(cores(&[0, 1, 2], &needs), [0, 1, 2]);
    }

    #[test]
    fn there_are_never_more_workers_than_users() {
        let choice = CoreChoice::Count(4);
        let few = WorkerNeeds {
            choice: Some(&choice),
            max_users: 3,
            ..MANY_USERS
        };
        assert_eq!(cores(&[0, 1, 2, 3], &few), [0, 1, 2]);
    }

    #[test]
    fn every_worker_has_a_connection() {
        let choice = CoreChoice::Count(4);
        let one = WorkerNeeds {
            connections: Some(1),
            ..MANY_USERS
        };
        assert_eq!(cores(&[0, 1], &one), [0]);
        let asked = WorkerNeeds {
            choice: Some(&choice),
            ..one
        };
        let machine = Machine {
            topology: Topology::flat(&[0, 1, 2, 3]),
        };
        let error = machine.worker_cores(&asked).unwrap_err();
        assert!(matches!(
            error,
            CliError::TooFewConnections {
                connections: 1,
                cores: 4
            }
        ));
    }

    /// Four cores, with the second threads numbered after the first.
    fn threads() -> Machine {
        let mut topology = Topology::flat(&[0, 1, 2, 3, 4, 5, 6, 7]);
        for cpu in &mut topology.cpus {
            cpu.core = cpu.number % 4;
        }
        Machine { topology }
    }

    #[test]
    fn half_of_the_cores_and_not_of_their_threads_are_taken_beside_the_shop() {
        let beside = WorkerNeeds {
            shop_is_here: true,
            ..MANY_USERS
        };
        let (cores, placement) = threads().worker_cores(&beside).unwrap();
        assert_eq!(cores, [0, 1]);
        assert_eq!(placement.spare(), [2, 3, 6, 7]);
        let (cores, placement) = threads().worker_cores(&MANY_USERS).unwrap();
        assert_eq!(cores, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(placement.spare().is_empty());
    }

    #[test]
    fn a_quota_bounds_what_is_taken_by_default() {
        let mut machine = threads();
        machine.topology.quota_cpus = Some(3.5);
        let beside = WorkerNeeds {
            shop_is_here: true,
            ..MANY_USERS
        };
        let cores = |needs: &WorkerNeeds<'_>| machine.worker_cores(needs).unwrap().0;
        assert_eq!(cores(&MANY_USERS), [0, 1, 2]);
        assert_eq!(cores(&beside), [0]);
    }

    #[test]
    fn more_workers_than_cpus_there_are_only_when_it_is_wished() {
        let choice = CoreChoice::Count(5);
        let machine = Machine {
            topology: Topology::flat(&[0, 1]),
        };
        let needs = |oversubscribe| WorkerNeeds {
            choice: Some(&choice),
            oversubscribe,
            ..MANY_USERS
        };
        assert!(machine.worker_cores(&needs(false)).is_err());
        let (cores, placement) = machine.worker_cores(&needs(true)).unwrap();
        assert_eq!(cores, [0, 0, 0, 1, 1]);
        assert!(placement.oversubscribed);
        // Where there is room the flag changes nothing.
        let four = Machine {
            topology: Topology::flat(&[0, 1, 2, 3, 4, 5]),
        };
        let (cores, placement) = four.worker_cores(&needs(true)).unwrap();
        assert_eq!(cores, [0, 1, 2, 3, 4]);
        assert!(!placement.oversubscribed);
    }
}

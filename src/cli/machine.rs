//! Which cores a run takes: what was asked for, within what the process may use.

use super::CliError;
use crate::plan::{CoreChoice, CoreError};

/// What the command line needs to know of the machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Kernel CPU numbers that this process may use, ascending.
    pub allowed_cpus: Vec<usize>,
}

/// What decides how many workers make sense.
pub(super) struct WorkerNeeds<'a> {
    /// `--cores`.
    pub choice: Option<&'a CoreChoice>,
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
        Ok(choice.choose(&self.allowed_cpus)?)
    }

    /// The last CPU alone.
    pub(super) fn last_core(&self) -> Result<Vec<usize>, CliError> {
        match self.allowed_cpus.last() {
            Some(&cpu) => Ok(vec![cpu]),
            None => Err(no_core()),
        }
    }

    /// The CPUs of a run's workers. By default all, or half of them, rounded down but at least one,
    /// when the shop is on this machine. Never more than there are users, or connections: a worker
    /// without either has nothing to do. Cores that were asked for are kept but for that; more of
    /// them than connections are an error.
    pub(super) fn worker_cores(&self, needs: &WorkerNeeds<'_>) -> Result<Vec<usize>, CliError> {
        let mut cores = match needs.choice {
            Some(choice) => self.choose(choice)?,
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
        Ok(cores)
    }

    fn default_cores(&self, shop_is_here: bool) -> Result<Vec<usize>, CliError> {
        let all = self.allowed_cpus.len();
        if all == 0 {
            return Err(no_core());
        }
        let count = if shop_is_here { (all / 2).max(1) } else { all };
        Ok(self.allowed_cpus[..count].to_vec())
    }
}

fn no_core() -> CliError {
    CliError::Cores(CoreError::TooMany {
        wanted: 1,
        allowed: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(allowed: &[usize], needs: &WorkerNeeds<'_>) -> Vec<usize> {
        let machine = Machine {
            allowed_cpus: allowed.to_vec(),
        };
        machine.worker_cores(needs).unwrap()
    }

    const MANY_USERS: WorkerNeeds<'_> = WorkerNeeds {
        choice: None,
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
            allowed_cpus: vec![0, 1, 2, 3],
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
}

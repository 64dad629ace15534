//! `--cores`: which CPUs the workers are pinned to.

use super::topology::{LARGEST_CPU, Topology};
use std::fmt;

/// Most workers that a run may have.
pub const MOST_WORKERS: usize = 1_024;

/// What `--cores` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoreChoice {
    /// So many, at least 1: whole cores first (see [`Topology::in_order`]).
    Count(usize),
    /// As many as can work at once.
    All,
    /// These kernel CPU numbers, in this order, at least one and none twice.
    List(Vec<usize>),
}

/// Why cores cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoreError {
    /// Neither a count nor a list.
    #[error(
        "`{text}` is no choice of cores: {why}; write a count like 4, `all`, or CPU numbers like 2-5, 0,2 or 3-3"
    )]
    Malformed {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A CPU that is named twice.
    #[error("CPU {cpu} is named twice; name each CPU once")]
    Duplicate {
        /// The CPU's number.
        cpu: usize,
    },
    /// More cores than there are.
    #[error(
        "{wanted} cores were asked for, but this process may use only {room}: CPU {}{hint}; take them with `--cores all`, or fewer. The plan would need {wanted} CPUs for its workers, and one more for all else; to try it out here nevertheless, with figures that are not to be trusted, add --oversubscribe",
        CpuList(usable)
    )]
    TooMany {
        /// Cores asked for.
        wanted: usize,
        /// So many can work at once.
        room: usize,
        /// CPUs that may be taken.
        usable: Vec<usize>,
        /// What keeps the process from more, or nothing.
        hint: String,
    },
    /// A CPU that the process may not use, or that is not there.
    #[error(
        "CPU {cpu} was asked for, but this process may use only {}: CPU {}; name some of these",
        allowed.len(), CpuList(allowed)
    )]
    NotAllowed {
        /// The CPU asked for.
        cpu: usize,
        /// CPUs that the process may use.
        allowed: Vec<usize>,
    },
}

impl CoreChoice {
    /// Parses a count (`4`), `all`, or a list of CPU numbers and ranges (`2-5`, `0,2`, `0-1,4`). A single
    /// CPU as a list is written `3-3` or `3,`.
    ///
    /// # Errors
    /// When the text is neither, is empty, or names a CPU twice.
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        let malformed = |why| CoreError::Malformed {
            text: text.to_owned(),
            why,
        };
        const TOO_MANY: &str = "there are never more than 1,024 workers";
        let trimmed = text.trim();
        if trimmed == "all" {
            return Ok(Self::All);
        }
        if !trimmed.contains([',', '-']) {
            return match parse_number(trimmed) {
                None => Err(malformed("it is not a whole number")),
                Some(0) => Err(malformed("at least one core is needed")),
                Some(count) if count > MOST_WORKERS => Err(malformed(TOO_MANY)),
                Some(count) => Ok(Self::Count(count)),
            };
        }
        let mut cpus = Vec::new();
        for part in trimmed.strip_suffix(',').unwrap_or(trimmed).split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Some(first), Some(last)) = (parse_number(first), parse_number(last)) else {
                return Err(malformed(
                    "a part is neither a CPU number nor a range of them",
                ));
            };
            if last < first {
                return Err(malformed("a range ends before it starts"));
            }
            if last > LARGEST_CPU {
                return Err(malformed("a CPU number is larger than any there can be"));
            }
            if cpus.len() + (last - first) >= MOST_WORKERS {
                return Err(malformed(TOO_MANY));
            }
            cpus.extend(first..=last);
            if let Some(cpu) = first_duplicate(&cpus) {
                return Err(CoreError::Duplicate { cpu });
            }
        }
        Ok(Self::List(cpus))
    }

    /// The kernel CPU numbers to pin workers to, on a machine with this `topology`: in the order in
    /// which they are taken.
    ///
    /// # Errors
    /// When more cores are asked for than there is room for, or one that is not allowed.
    pub fn choose(&self, topology: &Topology) -> Result<Vec<usize>, CoreError> {
        let first = |count: usize| {
            let order = topology.in_order().into_iter();
            order.take(count).map(|cpu| cpu.number).collect()
        };
        let room = topology.most_workers();
        match self {
            Self::Count(count) if *count > room => Err(CoreError::too_many(*count, topology)),
            Self::Count(count) => Ok(first(*count)),
            Self::All if room == 0 => Err(CoreError::too_many(1, topology)),
            Self::All => Ok(first(room)),
            Self::List(cpus) => {
                let allowed = topology.allowed();
                match cpus.iter().find(|cpu| !allowed.contains(cpu)) {
                    Some(&cpu) => Err(CoreError::NotAllowed { cpu, allowed }),
                    None => Ok(cpus.clone()),
                }
            }
        }
    }
}

impl CoreError {
    /// `wanted` cores are more than there is room for.
    #[must_use]
    pub fn too_many(wanted: usize, topology: &Topology) -> Self {
        let usable: Vec<usize> = topology.usable().iter().map(|cpu| cpu.number).collect();
        let room = topology.most_workers();
        let mut hint = String::new();
        if let Some(quota) = topology.quota_cpus.filter(|_| room < usable.len()) {
            hint.push_str(&format!(
                ", for which its control group gives the time of {quota}"
            ));
        }
        let aside = topology.set_aside();
        if !aside.is_empty() {
            let aside = CpuList(&aside);
            hint.push_str(&format!(" (isolated, only by name: CPU {aside})"));
        }
        Self::TooMany {
            wanted,
            room,
            usable,
            hint,
        }
    }
}

fn parse_number(text: &str) -> Option<usize> {
    let digits = text.trim();
    // `parse` alone would take a leading plus.
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

fn first_duplicate(cpus: &[usize]) -> Option<usize> {
    let mut sorted = cpus.to_vec();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .find(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
}

/// Shows CPU numbers as `--cores` reads them: `0-3,6`.
pub struct CpuList<'a>(pub &'a [usize]);

impl fmt::Display for CpuList<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.0.chunk_by(|before, after| before + 1 == *after);
        for (place, run) in runs.enumerate() {
            let separator = if place == 0 { "" } else { "," };
            match (run.first(), run.last()) {
                (Some(first), Some(last)) if first != last => {
                    write!(formatter, "{separator}{first}-{last}")?;
                }
                (Some(only), _) => write!(formatter, "{separator}{only}")?,
                (None, _) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_and_lists_are_read() {
        for (text, cpus) in [
            ("2-5", vec![2, 3, 4, 5]),
            ("0,2", vec![0, 2]),
            ("0-1,4", vec![0, 1, 4]),
            ("3-3", vec![3]),
            ("3,", vec![3]),
            ("5, 1", vec![5, 1]),
        ] {
            assert_eq!(
                CoreChoice::parse(text),
                Ok(CoreChoice::List(cpus)),
                "{text}"
            );
        }
        assert_eq!(CoreChoice::parse("4"), Ok(CoreChoice::Count(4)));
        assert_eq!(CoreChoice::parse(" all "), Ok(CoreChoice::All));
    }

    #[test]
    fn what_is_no_choice_is_refused() {
        for text in [
            "",
            "abc",
            "0",
            "-1",
            "+2",
            "1-",
            "4-2",
            ",",
            "1,,2",
            "0-99999999999",
            "1-2-3",
            "1.5",
            "1025",
            "ALL",
            "all,1",
        ] {
            let error = CoreChoice::parse(text).unwrap_err();
            assert!(
                matches!(error, CoreError::Malformed { .. }),
                "{text}: {error}"
            );
        }
        for text in ["1,1", "0-3,2", "2-2,2"] {
            assert!(
                matches!(CoreChoice::parse(text), Err(CoreError::Duplicate { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_count_takes_the_first_allowed_cpus_where_all_are_equal() {
        let flat = Topology::flat;
        let choice = CoreChoice::Count(2);
        assert_eq!(choice.choose(&flat(&[4, 6, 7])), Ok(vec![4, 6]));
        let four = flat(&[0, 1, 2, 5]);
        assert_eq!(CoreChoice::Count(4).choose(&four), Ok(vec![0, 1, 2, 5]));
        assert_eq!(CoreChoice::All.choose(&four), Ok(vec![0, 1, 2, 5]));
        let error = CoreChoice::Count(5).choose(&four).unwrap_err().to_string();
        let told = [
            "5 cores were asked for, but this process may use only 4: CPU 0-2,5; take them with `--cores all`, or fewer",
            "would need 5 CPUs for its workers, and one more for all else",
            "--oversubscribe",
        ];
        for part in told {
            assert!(error.contains(part), "{error}");
        }
        assert!(CoreChoice::All.choose(&flat(&[])).is_err());
    }

    #[test]
    fn what_keeps_a_process_from_more_cores_is_told() {
        let mut topology = Topology::flat(&[0, 1, 2, 3, 4, 5]);
        topology.quota_cpus = Some(3.5);
        topology.cpus[5].is_isolated = true;
        assert_eq!(CoreChoice::All.choose(&topology), Ok(vec![0, 1, 2]));
        let error = CoreChoice::Count(4).choose(&topology).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(
                "may use only 3: CPU 0-4, for which its control group gives the time of 3.5 \
                 (isolated, only by name: CPU 5)"
            ),
            "{error}"
        );
        // Who names CPUs is believed.
        let named = CoreChoice::parse("2-5").unwrap();
        assert_eq!(named.choose(&topology), Ok(vec![2, 3, 4, 5]));
    }

    #[test]
    fn a_list_takes_only_allowed_cpus() {
        let choice = CoreChoice::parse("6,4").unwrap();
        let flat = Topology::flat;
        assert_eq!(choice.choose(&flat(&[4, 5, 6])), Ok(vec![6, 4]));
        assert_eq!(
            choice.choose(&flat(&[6])).unwrap_err().to_string(),
            "CPU 4 was asked for, but this process may use only 1: CPU 6; name some of these"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-0-9, x]{0,16}") {
            let _ = CoreChoice::parse(&text);
        }

        #[test]
        fn shown_cpus_are_read_back(mut cpus in prop::collection::btree_set(0_usize..64, 1..20)) {
            cpus.insert(63);
            let cpus: Vec<usize> = cpus.into_iter().collect();
            let text = format!("{},", CpuList(&cpus));
            prop_assert_eq!(CoreChoice::parse(&text), Ok(CoreChoice::List(cpus)));
        }
    }
}

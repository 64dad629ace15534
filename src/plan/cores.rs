//! `--cores`: which CPUs the workers are pinned to.

use std::fmt;

/// CPU numbers beyond this are typing errors: Linux knows at most 8,192 CPUs.
const LARGEST_CPU: usize = 8_191;

/// What `--cores` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoreChoice {
    /// The first so many of the allowed CPUs, at least 1.
    Count(usize),
    /// These kernel CPU numbers, in this order, at least one and none twice.
    List(Vec<usize>),
}

/// Why cores cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoreError {
    /// Neither a count nor a list.
    #[error(
        "`{text}` is no choice of cores: {why}; write a count like 4, or CPU numbers like 2-5, 0,2 or 3-3"
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
        "{wanted} cores were asked for, but this process may use only {}: CPU {}; ask for fewer",
        allowed.len(), CpuList(allowed)
    )]
    TooMany {
        /// Cores asked for.
        wanted: usize,
        /// CPUs that the process may use.
        allowed: Vec<usize>,
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
    /// Parses a count (`4`) or a list of CPU numbers and ranges (`2-5`, `0,2`, `0-1,4`). A single
    /// CPU as a list is written `3-3` or `3,`.
    ///
    /// # Errors
    /// When the text is neither, is empty, or names a CPU twice.
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        let malformed = |why| CoreError::Malformed {
            text: text.to_owned(),
            why,
        };
        let trimmed = text.trim();
        if !trimmed.contains([',', '-']) {
            return match parse_number(trimmed) {
                None => Err(malformed("it is not a whole number")),
                Some(0) => Err(malformed("at least one core is needed")),
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
            cpus.extend(first..=last);
            if let Some(cpu) = first_duplicate(&cpus) {
                return Err(CoreError::Duplicate { cpu });
            }
        }
        Ok(Self::List(cpus))
    }

    /// The kernel CPU numbers to pin workers to, given those that the process may use.
    ///
    /// # Errors
    /// When more cores are asked for than are allowed, or one that is not allowed.
    pub fn choose(&self, allowed: &[usize]) -> Result<Vec<usize>, CoreError> {
        match self {
            Self::Count(count) => {
                allowed
                    .get(..*count)
                    .map(<[usize]>::to_vec)
                    .ok_or_else(|| CoreError::TooMany {
                        wanted: *count,
                        allowed: allowed.to_vec(),
                    })
            }
            Self::List(cpus) => match cpus.iter().find(|cpu| !allowed.contains(cpu)) {
                Some(&cpu) => Err(CoreError::NotAllowed {
                    cpu,
                    allowed: allowed.to_vec(),
                }),
                None => Ok(cpus.clone()),
            },
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
struct CpuList<'a>(&'a [usize]);

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
    fn a_count_takes_the_first_allowed_cpus() {
        assert_eq!(CoreChoice::Count(2).choose(&[4, 6, 7]), Ok(vec![4, 6]));
        let error = CoreChoice::Count(4)
            .choose(&[0, 1, 2, 5])
            .and_then(|_| CoreChoice::Count(5).choose(&[0, 1, 2, 5]));
        assert_eq!(
            error.unwrap_err().to_string(),
            "5 cores were asked for, but this process may use only 4: CPU 0-2,5; ask for fewer"
        );
    }

    #[test]
    fn a_list_takes_only_allowed_cpus() {
        let choice = CoreChoice::parse("6,4").unwrap();
        assert_eq!(choice.choose(&[4, 5, 6]), Ok(vec![6, 4]));
        assert_eq!(
            choice.choose(&[6]).unwrap_err().to_string(),
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

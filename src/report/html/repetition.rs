//! Plan, seed, versions, host, and the command that repeats the run.

use crate::record::RunRecord;

/// The section about how to do it again.
pub struct Repetition {
    pub command: String,
    pub facts: Vec<(&'static str, String)>,
    pub plan: String,
}

impl Repetition {
    pub fn of(run: &RunRecord) -> Self {
        let host = &run.host;
        let workers: Vec<String> = host.workers.iter().map(usize::to_string).collect();
        let flags = match host.ring_flags.is_empty() {
            true => String::new(),
            false => format!(" ({})", host.ring_flags.join(", ")),
        };
        let mut facts = vec![
            ("As it was typed", run.command.clone()),
            ("Profile", run.profile.clone()),
            ("Seed", run.seed.to_string()),
            ("Run id", run.run_id.clone()),
            ("Plan hash", run.plan_hash.clone()),
            (
                "Counts as failure",
                format!("by the rule `{}`", run.failure_rule),
            ),
            ("shopblast", run.shopblast.clone()),
            ("CPU", format!("{}, {} CPUs to use", host.cpu, host.cores)),
            ("Workers on CPUs", workers.join(", ")),
            ("Kernel", format!("Linux {}", host.kernel)),
            ("Driver", format!("{}{flags}", host.driver)),
        ];
        // Older records do not tell.
        if host.placement.cpus > 0 {
            facts.push(("Placed", host.placement.line(&host.workers)));
        }
        Self {
            command: command(run),
            facts,
            plan: serde_json::to_string_pretty(&run.plan).unwrap_or_default(),
        }
    }
}

/// The command with seed and run id, which make it the same to the byte.
fn command(run: &RunRecord) -> String {
    let mut command = run.command.clone();
    for (flag, value) in [
        ("--seed", run.seed.to_string()),
        ("--run-id", run.run_id.clone()),
    ] {
        let is_set = run
            .command
            .split_whitespace()
            .any(|word| word == flag || word.starts_with(&format!("{flag}=")));
        if !is_set {
            command.push_str(&format!(" {flag} {value}"));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;

    #[test]
    fn the_command_has_seed_and_run_id_once() {
        let mut run = made_up::record();
        let whole = "shopblast --profile spike --seed 7 --run-id 0123456789abcdef";
        assert_eq!(command(&run), whole);
        run.command = whole.to_owned();
        assert_eq!(command(&run), whole);
    }
}

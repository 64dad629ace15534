//! A fleet on Docker Swarm: a stack of Redis and the leader, and the machines as a replicated job, handed to
//! `docker`.

use super::error::LaunchError;
use super::launch::{CarriedFile, Launch, WORKING_DIRECTORY};
use super::program::Program;
use super::quoting::{compose_text, shell_line};
use super::remote::{LeaderState, Remote};
use askama::Template;
use serde_json::Value;
use std::fmt::Write;

/// Docker's own program.
const DOCKER: &str = "docker";
/// What a machine does: it takes its secrets, since nobody is to read a password on a command line, and ends
/// well however its part ended. Swarm starts a task of a job again that fails, whatever was said of restarts,
/// and load is never sent twice.
const MACHINE: &str = "SHOPBLAST_FLEET_SECRET=$(cat /run/secrets/fleet-secret)
SHOPBLAST_REDIS=$(cat /run/secrets/redis-url)
export SHOPBLAST_FLEET_SECRET SHOPBLAST_REDIS
shopblast \"$@\" & join=$!
trap 'kill -TERM \"$join\"' TERM INT
while :; do wait \"$join\"; code=$?; kill -0 \"$join\" 2>/dev/null || break; done
[ \"$code\" = 0 ] || echo \"shopblast fleet join ended with $code\" >&2";
/// How the engine begins what it says of a container that never ran.
const NOT_STARTED: &str = "starting container failed";
/// Memory that the fleet's Redis may take.
const REDIS_MEMORY: &str = "256mb";

/// What Swarm needs to know beyond the fleet.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// The image, which has Redis, too; each node has it, or a registry that all nodes reach.
    pub image: String,
    /// A network of the swarm that the shop is found in, beside the fleet's own.
    pub network: Option<String>,
    /// The node that the leader goes to, which must be the one that `docker` speaks to; `None` is a manager.
    pub leader_node: Option<String>,
    /// Whether machines may share a node: then none reserves cores, which there would not be for all.
    pub same_node: bool,
    /// Whether limits of open files and locked memory stay as the engine has them.
    pub keep_limits: bool,
    /// Memory of each machine, as Docker counts it.
    pub memory: String,
}

#[derive(Template)]
#[template(path = "fleet/swarm/fleet.yaml", escape = "none")]
struct StackYaml<'a> {
    name: &'a str,
    image: String,
    has_redis: bool,
    network: Option<String>,
    leader_node: String,
    keep_limits: bool,
    leading: Vec<String>,
    files: Vec<FileYaml>,
}

struct FileYaml {
    key: String,
    path: String,
}

/// The stack of a fleet: Redis and the leader.
///
/// # Errors
/// When the template cannot be filled in.
pub fn stack(launch: &Launch, swarm: &Swarm) -> Result<String, askama::Error> {
    let files = launch.files.iter().enumerate();
    let leader_node = match &swarm.leader_node {
        Some(node) => format!("node.hostname == {node}"),
        None => "node.role == manager".to_owned(),
    };
    StackYaml {
        name: &launch.name(),
        image: compose_text(&swarm.image),
        has_redis: launch.redis.is_none(),
        network: swarm.network.as_deref().map(compose_text),
        leader_node: compose_text(&leader_node),
        keep_limits: swarm.keep_limits,
        leading: launch
            .leading()
            .iter()
            .map(|word| compose_text(word))
            .collect(),
        files: files
            .map(|(index, file)| FileYaml {
                key: file_key(index),
                path: compose_text(&Launch::place_of(file)),
            })
            .collect(),
    }
    .render()
}

fn file_key(index: usize) -> String {
    format!("file-{index}")
}

/// The command that makes the machines of a fleet.
#[must_use]
pub fn machines_line(launch: &Launch, swarm: &Swarm) -> String {
    machines(launch, swarm).line()
}

/// The machines: a replicated job, whose tasks are not started again when they end.
fn machines(launch: &Launch, swarm: &Swarm) -> Program {
    let name = launch.name();
    let shards = launch.shards.to_string();
    let mut words: Vec<String> = ["service", "create", "--detach", "--quiet"]
        .map(str::to_owned)
        .to_vec();
    let mut flag = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    flag("--name", &format!("{name}-join"));
    flag("--mode", "replicated-job");
    flag("--replicas", &shards);
    flag("--max-concurrent", &shards);
    flag("--restart-condition", "none");
    flag("--network", &format!("{name}_fleet"));
    if let Some(network) = &swarm.network {
        flag("--network", network);
    }
    flag(
        "--secret",
        &format!("source={name}-secret,target=fleet-secret"),
    );
    flag(
        "--secret",
        &format!("source={name}-redis-url,target=redis-url"),
    );
    flag("--user", "65532:65532");
    flag("--cap-drop", "ALL");
    if !swarm.keep_limits {
        flag("--ulimit", "nofile=65536:65536");
        flag("--ulimit", "memlock=-1:-1");
    }
    flag("--stop-grace-period", "60s");
    flag("--reserve-memory", &swarm.memory);
    flag("--limit-memory", &swarm.memory);
    if !swarm.same_node {
        flag("--reserve-cpu", &launch.cores.to_string());
        flag("--replicas-max-per-node", "1");
    }
    flag(
        "--entrypoint",
        &shell_line(["sh", "-c", MACHINE, "shopblast"]),
    );
    words.push(swarm.image.clone());
    words.extend(launch.joining());
    docker(launch, words.iter().map(String::as_str))
}

fn docker<'w>(launch: &Launch, words: impl IntoIterator<Item = &'w str>) -> Program {
    let flags = launch.engine_flags.iter().cloned();
    let words = words.into_iter().map(str::to_owned);
    Program::new(DOCKER, flags.chain(words))
}

/// A fleet on Docker Swarm.
pub(super) struct OnSwarm<'a> {
    launch: &'a Launch,
    swarm: &'a Swarm,
    stack: String,
    name: String,
    container: Option<String>,
    was_seen: bool,
}

impl<'a> OnSwarm<'a> {
    pub fn new(launch: &'a Launch, swarm: &'a Swarm) -> Result<Self, LaunchError> {
        let stack = stack(launch, swarm).map_err(|error| LaunchError::System {
            what: "the stack could not be written".to_owned(),
            source: std::io::Error::other(error),
        })?;
        Ok(Self {
            launch,
            swarm,
            stack: stack + "\n",
            name: launch.name(),
            container: None,
            was_seen: false,
        })
    }

    fn docker<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Program {
        docker(self.launch, words)
    }

    fn secrets(&self) -> Vec<(String, String)> {
        let launch = self.launch;
        let mut secrets = vec![
            (format!("{}-secret", self.name), launch.secret.clone()),
            (format!("{}-redis-url", self.name), launch.redis_at("redis")),
        ];
        if launch.redis.is_none() {
            let password = &launch.redis_password;
            let text = format!(
                "requirepass {password}\nsave \"\"\nappendonly no\nmaxmemory {REDIS_MEMORY}\n\
                 maxmemory-policy noeviction\n"
            );
            secrets.push((format!("{}-redis-conf", self.name), text));
        }
        secrets
    }

    fn configs(&self) -> impl Iterator<Item = (String, &CarriedFile)> {
        let files = self.launch.files.iter().enumerate();
        files.map(|(index, file)| (format!("{}-{}", self.name, file_key(index)), file))
    }

    fn leader(&self) -> String {
        format!("{}_leader", self.name)
    }
}

impl Remote for OnSwarm<'_> {
    fn printed(&self) -> String {
        let mut text = "#!/bin/sh\nset -eu\n".to_owned();
        for program in self.before().iter().chain(&self.apply()) {
            text.push_str(&program.script());
        }
        text.push_str("# What the leader says, and how everything is taken away:\n");
        for program in std::iter::once(self.stream(false)).chain(self.clean()) {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "# {}", program.line());
        }
        text
    }

    fn before(&self) -> Vec<Program> {
        let secrets = self
            .secrets()
            .into_iter()
            .map(|(name, text)| self.docker(["secret", "create", &name, "-"]).reading(text));
        let configs = self.configs().map(|(name, file)| {
            self.docker(["config", "create", &name, "-"])
                .reading(file.text.as_str())
        });
        secrets.chain(configs).collect()
    }

    fn apply(&self) -> Vec<Program> {
        let stack = self.docker(["stack", "deploy", "--compose-file", "-", &self.name]);
        vec![
            stack.reading(self.stack.as_str()),
            machines(self.launch, self.swarm),
        ]
    }

    fn applied(&mut self, _answer: &str) -> Result<(), LaunchError> {
        Ok(())
    }

    fn state(&mut self) -> Result<LeaderState, LaunchError> {
        let tasks = self.docker(["service", "ps", "--quiet", "--no-trunc", &self.leader()]);
        let tasks = match tasks.answer() {
            // The service was taken away.
            Err(LaunchError::Failed { said, .. })
                if self.was_seen && said.contains("no such service") =>
            {
                return Ok(LeaderState::Gone("its service was taken away".to_owned()));
            }
            answer => answer?,
        };
        let Some(task) = tasks.split_whitespace().next() else {
            return Ok(LeaderState::Waiting("it has no task yet".to_owned()));
        };
        let answer = self.docker(["inspect", "--type", "task", task]).answer();
        // A task that was just made, or taken away.
        let Ok(answer) = answer else {
            return Ok(LeaderState::Waiting("it has no task yet".to_owned()));
        };
        let tasks: Value = serde_json::from_str(&answer).unwrap_or_default();
        let status = &tasks[0]["Status"];
        self.was_seen = true;
        let container = status["ContainerStatus"]["ContainerID"].as_str();
        self.container = container.filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(state_of(status))
    }

    fn stream(&self, again: bool) -> Program {
        let leader = self.leader();
        let since: &[&str] = if again { &["--since", "2s"] } else { &[] };
        let words = ["service", "logs", "--follow", "--raw"];
        let words = words.iter().chain(since).copied();
        self.docker(words.chain(std::iter::once(leader.as_str())))
    }

    fn stop(&mut self) -> Option<Program> {
        let container = self.container.as_deref()?;
        Some(self.docker(["kill", "--signal", "TERM", container]))
    }

    fn fetch(&self) -> Option<Program> {
        let container = self.container.as_deref()?;
        let results = format!("{container}:{WORKING_DIRECTORY}/results");
        Some(self.docker(["cp", &results, "-"]))
    }

    fn clean(&self) -> Vec<Program> {
        let machines = format!("{}-join", self.name);
        let mut programs = vec![
            self.docker(["service", "rm", &machines]),
            self.docker(["stack", "rm", &self.name]),
        ];
        let secrets: Vec<String> = self.secrets().into_iter().map(|(name, _)| name).collect();
        let words = ["secret", "rm"].into_iter();
        programs.push(self.docker(words.chain(secrets.iter().map(String::as_str))));
        let configs: Vec<String> = self.configs().map(|(name, _)| name).collect();
        if !configs.is_empty() {
            let words = ["config", "rm"].into_iter();
            programs.push(self.docker(words.chain(configs.iter().map(String::as_str))));
        }
        programs
    }

    fn look(&self) -> String {
        self.docker(["service", "ps", "--no-trunc", &self.leader()])
            .line()
    }
}

/// What the status of the leader's task says of it.
fn state_of(status: &Value) -> LeaderState {
    let state = status["State"].as_str().unwrap_or_default();
    let error = status["Err"].as_str().unwrap_or_default();
    let code = status["ContainerStatus"]["ExitCode"].as_i64().unwrap_or(0);
    match state {
        "running" => LeaderState::Running,
        "complete" => LeaderState::Ended(0),
        "failed" if code != 0 && !error.starts_with(NOT_STARTED) => {
            LeaderState::Ended(i32::try_from(code).unwrap_or(-1))
        }
        "failed" | "rejected" => LeaderState::Hopeless(format!("{state} {error}")),
        "shutdown" | "orphaned" | "remove" => LeaderState::Gone(format!("{state} {error}")),
        _ => LeaderState::Waiting(format!("{state} {error}").trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_leader_waits_runs_ends_or_is_gone_as_its_task_says() {
        let state = |status: Value| format!("{:?}", state_of(&status));
        assert_eq!(state(json!({"State": "running"})), "Running");
        assert_eq!(state(json!({"State": "complete"})), "Ended(0)");
        let failed = json!({"State": "failed", "ContainerStatus": {"ExitCode": 96}});
        assert_eq!(state(failed), "Ended(96)");
        let unstarted = json!({"State": "failed", "Err": "starting container failed: x",
            "ContainerStatus": {"ExitCode": 128}});
        assert_eq!(
            state(unstarted),
            "Hopeless(\"failed starting container failed: x\")"
        );
        let rejected = json!({"State": "rejected", "Err": "No such image: x"});
        assert_eq!(state(rejected), "Hopeless(\"rejected No such image: x\")");
        assert_eq!(
            state(json!({"State": "preparing"})),
            "Waiting(\"preparing\")"
        );
        assert_eq!(state(json!({"State": "shutdown"})), "Gone(\"shutdown \")");
        let pending = json!({"State": "pending", "Err": "no suitable node"});
        assert_eq!(state(pending), "Waiting(\"pending no suitable node\")");
    }
}

//! A fleet on Kubernetes: an Indexed Job of machines, a Job of the leader, and Redis between them, handed to
//! `kubectl`.

use super::error::LaunchError;
use super::launch::{Launch, WORKING_DIRECTORY};
use super::program::Program;
use super::quoting::{kubernetes_argument, yaml_text};
use super::remote::{LeaderState, Remote};
use askama::Template;
use serde_json::Value;
use std::fmt::Write;

/// Kubernetes' own program.
const KUBECTL: &str = "kubectl";
/// What a container waits for without which it will never begin.
const HOPELESS: [&str; 4] = [
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
];

/// What Kubernetes needs to know beyond the fleet.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    /// The image, which has Redis, too.
    pub image: String,
    /// The namespace; `None` is kubectl's own.
    pub namespace: Option<String>,
    /// The profile of seccomp below the kubelet's directory; `None` is the one of the node's runtime.
    pub seccomp: Option<String>,
    /// Whether machines may share a node.
    pub same_node: bool,
    /// Memory of each machine, as Kubernetes counts it.
    pub memory: String,
}

/// One file of manifests: its name in deploy/kubernetes, and what is in it.
pub type Manifest = (&'static str, String);

#[derive(Template)]
#[template(path = "fleet/kubernetes/service-account.yaml", escape = "none")]
struct ServiceAccountYaml<'a> {
    name: &'a str,
}

#[derive(Template)]
#[template(path = "fleet/kubernetes/secret.yaml", escape = "none")]
struct SecretYaml<'a> {
    name: &'a str,
    secret: String,
    redis_url: String,
    redis_password: String,
}

#[derive(Template)]
#[template(path = "fleet/kubernetes/files.yaml", escape = "none")]
struct FilesYaml<'a> {
    name: &'a str,
    files: &'a [FileYaml],
}

struct FileYaml {
    key: String,
    path: String,
    text: String,
}

#[derive(Template)]
#[template(path = "fleet/kubernetes/network-policy.yaml", escape = "none")]
struct NetworkPolicyYaml<'a> {
    name: &'a str,
}

#[derive(Template)]
#[template(path = "fleet/kubernetes/redis.yaml", escape = "none")]
struct RedisYaml<'a> {
    name: &'a str,
    image: String,
}

#[derive(Template)]
#[template(path = "fleet/kubernetes/joins.yaml", escape = "none")]
struct JoinsYaml<'a> {
    name: &'a str,
    image: String,
    shards: u32,
    goes_on: bool,
    longest_s: u64,
    seccomp: Option<String>,
    same_node: bool,
    joining: Vec<String>,
    cores: String,
    memory: String,
}

#[derive(Template)]
#[template(path = "fleet/kubernetes/leader.yaml", escape = "none")]
struct LeaderYaml<'a> {
    name: &'a str,
    image: String,
    longest_s: u64,
    seccomp: Option<String>,
    leading: Vec<String>,
    files: &'a [FileYaml],
}

/// The manifests of a fleet, in the order in which they are applied.
///
/// # Errors
/// When a template cannot be filled in.
pub fn manifests(launch: &Launch, kubernetes: &Kubernetes) -> Result<Vec<Manifest>, askama::Error> {
    let name = launch.name();
    let name = name.as_str();
    let image = || yaml_text(&kubernetes.image);
    let seccomp = || kubernetes.seccomp.as_deref().map(yaml_text);
    let longest_s = launch.longest.as_secs().max(1);
    let arguments =
        |words: Vec<String>| words.iter().map(|word| kubernetes_argument(word)).collect();
    let files: Vec<FileYaml> = launch.files.iter().enumerate().map(FileYaml::of).collect();
    let mut manifests = vec![
        (
            "service-account.yaml",
            ServiceAccountYaml { name }.render()?,
        ),
        (
            "secret.yaml",
            SecretYaml {
                name,
                secret: yaml_text(&launch.secret),
                redis_url: yaml_text(&launch.redis_at(&format!("{name}-redis"))),
                redis_password: yaml_text(&launch.redis_password),
            }
            .render()?,
        ),
    ];
    if !files.is_empty() {
        let text = FilesYaml {
            name,
            files: &files,
        }
        .render()?;
        manifests.push(("files.yaml", text));
    }
    if launch.redis.is_none() {
        let policy = NetworkPolicyYaml { name }.render()?;
        manifests.push(("network-policy.yaml", policy));
        let redis = RedisYaml {
            name,
            image: image(),
        }
        .render()?;
        manifests.push(("redis.yaml", redis));
    }
    let joins = JoinsYaml {
        name,
        image: image(),
        shards: launch.shards,
        goes_on: launch.goes_on(),
        longest_s,
        seccomp: seccomp(),
        same_node: kubernetes.same_node,
        joining: arguments(launch.joining()),
        cores: yaml_text(&launch.cores.to_string()),
        memory: yaml_text(&kubernetes.memory),
    };
    manifests.push(("joins.yaml", joins.render()?));
    let leader = LeaderYaml {
        name,
        image: image(),
        longest_s,
        seccomp: seccomp(),
        leading: arguments(launch.leading()),
        files: &files,
    };
    manifests.push(("leader.yaml", leader.render()?));
    Ok(manifests)
}

impl FileYaml {
    fn of((index, file): (usize, &super::launch::CarriedFile)) -> Self {
        Self {
            key: format!("file-{index}"),
            path: yaml_text(&Launch::place_of(file)),
            text: yaml_text(&file.text),
        }
    }
}

/// A fleet on Kubernetes.
pub(super) struct OnKubernetes<'a> {
    launch: &'a Launch,
    kubernetes: &'a Kubernetes,
    applied: String,
    was_seen: bool,
}

impl<'a> OnKubernetes<'a> {
    pub fn new(launch: &'a Launch, kubernetes: &'a Kubernetes) -> Result<Self, LaunchError> {
        let manifests = manifests(launch, kubernetes).map_err(|error| LaunchError::System {
            what: "a manifest could not be written".to_owned(),
            source: std::io::Error::other(error),
        })?;
        let texts: Vec<String> = manifests.into_iter().map(|(_, text)| text).collect();
        Ok(Self {
            launch,
            kubernetes,
            applied: texts.join("\n---\n") + "\n",
            was_seen: false,
        })
    }

    fn kubectl<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Program {
        let namespace = self.kubernetes.namespace.iter();
        let namespace = namespace.flat_map(|name| ["--namespace".to_owned(), name.clone()]);
        let flags = self.launch.engine_flags.iter().cloned().chain(namespace);
        let words = words.into_iter().map(str::to_owned);
        Program::new(KUBECTL, flags.chain(words))
    }

    fn leader(&self) -> String {
        format!("job/{}-leader", self.launch.name())
    }
}

impl Remote for OnKubernetes<'_> {
    fn printed(&self) -> String {
        let mut text = "# How this is applied, what the leader says, its record, and how everything is taken away:\n".to_owned();
        let mut programs = self.apply();
        programs.push(self.stream(false));
        programs.extend(self.fetch());
        programs.extend(self.clean());
        for program in programs {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "# {}", program.line().replace('\n', "\\n"));
        }
        text + &self.applied
    }

    fn apply(&self) -> Vec<Program> {
        let apply = self.kubectl(["apply", "--filename", "-"]);
        vec![apply.reading(self.applied.as_str())]
    }

    fn before(&self) -> Vec<Program> {
        Vec::new()
    }

    fn clean(&self) -> Vec<Program> {
        let words = [
            "delete",
            "--ignore-not-found",
            "--wait=false",
            "--filename",
            "-",
        ];
        vec![self.kubectl(words).reading(self.applied.as_str())]
    }

    fn applied(&mut self, _answer: &str) -> Result<(), LaunchError> {
        Ok(())
    }

    fn state(&mut self) -> Result<LeaderState, LaunchError> {
        let selector = format!("--selector=job-name={}-leader", self.launch.name());
        let answer = self.kubectl(["get", "pods", "--output=json", &selector]);
        let pods: Value = serde_json::from_str(&answer.answer()?).unwrap_or_default();
        let state = state_of(&pods["items"][0], self.was_seen);
        self.was_seen |= !pods["items"][0].is_null();
        Ok(state)
    }

    fn stream(&self, again: bool) -> Program {
        let leader = self.leader();
        let words = ["logs", "--follow", "--container", "leader", leader.as_str()];
        let since = again.then_some("--since=2s");
        self.kubectl(words.into_iter().chain(since))
    }

    fn stop(&mut self) -> Option<Program> {
        let leader = self.leader();
        let inside = ["--", "sh", "-c", "kill -TERM 1"];
        let words = ["exec", leader.as_str(), "--container", "leader"];
        Some(self.kubectl(words.into_iter().chain(inside)))
    }

    fn fetch(&self) -> Option<Program> {
        let leader = self.leader();
        let inside = [
            "--",
            "tar",
            "-c",
            "-f",
            "-",
            "-C",
            WORKING_DIRECTORY,
            "results",
        ];
        let words = ["exec", leader.as_str(), "--container", "keeper"];
        Some(self.kubectl(words.into_iter().chain(inside)))
    }

    fn look(&self) -> String {
        let selector = format!(
            "--selector=app.kubernetes.io/instance={}",
            self.launch.name()
        );
        self.kubectl(["describe", "pods", &selector]).line()
    }
}

/// What the pod of the leader says of it.
fn state_of(pod: &Value, was_seen: bool) -> LeaderState {
    if pod.is_null() {
        return match was_seen {
            true => LeaderState::Gone("its pod was taken away".to_owned()),
            false => LeaderState::Waiting("it has no pod yet".to_owned()),
        };
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let containers = pod["status"]["containerStatuses"].as_array();
    let leader = containers
        .into_iter()
        .flatten()
        .find(|container| container["name"] == "leader");
    let state = leader.map(|container| &container["state"]);
    let ended = state.and_then(|state| state["terminated"]["exitCode"].as_i64());
    if let Some(code) = ended {
        return LeaderState::Ended(i32::try_from(code).unwrap_or(-1));
    }
    if state.is_some_and(|state| state["running"].is_object()) {
        return LeaderState::Running;
    }
    if pod["status"]["phase"] == "Failed" {
        let (reason, message) = (&pod["status"]["reason"], &pod["status"]["message"]);
        return LeaderState::Gone(format!("{} {}", text(reason), text(message)));
    }
    let waiting = state.map(|state| &state["waiting"]).unwrap_or(&Value::Null);
    let reason = text(&waiting["reason"]);
    if HOPELESS.contains(&reason.as_str()) {
        return LeaderState::Hopeless(format!("{reason}: {}", text(&waiting["message"])));
    }
    let conditions = pod["status"]["conditions"].as_array();
    let unscheduled = conditions
        .into_iter()
        .flatten()
        .find(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False");
    LeaderState::Waiting(match (unscheduled, reason.as_str()) {
        (Some(condition), _) => text(&condition["message"]),
        (None, "") => "its pod is not running yet".to_owned(),
        (None, reason) => format!("{reason} {}", text(&waiting["message"])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(state: Value) -> Value {
        json!({"status": {"phase": "Pending", "containerStatuses": [
            {"name": "keeper", "state": {"running": {}}},
            {"name": "leader", "state": state},
        ]}})
    }

    #[test]
    fn a_leader_waits_runs_ends_or_is_gone_as_its_pod_says() {
        let state = |pod| format!("{:?}", state_of(&pod, false));
        assert_eq!(
            state(pod(json!({"running": {"startedAt": "x"}}))),
            "Running"
        );
        let ended = pod(json!({"terminated": {"exitCode": 99}}));
        assert_eq!(state(ended), "Ended(99)");
        let pulled = pod(json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such"}}));
        assert_eq!(state(pulled), "Waiting(\"ImagePullBackOff no such\")");
        let refused = pod(json!({"waiting": {"reason": "CreateContainerError", "message": "x"}}));
        assert_eq!(state(refused), "Hopeless(\"CreateContainerError: x\")");
        let unscheduled = json!({"status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]}});
        assert_eq!(state(unscheduled), "Waiting(\"0/3 nodes are available\")");
        let late = json!({"status": {"phase": "Failed", "reason": "DeadlineExceeded"}});
        assert_eq!(state(late), "Gone(\"DeadlineExceeded \")");
        assert_eq!(state(Value::Null), "Waiting(\"it has no pod yet\")");
        let gone = format!("{:?}", state_of(&Value::Null, true));
        assert_eq!(gone, "Gone(\"its pod was taken away\")");
    }
}

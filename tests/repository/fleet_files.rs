//! The files in deploy/ that launch a fleet: they are what `shopblast fleet up` writes for the run that they
//! show, and Kubernetes' own schemas say that they are valid.

use serde_json::{Map, Value, json};
use shopblast::fleet::engines::{
    CarriedFile, Engine, Kubernetes, Launch, Slurm, Swarm, UpRequest, engines_run_name,
    machines_line, manifests, printed, stack,
};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use yaml_rust2::{Yaml, YamlLoader};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");
const SCHEMAS: &str = include_str!("../data/kubernetes/v1.32.json");
/// What the files stand for, in front of each.
const HEAD: &str =
    "# Written by `shopblast fleet up --print`; a test of the repository keeps it so.\n";

/// The run that the files in deploy/ show.
fn shown() -> Launch {
    let flags = [
        "--profile",
        "load",
        "--host",
        "http://shop:8000",
        "--users",
        "400",
    ];
    Launch {
        run: engines_run_name("fleet").expect("a name"),
        shards: 4,
        cores: 2,
        flags: flags.map(str::to_owned).to_vec(),
        files: Vec::new(),
        join_flags: Vec::new(),
        allowed_targets: vec!["shop".to_owned()],
        redis: None,
        secret: String::new(),
        redis_password: String::new(),
        longest: Duration::from_secs(7200),
        start_limit: Duration::from_secs(300),
        engine_flags: Vec::new(),
        results: "results".to_owned(),
    }
}

fn kubernetes() -> Kubernetes {
    Kubernetes {
        image: "shopblast".to_owned(),
        namespace: None,
        seccomp: Some("profiles/shopblast.json".to_owned()),
        same_node: false,
        memory: "2Gi".to_owned(),
    }
}

fn same_as_file(path: &str, text: &str) {
    let place = Path::new(DEPLOY).join(path);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::create_dir_all(place.parent().expect("a directory")).expect("made");
        std::fs::write(&place, text).expect("written");
    }
    let there = std::fs::read_to_string(&place).unwrap_or_default();
    assert_eq!(there, text, "deploy/{path}; BLESS_GOLDEN=1 writes it anew");
}

fn as_json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Boolean(truth) => (*truth).into(),
        Yaml::Integer(number) => (*number).into(),
        Yaml::Real(text) => text.parse::<f64>().expect("a number").into(),
        Yaml::String(text) => text.as_str().into(),
        Yaml::Array(items) => items.iter().map(as_json).collect(),
        Yaml::Hash(pairs) => {
            let key = |key: &Yaml| key.as_str().expect("a text").to_owned();
            let pairs = pairs
                .iter()
                .map(|(name, value)| (key(name), as_json(value)));
            Value::Object(Map::from_iter(pairs))
        }
        Yaml::Alias(_) | Yaml::BadValue => panic!("no manifest has this: {yaml:?}"),
    }
}

fn documents(text: &str) -> Vec<Value> {
    let documents = YamlLoader::load_from_str(text).expect("YAML");
    documents.iter().map(as_json).collect()
}

/// What the published schema finds wrong with a manifest.
fn mistakes(manifest: &Value) -> Vec<String> {
    let package = match manifest["apiVersion"].as_str().expect("a version") {
        "v1" => "core.v1",
        "apps/v1" => "apps.v1",
        "batch/v1" => "batch.v1",
        "networking.k8s.io/v1" => "networking.v1",
        other => return vec![format!("there is no {other}")],
    };
    let kind = manifest["kind"].as_str().expect("a kind");
    let mut schema: Value = serde_json::from_str(SCHEMAS).expect("JSON");
    schema["$ref"] = format!("#/$defs/io.k8s.api.{package}.{kind}").into();
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let found = schema.iter_errors(manifest);
    found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_manifests_are_those_that_fleet_up_writes() {
    let written = manifests(&shown(), &kubernetes()).expect("written");
    let names: Vec<&str> = written.iter().map(|(name, _)| *name).collect();
    let expected = [
        "service-account.yaml",
        "secret.yaml",
        "network-policy.yaml",
        "redis.yaml",
        "joins.yaml",
        "leader.yaml",
    ];
    assert_eq!(names, expected);
    for (name, text) in written.iter().filter(|(name, _)| *name != "secret.yaml") {
        same_as_file(&format!("kubernetes/{name}"), &format!("{HEAD}{text}\n"));
    }
}

#[test]
fn the_stack_its_script_and_the_batch_file_are_those_that_fleet_up_writes() {
    let swarm = Swarm {
        image: "shopblast".to_owned(),
        network: None,
        leader_node: None,
        same_node: false,
        keep_limits: false,
        memory: "2G".to_owned(),
    };
    let text = stack(&shown(), &swarm).expect("written");
    same_as_file("swarm/fleet.yaml", &format!("{HEAD}{text}\n"));
    let script = std::fs::read_to_string(format!("{DEPLOY}/swarm/fleet.sh")).expect("it is there");
    let line = machines_line(&shown(), &swarm);
    assert!(
        script.contains(&line),
        "deploy/swarm/fleet.sh must make the machines by:\n{line}"
    );
    let engine = Engine::Slurm(Slurm {
        program: "shopblast".to_owned(),
        same_node: false,
    });
    let launch = shown();
    let text = printed(&UpRequest { engine, launch }).expect("written");
    same_as_file("slurm/fleet.sbatch", &text);
}

#[test]
fn kubernetes_own_schemas_find_nothing_wrong_with_the_manifests() {
    let mut full = shown();
    full.files.push(CarriedFile {
        path: "plan.toml".to_owned(),
        text: "[load]\n".to_owned(),
    });
    let mut elsewhere = shown();
    elsewhere.flags.push("--on-lost=stop".to_owned());
    elsewhere.redis = Some("redis://meet".to_owned());
    let near = Kubernetes {
        same_node: true,
        seccomp: None,
        ..kubernetes()
    };
    let mut kinds = Vec::new();
    for (launch, kubernetes) in [(&full, &kubernetes()), (&elsewhere, &near)] {
        for (name, text) in manifests(launch, kubernetes).expect("written") {
            for manifest in documents(&text) {
                let mistakes = mistakes(&manifest);
                assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
                kinds.push(manifest["kind"].as_str().expect("a kind").to_owned());
            }
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    let expected = [
        "ConfigMap",
        "Deployment",
        "Job",
        "NetworkPolicy",
        "Secret",
        "Service",
        "ServiceAccount",
    ];
    assert_eq!(kinds, expected);
}

/// A change to a manifest: where, and to what.
type Breakage = (&'static str, &'static str, Value);

#[test]
fn kubernetes_own_schemas_refuse_each_broken_manifest() {
    let breakages: [Breakage; 8] = [
        ("joins.yaml", "/spec/completionMod", json!("Indexed")),
        ("joins.yaml", "/spec/completions", json!("four")),
        (
            "joins.yaml",
            "/spec/template/spec/restartPolice",
            json!("Never"),
        ),
        (
            "joins.yaml",
            "/spec/template/spec/containers/0/args",
            json!(["fleet", 4]),
        ),
        (
            "joins.yaml",
            "/spec/template/spec/securityContext/seccompProfile/kind",
            json!("x"),
        ),
        ("leader.yaml", "/spec/template/spec/containers", Value::Null),
        (
            "leader.yaml",
            "/spec/template/spec/containers/0/env/0/name",
            Value::Null,
        ),
        (
            "network-policy.yaml",
            "/spec/ingress/0/from/0/podSelectors",
            json!({}),
        ),
    ];
    let written = manifests(&shown(), &kubernetes()).expect("written");
    for (file, place, value) in breakages {
        let (_, text) = written
            .iter()
            .find(|(name, _)| *name == file)
            .expect("it is there");
        let mut manifest = documents(text).remove(0);
        let (parent, key) = place.rsplit_once('/').expect("a path");
        let parent = manifest.pointer_mut(parent).expect("it is there");
        let parent = parent.as_object_mut().expect("an object");
        match value {
            Value::Null => parent.remove(key),
            value => parent.insert(key.to_owned(), value),
        };
        assert!(!mistakes(&manifest).is_empty(), "{file}: {place} was taken");
    }
}

#[test]
fn what_runs_on_a_cluster_has_no_rights_and_whole_cores() {
    let written = manifests(&shown(), &kubernetes()).expect("written");
    let mut containers_seen = 0;
    for (_, text) in &written {
        for manifest in documents(text) {
            let pod = &manifest["spec"]["template"]["spec"];
            if pod.is_null() {
                continue;
            }
            assert_eq!(pod["automountServiceAccountToken"], false);
            assert_eq!(pod["enableServiceLinks"], false);
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
            for container in pod["containers"].as_array().expect("containers") {
                containers_seen += 1;
                let context = &container["securityContext"];
                assert_eq!(context["allowPrivilegeEscalation"], false);
                assert_eq!(context["readOnlyRootFilesystem"], true);
                assert_eq!(context["capabilities"]["drop"], json!(["ALL"]));
            }
        }
    }
    assert_eq!(containers_seen, 4);
    let joins = written
        .iter()
        .find(|(name, _)| *name == "joins.yaml")
        .expect("joins");
    let joins = documents(&joins.1).remove(0);
    let spec = &joins["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    assert_eq!(
        (&spec["completions"], &spec["parallelism"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(spec["template"]["spec"]["restartPolicy"], "Never");
    let resources = &spec["template"]["spec"]["containers"][0]["resources"];
    assert_eq!(resources["requests"], resources["limits"]);
    assert_eq!(resources["limits"]["cpu"], "2");
}

#[test]
fn kubectl_reads_the_directory_where_it_is_installed() {
    let home = tempfile::tempdir().expect("a directory");
    let from = Path::new(DEPLOY).join("kubernetes");
    for entry in std::fs::read_dir(&from).expect("it is there").flatten() {
        std::fs::copy(entry.path(), home.path().join(entry.file_name())).expect("copied");
    }
    let resources = std::fs::read_to_string(from.join("kustomization.yaml")).expect("it is there");
    let kustomization = documents(&resources).remove(0);
    for file in kustomization["resources"].as_array().expect("resources") {
        assert!(from.join(file.as_str().expect("a file")).exists(), "{file}");
    }
    let secrets =
        "fleet-secret=a\nredis-password=b\nredis-url=redis://:b@shopblast-fleet-redis:6379/0\n";
    std::fs::write(home.path().join("secret.env"), secrets).expect("written");
    let built = Command::new("kubectl")
        .arg("kustomize")
        .arg(home.path())
        .output();
    let Ok(built) = built else {
        eprintln!("kubectl is not installed: its own reading is left out");
        return;
    };
    let complaint = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{complaint}");
    let text = String::from_utf8(built.stdout).expect("text");
    let built = documents(&text);
    assert_eq!(built.len(), 7, "{text}");
    for manifest in &built {
        assert_eq!(mistakes(manifest), Vec::<String>::new(), "{manifest}");
    }
}

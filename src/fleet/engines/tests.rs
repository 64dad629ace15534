//! What engines read is what was meant, whatever it holds.

use super::kubernetes::OnKubernetes;
use super::quoting::shell_line;
use super::remote::Remote;
use super::slurm::OnSlurm;
use super::swarm::OnSwarm;
use super::*;
use proptest::prelude::*;
use std::process::Command;
use std::time::Duration;
use yaml_rust2::{Yaml, YamlLoader};

pub fn launch(flags: Vec<String>) -> Launch {
    Launch {
        run: engines_run_name("proof").expect("a name"),
        shards: 3,
        cores: 2,
        flags,
        files: Vec::new(),
        join_flags: Vec::new(),
        allowed_targets: vec!["shop".to_owned()],
        redis: None,
        secret: "the secret".to_owned(),
        redis_password: "the password".to_owned(),
        longest: Duration::from_secs(7200),
        start_limit: Duration::from_secs(60),
        engine_flags: Vec::new(),
        results: "results".to_owned(),
    }
}

pub fn kubernetes() -> Kubernetes {
    Kubernetes {
        image: "shopblast".to_owned(),
        namespace: None,
        seccomp: Some("profiles/shopblast.json".to_owned()),
        same_node: false,
        memory: "2Gi".to_owned(),
    }
}

fn swarm() -> Swarm {
    Swarm {
        image: "shopblast".to_owned(),
        network: None,
        leader_node: None,
        same_node: true,
        keep_limits: false,
        memory: "2G".to_owned(),
    }
}

/// What a POSIX shell makes of `line`: its words.
fn shell_words(line: &str) -> Vec<String> {
    let script = format!("for word in {line}; do printf '%s\\0' \"$word\"; done");
    let said = Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("a shell");
    assert!(said.status.success(), "{script}");
    let text = String::from_utf8(said.stdout).expect("text");
    let mut words: Vec<String> = text.split('\0').map(str::to_owned).collect();
    assert_eq!(words.pop().as_deref(), Some(""));
    words
}

/// What Kubernetes makes of an argument: `$(NAME)` is a variable's value, `$$` one `$`.
fn expanded_by_kubernetes(argument: &str) -> String {
    let mut text = String::new();
    let mut rest = argument;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            text.push('$');
            rest = after;
        } else if let Some((name, after)) = rest
            .strip_prefix('(')
            .and_then(|inside| inside.split_once(')'))
        {
            text.push_str(&format!("<the variable {name}>"));
            rest = after;
        } else {
            text.push('$');
        }
    }
    text + rest
}

/// What Docker makes of a text of a stack file: `$NAME` and `${NAME}` are values, `$$` one `$`.
fn expanded_by_docker(text: &str) -> String {
    let pieces = text
        .split("$$")
        .map(|piece| piece.replace('$', "<a variable>"));
    pieces.collect::<Vec<_>>().join("$")
}

fn documents(text: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The words in a list of YAML.
fn words(list: &Yaml) -> Vec<String> {
    let words = list.as_vec().expect("a list").iter();
    let words = words.map(|word| word.as_str().expect("a text").to_owned());
    words.collect()
}

fn of_kind<'a>(documents: &'a [Yaml], kind: &str, name: &str) -> &'a Yaml {
    let is_it = |document: &&Yaml| {
        document["kind"].as_str() == Some(kind)
            && document["metadata"]["name"].as_str() == Some(name)
    };
    documents.iter().find(is_it).expect("it is there")
}

fn any_word() -> impl Strategy<Value = String> {
    // Any text that an argument can hold, and often what languages take for something else.
    let odd = prop::sample::select(vec![
        "$(HOME)",
        "$HOME",
        "${HOME}",
        "$$",
        "$",
        "'",
        "\"",
        "\\",
        "`id`",
        "$(id)",
        "a b",
        "\n",
        "\t",
        "#x",
        "- x",
        "{{x}}",
        "{% x %}",
        "yes",
        "null",
        "0x1f",
        "1e3",
        "~",
        "*",
        "!",
        "&a",
        "%",
        "|",
        ">",
        "---",
        "...",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{7f}",
        "\u{1b}[0m",
        "é",
        "店",
        "😀",
        "=",
        "-o",
        "",
        ": ",
        "?",
        "\r\n",
        "EOF",
        "CONF",
    ]);
    let any = any::<String>().prop_map(|text| text.replace('\0', ""));
    prop::collection::vec(prop_oneof![odd.prop_map(str::to_owned), any], 0..4)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_words_come_through_a_shell(words in prop::collection::vec(any_word(), 1..5)) {
        let line = shell_line(words.iter().map(String::as_str));
        prop_assert_eq!(shell_words(&line), words);
    }

    #[test]
    fn any_flags_and_files_come_through_kubernetes(flags in prop::collection::vec(any_word(), 1..5), text in any_word()) {
        let mut launch = launch(flags.clone());
        launch.files.push(CarriedFile { path: "./plans/a b.toml".to_owned(), text: text.clone() });
        let kubernetes = kubernetes();
        let printed = OnKubernetes::new(&launch, &kubernetes).expect("written").printed();
        let documents = documents(&printed);
        let leader = &of_kind(&documents, "Job", "shopblast-proof-leader")["spec"]["template"]["spec"]["containers"][0];
        let arguments: Vec<String> = words(&leader["args"]).iter().map(|word| expanded_by_kubernetes(word)).collect();
        prop_assert_eq!(&arguments[6..], &flags[..]);
        let carried = of_kind(&documents, "ConfigMap", "shopblast-proof")["data"]["file-0"].as_str();
        prop_assert_eq!(carried, Some(text.as_str()));
        let place = leader["volumeMounts"][1]["mountPath"].as_str();
        prop_assert_eq!(place, Some("/srv/shopblast/plans/a b.toml"));
    }

    #[test]
    fn any_flags_come_through_a_stack_and_its_script(flags in prop::collection::vec(any_word(), 1..4)) {
        let mut launch = launch(flags.clone());
        launch.join_flags = flags.clone();
        let swarm = swarm();
        let printed = OnSwarm::new(&launch, &swarm).expect("written").printed();
        // A docker that keeps what it is called with, and the stack that it reads.
        let home = tempfile::tempdir().expect("a directory");
        let script = format!(
            "docker() {{ case \"$1 $2\" in 'stack deploy') cat >\"$HOME/stack\" ;; 'service create') \
             printf '%s\\0' \"$@\" >\"$HOME/words\" ;; esac; }}\n{printed}"
        );
        let ran = Command::new("sh").args(["-c", &script]).env("HOME", home.path()).status().expect("a shell");
        prop_assert!(ran.success());
        let read = |name: &str| std::fs::read_to_string(home.path().join(name)).expect("it was called");
        let stack = &documents(&read("stack"))[0];
        let leader = words(&stack["services"]["leader"]["command"]);
        let leader: Vec<String> = leader.iter().map(|word| expanded_by_docker(word)).collect();
        prop_assert_eq!(&leader[6..], &flags[..]);
        let machines = read("words");
        let machines: Vec<&str> = machines.split_terminator('\0').collect();
        prop_assert_eq!(&machines[machines.len() - flags.len()..], &flags[..]);
    }

    #[test]
    fn any_flags_come_through_a_batch_file(flags in prop::collection::vec(any_word(), 1..4)) {
        let launch = launch(flags.clone());
        // A program that shows what it was called with, and a srun that calls nothing.
        let home = tempfile::tempdir().expect("a directory");
        let slurm = Slurm { program: "shown".to_owned(), same_node: true };
        let batch = OnSlurm::new(&launch, &slurm).expect("written").printed();
        let place = home.path().join("fleet.sbatch");
        std::fs::write(&place, batch).expect("written");
        let script = format!(
            "shown() {{ printf '%s\\0' \"$@\" >\"$HOME/words\"; }}; srun() {{ :; }}; . '{}'", place.display()
        );
        let ran = Command::new("bash").args(["-c", &script]).env("HOME", home.path()).env("SLURM_JOB_ID", "7")
            .env("SHOPBLAST_REDIS", "redis://elsewhere").status().expect("a shell");
        prop_assert!(ran.success());
        let said = std::fs::read_to_string(home.path().join("words")).expect("it was called");
        let words: Vec<&str> = said.split_terminator('\0').collect();
        prop_assert_eq!(&words[6..], &flags[..]);
    }

    #[test]
    fn any_words_come_to_a_host(words in prop::collection::vec(any_word(), 1..4)) {
        let mut launch = launch(Vec::new());
        launch.join_flags = words.clone();
        launch.redis = Some("redis://meet".to_owned());
        // What sshd does with the command: the user's shell reads it, and `printf` is the program.
        let ssh = Ssh { hosts: vec!["a".to_owned()], program: "printf".to_owned(), leader: "x".to_owned() };
        launch.run = engines_run_name("proof").expect("a name");
        let remote = ssh::remote(&launch, &ssh).replacen(" fleet join ", " '%s\\0' fleet join ", 1);
        let mut shell = Command::new("sh").args(["-c", &remote]).stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped()).spawn().expect("a shell");
        let mut input = shell.stdin.take().expect("an input");
        std::io::Write::write_all(&mut input, b"secret\nredis://meet\n").expect("taken");
        let said = shell.wait_with_output().expect("ended");
        drop(input);
        let said = String::from_utf8(said.stdout).expect("text");
        let heard: Vec<&str> = said.split_terminator('\0').collect();
        prop_assert_eq!(&heard[8..], &words[..]);
    }
}

#[test]
fn a_host_ends_what_it_began_when_its_connection_does() {
    let home = tempfile::tempdir().expect("a directory");
    let mark = home.path().join("ended");
    let script = format!(
        "trap 'echo \"$SHOPBLAST_FLEET_SECRET\" >\"{}\"; exit 7' TERM; echo ready; while :; do sleep 0.1; done",
        mark.display()
    );
    let words = ["sh", "-c", ssh::ON_HOST, "sh", "sh", "-c", &script];
    let mut host = Command::new(words[0])
        .args(&words[1..])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = host.stdin.take().expect("an input");
    std::io::Write::write_all(&mut input, b"hush\nredis://meet\n").expect("taken");
    let mut output = host.stdout.take().expect("an output");
    std::io::Read::read_exact(&mut output, &mut [0; 6]).expect("it is ready");
    drop(input);
    assert_eq!(host.wait().expect("ended").code(), Some(7));
    assert_eq!(
        std::fs::read_to_string(mark).expect("it was ended"),
        "hush\n"
    );
}

#[test]
fn a_run_that_ends_with_a_lost_machine_has_its_pods_end_together() {
    let kubernetes = kubernetes();
    let spec = |flags: &[&str]| {
        let launch = launch(flags.iter().map(|flag| (*flag).to_owned()).collect());
        let printed = OnKubernetes::new(&launch, &kubernetes)
            .expect("written")
            .printed();
        of_kind(&documents(&printed), "Job", "shopblast-proof-join")["spec"].clone()
    };
    let going_on = spec(&["--profile", "load"]);
    assert_eq!(going_on["backoffLimitPerIndex"].as_i64(), Some(0));
    assert!(going_on["backoffLimit"].is_badvalue());
    for flags in [&["--on-lost", "stop"][..], &["--on-lost=stop"]] {
        let stopping = spec(flags);
        assert_eq!(stopping["backoffLimit"].as_i64(), Some(0));
        assert!(stopping["backoffLimitPerIndex"].is_badvalue());
    }
}

#[test]
fn a_redis_that_is_named_is_used_and_none_is_started() {
    let mut launch = launch(Vec::new());
    launch.redis = Some("rediss://user:p$w@meet:6380/1".to_owned());
    let kubernetes = kubernetes();
    let printed = OnKubernetes::new(&launch, &kubernetes)
        .expect("written")
        .printed();
    let documents_there = documents(&printed);
    let secret = of_kind(&documents_there, "Secret", "shopblast-proof");
    let url = secret["stringData"]["redis-url"].as_str();
    assert_eq!(url, Some("rediss://user:p$w@meet:6380/1"));
    assert!(
        documents_there
            .iter()
            .all(|document| document["kind"].as_str() != Some("Deployment"))
    );
    let swarm = swarm();
    let script = OnSwarm::new(&launch, &swarm).expect("written").printed();
    assert!(!script.contains("redis-server"), "{script}");
    let secret = "printf %s 'rediss://user:p$w@meet:6380/1' | docker secret create shopblast-proof-redis-url -\n";
    assert!(script.contains(secret), "{script}");
}

#[test]
fn names_of_runs_are_what_every_engine_takes() {
    let is_name = |text: &str| engines_run_name(text).is_ok();
    assert!(is_name("a") && is_name("spike-2026") && is_name(&"a".repeat(40)));
    for wrong in [
        "",
        "-a",
        "a-",
        "A",
        "a_b",
        "a b",
        "1a",
        "é",
        "a.b",
        &"a".repeat(41),
    ] {
        assert!(!is_name(wrong), "{wrong}");
    }
}

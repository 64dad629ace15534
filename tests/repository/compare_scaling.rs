//! The script that compares one engine each with 3+2+2+2+2. Docker, the checkout's make and
//! shopblast are stand-ins that write down how they were called; `compare` calls the hooks as the
//! real one does.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

struct Stand {
    directory: tempfile::TempDir,
}

impl Stand {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let checkout = directory.path().join("shopstream");
        std::fs::create_dir(&checkout).expect("made");
        for file in ["Makefile", "docker-compose.yml"] {
            std::fs::write(checkout.join(file), "").expect("written");
        }
        let stand = Self { directory };
        stand.program("docker", "");
        stand.program("make", "");
        // Walks through one turn of every configuration.
        stand.program(
            "shopblast",
            "[ \"$1\" = compare ] || exit 0\n\
             export COMPARE_DIRECTORY=$(dirname \"$0\")\n\
             for word in \"$@\"; do case \"$word\" in *=bash*)\n\
             for duty in up reset down; do sh -c \"${word#*=} $duty\" || exit 3; done;; esac; done",
        );
        stand
    }

    fn program(&self, name: &str, then: &str) {
        let path = self.directory.path().join(name);
        let log = self.directory.path().join("log");
        let text = format!(
            "#!/bin/bash\necho {name} \"$@\" >>{}\n{then}\n",
            log.display()
        );
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
            .expect("executable");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.directory.path().display());
        Command::new("bash")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/compare-scaling.sh"))
            .args(arguments)
            .env_clear()
            .env("PATH", path)
            .env("SHOPBLAST", self.directory.path().join("shopblast"))
            .env("WAIT_SECONDS", "0")
            .output()
            .expect("bash runs")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn both_stacks_come_up_are_emptied_and_go_down() {
    let stand = Stand::new();
    let checkout = stand
        .directory
        .path()
        .join("shopstream")
        .display()
        .to_string();
    let output = stand.run(&[
        "--shopstream",
        &checkout,
        "--repetitions",
        "3",
        "--",
        "-t",
        "9s",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let log = stand.log();
    let mut rest = log.as_str();
    for step in [
        "shopblast compare --run one-each=",
        "--repetitions 3 -- -t 9s --host http://localhost:8000 --observatory http://localhost:9000",
        &format!("make -C {checkout} setup-db"),
        "up --detach api engine-identity",
        "shopblast doctor --host http://localhost:8000 --observatory http://localhost:9000",
        &format!("make -C {checkout} truncate-db"),
        "down --remove-orphans",
        "up --detach --scale engine-identity=3 --scale engine-catalogue=2",
        &format!("make -C {checkout} truncate-db"),
        "down --remove-orphans",
    ] {
        let place = rest
            .find(step)
            .unwrap_or_else(|| panic!("{step} is not next in\n{log}"));
        rest = &rest[place + step.len()..];
    }
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let stand = Stand::new();
    for (arguments, exit, says) in [
        (vec![], 2, "--shopstream DIR, or --sandbox"),
        (vec!["--shopstream"], 2, "needs a directory"),
        (vec!["--fast"], 2, "unknown argument: --fast"),
        (vec!["--shopstream", "/usr"], 1, "is no ShopStream checkout"),
        (vec!["--help"], 0, "Usage: scripts/compare-scaling.sh"),
    ] {
        let output = stand.run(&arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert!(
            text(&output).contains(says),
            "{arguments:?}: {}",
            text(&output)
        );
    }
}

//! A fleet on hosts that are reached by `ssh`: the machines there, the leader here, Redis where all find it.

use super::error::LaunchError;
use super::launch::{Launch, REDIS_VARIABLE};
use super::program::{Program, Running};
use super::quoting::shell_line;
use super::stopping::Stopping;
use crate::fleet::bus::SECRET_VARIABLE;
use crate::pieces::tell;
use std::fmt::Write;
use std::process::ChildStdin;
use std::thread;
use std::time::{Duration, Instant};

/// How often the leader and the connections are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long machines may take to end by themselves once the leader has.
const FAREWELL: Duration = Duration::from_secs(20);

/// What a host does: it takes secrets from its standard input, since command lines are everybody's to read,
/// and ends what it began when that input ends, however the connection does.
pub(super) const ON_HOST: &str = "IFS= read -r SHOPBLAST_FLEET_SECRET && IFS= read -r SHOPBLAST_REDIS || exit 104; \
export SHOPBLAST_FLEET_SECRET SHOPBLAST_REDIS; exec 3<&0; \"$@\" </dev/null 3<&- & join=$!; \
{ cat; kill -TERM \"$join\"; } <&3 >/dev/null 2>&1 & watch=$!; exec 3<&-; wait \"$join\"; code=$?; \
kill \"$watch\" 2>/dev/null; exit \"$code\"";

/// What the hosts are.
#[derive(Clone, Debug)]
pub struct Ssh {
    /// The hosts, as ssh knows them: one machine of the fleet on each, in turns when there are fewer.
    pub hosts: Vec<String>,
    /// The program, as the hosts find it.
    pub program: String,
    /// The program here, which leads.
    pub leader: String,
}

/// What the shell of a host is handed.
pub(super) fn remote(launch: &Launch, ssh: &Ssh) -> String {
    let joining = launch.joining();
    let words = ["sh", "-c", ON_HOST, "sh", &ssh.program].into_iter();
    shell_line(words.chain(joining.iter().map(String::as_str)))
}

/// The connection to the machine `shard`.
fn connection(launch: &Launch, ssh: &Ssh, shard: usize) -> Program {
    let host = &ssh.hosts[shard % ssh.hosts.len()];
    let remote = remote(launch, ssh);
    let options = [
        "-o",
        "BatchMode=yes",
        "-o",
        "ServerAliveInterval=5",
        "-o",
        "ServerAliveCountMax=3",
    ];
    let flags = launch.engine_flags.iter().cloned();
    let words = options.into_iter().map(str::to_owned).chain(flags);
    Program::new("ssh", words.chain(["--".to_owned(), host.clone(), remote]))
}

fn shards(launch: &Launch) -> std::ops::Range<usize> {
    0..launch.shards as usize
}

fn leader(launch: &Launch, ssh: &Ssh) -> Program {
    let redis = launch.redis.as_deref().unwrap_or_default();
    let variables = [
        (SECRET_VARIABLE, launch.secret.as_str()),
        (REDIS_VARIABLE, redis),
    ];
    Program::new(&ssh.leader, launch.leading()).knowing(variables)
}

/// A script of the commands that are called.
pub(super) fn printed(launch: &Launch, ssh: &Ssh) -> String {
    let mut text = format!(
        "#!/bin/bash\n\
         # Each host reads {SECRET_VARIABLE} and {REDIS_VARIABLE} from its standard input, a line each, and\n\
         # ends what it began when that input does: with this script, however it ends.\n\
         : \"${{{SECRET_VARIABLE}:?}}\" \"${{{REDIS_VARIABLE}:?}}\"\n\
         inputs=() connections=()\n\
         leave() {{ for input in \"${{inputs[@]}}\"; do exec {{input}}>&-; done; wait \"${{connections[@]}}\"; }}\n\
         trap leave EXIT\n"
    );
    for shard in shards(launch) {
        // Writing into a text cannot fail.
        let _ = writeln!(
            text,
            "exec {{input}}> >(exec {}); connections+=(\"$!\") inputs+=(\"$input\")\n\
             printf '%s\\n' \"${SECRET_VARIABLE}\" \"${REDIS_VARIABLE}\" >&\"$input\"",
            connection(launch, ssh, shard).line()
        );
    }
    let _ = writeln!(text, "{}", leader(launch, ssh).line());
    text
}

/// Has the hosts join, and leads.
pub(super) fn carry_out(launch: &Launch, ssh: &Ssh) -> Result<i32, LaunchError> {
    let stopping = Stopping::listen();
    let redis = launch.redis.as_deref().unwrap_or_default();
    let first = format!("{}\n{redis}\n", launch.secret);
    let mut machines: Vec<Machine> = Vec::new();
    for shard in shards(launch) {
        let program = connection(launch, ssh, shard);
        let (running, input) = program.begin_held(&first)?;
        machines.push(Machine {
            host: ssh.hosts[shard % ssh.hosts.len()].clone(),
            running,
            input,
            has_ended: false,
        });
    }
    let mut leader = leader(launch, ssh).begin_in_terminal()?;
    let mut heard_stops = 0;
    let code = loop {
        if let Some(code) = leader.ended() {
            break code;
        }
        let asked = stopping.asked();
        if asked > heard_stops {
            heard_stops = asked;
            leader.interrupt();
        }
        for machine in &mut machines {
            machine.look();
        }
        thread::sleep(LOOK_EVERY);
    };
    let since = Instant::now();
    while since.elapsed() < FAREWELL && stopping.asked() < 2 {
        if machines.iter_mut().all(Machine::look) {
            break;
        }
        thread::sleep(LOOK_EVERY);
    }
    for machine in &mut machines {
        machine.leave();
    }
    Ok(code)
}

/// A machine of the fleet, as its connection shows it.
struct Machine {
    host: String,
    running: Running,
    input: Option<ChildStdin>,
    has_ended: bool,
}

impl Machine {
    /// Whether its connection has ended; one that ended badly is told.
    fn look(&mut self) -> bool {
        if !self.has_ended
            && let Some(code) = self.running.ended()
        {
            self.has_ended = true;
            if code != 0 {
                tell(format!("warning: {}: ssh ended with {code}", self.host));
            }
        }
        self.has_ended
    }

    /// Ends what it began there, and waits for it.
    fn leave(&mut self) {
        drop(self.input.take());
        let since = Instant::now();
        while !self.look() && since.elapsed() < FAREWELL {
            thread::sleep(LOOK_EVERY);
        }
    }
}

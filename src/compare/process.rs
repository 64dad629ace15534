//! Processes that a comparison starts: hooks and runs. Each has a group of its own, so that Ctrl-C
//! reaches the comparison first, which then ends them in order.

use crate::engine::{is_ignored, keeping_ignored};
use crate::pieces::tell;
use crate::plan::ExitCode;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a process that was asked to end may take.
const GRACE: Duration = Duration::from_secs(10);

/// How often the user asked to stop.
#[derive(Debug, Default)]
pub struct Stop {
    times: AtomicU32,
}

impl Stop {
    /// Counts one more, and tells how many there were.
    pub fn ask(&self) -> u32 {
        self.times.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How often it was asked.
    pub fn asked(&self) -> u32 {
        self.times.load(Ordering::Relaxed)
    }
}

/// The first Ctrl-C ends the run in progress and tears down; so does every further one, until the
/// third ends this process at once. What this process was told to ignore stays ignored.
pub fn listen(stop: &Arc<Stop>) {
    let asked = Arc::clone(stop);
    let handler = move || match asked.ask() {
        1 => tell("\nstopping: the run in progress ends, then everything is torn down"),
        2 => tell("\ncutting the run in progress off (again: leave everything as it is)"),
        _ => std::process::exit(i32::from(ExitCode::Interrupted.value())),
    };
    if let Err(error) = keeping_ignored(|| ctrlc::set_handler(handler)) {
        tell(format!(
            "warning: Ctrl-C will leave things running: {error}"
        ));
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// It was ended because it took too long.
    TimedOut,
}

/// Runs a command to its end, at most `limit` long when there is one. Every time the user asks to stop
/// it gets an interrupt: a run then saves its record, a hook ends.
///
/// # Errors
/// When it cannot be started or watched.
pub fn run(command: &mut Command, limit: Option<Duration>, stop: Option<&Stop>) -> io::Result<End> {
    let guard = Guard::start();
    let mut child = command.process_group(guard.group()).spawn()?;
    let group = guard.group_of(&child);
    let deadline = limit.map(|limit| Instant::now() + limit);
    let mut told = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exited(status));
        }
        let asked = stop.map_or(0, Stop::asked);
        if asked > told {
            told = asked;
            signal(group, interrupt());
        }
        if deadline.is_some_and(|deadline| Instant::now() > deadline) {
            end(&mut child, group)?;
            return Ok(End::TimedOut);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// What interrupts a process that was started here: what this one ignores, it ignores, too.
fn interrupt() -> Signal {
    match is_ignored(Signal::SIGINT) {
        true => Signal::SIGTERM,
        false => Signal::SIGINT,
    }
}

/// What the guard does: it says that it is ready, and then nothing until its input ends, which it does with
/// this process, however that ends; then it ends its group, which all that was started belongs to.
const GUARDING: &str =
    "trap '' HUP INT TERM; echo; read -r _; kill -TERM 0; sleep 10; kill -KILL 0";

/// Ends a process and all that it started when this process is killed. It is there before them and leads
/// their group: there is no moment in which they would be left behind.
struct Guard {
    shell: Option<Child>,
}

impl Guard {
    /// Without a shell to do it nothing is guarded.
    fn start() -> Self {
        let shell = Command::new("sh")
            .args(["-c", GUARDING])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut guard = Self { shell: shell.ok() };
        // What interrupts the group must not meet it before it ignores that.
        let says = guard.shell.as_mut().and_then(|shell| shell.stdout.take());
        let is_ready = says.is_some_and(|mut says| says.read_exact(&mut [0]).is_ok());
        if !is_ready {
            guard.end();
        }
        guard
    }

    /// The group for a process that is to be guarded; 0 is one of its own.
    fn group(&self) -> i32 {
        let shell = self.shell.as_ref();
        shell.map_or(0, |shell| shell.id().cast_signed())
    }

    /// The group that `child` was started in.
    fn group_of(&self, child: &Child) -> Pid {
        Pid::from_raw(match self.group() {
            0 => child.id().cast_signed(),
            group => group,
        })
    }

    fn end(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            // Before its input ends, which it would take for the end of this process.
            let _ = shell.kill();
            let _ = shell.wait();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.end();
    }
}

/// Asks a process and its children to end, and makes them when they do not.
fn end(child: &mut Child, group: Pid) -> io::Result<()> {
    signal(group, Signal::SIGTERM);
    let give_up = Instant::now() + GRACE;
    while Instant::now() < give_up {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
    signal(group, Signal::SIGKILL);
    child.wait().map(drop)
}

/// They may have ended meanwhile: then there is nobody to tell.
fn signal(group: Pid, signal: Signal) {
    let _ = killpg(group, signal);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_ends_by_itself_by_time_or_by_request() {
        let code = |end| match end {
            End::Exited(status) => status.code(),
            End::TimedOut => None,
        };
        let ended = run(&mut shell("exit 3"), None, None).expect("started");
        assert_eq!(code(ended), Some(3));
        let limit = Some(Duration::from_millis(50));
        let ended = run(&mut shell("sleep 60"), limit, None).expect("started");
        assert_eq!(ended, End::TimedOut);
        // A shell cannot trap what was ignored when it began, as in the background of a script.
        let stop = Arc::new(Stop::default());
        listen(&stop);
        stop.ask();
        let script = "trap 'exit 7' INT; while :; do sleep 0.05; done";
        // The shell may get its interrupt before it has set its trap; both is an end.
        let ended = run(&mut shell(script), None, Some(&stop)).expect("started");
        assert!(matches!(ended, End::Exited(status) if status.code().is_none_or(|code| code == 7)));
    }
}

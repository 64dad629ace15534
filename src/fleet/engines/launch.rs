//! What is launched, on whatever engine: the words that lead a run and those that join it.

use crate::fleet::bus::{RunName, SECRET_VARIABLE};
use std::fmt;
use std::time::Duration;

/// The variable that has the address of a fleet's Redis: on a command line everybody on the machine could
/// read the password in it.
pub const REDIS_VARIABLE: &str = "SHOPBLAST_REDIS";
/// Where the program runs in a container; records go to `results` in it.
pub(super) const WORKING_DIRECTORY: &str = "/srv/shopblast";
/// Longest name of a run: engines put words of their own behind it, and names end at 63 letters.
const LONGEST_NAME: usize = 40;

/// A text that is no name of a run which engines launch.
#[derive(Debug, thiserror::Error)]
#[error(
    "the name of a run has at most {LONGEST_NAME} letters, each a-z, 0-9 or -, the first a letter and the \
     last not -"
)]
pub struct WrongRunName;

/// The name of a run, as every engine takes it in names of its own: stricter than where no engine is.
///
/// # Errors
/// When `text` is no such name.
pub fn engines_run_name(text: &str) -> Result<RunName, WrongRunName> {
    let is_known =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let is_name = text.len() <= LONGEST_NAME
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(is_known);
    let name = is_name.then(|| RunName::parse(text).ok()).flatten();
    name.ok_or(WrongRunName)
}

/// A file that the run's flags name, as it goes to where the leader runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedFile {
    /// Its path as typed; one that does not begin with / is below where the program runs.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// A fleet to launch.
#[derive(Clone)]
pub struct Launch {
    /// The run's name.
    pub run: RunName,
    /// How many machines share the run.
    pub shards: u32,
    /// Whole cores of each.
    pub cores: u32,
    /// The run's flags, as typed.
    pub flags: Vec<String>,
    /// The files that they name.
    pub files: Vec<CarriedFile>,
    /// Further flags of each machine that joins.
    pub join_flags: Vec<String>,
    /// Hosts that may be loaded though they are public.
    pub allowed_targets: Vec<String>,
    /// Redis where there is one to use; `None` has the engine start one.
    pub redis: Option<String>,
    /// What signs the fleet's messages.
    pub secret: String,
    /// What opens the Redis that the engine starts.
    pub redis_password: String,
    /// Longest time that any of it may live.
    pub longest: Duration,
    /// How long the leader may take to begin.
    pub start_limit: Duration,
    /// Flags for the engine's own program, as they are.
    pub engine_flags: Vec<String>,
    /// Where the record comes to, on this machine.
    pub results: String,
}

/// Without what nobody but the fleet may know.
impl fmt::Debug for Launch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Launch");
        shown.field("run", &self.run).field("shards", &self.shards);
        shown.field("cores", &self.cores).finish_non_exhaustive()
    }
}

impl Launch {
    /// What all that belongs to this fleet is named by.
    #[must_use]
    pub fn name(&self) -> String {
        format!("shopblast-{}", self.run)
    }

    /// The arguments of the program that lead the run.
    #[must_use]
    pub fn leading(&self) -> Vec<String> {
        let shards = self.shards.to_string();
        let run = self.run.to_string();
        let head = ["fleet", "run", "--shards", &shards, "--run", &run];
        let head = head.into_iter().map(str::to_owned);
        head.chain(self.flags.iter().cloned()).collect()
    }

    /// The arguments of the program that have a machine join the run.
    #[must_use]
    pub fn joining(&self) -> Vec<String> {
        let cores = self.cores.to_string();
        let run = self.run.to_string();
        let head = ["fleet", "join", "--run", &run, "--cores", &cores];
        let head = head.into_iter().map(str::to_owned);
        let targets = self.allowed_targets.iter();
        let targets = targets.flat_map(|target| ["--allow-target".to_owned(), target.clone()]);
        head.chain(targets)
            .chain(self.join_flags.iter().cloned())
            .collect()
    }

    /// Whether the run goes on when a machine is lost: then an engine must not end the others.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        let mut words = self.flags.iter();
        let mut goes_on = true;
        while let Some(word) = words.next() {
            match word.strip_prefix("--on-lost") {
                Some("") => goes_on = words.next().is_none_or(|value| value != "stop"),
                Some("=stop") => goes_on = false,
                Some("=continue") => goes_on = true,
                _ => {}
            }
        }
        goes_on
    }

    /// The variables that both kinds of machines are given, beside what is typed.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 2] {
        [
            (SECRET_VARIABLE, self.secret.clone()),
            (REDIS_VARIABLE, self.redis_at("redis")),
        ]
    }

    /// Where a carried file is in a container.
    pub(super) fn place_of(file: &CarriedFile) -> String {
        match file.path.starts_with('/') {
            true => file.path.clone(),
            false => {
                let below = file.path.trim_start_matches("./");
                format!("{WORKING_DIRECTORY}/{below}")
            }
        }
    }

    /// The address of the fleet's Redis, where the engine starts one that is found at `host`.
    pub(super) fn redis_at(&self, host: &str) -> String {
        match &self.redis {
            Some(redis) => redis.clone(),
            None => format!("redis://:{}@{host}:6379/0", self.redis_password),
        }
    }
}

/// A word that nobody can guess, as a secret or a password: 64 digits of 16.
///
/// # Errors
/// When the system gives no chance.
pub fn random_word() -> Result<String, std::io::Error> {
    let mut bytes = [0_u8; 32];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .map_err(|_| std::io::Error::other("the system gave no random bytes"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

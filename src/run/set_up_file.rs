//! What shards set up once, handed on in a file that all of them can read: the first one writes it, the
//! others wait for it.

use super::error::RunError;
use super::request::SharedSetUp;
use crate::engine::Clearance;
use crate::plan::{RunId, Shard};
use crate::record::{read_text_bounded, replace};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// How long the others wait for the first shard.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Longest file.
const MOST_BYTES: u64 = 4 << 20;

/// A file with the run's id in its first line, and what was set up in its second; nothing there when
/// users share nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUpFile {
    /// The file.
    pub path: PathBuf,
    /// The run that it has to be of.
    pub run_id: RunId,
    /// Who reads or writes it.
    pub shard: Shard,
}

impl SetUpFile {
    /// What is in it, once it is of this run.
    fn read(&self) -> Option<String> {
        let text = read_text_bounded(&self.path, MOST_BYTES).ok()?;
        let (run_id, shared) = text.split_once('\n')?;
        let shared = shared.strip_suffix('\n')?;
        (run_id == self.run_id.as_str()).then(|| shared.to_owned())
    }
}

impl Clearance for SetUpFile {
    /// Who starts shards by hand sees to it that the others are over.
    fn is_clear(&self, _is_pressed: bool) -> bool {
        true
    }
}

impl SharedSetUp for SetUpFile {
    fn given(&self) -> Result<Option<String>, RunError> {
        if self.shard.index == 0 {
            return Ok(None);
        }
        let give_up = Instant::now() + PATIENCE;
        loop {
            match self.read() {
                Some(shared) if shared.is_empty() => return Ok(None),
                Some(shared) => return Ok(Some(shared)),
                None if Instant::now() >= give_up => {
                    return Err(RunError::SharedSetUp(format!(
                        "shard 1 wrote nothing of this run into {} within {} s",
                        self.path.display(),
                        PATIENCE.as_secs()
                    )));
                }
                None => thread::sleep(LOOK_EVERY),
            }
        }
    }

    fn made(&self, shared: Option<&str>) -> Result<(), RunError> {
        if self.shard.index > 0 {
            return Ok(());
        }
        let text = format!("{}\n{}\n", self.run_id, shared.unwrap_or_default());
        replace(&self.path, text.as_bytes())
            .map_err(|error| RunError::SharedSetUp(format!("cannot write {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_shard_writes_what_the_others_read() {
        let place = tempfile::tempdir().unwrap();
        let file = |index, run: u64| SetUpFile {
            path: place.path().join("set-up"),
            run_id: RunId::new(run, 1, 1),
            shard: Shard { index, of: 3 },
        };
        file(0, 1).made(Some("of another run")).unwrap();
        assert_eq!(file(2, 2).read(), None);
        assert_eq!(file(0, 2).given().unwrap(), None);
        file(0, 2).made(Some("[7]")).unwrap();
        file(1, 2).made(Some("nothing of this counts")).unwrap();
        assert_eq!(file(2, 2).given().unwrap().as_deref(), Some("[7]"));
        file(0, 3).made(None).unwrap();
        assert_eq!(file(2, 3).given().unwrap(), None);
    }
}

//! What members are to do in one run: the plan as text, and what no parser can know.

use super::plan_text::{PlanText, PlanTextError};
use crate::plan::{Arrivals, EventSample, Load, Plan, RunId, Stage, differing_fields};
use crate::run::RunRequest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// Most stages of a load that is not the plan's own.
const MOST_STAGES: usize = 1_000;

/// A load that is not what the plan's words say: that of a hunt's probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LoadText {
    /// Users.
    Closed(Vec<StageText>),
    /// Arrivals.
    Open {
        /// Journeys a second.
        rate_per_s: f64,
        /// Their spread.
        arrivals: Arrivals,
        /// Users that carry them out.
        max_users: u32,
    },
}

/// A stage of users.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageText {
    users: u32,
    /// `None`: at once.
    spawn_rate_per_s: Option<f64>,
    duration_us: u64,
}

/// A load and a length that take the place of what the words say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otherwise {
    load: LoadText,
    run_time_us: u64,
    warm_up_us: u64,
    connections: Option<u32>,
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The plan; `None` for that of the run before.
    pub plan: Option<PlanText>,
    /// What takes the place of what it says.
    pub otherwise: Option<Otherwise>,
    /// The seed of all.
    pub seed: u64,
    /// The run id of all.
    pub run_id: String,
    /// Users that there is to be room for, of all; `None` when nobody steers.
    pub room: Option<u32>,
    /// The hash of the plan that every member comes to.
    pub hash: String,
    /// Its fields, for a member that comes to another.
    pub fields: Map<String, Value>,
    /// The target's host, if it has one: whether load may go there each member decides by itself.
    pub host: Option<String>,
    /// How long members go on without a leader, at most; `None` to the plan's end.
    pub leaderless_us: Option<u64>,
    /// Which events the leader follows, as `--event-sample` has it; `None` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_sample: Option<String>,
}

/// Why an assignment is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AssignmentError {
    /// It did not come over.
    #[error(transparent)]
    Text(#[from] PlanTextError),
    /// Not what a leader sends.
    #[error("the assignment that came is not one of shopblast's: {0}")]
    Malformed(String),
    /// This machine cannot do it.
    #[error("{0}")]
    NotHere(String),
    /// This machine comes to another plan.
    #[error("this machine comes to another plan than the leader: {differences}")]
    OtherPlan {
        /// What differs.
        differences: String,
    },
}

impl Otherwise {
    fn of(plan: &Plan) -> Self {
        let load = match &plan.load {
            Load::Closed { stages } => {
                let stage = |stage: &Stage| StageText {
                    users: stage.users,
                    spawn_rate_per_s: Some(stage.spawn_rate_per_s).filter(|rate| rate.is_finite()),
                    duration_us: stage.duration_us,
                };
                LoadText::Closed(stages.iter().map(stage).collect())
            }
            &Load::Open {
                rate_per_s,
                arrivals,
                max_users,
            } => LoadText::Open {
                rate_per_s,
                arrivals,
                max_users,
            },
        };
        Self {
            load,
            run_time_us: plan.run_time.as_micros() as u64,
            warm_up_us: plan.warm_up.as_micros() as u64,
            connections: plan.connections,
        }
    }

    fn apply(&self, plan: &mut Plan) -> Result<(), AssignmentError> {
        let run_time = Duration::from_micros(self.run_time_us);
        let load = match &self.load {
            LoadText::Closed(stages) if stages.len() <= MOST_STAGES => {
                let stage = |stage: &StageText| Stage {
                    users: stage.users,
                    spawn_rate_per_s: stage.spawn_rate_per_s.unwrap_or(f64::INFINITY),
                    duration_us: stage.duration_us,
                };
                Load::closed(stages.iter().map(stage).collect(), run_time)
            }
            LoadText::Closed(_) => {
                return Err(AssignmentError::Malformed("too many stages".to_owned()));
            }
            &LoadText::Open {
                rate_per_s,
                arrivals,
                max_users,
            } => Load::open(rate_per_s, arrivals, max_users),
        };
        plan.load = load.map_err(|error| AssignmentError::Malformed(error.to_string()))?;
        plan.run_time = run_time;
        plan.warm_up = Duration::from_micros(self.warm_up_us);
        plan.connections = self.connections.filter(|connections| *connections > 0);
        Ok(())
    }
}

impl Assignment {
    /// What members are to do who carry `plan` out, which is what `text` says but for the hash of that,
    /// with `room` for so many users.
    #[must_use]
    pub fn of(plan: &Plan, text: Option<PlanText>, text_hash: &str, room: Option<u32>) -> Self {
        let hash = plan.hash();
        Self {
            plan: text,
            otherwise: (hash != text_hash).then(|| Otherwise::of(plan)),
            seed: plan.seed,
            run_id: plan.run_id.to_string(),
            room,
            fields: plan.fields(),
            host: match plan.target.socket() {
                Some(_) => None,
                None => Some(plan.target.place().0.to_owned()),
            },
            hash,
            leaderless_us: None,
            event_sample: None,
        }
    }

    /// Which events are followed of this machine's requests.
    #[must_use]
    pub fn event_sample(&self) -> EventSample {
        let read = self.event_sample.as_ref();
        read.and_then(|text| text.parse().ok())
            .unwrap_or(EventSample::Off)
    }

    /// The bytes that go over.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain data: there is always a JSON text of it.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What came, within its bounds.
    ///
    /// # Errors
    /// When it is not what a leader sends.
    pub fn read(bytes: &[u8]) -> Result<Self, AssignmentError> {
        let malformed = |why: String| AssignmentError::Malformed(why);
        let read: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if let Some(plan) = &read.plan {
            plan.check()?;
        }
        if RunId::parse(&read.run_id).is_none() {
            return Err(malformed("its run id is none".to_owned()));
        }
        Ok(read)
    }

    /// The words that the parser of this machine gets, of shard `index` of `of`: those of the plan, then
    /// what all share, then `own_words`. Its files are written below `folder`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn words(
        &self,
        plan: &PlanText,
        (index, of): (u32, u32),
        folder: &Path,
        own_words: &[OsString],
    ) -> Result<Vec<OsString>, AssignmentError> {
        let mut words = vec![
            OsString::from(format!("--seed={}", self.seed)),
            OsString::from(format!("--run-id={}", self.run_id)),
            OsString::from(format!("--shard={}/{of}", index + 1)),
        ];
        let host = self.host.as_ref();
        words.extend(host.map(|host| OsString::from(format!("--allow-host={host}"))));
        words.extend(own_words.iter().cloned());
        words.extend(plan.unpack(folder)?);
        Ok(words)
    }

    /// Makes the parsed `request` the one that was assigned: it comes to the leader's plan.
    ///
    /// # Errors
    /// When it does not, with what differs.
    pub fn apply(&self, request: &mut RunRequest) -> Result<(), AssignmentError> {
        if let Some(otherwise) = &self.otherwise {
            otherwise.apply(&mut request.plan)?;
        }
        request.room = self.room;
        if request.plan.hash() == self.hash {
            return Ok(());
        }
        let own = request.plan.fields();
        let sides = [("the leader", &self.fields), ("this machine", &own)];
        let differences = differing_fields(&sides).join("; ");
        Err(AssignmentError::OtherPlan {
            differences: match differences.is_empty() {
                true => "the workload is another one".to_owned(),
                false => differences,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(load: Load) -> Plan {
        Plan::of_load(load, Duration::from_secs(30))
    }

    fn open(rate_per_s: f64) -> Load {
        Load::open(rate_per_s, Arrivals::Poisson, 50).unwrap()
    }

    #[test]
    fn a_probe_is_the_same_plan_on_all_machines() {
        let (template, probe) = (plan(open(1.0)), plan(open(640.25)));
        let assignment = Assignment::of(&probe, None, &template.hash(), None);
        let read = Assignment::read(&assignment.to_bytes()).unwrap();
        assert_eq!(read, assignment);
        let mut request =
            crate::run::RunRequest::of_plan(template.clone(), crate::run::made_up::subject());
        read.apply(&mut request).unwrap();
        assert_eq!(request.plan.load, probe.load);
        let same = Assignment::of(&template, None, &template.hash(), Some(7));
        assert_eq!(same.otherwise, None, "the words say it all");
        let refused = same.apply(&mut request).unwrap_err().to_string();
        assert!(
            refused.contains("the leader") && refused.contains("load"),
            "{refused}"
        );
    }

    #[test]
    fn users_that_come_at_once_come_at_once() {
        let stage = Stage {
            users: 9,
            spawn_rate_per_s: f64::INFINITY,
            duration_us: 30_000_000,
        };
        let load = Load::closed(vec![stage], Duration::from_secs(30)).unwrap();
        let assignment = Assignment::of(&plan(load.clone()), None, "another", None);
        let read = Assignment::read(&assignment.to_bytes()).unwrap();
        let mut request =
            crate::run::RunRequest::of_plan(plan(open(1.0)), crate::run::made_up::subject());
        read.apply(&mut request).unwrap();
        assert_eq!(request.plan.load, load);
    }

    #[test]
    fn what_no_leader_sends_is_refused() {
        let mut assignment = Assignment::of(&plan(open(1.0)), None, "another", None);
        assignment.run_id = "short".to_owned();
        assert!(Assignment::read(&assignment.to_bytes()).is_err());
        assert!(Assignment::read(b"[]").is_err());
    }
}

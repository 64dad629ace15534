//! What a survey found of a target's processes, in words and for the record.

use crate::engine::{Processes, Survey};
use crate::pieces::{counted, duration_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a target handles requests at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessKind {
    /// It does not answer every question of the survey.
    Unknown,
    /// It answers too fast to tell its processes apart.
    TooFast,
    /// Each connection belongs to one of some processes, which handle one request after the other.
    Connection,
    /// Connections belong to no process: a proxy picks one for each request, or threads serve them.
    Request,
}

/// What was found of the target's processes before the clock started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessesRecord {
    /// What a process is picked by.
    pub by: ProcessKind,
    /// Processes that were seen; with `request` how many requests were handled at once at
    /// least; 0 when nothing is known.
    pub seen: u32,
    /// Connections that were tried and opened.
    pub connections: u32,
    /// Requests that were sent to find out, all of which only read. They are in no other figure.
    pub requests: u32,
    /// How long it took, in microseconds; the clock had not started.
    pub took_us: u64,
}

impl ProcessesRecord {
    /// What `survey` found.
    #[must_use]
    pub fn of(survey: &Survey) -> Self {
        let (by, seen) = match survey.processes {
            Processes::Unknown => (ProcessKind::Unknown, 0),
            Processes::TooFast(_) => (ProcessKind::TooFast, 0),
            Processes::Seen(count) => (ProcessKind::Connection, count),
            Processes::PerRequest(count) => (ProcessKind::Request, count),
        };
        Self {
            by,
            seen,
            connections: survey.connections,
            requests: survey.requests,
            took_us: survey.took_us,
        }
    }

    /// What was tried: `tried 12 connections with 60 requests in 110ms`.
    #[must_use]
    pub fn tried(&self) -> String {
        format!(
            "tried {} with {} in {}",
            counted(self.connections.into(), "connection"),
            counted(self.requests.into(), "request"),
            duration_text(self.took_us)
        )
    }

    /// What was found, for example `2 processes seen`.
    #[must_use]
    pub fn found(&self) -> String {
        match (self.by, self.seen) {
            (ProcessKind::Unknown, _) => "its processes cannot be told apart".to_owned(),
            (ProcessKind::TooFast, _) => {
                "it answers too fast to tell its processes apart".to_owned()
            }
            (ProcessKind::Connection, 1) => "one process seen".to_owned(),
            (ProcessKind::Connection, seen) => format!("{seen} processes seen"),
            (ProcessKind::Request, seen) => format!(
                "connections belong to no process (a proxy, or threads); at least {seen} requests at once"
            ),
        }
    }
}

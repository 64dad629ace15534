//! What was asked of a run while it went, as the record tells it.

use crate::stats::{LiveSchedule, SteeringCommand};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the user asked for, in the terminal view or on the web page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SteeringRecord {
    /// From when on, in seconds from the start of the run.
    pub at_s: f64,
    /// What was asked for.
    #[serde(flatten)]
    pub wish: SteeringWish,
}

/// See [`SteeringRecord`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "wish", rename_all = "lowercase")]
pub enum SteeringWish {
    /// Another number of users.
    Users {
        /// How many.
        users: u32,
        /// Users started, or stopped, a second on the way there; null for all at once.
        spawn_rate_per_s: Option<f64>,
    },
    /// The figures shown were to count from then on. The record keeps everything.
    Reset,
    /// The run was to end.
    Stop,
}

/// The steering commands of a run, in order.
pub fn steering_records(load_schedule: &LiveSchedule) -> Vec<SteeringRecord> {
    let record = |(at_us, wish): (u64, SteeringCommand)| SteeringRecord {
        at_s: at_us as f64 / 1e6,
        wish: match wish {
            SteeringCommand::Users {
                users,
                spawn_rate_per_s,
            } => SteeringWish::Users {
                users,
                spawn_rate_per_s: spawn_rate_per_s.is_finite().then_some(spawn_rate_per_s),
            },
            SteeringCommand::Reset => SteeringWish::Reset,
            SteeringCommand::Stop => SteeringWish::Stop,
        },
    };
    load_schedule.commands().into_iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Load, LoadSchedule, Stage};
    use std::time::Duration;

    #[test]
    fn wishes_are_written_in_their_order_and_read_back() {
        let stage = Stage {
            users: 5,
            spawn_rate_per_s: 1.0,
            duration_us: 60_000_000,
        };
        let load = Load::closed(vec![stage], Duration::from_secs(60)).unwrap();
        let load_schedule = LiveSchedule::new(LoadSchedule::new(&load, 100));
        load_schedule.steer(1_500_000, 20, 2.5).unwrap();
        load_schedule.steer(2_000_000, 9, f64::INFINITY).unwrap();
        load_schedule.reset(3_000_000);
        load_schedule.note_stop(4_000_000);
        let records = steering_records(&load_schedule);
        let text = serde_json::to_string(&records).unwrap();
        assert_eq!(
            text,
            r#"[{"at_s":1.5,"wish":"users","users":20,"spawn_rate_per_s":2.5},{"at_s":2.0,"wish":"users","users":9,"spawn_rate_per_s":null},{"at_s":3.0,"wish":"reset"},{"at_s":4.0,"wish":"stop"}]"#
        );
        let read: Vec<SteeringRecord> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, records);
    }
}

//! What observers cost a PostgreSQL: CPU time of the backends that serve them, by the kernel, and the
//! statements that these began, as the server tells them.

use crate::servers::Postgres;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two looks: statements that begin and are followed by another within it are missed.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Of the kernel's clock that CPU time is told in.
const TICKS_PER_S: f64 = 100.0;
const BACKENDS: &str = "SELECT pid, coalesce(extract(epoch FROM query_start)::float8, 0) \
    FROM pg_stat_activity WHERE application_name = 'shopblast'";

/// What was seen of them.
#[derive(Debug, Default)]
pub struct ObserverCost {
    /// CPU time of all backends, in seconds.
    pub cpu_s: f64,
    /// Statements.
    pub statements: usize,
}

/// Looks at them until it is ended.
pub struct CostWatch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<ObserverCost>,
}

impl CostWatch {
    /// Begins to look.
    pub fn start(postgres: &Postgres) -> Self {
        let mut client = postgres.client("postgres");
        let is_over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut cpu_s: BTreeMap<i32, f64> = BTreeMap::new();
            let mut begun: BTreeSet<(i32, u64)> = BTreeSet::new();
            while !end.load(Ordering::Relaxed) {
                for row in client.query(BACKENDS, &[]).expect("backends") {
                    let (pid, started): (i32, f64) = (row.get(0), row.get(1));
                    begun.insert((pid, (started * 1e6) as u64));
                    if let Some(so_far) = cpu_of(pid) {
                        cpu_s.insert(pid, so_far);
                    }
                }
                thread::sleep(LOOK_EVERY);
            }
            ObserverCost {
                cpu_s: cpu_s.values().sum(),
                statements: begun.len(),
            }
        });
        Self { is_over, thread }
    }

    /// What was seen.
    pub fn end(self) -> ObserverCost {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it looks to its end")
    }
}

/// User and system time of a process so far, in seconds.
fn cpu_of(pid: i32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_S)
}

//! Setting the workers of a run up: what each is told, and which connections it is given.

use super::line::offers_of;
use super::partition::Deal;
use super::worker_threads::{WorkerStartError, WorkerThreads};
use crate::engine::tls::TlsClient;
use crate::engine::{
    Clearance, ConnectionPositions, CountingConfig, EventSampling, Interruption, LONGEST_SURVEY,
    LoadConfig, Opened, PlacementConfig, PreparedHeads, PreparedScript, Questions, SHORTEST_SURVEY,
    Spread, Survey, Surveyor, TargetAddresses, TargetConfig, WorkerConfig, WorkerError,
};
use crate::plan::Plan;
use crate::stats::{LiveSchedule, WorkerHandover};
use std::sync::Arc;

/// What workers are set up for.
pub struct WorkerSetup<'a> {
    /// What is done.
    pub plan: &'a Plan,
    /// What users do.
    pub script: &'a PreparedScript,
    /// Where the target is.
    pub addresses: &'a Arc<TargetAddresses>,
    /// Whether the target's processes are looked for, and connections opened at each of them.
    pub looks: bool,
    /// Stops the preparations.
    pub interruption: &'a Arc<Interruption>,
    /// How the schedule of the users is changed while they live; `None` when it is not.
    pub load_schedule: Option<&'a Arc<LiveSchedule>>,
    /// When what was set up may be cleared away; `None` when only this process needs it.
    pub clearance: Option<Arc<dyn Clearance>>,
    /// Which events are followed to their end; `None` when none is.
    pub events: Option<&'a EventSampling>,
}

impl WorkerSetup<'_> {
    /// Has a worker prepared for each core of the plan, with one of `handovers` each; tells also what
    /// was found of the target's processes, `None` when it was not looked at.
    ///
    /// # Errors
    /// When any worker cannot work.
    pub fn prepare(
        self,
        handovers: Vec<WorkerHandover>,
    ) -> Result<(WorkerThreads, Option<Survey>), WorkerStartError> {
        let target = &self.plan.target;
        let tls = target.tls.as_ref();
        let tls = tls.map(|tls| TlsClient::of(tls, &target.host, offers_of(target)));
        let tls = tls.transpose()?;
        let questions = self.questions(tls.as_ref());
        let mut config = self.config((questions.as_ref(), tls.as_ref()), handovers)?;
        let survey = questions.map(|questions| self.survey(&questions, &mut config));
        if self.interruption.ends_run() {
            return Err(WorkerError::Interrupted.into());
        }
        let workers = WorkerThreads::gather(self.script, config, self.interruption)?;
        Ok((workers, survey))
    }

    /// What the target's processes are asked, if they are looked for.
    fn questions(&self, tls: Option<&TlsClient>) -> Option<Questions> {
        // Connections are told apart by what HTTP/1.1 does on them.
        let looks = self.looks && !self.plan.target.http2;
        let paths = self.script.described.questions.filter(|_| looks);
        let questions = paths.map(|(slow, quick)| Questions::of(&self.plan.target, slow, quick));
        questions.map(|questions| questions.over_tls(tls.cloned()))
    }

    fn config(
        &self,
        (questions, tls): (Option<&Questions>, Option<&TlsClient>),
        handovers: Vec<WorkerHandover>,
    ) -> Result<Vec<WorkerConfig>, WorkerStartError> {
        let described = &self.script.described;
        let heads = Arc::new(PreparedHeads::new(described.steps, &self.plan.target)?);
        let cores = self.plan.cores.iter().zip(handovers).enumerate();
        let config = cores.map(|(position, (&cpu, handover))| WorkerConfig {
            place: PlacementConfig {
                position,
                cpu,
                driver: self.plan.driver,
            },
            target: TargetConfig {
                addresses: Arc::clone(self.addresses),
                positions: ConnectionPositions::default(),
                heads: Arc::clone(&heads),
                opened: Spread::default(),
                http2: self.plan.target.http2,
                questions: questions.cloned(),
                max_body_bytes: self.plan.max_body_bytes,
                request_timeout: self.plan.request_timeout,
                tls: tls.cloned(),
            },
            load: self.load_of(position),
            counts: CountingConfig {
                rows: described.rows.clone(),
                race_rows: described.race_rows.clone(),
                shape: described.shape,
                failures: self.plan.failures,
                events: self.events.cloned(),
            },
            clearance: self.clearance.clone(),
            handover,
        });
        let mut config: Vec<WorkerConfig> = config.collect();
        self.number_connections(&mut config);
        Ok(config)
    }

    /// Numbers the connections that are opened before the start, those of one worker after those of
    /// the one before, and those for races after all others.
    fn number_connections(&self, config: &mut [WorkerConfig]) {
        let mut first = 0;
        let mut first_for_races = config
            .iter()
            .map(|config| config.load.planned_connections())
            .sum();
        for config in config {
            config.target.positions = ConnectionPositions {
                first,
                connections: config.load.all_connections(),
                first_for_races,
            };
            first += config.load.planned_connections();
            first_for_races += self.script.race_connections(config.load.planned_users());
        }
    }

    /// The part of the load that worker `position` carries out.
    fn load_of(&self, position: usize) -> LoadConfig {
        let plan = self.plan;
        let room = self
            .load_schedule
            .map_or(plan.max_users(), |load_schedule| load_schedule.room());
        let deal = Deal {
            plan,
            users: room,
            workers: plan.cores.len(),
            waits: &self.script.described.waits,
        };
        let partition = deal.share_of(position);
        LoadConfig {
            users: partition.users,
            load_schedule: self.load_schedule.cloned(),
            arrivals: partition.arrivals,
            connections: partition.connections,
            run_time: plan.run_time,
            stop_timeout: plan.stop_timeout,
        }
    }

    /// Looks for the target's processes, and gives each worker connections at all of them.
    fn survey(&self, questions: &Questions, config: &mut [WorkerConfig]) -> Survey {
        let longest = match self.script.race_connections(self.plan.own_users() as usize) {
            0 => SHORTEST_SURVEY,
            _ => LONGEST_SURVEY,
        };
        let interruption = Some(&**self.interruption);
        let addresses = self.addresses.in_use();
        let mut surveyor = Surveyor::new(&addresses, questions, longest, interruption);
        surveyor.look();
        let wanted = config.iter().map(|config| Wanted {
            race_connections: self.script.race_connections(config.load.planned_users()),
            others: config.load.planned_connections(),
        });
        let wanted: Vec<Wanted> = wanted.collect();
        distribute_connections(&mut surveyor, &wanted, config);
        self.addresses.note_refused(surveyor.refused());
        surveyor.survey()
    }
}

/// Connections that a worker needs.
struct Wanted {
    race_connections: usize,
    others: usize,
}

/// Opens as many connections at each process as at the next, and distributes them to the workers.
fn distribute_connections(
    surveyor: &mut Surveyor<'_>,
    wanted: &[Wanted],
    config: &mut [WorkerConfig],
) {
    let all_lanes = wanted.iter().map(|wanted| wanted.race_connections).sum();
    let all_others = wanted.iter().map(|wanted| wanted.others).sum();
    let Spread {
        race_connections,
        others,
    } = surveyor.open(all_lanes, all_others);
    distribute(race_connections, config, |at, opened| {
        (opened.race_connections.len() < wanted[at].race_connections)
            .then_some(&mut opened.race_connections)
    });
    distribute(others, config, |at, opened| {
        (opened.others.len() < wanted[at].others).then_some(&mut opened.others)
    });
}

/// Distributes round and round to those who have room.
fn distribute(
    opened: Vec<Opened>,
    config: &mut [WorkerConfig],
    room: impl Fn(usize, &mut Spread) -> Option<&mut Vec<Opened>>,
) {
    let mut next = 0;
    for connection in opened {
        for step in 0..config.len() {
            let at = (next + step) % config.len();
            if let Some(place) = room(at, &mut config[at].target.opened) {
                place.push(connection);
                next = at + 1;
                break;
            }
        }
    }
}

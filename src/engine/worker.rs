//! One core's work: prepare everything, wait for the start, run the users, hand over every second,
//! and end in order.
//!
//! Everything here belongs to the worker's own thread; what it shares with others are the channels
//! of [`WorkerHandle`] and the handover to the collector, touched a few times a second.

use super::addresses::CoreAddresses;
use super::clearance::until_clear;
use super::clock::now_ns;
use super::health::ThreadGauge;
use super::http2::KeptFields;
use super::http2_connection::{Http2Connection, Sharing, open_all};
use super::http2_race::Http2Races;
use super::interruption::Interruption;
use super::openings::{
    CoreConnections, OPENED_AT_ONCE, Ready, WantedConnections, open_connections,
    open_http2_connections, user_connections,
};
use super::pacer::{Pacer, sharpen_timers};
use super::preallocation::{Preallocation, preallocate};
use super::race_pool::{RacePool, RacePoolParts};
use super::recorder::Recorder;
use super::release::Release;
use super::reopening::reopen_closed;
use super::roster::{ActivitiesByUser, MADE_BEFORE_START, Roster, UserCounts};
use super::runtime::{Runtime, RuntimeError, Task, spawn};
use super::session::{Script, Session, SessionStart, SetUpFailure};
use super::socket_link::{MOST_RACERS, SocketLink, UserConnection};
use super::socket_ring::{SocketRing, drive};
use super::transport::Transport;
use super::user::ArrivalQueue;
use super::watch::Watch;
use super::worker_config::{LoadConfig, WorkerConfig};
use crate::plan::{Driver, RaceOver, UniqueNumbers, WaitTime, user_seed};
use crate::stats::{CoreInterval, LiveSchedule, WorkerHandover};
use crossbeam_channel::{Receiver, Sender};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// Operations of a core beside those of its connections.
const SPARE_OPERATIONS: usize = 16;
/// What a tear-down may take, in nanoseconds.
const LONGEST_TEAR_DOWN_NS: u64 = 10 * SECOND_NS;
/// Longest pause between looks at deadlines and at the interruption.
const LONGEST_TICK_NS: u64 = 20_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// How a worker is started and stopped from outside.
pub struct WorkerHandle {
    /// Tells that the worker is ready, or why it never will be.
    pub ready: Sender<Result<Ready, WorkerError>>,
    /// Brings the start, in nanoseconds on the monotonic clock. Closed: end.
    pub start: Receiver<u64>,
    /// Tells of Ctrl-C, and of the wish to stop.
    pub interruption: Arc<Interruption>,
}

/// Why a worker cannot work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The CPU cannot be pinned to.
    #[error("cannot pin a worker to CPU {0}: it is offline or not allowed for this process")]
    Pin(usize),
    /// There is no runtime.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// What all users share could not be prepared.
    #[error("nothing was started: {0}")]
    SetUp(#[from] SetUpFailure),
    /// Ctrl-C came before the start.
    #[error("stopped before the start; nothing was recorded")]
    Interrupted,
    /// There is no timer.
    #[error("cannot make a timer: {0}; raise `ulimit -n`")]
    Timer(#[source] io::Error),
    /// There is no ring for races.
    #[error("cannot make a ring for races: {0}; raise `ulimit -n` and `ulimit -l`")]
    RaceRing(#[source] io::Error),
}

/// Carries the part of `script` out that `config` say, on the current thread.
pub fn work<S: Script>(script: &Arc<S>, config: WorkerConfig, handle: &WorkerHandle) {
    let prepared = pin(config.place.cpu).and_then(|()| {
        sharpen_timers();
        let connections = config.load.all_connections();
        let race_connections = script.race_connections(config.load.users.len());
        Ok(Runtime::beside_another(
            config.place.driver,
            connections + race_connections,
        )?)
    });
    match prepared {
        Ok(mut runtime) => {
            let ring_flags = runtime.ring_flags();
            runtime.block_on(run(script, config, handle, ring_flags));
        }
        Err(error) => {
            let _ = handle.ready.send(Err(error));
        }
    }
}

fn pin(cpu: usize) -> Result<(), WorkerError> {
    match core_affinity::set_for_current(core_affinity::CoreId { id: cpu }) {
        true => Ok(()),
        false => Err(WorkerError::Pin(cpu)),
    }
}

async fn run<S: Script>(
    script: &Arc<S>,
    mut config: WorkerConfig,
    handle: &WorkerHandle,
    ring_flags: &'static [&'static str],
) {
    let pacer = match Pacer::start(config.load.users.len() + 8) {
        Ok(pacer) => pacer,
        Err(error) => {
            let _ = handle.ready.send(Err(WorkerError::Timer(error)));
            return;
        }
    };
    let core = match Core::new(&**script, &mut config, pacer) {
        Ok(core) => core,
        Err(error) => {
            let _ = handle.ready.send(Err(error));
            return;
        }
    };
    let parts = (&core.pacer, &core.transport, &core.run_end_ns);
    let watch = Watch::before_start(parts, &handle.interruption);
    let ring_flags = match core.transport.ring {
        Some(_) => super::socket_ring::FLAGS,
        None => ring_flags,
    };
    let driving = core.transport.ring.clone().map(|ring| spawn(drive(ring)));
    let prepared = prepare(script, &mut config, &core, &handle.interruption, ring_flags).await;
    watch.end(&core.pacer).await;
    let is_called_off = handle.interruption.ends_run();
    let prepared = match prepared {
        _ if is_called_off => Err(WorkerError::Interrupted),
        prepared => prepared,
    };
    let Prepared {
        connections,
        ready,
        preallocation,
    } = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            let _ = handle.ready.send(Err(error));
            core.end(driving).await;
            return;
        }
    };
    if handle.ready.send(Ok(ready)).is_err() {
        return;
    }
    // Nothing of this runtime is in flight, so that blocking the thread blocks nothing else.
    let Ok(start_ns) = handle.start.recv() else {
        drop(connections);
        core.end(driving).await;
        return;
    };
    core.begin(start_ns, &config);
    let arrivals = config.load.arrivals.take().map(|arrivals| {
        let (schedule, seed) = (arrivals.schedule, arrivals.seed);
        Rc::new(ArrivalQueue::new(
            schedule,
            seed,
            start_ns,
            arrivals.longest_wait,
        ))
    });
    let retired = Vec::with_capacity(config.load.all_connections());
    let retired = Rc::new(RefCell::new(retired));
    let users = std::mem::take(&mut config.load.users);
    let connections = user_connections(connections, config.load.connections.is_some(), users.len());
    let roster = Roster {
        script: Arc::clone(script),
        heads: Arc::clone(&config.target.heads),
        recorder: Rc::clone(&core.recorder),
        transport: Rc::clone(&core.transport),
        pacer: core.pacer.clone(),
        race_pool: core.race_pool.clone(),
        http2_races: core.http2_races.clone(),
        run_end_ns: Rc::clone(&core.run_end_ns),
        start_ns,
        max_body_bytes: config.target.max_body_bytes,
        load_schedule: config.load.load_schedule.clone(),
        arrivals: arrivals.clone(),
        counts: Rc::clone(&core.users),
        activities: Rc::clone(&core.activities),
        retired: Rc::clone(&retired),
    };
    roster.start(users, connections, MADE_BEFORE_START);
    core.run_housekeeping(&config, &handle.interruption, start_ns)
        .await;
    if let Some(arrivals) = arrivals {
        arrivals.shed_rest(core.run_end_ns.get(), &core.recorder);
    }
    if script.tears_down() {
        let connection = retired.borrow_mut().pop();
        if let Some(connection) = connection {
            let interruption = &handle.interruption;
            if let Some(clearance) = &config.clearance {
                until_clear(&**clearance, &core.pacer, interruption).await;
            }
            core.tear_down(&**script, &config, connection, interruption)
                .await;
        }
    }
    core.hand_over(&config.handover, now_ns(), true);
    drop(retired);
    if let Ok(preallocation) = preallocation {
        preallocation.release().await;
    }
    core.end(driving).await;
}

/// What a worker has before the start.
struct Prepared {
    connections: CoreConnections,
    ready: Ready,
    /// Without it the run is as good, but for a few allocations on its way.
    preallocation: io::Result<Preallocation>,
}

/// How the users of a core share connections of HTTP/2, with a race of each on its way.
fn sharing(load: &LoadConfig) -> Sharing {
    let connections = load.all_connections().max(1);
    Sharing {
        streams: load.users.len().div_ceil(connections).max(1) + MOST_RACERS,
        is_shared: load.connections.is_some(),
    }
}

/// Connections of HTTP/2 that only racers use, after those of the users.
fn race_connections_of_http2(
    transport: &Rc<Transport>,
    config: &WorkerConfig,
    connections: usize,
) -> Vec<Rc<Http2Connection>> {
    let first = config.load.all_connections();
    let max_body_bytes = config.target.max_body_bytes;
    let connections = (first..first + connections)
        .map(|slot| Http2Connection::new(transport, slot, Sharing::ALONE, max_body_bytes));
    let connections: Vec<_> = connections.collect();
    transport.look_after(&connections);
    connections
}

async fn prepare<S: Script>(
    script: &Arc<S>,
    config: &mut WorkerConfig,
    core: &Core,
    interruption: &Interruption,
    ring_flags: &'static [&'static str],
) -> Result<Prepared, WorkerError> {
    let spread = std::mem::take(&mut config.target.opened);
    // What reads replies by data of its own may ask for any field.
    let mut steps = script.steps().iter();
    if steps.any(|step| step.operation.reading.is_some()) {
        core.transport.kept_fields.set(KeptFields::All);
    }
    let wanted = WantedConnections {
        connections: config.load.all_connections(),
        opened: config.load.planned_connections(),
    };
    let opening = (&core.transport, interruption, ring_flags);
    let (mut connections, mut ready) = if config.target.http2 {
        let sharing = sharing(&config.load);
        let sharing = (sharing, config.target.max_body_bytes);
        let (connections, ready) = open_http2_connections(wanted, sharing, opening).await;
        (CoreConnections::Http2(connections), ready)
    } else {
        let (connections, ready) = open_connections(wanted, spread.others, opening).await;
        (CoreConnections::Single(connections), ready)
    };
    let sets_up = config.place.position == 0 && !script.has_taken_over();
    if sets_up && ready.open_connections > 0 {
        core.set_up(&**script, config, &mut connections).await?;
    }
    let race_connections = script.race_connections(config.load.users.len());
    let operations = match ready.open_connections {
        0 => 0,
        _ => config.load.all_connections() + race_connections + SPARE_OPERATIONS,
    };
    let preallocation = preallocate(config.place.driver, operations).await;
    if let Some(race_pool) = core
        .race_pool
        .as_ref()
        .filter(|_| ready.open_connections > 0)
    {
        race_pool.keep(config.target.max_body_bytes, spread.race_connections);
        let race_connections = script.race_connections(config.load.planned_users());
        race_pool.warm_up(race_connections, OPENED_AT_ONCE).await;
        if let Some(questions) = config
            .target
            .questions
            .as_ref()
            .filter(|_| race_pool.is_spread())
        {
            spawn(reopen_closed(Rc::clone(race_pool), questions.slow()));
        }
    }
    if let Some(http2_races) = core
        .http2_races
        .as_ref()
        .filter(|_| ready.open_connections > 0)
    {
        let planned = script.race_connections(config.load.planned_users());
        let goes_on = || !interruption.ends_run();
        // Those that are not open are opened by the races that need them.
        let _ = open_all(http2_races.connections(planned), OPENED_AT_ONCE, goes_on).await;
    }
    ready.addresses = core.transport.addresses().untallied();
    Ok(Prepared {
        connections,
        ready,
        preallocation,
    })
}

/// What a worker's users and its housekeeping share.
struct Core {
    pacer: Pacer,
    recorder: Rc<RefCell<Recorder>>,
    transport: Rc<Transport>,
    /// Where races take place, if there are any.
    race_pool: Option<Rc<RacePool>>,
    /// Where they do over HTTP/2.
    http2_races: Option<Rc<Http2Races>>,
    run_end_ns: Rc<Cell<u64>>,
    users: Rc<UserCounts>,
    activities: ActivitiesByUser,
    gauge: RefCell<ThreadGauge>,
}

impl Core {
    fn new<S: Script>(
        script: &S,
        config: &mut WorkerConfig,
        pacer: Pacer,
    ) -> Result<Self, WorkerError> {
        config.handover.bring_spares();
        let interval = Box::new(CoreInterval::new(
            config.place.position,
            config.counts.shape,
        ));
        let rows = std::mem::take(&mut config.counts.rows);
        let race_rows = std::mem::take(&mut config.counts.race_rows);
        let events = config.counts.events.take();
        let events = events.map(|events| events.sampler(script.steps()));
        let recorder = Recorder::new(interval, rows)
            .with_races(race_rows)
            .judging_by(config.counts.failures)
            .choosing_events(events);
        let recorder = Rc::new(RefCell::new(recorder));
        let connections = config.load.all_connections();
        let race_connections = script.race_connections(config.load.users.len());
        let run_end_ns = Rc::new(Cell::new(u64::MAX));
        // Where the kernel gives none, the runtime's own sends and receives do.
        let ring = match config.place.driver {
            // Of a connection that speaks HTTP/2 one may end while the next one is there.
            Driver::Uring if config.target.http2 => {
                SocketRing::new(2 * (connections + race_connections)).ok()
            }
            Driver::Uring => SocketRing::new(connections + race_connections).ok(),
            Driver::PlainUring | Driver::Epoll => None,
        };
        let transport = Transport::new(
            CoreAddresses::new(
                Arc::clone(&config.target.addresses),
                config.target.positions,
                now_ns(),
            ),
            config.target.request_timeout,
            (config.load.users.len(), connections + race_connections),
            pacer.clone(),
            Rc::clone(&recorder),
            ring,
        );
        let transport = Rc::new(transport.with_tls(config.target.tls.as_ref()));
        let style = script.race_rules().release;
        let http2_races = (config.target.http2 && race_connections > 0).then(|| {
            let release = match &transport.ring {
                Some(ring) => Release::over(Rc::clone(ring), MOST_RACERS),
                None => {
                    Release::new(config.place.driver, MOST_RACERS).map_err(WorkerError::RaceRing)?
                }
            };
            // Every racer's reply is kept until the race is judged.
            transport.make_gathering_rooms(race_connections);
            let own = match script.race_rules().over {
                RaceOver::OneConnection => 0,
                RaceOver::Connections => race_connections,
            };
            let own = race_connections_of_http2(&transport, config, own);
            let races = Http2Races::new(&transport, style, own, (release, &run_end_ns));
            Ok::<_, WorkerError>(Rc::new(races))
        });
        let http2_races = http2_races.transpose()?;
        let race_pool = match race_connections {
            0 => None,
            _ if config.target.http2 => None,
            race_connections => {
                let race_pool = RacePool::new(RacePoolParts {
                    transport: Rc::clone(&transport),
                    first_slot: connections,
                    connections: race_connections,
                    driver: config.place.driver,
                    style,
                    pacer: pacer.clone(),
                    run_end_ns: Rc::clone(&run_end_ns),
                });
                Some(Rc::new(race_pool.map_err(WorkerError::RaceRing)?))
            }
        };
        Ok(Self {
            pacer,
            recorder,
            transport,
            race_pool,
            http2_races,
            run_end_ns,
            users: Rc::default(),
            activities: Rc::default(),
            gauge: RefCell::new(ThreadGauge::start()),
        })
    }

    /// Lets the script prepare what all users share, over the first connection. Its requests are in
    /// the record; they end before the clock starts.
    async fn set_up<S: Script>(
        &self,
        script: &S,
        config: &WorkerConfig,
        connections: &mut CoreConnections,
    ) -> Result<(), SetUpFailure> {
        self.recorder.borrow_mut().begin(now_ns());
        let unique = UniqueNumbers::of_set_up();
        let mut user = self.beside_users(script, config, connections.take_first(), unique);
        let result = user.set_up(script).await;
        connections.put_first(user.into_link().into_user_connection());
        result
    }

    /// Somebody who is none of the users.
    fn beside_users<S: Script>(
        &self,
        script: &S,
        config: &WorkerConfig,
        connection: UserConnection,
        unique: UniqueNumbers,
    ) -> Session<SocketLink> {
        let link = SocketLink::new(
            connection,
            Rc::clone(&self.transport),
            Rc::clone(&self.run_end_ns),
            config.target.max_body_bytes,
        );
        let start = SessionStart {
            class: 0,
            wait: WaitTime::None,
            seed: user_seed(0, UniqueNumbers::MAX_USER_INDEX),
            unique,
            due_ns: now_ns(),
        };
        let heads = Arc::clone(&config.target.heads);
        Session::new(link, Rc::clone(&self.recorder), heads, start).with_cookies(script.cookies())
    }

    /// Lets the script clear away what it set up, over a connection that no user needs any more. After
    /// [`LONGEST_TEAR_DOWN_NS`], or one more Ctrl-C, what is left is left.
    async fn tear_down<S: Script>(
        &self,
        script: &S,
        config: &WorkerConfig,
        connection: UserConnection,
        interruption: &Arc<Interruption>,
    ) {
        self.run_end_ns.set(now_ns() + LONGEST_TEAR_DOWN_NS);
        let parts = (&self.pacer, &self.transport, &self.run_end_ns);
        let watch = Watch::after_end(parts, interruption);
        let unique = UniqueNumbers::of_tear_down();
        let mut user = self.beside_users(script, config, connection, unique);
        user.tear_down(script).await;
        drop(user);
        watch.end(&self.pacer).await;
    }

    /// Ends what waits for the kernel: a task that still does when its runtime ends would keep the ring.
    async fn end(&self, driving: Option<Task<io::Result<()>>>) {
        if let Some(race_pool) = &self.race_pool {
            race_pool.end();
        }
        self.transport.end();
        self.pacer.stop().await;
        if let Some(ring) = &self.transport.ring {
            ring.end();
        }
        if let Some(driving) = driving {
            // Without it nothing travelled, and every request told so.
            let _ = driving.join().await;
        }
    }

    fn begin(&self, start_ns: u64, config: &WorkerConfig) {
        self.recorder.borrow_mut().begin(start_ns);
        self.run_end_ns
            .set(start_ns + config.load.run_time.as_nanos() as u64);
        self.gauge.borrow_mut().lap();
    }

    /// Looks after deadlines, the interruption, the schedule and the handover until the last user is
    /// gone.
    async fn run_housekeeping(
        &self,
        config: &WorkerConfig,
        interruption: &Interruption,
        start_ns: u64,
    ) {
        let tick_ns = (config.target.request_timeout.as_nanos() as u64 / 20)
            .clamp(SECOND_NS / 1_000, LONGEST_TICK_NS);
        let mut next_swap_ns = start_ns + SECOND_NS;
        let mut known_changes = 0;
        let mut jitter = fastrand::Rng::with_seed(config.place.position as u64);
        while self.users.living.get() > 0 {
            let tick_ns = jitter.u64(tick_ns / 2..=tick_ns);
            let wake_ns = (now_ns() + tick_ns).min(next_swap_ns);
            self.pacer.until(wake_ns).await;
            let now_ns = now_ns();
            let waits = self.transport.has_any_in_flight();
            self.recorder.borrow_mut().notice(wake_ns, now_ns, waits);
            let interrupted = interruption.times();
            if interruption.ends_run() && self.run_end_ns.get() > now_ns {
                self.run_end_ns.set(now_ns);
                self.pacer.wake_all();
            }
            if let Some(load_schedule) = &config.load.load_schedule {
                self.follow(load_schedule, &mut known_changes, now_ns);
            }
            let patience_ends_ns = self
                .run_end_ns
                .get()
                .saturating_add(config.load.stop_timeout.as_nanos() as u64);
            if interrupted > 1 || now_ns >= patience_ends_ns {
                self.transport.cut_all();
            } else {
                self.transport.cut_late(now_ns);
            }
            if now_ns >= next_swap_ns {
                self.hand_over(&config.handover, now_ns, false);
                next_swap_ns += SECOND_NS;
            }
        }
    }

    /// Gives users their new activities when the schedule has changed since `known_changes`.
    fn follow(&self, load_schedule: &LiveSchedule, known_changes: &mut u32, now_ns: u64) {
        let changes = load_schedule.changes();
        if std::mem::replace(known_changes, changes) == changes {
            return;
        }
        let load_schedule = load_schedule.load_schedule();
        for (index, activities) in &*self.activities.borrow() {
            activities.change(load_schedule.activity(*index), now_ns);
        }
        self.pacer.recall();
    }

    /// Swaps the interval for an empty one. When the collector has not given one back yet, the
    /// interval goes on and is handed over a second later: nothing is lost.
    fn hand_over(&self, handover: &WorkerHandover, now_ns: u64, last: bool) {
        let empty = match handover.empty.try_recv() {
            Ok(empty) => empty,
            Err(_) if last => match handover.empty.recv() {
                Ok(empty) => empty,
                Err(_) => return,
            },
            Err(_) => return,
        };
        let mut recorder = self.recorder.borrow_mut();
        let mut full = recorder.swap(empty, now_ns);
        full.last = last;
        (full.users, full.most_users) = self.users.active.lap();
        self.transport.addresses().tally(&mut full.addresses);
        full.health = self.gauge.borrow_mut().lap();
        let _ = handover.full.try_send(full);
    }
}

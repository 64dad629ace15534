//! The sandbox's threads: each pinned, with a runtime of its own, an acceptor and one task a connection.

use super::accepted_connections::AcceptedConnections;
use super::acceptor::{Acceptor, Service, WorkerNumbers};
use super::arrivals::ArrivalLog;
use super::bugs::Bugs;
use super::chaos::Chaos;
use super::connection_table::ConnectionTable;
use super::observatory::{ObservatoryConfig, ObservatoryServer};
use super::overload::{FallsOver, OverloadState};
use super::pipeline::{Pipeline, PipelineConfig, Truths};
use super::request_handler::{Conflicts, RequestHandler};
use super::served_shop::ServedShop;
use super::service_queue::{ServiceQueue, ServiceTime};
use super::shop::Shop;
use super::tls_serving::TlsServing;
use crate::engine::tls::TlsError;
use crate::engine::{Listener, Pacer, Runtime, RuntimeError, now_ns, spawn};
use crate::plan::{Driver, Unwritable};
use crate::shop::Generation;
use rustls::ServerConfig;
use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Requests in flight at once that the rings are sized for; more only cost more system calls.
const OPERATIONS: usize = 1_024;

/// What the sandbox is.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one a server, made once")]
pub enum SandboxMode {
    /// The shop.
    Shop(ShopConfig),
    /// One prepared 201 to every request, on any number of threads.
    Fixed,
}

/// How the shop behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopConfig {
    /// Which shop it is.
    pub generation: Generation,
    /// How many of the newest things of each kind are remembered, at least 1.
    pub retain: usize,
    /// Processes of the real shop: each is strictly serial, and with two or more commands on one
    /// thing really race between load and commit. All accept on one port, as processes that wait
    /// there together do: a burst of connections goes to one, and what comes while that is at work
    /// to the next. At least one a thread.
    pub api_workers: usize,
    /// Requests that are served at once, when that is not the number of API workers; at least one
    /// a thread.
    pub servers: Option<usize>,
    /// Time that a request takes.
    pub service: ServiceTime,
    /// What the loser of a version race is told.
    pub conflicts: Conflicts,
    /// Faults of the shop.
    pub bugs: Bugs,
    /// Mishaps of its replies.
    pub chaos: Chaos,
    /// When it falls over; `None` when it never does.
    pub falls_over: Option<FallsOver>,
    /// Requests that one connection may make, as behind a proxy that limits them: the last reply over
    /// HTTP/1.1 announces the end, over HTTP/2 a GOAWAY does. `None` ends none for that.
    pub keepalive_requests: Option<u32>,
    /// What happens to the events that are raised.
    pub pipeline: PipelineConfig,
    /// Who is told the truth about them.
    pub truths: Truths,
    /// How the pipeline is shown; `None` does without.
    pub observatory: Option<ObservatoryConfig>,
}

impl Default for ShopConfig {
    /// Today's measured shop: one API worker; a million things of each kind; without an Observatory.
    fn default() -> Self {
        Self {
            generation: Generation::default(),
            retain: 1_000_000,
            api_workers: 1,
            servers: None,
            service: ServiceTime::default(),
            conflicts: Conflicts::default(),
            bugs: Bugs::default(),
            chaos: Chaos::default(),
            falls_over: None,
            keepalive_requests: None,
            pipeline: PipelineConfig::default(),
            truths: Truths::default(),
            observatory: None,
        }
    }
}

impl ShopConfig {
    /// Whether connections belong to one worker each.
    fn has_workers(&self) -> bool {
        self.api_workers > 1 && self.servers.is_none()
    }

    /// The servers of thread `thread` of so many.
    fn servers_of(&self, thread: usize, threads: usize) -> usize {
        let servers = self.servers.unwrap_or(self.api_workers);
        servers / threads + usize::from(thread < servers % threads)
    }
}

/// How to run a sandbox.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where to listen; port 0 lets the kernel choose.
    pub address: SocketAddr,
    /// What to be.
    pub mode: SandboxMode,
    /// Kernel CPU numbers, a thread each; empty means one thread that is not pinned.
    pub cores: Vec<usize>,
    /// The kernel interface.
    pub driver: Driver,
    /// Where the arrivals of requests are written down.
    pub arrival_log: Option<PathBuf>,
    /// How TLS is spoken, by the Observatory too; `None` is plain TCP.
    pub tls: Option<TlsServing>,
}

impl Default for SandboxConfig {
    /// The usual shop on a free port of loopback, on one thread.
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            mode: SandboxMode::Shop(ShopConfig::default()),
            cores: Vec::new(),
            driver: Driver::Uring,
            arrival_log: None,
            tls: None,
        }
    }
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Another program listens there.
    #[error(
        "{0} is already in use by another program; choose another port with `--port`, or 0 for any free one"
    )]
    AddressTaken(SocketAddr),
    /// Ports below 1024 are the administrator's.
    #[error("listening on {0} is not permitted; choose a port from 1024 upwards with `--port`")]
    NotPermitted(SocketAddr),
    /// No interface of this machine has the address.
    #[error("{0} is not an address of this machine; use 127.0.0.1, or 0.0.0.0 for all interfaces")]
    NotHere(SocketAddr),
    /// The Observatory's port cannot be had.
    #[error(
        "the Observatory cannot listen on {0}: {1}; choose another port with `--observatory-port`, or do without by `--no-observatory`"
    )]
    Observatory(SocketAddr, io::Error),
    /// Another failure to listen.
    #[error("listening on {0} failed: {1}")]
    Listen(SocketAddr, io::Error),
    /// A worker cannot be on two cores.
    #[error(
        "{workers} of the shop cannot be on {cores} cores at once; name fewer cores, or more with `--api-workers` or `--servers`"
    )]
    TooManyCores {
        /// Server threads.
        cores: usize,
        /// API workers or servers, in words.
        workers: String,
    },
    /// The CPU does not exist, or the process may not use it.
    #[error(
        "CPU {0} cannot be used by this process; name one of those that `taskset -p $$` allows"
    )]
    Pin(usize),
    /// The kernel refuses the runtime.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The arrivals cannot be written down.
    #[error("{}", Unwritable { flag: "--arrival-log", path, error })]
    ArrivalLog {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The certificate, its key or those of the clients' authorities are of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The kernel refuses a thread or a timer.
    #[error("the sandbox cannot be set up: {0}")]
    SetUp(#[from] io::Error),
    /// A thread ended before it could say why.
    #[error("the sandbox's thread ended unexpectedly; this is a fault of shopblast")]
    Ended,
}

/// A running sandbox; stopped when dropped.
pub struct Sandbox {
    address: SocketAddr,
    scheme: &'static str,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    pipeline: Option<Arc<Pipeline>>,
    observatory: Option<ObservatoryServer>,
    accepted_connections: Arc<AcceptedConnections>,
}

impl Sandbox {
    /// Starts the threads; returns when all of them listen.
    ///
    /// # Errors
    /// When the address cannot be listened on, a core not be used, or the kernel refuses.
    pub fn start(config: &SandboxConfig) -> Result<Self, SandboxError> {
        let threads = config.cores.len().max(1);
        let role = Role::of(&config.mode, threads)?;
        let tls = config.tls.as_ref();
        let shop_tls = tls.map(TlsServing::of_shop).transpose()?;
        let observatory_tls = tls.map(TlsServing::of_observatory).transpose()?;
        refuse_taken(config.address)?;
        let mut sandbox = Self {
            address: config.address,
            scheme: scheme(tls.is_some()),
            stop: Arc::default(),
            threads: Vec::new(),
            pipeline: role.pipeline(),
            observatory: role.start_observatory(observatory_tls)?,
            accepted_connections: Arc::default(),
        };
        let arrivals = match &config.arrival_log {
            None => None,
            Some(path) => Some(Arc::new(ArrivalLog::create(path).map_err(|error| {
                SandboxError::ArrivalLog {
                    path: path.clone(),
                    error,
                }
            })?)),
        };
        let cores: Vec<Option<usize>> = match config.cores.as_slice() {
            [] => vec![None],
            cores => cores.iter().copied().map(Some).collect(),
        };
        let overload = role.overload();
        for (position, core) in cores.into_iter().enumerate() {
            let server = Server {
                address: sandbox.address,
                role: role.clone(),
                tls: shop_tls.clone(),
                position,
                threads,
                core,
                driver: config.driver,
                stop: Arc::clone(&sandbox.stop),
                overload: overload.clone(),
                arrivals: arrivals.clone(),
                accepted_connections: Arc::clone(&sandbox.accepted_connections),
            };
            sandbox.start_thread(server)?;
        }
        Ok(sandbox)
    }

    fn start_thread(&mut self, server: Server) -> Result<(), SandboxError> {
        let (tell, told) = crossbeam_channel::bounded(1);
        let thread = std::thread::Builder::new()
            .name("sandbox".into())
            .spawn(move || server.run(&tell))?;
        self.threads.push(thread);
        self.address = told.recv().map_err(|_| SandboxError::Ended)??;
        Ok(())
    }

    /// Where the sandbox listens, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The scheme of its addresses: `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Where the Observatory listens, with the real port; `None` when there is none.
    #[must_use]
    pub fn observatory_address(&self) -> Option<SocketAddr> {
        self.observatory.as_ref().map(ObservatoryServer::address)
    }

    /// The API worker, from 0, that accepted the connection from `client`; `None` when connections
    /// belong to nobody, or this one is not known.
    #[must_use]
    pub fn worker_of(&self, client: SocketAddr) -> Option<usize> {
        self.accepted_connections.worker_of(client)
    }

    /// How many connections each API worker has accepted; empty when they belong to nobody.
    #[must_use]
    pub fn accepted_by_worker(&self) -> Vec<usize> {
        self.accepted_connections.spread()
    }

    /// What happens behind the shop; `None` when the sandbox is no shop.
    #[must_use]
    pub fn pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_deref()
    }

    /// Stops accepting, ends all connections and waits for the threads: a fraction of a second.
    pub fn stop(self) {
        drop(self);
    }

    /// Serves until the process ends or another thread stops it by the flag that
    /// [`Sandbox::stopper`] gave out.
    pub fn wait(mut self) {
        self.join();
    }

    /// What stops the sandbox from elsewhere, for example from a signal handler.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            // A thread that panicked has printed why; there is nothing to add.
            let _ = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.join();
    }
}

/// Stops a sandbox from another thread; see [`Sandbox::stopper`].
#[derive(Clone)]
pub struct Stopper(Arc<AtomicBool>);

impl Stopper {
    /// Asks the sandbox to stop; returns at once.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The sandbox's own listeners share their port, which would let two sandboxes of one user share
/// it too; a plain listener finds out whether anyone is there.
fn refuse_taken(address: SocketAddr) -> Result<(), SandboxError> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) => Err(listen_error(address, error)),
    }
}

fn scheme(is_tls: bool) -> &'static str {
    match is_tls {
        true => "https",
        false => "http",
    }
}

fn listen_error(address: SocketAddr, error: io::Error) -> SandboxError {
    match error.kind() {
        io::ErrorKind::AddrInUse => SandboxError::AddressTaken(address),
        io::ErrorKind::PermissionDenied => SandboxError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => SandboxError::NotHere(address),
        _ => SandboxError::Listen(address, error),
    }
}

/// What all threads do.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "one a thread, made once")]
enum Role {
    Shop(ShopConfig, Arc<Shop>, Arc<Pipeline>),
    Fixed,
}

impl Role {
    fn of(mode: &SandboxMode, threads: usize) -> Result<Self, SandboxError> {
        let SandboxMode::Shop(config) = mode else {
            return Ok(Self::Fixed);
        };
        let too_few = |count: usize, what: &str| SandboxError::TooManyCores {
            cores: threads,
            workers: format!("{count} {what}"),
        };
        if config.api_workers < threads {
            return Err(too_few(config.api_workers, "API workers"));
        }
        if let Some(servers) = config.servers.filter(|&servers| servers < threads) {
            return Err(too_few(servers, "servers"));
        }
        let generation = config.generation;
        let pipeline =
            Arc::new(Pipeline::new(&config.pipeline, generation).telling(&config.truths));
        let shop = Shop::new(generation, config.retain, threads, Arc::clone(&pipeline));
        let shop = shop
            .with_bugs(config.bugs)
            .with_losers_written(config.conflicts == Conflicts::CrashWritten);
        Ok(Self::Shop(config.clone(), Arc::new(shop), pipeline))
    }

    fn pipeline(&self) -> Option<Arc<Pipeline>> {
        match self {
            Self::Shop(.., pipeline) => Some(Arc::clone(pipeline)),
            Self::Fixed => None,
        }
    }

    /// What the threads share if the shop falls over.
    fn overload(&self) -> Option<Arc<OverloadState>> {
        match self {
            Self::Shop(config, ..) => config
                .falls_over
                .map(|when| Arc::new(OverloadState::new(when))),
            Self::Fixed => None,
        }
    }

    fn start_observatory(
        &self,
        tls: Option<Arc<ServerConfig>>,
    ) -> Result<Option<ObservatoryServer>, SandboxError> {
        let Self::Shop(ShopConfig { observatory, .. }, _, pipeline) = self else {
            return Ok(None);
        };
        let Some(config) = observatory else {
            return Ok(None);
        };
        ObservatoryServer::start(config, Arc::clone(pipeline), tls)
            .map(Some)
            .map_err(|error| SandboxError::Observatory(config.address, error))
    }
}

/// One thread.
struct Server {
    address: SocketAddr,
    role: Role,
    tls: Option<Arc<ServerConfig>>,
    /// Which of the threads it is.
    position: usize,
    threads: usize,
    core: Option<usize>,
    driver: Driver,
    stop: Arc<AtomicBool>,
    overload: Option<Arc<OverloadState>>,
    arrivals: Option<Arc<ArrivalLog>>,
    accepted_connections: Arc<AcceptedConnections>,
}

type Started = Result<SocketAddr, SandboxError>;

impl Server {
    fn run(&self, tell: &crossbeam_channel::Sender<Started>) {
        if let Err(error) = self.try_run(tell) {
            // The one who waits for the start is gone only when it has got an answer.
            let _ = tell.send(Err(error));
        }
    }

    fn try_run(&self, tell: &crossbeam_channel::Sender<Started>) -> Result<(), SandboxError> {
        self.core.map_or(Ok(()), pin_to)?;
        let mut runtime = Runtime::new(self.driver, OPERATIONS)?;
        runtime.block_on(async {
            let failed = |error| listen_error(self.address, error);
            let listener = Listener::bind(self.address).map_err(failed)?;
            let address = listener.local_address()?;
            // Without it the kernel could give the port to a client while the shop is down.
            let held = self.overload.as_ref().map(|_| Listener::hold(address));
            let held = held.transpose().map_err(failed)?;
            let pacer = Pacer::start(4)?;
            let connection_table =
                Rc::new(ConnectionTable::new().noting_arrivals(self.arrivals.is_some()));
            let service = self.service(address, &pacer, &connection_table);
            let (stop, overload) = (Arc::clone(&self.stop), self.overload.clone());
            let acceptor = Rc::new(Acceptor::new(
                address,
                service,
                self.tls.clone(),
                pacer.clone(),
                stop,
                overload,
            ));
            // The starter waits for exactly this message.
            let _ = tell.send(Ok(address));
            let keeping = spawn(Rc::clone(&acceptor).keep(listener));
            let engines = self
                .engines()
                .map(|shop| spawn(run_engines(shop, pacer.clone(), Arc::clone(&self.stop))));
            connection_table.keep_time(&pacer, &self.stop).await;
            acceptor.close();
            keeping.join().await;
            if let Some(engines) = engines {
                engines.join().await;
            }
            drop(held);
            connection_table.end(&pacer).await;
            pacer.stop().await;
            if let Some(log) = &self.arrivals {
                log.write(connection_table.take_arrivals());
            }
            Ok(())
        })
    }
}

impl Server {
    /// The shop whose engines this thread runs: the first one does, if there are any.
    fn engines(&self) -> Option<Arc<Shop>> {
        match &self.role {
            Role::Shop(_, shop, _) if self.position == 0 && shop.has_engines() => {
                Some(Arc::clone(shop))
            }
            _ => None,
        }
    }

    fn service(
        &self,
        address: SocketAddr,
        pacer: &Pacer,
        connection_table: &Rc<ConnectionTable>,
    ) -> Service {
        let connection_table = Rc::clone(connection_table);
        let Role::Shop(config, shop, _) = &self.role else {
            return Service::Fixed(connection_table);
        };
        let handler =
            RequestHandler::new(Arc::clone(shop), self.position, config.conflicts, address);
        let handler = handler.with_scheme(scheme(self.tls.is_some()));
        let servers = config.servers_of(self.position, self.threads);
        let races = config.api_workers > 1;
        let service_queue = ServiceQueue::new(config.service, servers, races, pacer.clone())
            .with_chaos(config.chaos)
            .with_overload(self.overload.clone());
        let service_queue = match config.has_workers() {
            true => service_queue.of_workers(),
            false => service_queue,
        };
        let worker_numbers = WorkerNumbers {
            first: (0..self.position)
                .map(|thread| config.servers_of(thread, self.threads))
                .sum(),
            accepted_connections: Arc::clone(&self.accepted_connections),
        };
        let shop = ServedShop {
            worker: None,
            handler: Rc::new(RefCell::new(handler)),
            service_queue: Rc::new(service_queue),
            connection_table,
            keepalive_requests: config.keepalive_requests,
        };
        Service::Shop(shop, worker_numbers)
    }
}

/// How often engines look whether there is something to do.
const ENGINE_TICK_NS: u64 = 50_000_000;

/// Has the shop's engines do what is due, until `stop` is set.
async fn run_engines(shop: Arc<Shop>, pacer: Pacer, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        shop.run_engines(0);
        pacer.until(now_ns() + ENGINE_TICK_NS).await;
    }
}

fn pin_to(core: usize) -> Result<(), SandboxError> {
    let usable = core_affinity::get_core_ids().unwrap_or_default();
    usable
        .into_iter()
        .find(|usable| usable.id == core)
        .filter(|&usable| core_affinity::set_for_current(usable))
        .map(drop)
        .ok_or(SandboxError::Pin(core))
}

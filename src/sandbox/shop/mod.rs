//! The shop itself: its state, and a directory of endpoints for each domain.
//!
//! A domain's endpoints are rows of a table (method, path, body schema, handler); the router joins
//! the tables. A handler sees a request that has passed the schema and the command's limits, and
//! works on copies of things within a [`Work`], which is committed when it has succeeded.

mod catalogue;
mod customers;
mod identity;
mod inventory;
mod message_store;
mod operations;
mod ordering;
mod payments;
mod person_rules;
mod projections;
mod query;
mod reactions;
mod shelf;
mod unserved;
mod work;

use super::bugs::{Bug, Bugs};
use super::pipeline::{DOMAINS as DOMAIN_COUNT, Pipeline};
use super::refusal::Refusal;
use super::schema::{Fields, Schema};
use crate::shop::Generation;
use catalogue::{Category, Product};
use customers::{Account, Customers, ExternalId, Taken};
use inventory::{StockItem, Warehouse};
use ordering::{Cart, Order};
use payments::{Invoice, Payment};
use projections::{Engines, Projections};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

pub use shelf::Shelf;
pub use work::{Aggregate, Fault, Pending, VersionConflict, Work};

/// Everything that the shop remembers, in as many shards as there are server threads: each thread
/// puts what it creates into a shard of its own, so that threads seldom meet.
pub struct Shop {
    shards: Box<[Mutex<Shard>]>,
    pipeline: Arc<Pipeline>,
    generation: Generation,
    /// Those that fill projections; the shop of five contexts has none that anybody could read.
    engines: Option<Engines>,
    bugs: Bugs,
}

/// A part of what the shop remembers.
pub struct Shard {
    customers: Customers,
    products: Shelf<Product>,
    categories: Shelf<Category>,
    carts: Shelf<Cart>,
    orders: Shelf<Order>,
    stock: Shelf<StockItem>,
    warehouses: Shelf<Warehouse>,
    payments: Shelf<Payment>,
    invoices: Shelf<Invoice>,
}

impl Shop {
    /// An empty shop of `generation` with so many shards (1 to 65,536) that remembers the `retain`
    /// newest things of each kind, and publishes to `pipeline`.
    pub fn new(
        generation: Generation,
        retain: usize,
        shards: usize,
        pipeline: Arc<Pipeline>,
    ) -> Self {
        let shards = shards.clamp(1, 1 << 16);
        let mut runs = [false; DOMAIN_COUNT];
        for &domain in pipeline.domains() {
            runs[domain as usize] = pipeline.drains(domain);
        }
        let engines = match generation {
            Generation::Five => None,
            Generation::Today => Some(Engines::new(retain, shards, runs)),
        };
        let retain = retain.div_ceil(shards);
        Self {
            shards: (0..shards)
                .map(|shard| Mutex::new(Shard::new(retain, shard as u16)))
                .collect(),
            pipeline,
            generation,
            engines,
            bugs: Bugs::default(),
        }
    }

    /// The same shop with faults.
    pub fn with_bugs(self, bugs: Bugs) -> Self {
        Self { bugs, ..self }
    }

    /// Its faults.
    pub fn bugs(&self) -> &Bugs {
        &self.bugs
    }

    /// The shard at `index`; `None` when there is no such shard.
    fn shard(&self, index: usize) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(index)?;
        // What a thread that panicked left is whole: things are replaced, not changed in place.
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The shard that a thread creates things in.
    fn home(&self, index: usize) -> MutexGuard<'_, Shard> {
        self.shards[index % self.shards.len()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a customer in the shard that its external id belongs to.
    fn register_customer(&self, external: ExternalId) -> Result<Uuid, Taken> {
        let mut shard = self.home(external.shard(self.shards.len()));
        match shard.customers.register(external) {
            Err(Taken) if self.bugs.strike(Bug::DuplicateCustomer) => {
                Ok(shard.customers.register_again(external))
            }
            registered => registered,
        }
    }

    /// Where events go.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Which shop it is.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// What fills the projections, if they can be read.
    fn engines(&self) -> Option<&Engines> {
        self.engines.as_ref()
    }

    /// Shows the projections as they are now; `None` when this shop has none.
    fn read<T>(&self, show: impl FnOnce(&mut Projections) -> T) -> Option<T> {
        let engines = self.engines()?;
        Some(engines.read(&self.pipeline, show))
    }

    /// Whether engines have something to do between requests.
    pub fn has_engines(&self) -> bool {
        self.engines().is_some_and(Engines::run)
    }

    /// Has the engines do what is due, and what they ask for done by the thread whose shard is
    /// `home`.
    pub fn run_engines(&self, home: usize) {
        let Some(engines) = self.engines() else {
            return;
        };
        for command in engines.tick(&self.pipeline, reactions::react) {
            let mut work = Work::new(self, home);
            command(&mut work);
            // An engine that comes too late asks no more; the real one would try again, to find
            // that somebody else has done what it wanted.
            let _ = work.into_pending().commit(self);
        }
    }
}

impl Shard {
    fn new(retain: usize, shard: u16) -> Self {
        let rng = fastrand::Rng::new;
        Self {
            customers: Customers::new(retain, shard, rng()),
            products: Shelf::new(retain, shard, rng()),
            categories: Shelf::new(retain, shard, rng()),
            carts: Shelf::new(retain, shard, rng()),
            orders: Shelf::new(retain, shard, rng()),
            stock: Shelf::new(retain, shard, rng()),
            warehouses: Shelf::new(retain, shard, rng()),
            payments: Shelf::new(retain, shard, rng()),
            invoices: Shelf::new(retain, shard, rng()),
        }
    }
}

impl Aggregate for Account {
    const NAME: &'static str = "Customer";

    fn shelf(shard: &mut Shard) -> &mut Shelf<Self> {
        &mut shard.customers.accounts
    }

    /// The loser's address is stored, marked as the default one like the winner's, when both were
    /// the first.
    fn lose(stored: &mut Self, late: &Self) {
        if late.is_first_address() && stored.addresses() >= 1 {
            stored.add_second_default();
        }
    }
}

/// Says where things of each other kind are kept.
macro_rules! kept {
    ($($kind:ident = $name:literal, $shelf:ident;)+) => {
        $(impl Aggregate for $kind {
            const NAME: &'static str = $name;

            fn shelf(shard: &mut Shard) -> &mut Shelf<Self> {
                &mut shard.$shelf
            }
        })+
    };
}

kept! {
    Product = "Product", products;
    Category = "Category", categories;
    Cart = "ShoppingCart", carts;
    Order = "Order", orders;
    StockItem = "InventoryItem", stock;
    Warehouse = "Warehouse", warehouses;
    Payment = "Payment", payments;
    Invoice = "Invoice", invoices;
}

/// What a handler answers when it does not refuse.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200 with a fixed body.
    Ok(&'static str),
    /// 200 with a body of its own.
    Told(String),
    /// 201 with a fixed body: something was made whose id is not told.
    Made(&'static str),
    /// 201 with the id of what was made, in the named field.
    Created(&'static str, Uuid),
}

impl Answer {
    /// 200 `{"status":"ok"}`.
    pub const DONE: Self = Self::Ok(STATUS_OK);
    /// 201 `{"status":"ok"}`.
    pub const ADDED: Self = Self::Made(STATUS_OK);
}

const STATUS_OK: &str = r#"{"status":"ok"}"#;

/// A request that has found its endpoint.
pub struct Call<'a> {
    /// The path's parameters, in order.
    pub parameters: &'a [&'a str],
    /// The body's fields.
    pub fields: &'a Fields<'a>,
    /// What follows the path's question mark.
    pub query: Option<&'a str>,
}

impl Call<'_> {
    /// The identifier of the aggregate in the path; empty for paths without one.
    pub fn id(&self) -> &str {
        self.parameters.first().copied().unwrap_or_default()
    }
}

/// Carries out a call.
pub type Handler = fn(&mut Work<'_>, &Call<'_>) -> Result<Answer, Refusal>;

/// One endpoint.
pub struct Endpoint {
    pub method: &'static str,
    /// Segments of the path; [`PARAMETER`] stands for any text.
    pub path: &'static [&'static str],
    /// The body, when it has one.
    pub schema: Option<&'static Schema>,
    /// The body that today's shop wants, when it is another one.
    todays_schema: Option<&'static Schema>,
    /// Whether a request may come without its body.
    pub body_is_optional: bool,
    /// Whether a request needs the gateway's signature.
    pub signed: bool,
    pub handler: Handler,
}

/// A row of a domain's table.
const fn endpoint(
    method: &'static str,
    path: &'static [&'static str],
    schema: Option<&'static Schema>,
    handler: Handler,
) -> Endpoint {
    Endpoint {
        method,
        path,
        schema,
        todays_schema: None,
        body_is_optional: false,
        signed: false,
        handler,
    }
}

impl Endpoint {
    /// The same, but today's shop wants another body.
    const fn today(self, schema: &'static Schema) -> Self {
        Self {
            todays_schema: Some(schema),
            ..self
        }
    }

    /// The body that the shop of `generation` wants, when it wants one.
    pub fn schema_of(&self, generation: Generation) -> Option<&'static Schema> {
        match generation {
            Generation::Five => self.schema,
            Generation::Today => self.todays_schema.or(self.schema),
        }
    }
}

/// A path segment that is a parameter.
pub const PARAMETER: &str = "*";

/// Most segments that a path has.
pub const MAX_SEGMENTS: usize = 6;

/// The endpoints of a shop of `generation`, in tables by their first segment; a table's own order is
/// that of the shop's routes.
pub const fn endpoints(generation: Generation) -> &'static [&'static [Endpoint]] {
    match generation {
        Generation::Five => &[
            identity::ENDPOINTS,
            catalogue::ENDPOINTS,
            ordering::ENDPOINTS,
            inventory::ENDPOINTS,
            payments::ENDPOINTS,
            operations::ENDPOINTS,
        ],
        Generation::Today => &[
            identity::ENDPOINTS,
            catalogue::ENDPOINTS,
            ordering::ENDPOINTS,
            inventory::ENDPOINTS,
            payments::ENDPOINTS,
            identity::READS,
            catalogue::READS,
            ordering::READS,
            inventory::MAINTENANCE,
            payments::READS,
            unserved::ENDPOINTS,
            operations::ENDPOINTS,
        ],
    }
}

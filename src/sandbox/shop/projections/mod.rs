//! What reads show: projections, which the engines fill from the events.
//!
//! A command that raises an event says what the projectors make of it; that waits with the event in
//! the pipeline, and is done when the pipeline says that the event is processed. Nothing works the
//! waiting ones off all the time: a read does those that are due, and so does a tick of the clock.
//! Without engines nothing waits and nothing shows, as in the real shop.

mod list_table;
mod row;

pub use list_table::ListTable;
pub use row::{ProjectionRow, ProjectionTable, has, member, object};

use super::ring_store::ThingKey;
use crate::sandbox::json_text::Json;
use crate::sandbox::pipeline::{DOMAINS, Domain, Pipeline, WaitingEvent};
use jiff::Timestamp;
use std::array;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most rows of one projection.
const MOST_ROWS: usize = 1 << 15;
/// Most events of a domain that the projectors have yet to see: of those that come when so many
/// wait, no read ever tells.
const MOST_WAITING: usize = 1 << 16;
/// When so many wait that are due, whoever adds one does a few of them.
const MANY_WAITING: usize = 1 << 10;
/// So many.
const A_FEW: usize = 4;
/// Events that a tick of the clock processes at most, so that no request waits long for it.
const MOST_A_TICK: usize = 512;

/// Most notices that wait for a tick; of later ones nobody takes notice.
const MOST_NOTICES: usize = 1 << 16;

/// What a projector makes of an event.
pub type Projector = Box<dyn FnOnce(&mut Projections, &EventMoment<'_>) + Send>;

/// What happened in one domain that engines of others act upon.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Of a product.
    VariantAdded,
    CustomerRegistered {
        customer: String,
        first_name: String,
    },
    /// Somebody has to be told something.
    Tell(Message),
    /// A message was made that has to be sent.
    NotificationCreated(ThingKey),
    /// A carrier has what was ordered.
    ShipmentHandedOff {
        order: ThingKey,
        fulfillment: ThingKey,
        carrier: Arc<str>,
        tracking_number: String,
    },
    /// What was ordered has come.
    DeliveryConfirmed(ThingKey),
    /// An order is given up, so that nothing is to be sent.
    FulfillmentObsolete(ThingKey),
    OrderConfirmed(ThingKey),
    OrderCancelled(ThingKey),
    OrderReturned(ThingKey),
    /// For an order.
    StockReserved(ThingKey),
    /// For an order, with the reason.
    ReservationReleased(ThingKey, &'static str),
    PaymentSucceeded {
        order: ThingKey,
        payment: ThingKey,
        amount: f64,
    },
    PaymentFailed {
        order: ThingKey,
        attempt: u8,
        reason: String,
    },
}

/// How far the checkout of an order has come that engines take further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saga {
    /// Stock is reserved for an order that is not known to be confirmed. (The real saga would have
    /// missed it; there, though, no queue keeps the confirmation from being seen at once.)
    Reserved,
    UnderWay,
    Over,
}

/// What somebody is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub kind: MessageKind,
    /// The customer; of messages to the shop's own people the room.
    pub recipient: String,
    pub subject: String,
}

/// What a message is about, which decides by which channels it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Welcome,
    OrderConfirmation,
    /// Seven days after the delivery.
    ReviewPrompt,
    PaymentReceipt,
    ReviewPublished,
    ReviewRejected,
    /// To the shop's own people.
    LowStockAlert,
}

/// When an event happened.
pub struct EventMoment<'a> {
    pipeline: &'a Pipeline,
    raised_ns: u64,
    processed_ns: u64,
}

impl EventMoment<'_> {
    /// When it was raised, as reads show times.
    pub fn raised(&self) -> Json {
        python_time(self.pipeline.time_of(self.raised_ns)).into()
    }

    /// The same as it stands in the events of a shipment.
    pub fn raised_iso(&self) -> Json {
        let time = self.pipeline.time_of(self.raised_ns);
        let format = match time.subsec_nanosecond() / 1_000 {
            0 => "%Y-%m-%dT%H:%M:%S+00:00",
            _ => "%Y-%m-%dT%H:%M:%S.%6f+00:00",
        };
        time.strftime(format).to_string().into()
    }

    /// When the projectors saw it.
    pub fn processed(&self) -> Json {
        python_time(self.pipeline.time_of(self.processed_ns)).into()
    }
}

/// As Python's `str` writes a time without a zone.
fn python_time(time: Timestamp) -> String {
    let format = match time.subsec_nanosecond() / 1_000 {
        0 => "%Y-%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S.%6f",
    };
    time.strftime(format).to_string()
}

/// The projections that somebody can read.
pub struct Projections {
    pub customer_card: ProjectionTable,
    pub address_book: ProjectionTable,
    pub product_card: ProjectionTable,
    pub product_detail: ProjectionTable,
    pub category_tree: ProjectionTable,
    pub category_products: ProjectionTable,
    pub cart_view: ProjectionTable,
    pub order_detail: ProjectionTable,
    pub order_summary: ProjectionTable,
    pub customer_orders: ProjectionTable,
    pub order_timeline: ProjectionTable<Vec<ProjectionRow>>,
    pub payment_status: ProjectionTable,
    pub reservation_status: ProjectionTable<Reservation>,
    /// By the order's identifier.
    pub shipment_tracking: ListTable,
    pub review_detail: ProjectionTable,
    /// By product.
    pub product_reviews: ListTable,
    /// By product.
    pub product_rating: ProjectionTable<ProductRating>,
    /// By customer.
    pub customer_reviews: ListTable,
    /// By customer.
    pub customer_notifications: ListTable,
    /// Checkouts that engines take further, by order.
    pub sagas: ProjectionTable<Saga>,
    notices: Vec<Notice>,
    runs: [bool; DOMAINS],
}

/// What customers think of a product, of the reviews that stand.
#[derive(Clone, Debug)]
pub struct ProductRating {
    /// The product, as its reviews name it.
    pub product: String,
    /// Reviews of one to five stars.
    pub counts: [i64; 5],
    /// When a review last came or went.
    pub updated: Json,
}

/// A reservation as the projection knows it.
pub struct Reservation {
    /// The item of stock.
    pub item: ThingKey,
    /// For which order.
    pub order: Option<ThingKey>,
    /// Pieces.
    pub quantity: i64,
    /// When it expires, in nanoseconds after the pipeline's start; it may lie before it.
    pub expires_ns: i128,
    /// Nobody has released it.
    pub is_active: bool,
}

impl Projections {
    fn new(retain: usize, runs: [bool; DOMAINS]) -> Self {
        let most = retain.min(MOST_ROWS);
        Self {
            customer_card: ProjectionTable::new(most),
            address_book: ProjectionTable::new(most),
            product_card: ProjectionTable::new(most),
            product_detail: ProjectionTable::new(most),
            category_tree: ProjectionTable::new(most),
            category_products: ProjectionTable::new(most),
            cart_view: ProjectionTable::new(most),
            order_detail: ProjectionTable::new(most),
            order_summary: ProjectionTable::new(most),
            customer_orders: ProjectionTable::new(most),
            order_timeline: ProjectionTable::new(most),
            payment_status: ProjectionTable::new(most),
            reservation_status: ProjectionTable::new(most),
            shipment_tracking: ListTable::new(most),
            review_detail: ProjectionTable::new(most),
            product_reviews: ListTable::new(most),
            product_rating: ProjectionTable::new(most),
            customer_reviews: ListTable::new(most),
            customer_notifications: ListTable::new(most),
            sagas: ProjectionTable::new(most),
            notices: Vec::new(),
            runs,
        }
    }

    /// Has the engines of other domains take notice.
    pub fn tell(&mut self, notice: Notice) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(notice);
        }
    }

    /// Has somebody told something, if there is anybody to do it.
    pub fn tell_somebody(&mut self, message: impl FnOnce() -> Message) {
        if self.notices(Domain::Notifications) {
            self.tell(Notice::Tell(message()));
        }
    }

    /// Whether an engine of `domain` runs, so that it takes notice of what happens elsewhere.
    pub fn notices(&self, domain: Domain) -> bool {
        self.runs[domain as usize]
    }
}

/// An event that the projectors have yet to see.
struct UnseenEvent {
    waiting: WaitingEvent,
    projector: Projector,
}

/// Events by domain, first come first served.
type Queues = [VecDeque<UnseenEvent>; DOMAINS];

/// The engines' side of the shop; see the module's documentation.
pub struct EngineSide {
    projections: Mutex<Projections>,
    /// A shard each: all events of one thing are in the same one, in their order.
    queues: Box<[Mutex<Queues>]>,
    counts: [AtomicUsize; DOMAINS],
    runs: [bool; DOMAINS],
}

impl EngineSide {
    /// Engines of the domains for which `runs` says so, of a shop of so many shards.
    pub fn new(retain: usize, shards: usize, runs: [bool; DOMAINS]) -> Self {
        let queues = || Mutex::new(array::from_fn(|_| VecDeque::new()));
        Self {
            projections: Mutex::new(Projections::new(retain, runs)),
            queues: (0..shards.max(1)).map(|_| queues()).collect(),
            counts: array::from_fn(|_| AtomicUsize::new(0)),
            runs,
        }
    }

    /// Whether an event of `domain` that is raised now will be shown.
    pub fn take(&self, domain: Domain) -> bool {
        self.runs[domain as usize]
            && self.counts[domain as usize].load(Ordering::Relaxed) < MOST_WAITING
    }

    /// Whether any engine runs.
    pub fn run(&self) -> bool {
        self.runs.contains(&true)
    }

    /// Has `projector` see the event that waits so.
    pub fn wait(
        &self,
        pipeline: &Pipeline,
        key: ThingKey,
        waiting: WaitingEvent,
        projector: Projector,
    ) {
        let shard = key.shard() % self.queues.len();
        let domain = waiting.domain as usize;
        let entry = UnseenEvent { waiting, projector };
        lock(&self.queues[shard])[domain].push_back(entry);
        let count = self.counts[domain].fetch_add(1, Ordering::Relaxed);
        if count >= MANY_WAITING
            && let Ok(mut projections) = self.projections.try_lock()
        {
            let due = self.due(pipeline, shard, domain, A_FEW);
            process(pipeline, &mut projections, due);
        }
    }

    /// Shows what is due by now, and then the projections.
    pub fn read<T>(&self, pipeline: &Pipeline, show: impl FnOnce(&mut Projections) -> T) -> T {
        let mut projections = lock(&self.projections);
        self.catch_up(pipeline, &mut projections, usize::MAX);
        show(&mut projections)
    }

    /// Processes some of what is due, and has `react` see what engines take notice of.
    pub fn tick<T>(
        &self,
        pipeline: &Pipeline,
        mut react: impl FnMut(&mut Projections, Notice) -> Vec<T>,
    ) -> Vec<T> {
        let mut projections = lock(&self.projections);
        self.catch_up(pipeline, &mut projections, MOST_A_TICK);
        let notices = std::mem::take(&mut projections.notices);
        let reactions = notices.into_iter();
        reactions
            .flat_map(|notice| react(&mut projections, notice))
            .collect()
    }

    fn catch_up(&self, pipeline: &Pipeline, projections: &mut Projections, most: usize) {
        let mut due = Vec::new();
        for shard in 0..self.queues.len() {
            for domain in 0..DOMAINS {
                let left = most - due.len();
                due.append(&mut self.due(pipeline, shard, domain, left));
            }
        }
        due.sort_by_key(|(processed_ns, _)| *processed_ns);
        process(pipeline, projections, due);
    }

    /// Takes out the first events that are due, with the time when they were processed.
    fn due(
        &self,
        pipeline: &Pipeline,
        shard: usize,
        domain: usize,
        most: usize,
    ) -> Vec<(u64, UnseenEvent)> {
        if self.counts[domain].load(Ordering::Relaxed) == 0 {
            return Vec::new();
        }
        let now_ns = pipeline.at_ns();
        let queue = &mut lock(&self.queues[shard])[domain];
        let mut due = Vec::new();
        while due.len() < most
            && let Some(first) = queue.front()
            && let Some(processed_ns) = pipeline.processed_ns(first.waiting)
            && processed_ns <= now_ns
        {
            due.extend(queue.pop_front().map(|entry| (processed_ns, entry)));
        }
        self.counts[domain].fetch_sub(due.len(), Ordering::Relaxed);
        due
    }
}

fn process(pipeline: &Pipeline, projections: &mut Projections, due: Vec<(u64, UnseenEvent)>) {
    for (processed_ns, UnseenEvent { waiting, projector }) in due {
        let moment = EventMoment {
            pipeline,
            raised_ns: waiting.raised_ns,
            processed_ns,
        };
        projector(projections, &moment);
    }
}

/// What a thread that panicked left is shown as it is.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! One command's unit of work: things are loaded as copies, changed, and written back together,
//! if nobody else changed them in between.
//!
//! Load and commit are apart, so that a shop with several API workers really has its version races:
//! whoever commits second loses, as in the real one.

use super::projections::{EventMoment, ProjectionTable, Projections, Projector};
use super::ring_store::ThingKey;
use super::{Aggregate, EndpointAnswer, Shop};
use crate::sandbox::bugs::Bug;
use crate::sandbox::pipeline::Domain;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::version_conflict::VersionConflict;
use crate::shop::Generation;
use crate::stats::Event;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use uuid::Uuid;

/// Writes a change back; see [`Work::save`].
type WriteBack = Box<dyn FnOnce(&Shop) -> Result<(), VersionConflict>>;

/// What follows a change that was written; see [`Work::at_commit`].
type Afterwards = Box<dyn FnOnce(&Shop)>;

/// See the module's documentation.
pub struct Work<'a> {
    shop: &'a Shop,
    /// The shard that new things go to.
    home: usize,
    outcome: Pending,
}

/// What a unit of work will have done once it is committed.
#[derive(Default)]
pub struct Pending {
    change: Option<WriteBack>,
    afterwards: Vec<Afterwards>,
    raised: Vec<Raised>,
    /// The thing that was loaded or made last.
    touched: Cell<Option<Uuid>>,
}

/// An event, and what the projectors make of it.
struct Raised {
    event: &'static Event,
    thing: Option<Uuid>,
    shown: Option<(ThingKey, Projector)>,
}

impl Raised {
    /// Publishes it; one that was raised before anything was touched is about what was touched after it.
    fn publish(self, shop: &Shop, touched: Option<Uuid>) {
        let waiting = shop.pipeline().accept(self.event, self.thing.or(touched));
        if let (Some((key, projector)), Some(waiting), Some(engines)) =
            (self.shown, waiting, shop.engines())
        {
            engines.wait(shop.pipeline(), key, waiting, projector);
        }
    }
}

impl Pending {
    /// Writes the change back and publishes the events.
    ///
    /// # Errors
    /// When another commit came first: then nothing is raised, unless the shop's outbox keeps the
    /// loser's rows, too.
    pub fn commit(self, shop: &Shop) -> Result<(), VersionConflict> {
        let written = match self.change {
            Some(change) => change(shop),
            None => Ok(()),
        };
        if written.is_err() && !shop.losers_written() {
            return written;
        }
        let touched = self.touched.get();
        for act in self.afterwards {
            act(shop);
        }
        for raised in self.raised {
            raised.publish(shop, touched);
        }
        written
    }
}

impl<'a> Work<'a> {
    /// A unit of work whose new things go to shard `home`.
    pub fn new(shop: &'a Shop, home: usize) -> Self {
        Self {
            shop,
            home,
            outcome: Pending::default(),
        }
    }

    /// What is to be committed.
    pub fn into_pending(self) -> Pending {
        self.outcome
    }

    /// The shop, for what is not an aggregate's own business.
    pub fn shop(&self) -> &'a Shop {
        self.shop
    }

    /// A copy of the thing with the identifier `id`.
    ///
    /// # Errors
    /// When there is none (404).
    pub fn load<A: Aggregate>(&self, id: &str) -> Result<Loaded<A>, Refusal> {
        let unknown = || Refusal::Unknown {
            aggregate: A::NAME,
            id: id.into(),
        };
        let key = ThingKey::read(id).ok_or_else(unknown)?;
        let mut shard = self.shop.shard(key.shard()).ok_or_else(unknown)?;
        let slot = A::store(&mut shard).slot(key).ok_or_else(unknown)?;
        self.outcome.touched.set(Some(key.uuid()));
        Ok(Loaded {
            key,
            version: slot.version,
            thing: slot.thing.clone(),
        })
    }

    /// Has the changed thing written back at the commit. A unit of work changes one thing.
    pub fn save<A: Aggregate>(&mut self, loaded: Loaded<A>) {
        self.outcome.change = Some(Box::new(move |shop| loaded.write_back(shop, None)));
    }

    /// The same by code with a fault: where the change loses a version race, the fault may strike.
    pub fn save_with_fault<A: Aggregate>(&mut self, loaded: Loaded<A>, fault: LostRaceFault<A>) {
        self.outcome.change = Some(Box::new(move |shop| loaded.write_back(shop, Some(fault))));
    }

    /// Has something else changed at the commit that no version guards: an index of things.
    pub fn at_commit(&mut self, act: impl FnOnce(&Shop) + 'static) {
        self.outcome.afterwards.push(Box::new(act));
    }

    /// Whether a fault of the shop strikes now.
    pub fn strikes(&self, bug: Bug) -> bool {
        self.shop.bugs().strike(bug)
    }

    /// What a rule `said`, unless the shop has the fault `bug` that overlooks it, and it strikes now.
    ///
    /// # Errors
    /// When the rule refuses, and is not overlooked.
    pub fn unless_overlooked(
        &self,
        said: Result<(), Refusal>,
        bug: Option<Bug>,
    ) -> Result<(), Refusal> {
        match said {
            Err(_) if bug.is_some_and(|bug| self.strikes(bug)) => Ok(()),
            said => said,
        }
    }

    /// Remembers a new thing, at once: nobody else can know its identifier yet.
    pub fn create<A: Aggregate>(&mut self, thing: A) -> Uuid {
        let mut shard = self.shop.home(self.home);
        let id = A::store(&mut shard).put(thing);
        self.outcome.touched.set(Some(id));
        id
    }

    /// What is raised from now on is about the thing with this identifier.
    pub fn touch(&self, id: Uuid) {
        self.outcome.touched.set(Some(id));
    }

    /// Has `event` published at the commit.
    pub fn raise(&mut self, event: &'static Event) {
        let thing = self.outcome.touched.get();
        self.outcome.raised.push(Raised {
            event,
            thing,
            shown: None,
        });
    }

    /// Publishes what was raised so far now, whatever becomes of the rest.
    pub fn publish_now(&mut self) {
        let touched = self.outcome.touched.get();
        for raised in self.outcome.raised.drain(..) {
            raised.publish(self.shop, touched);
        }
    }

    /// Which shop it is.
    pub fn generation(&self) -> Generation {
        self.shop.generation()
    }

    /// Whether what is raised in `domain` now will be shown by reads, or makes engines act.
    pub fn shows(&self, domain: Domain) -> bool {
        self.shop
            .engines()
            .is_some_and(|engines| engines.take(domain))
    }

    /// Now, in nanoseconds after the pipeline's start.
    pub fn now_ns(&self) -> i128 {
        self.shop.pipeline().at_ns().into()
    }

    /// Does a command of its own, and commits it.
    ///
    /// # Errors
    /// When it is refused, or somebody else's commit came first.
    pub fn apart<T>(
        &self,
        command: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut work = Self::new(self.shop, self.home);
        let told = command(&mut work)?;
        work.into_pending()
            .commit(self.shop)
            .map_err(Refusal::Late)?;
        Ok(told)
    }

    /// The projections' rows, with what is due by now; `None` when there are none to read.
    pub fn read<T>(&self, show: impl FnOnce(&mut Projections) -> T) -> Option<T> {
        self.shop.read(show)
    }

    /// Tells the row of the thing with the identifier `id`.
    ///
    /// # Errors
    /// When the projectors have not made it, or not yet (404); `name` is the projection's.
    pub fn read_row(
        &self,
        id: &str,
        name: &'static str,
        table: impl FnOnce(&mut Projections) -> &mut ProjectionTable,
    ) -> Result<EndpointAnswer, Refusal> {
        let told = ThingKey::read(id).and_then(|key| {
            self.read(|views| {
                let row = table(views).row(key)?;
                let mut body = String::new();
                row.write(&mut body);
                Some(body)
            })?
        });
        told.map(EndpointAnswer::Told)
            .ok_or_else(|| Refusal::Unknown {
                aggregate: name,
                id: id.into(),
            })
    }

    /// Has the event that was raised last, of the thing with this key, seen by `projector`. What it
    /// costs to make one is only worth while when [`Work::shows`] says so.
    pub fn show(
        &mut self,
        key: ThingKey,
        projector: impl FnOnce(&mut Projections, &EventMoment<'_>) + Send + 'static,
    ) {
        if let Some(raised) = self.outcome.raised.last_mut() {
            raised.shown = Some((key, Box::new(projector)));
        }
    }
}

/// What faulty code does where a change loses a version race.
pub struct LostRaceFault<A> {
    /// The fault.
    pub bug: Bug,
    /// What it does to the stored thing with the late one. Returns whether the change counts as
    /// written; otherwise it is told to have lost.
    pub act: fn(stored: &mut A, late: &A) -> bool,
}

impl<A: Aggregate> LostRaceFault<A> {
    /// The version check is missing.
    pub fn unchecked(bug: Bug) -> Self {
        Self {
            bug,
            act: |stored, late| {
                *stored = late.clone();
                true
            },
        }
    }
}

/// A copy of a thing, to be changed and saved.
pub struct Loaded<A> {
    key: ThingKey,
    version: u32,
    thing: A,
}

impl<A: Aggregate> Loaded<A> {
    /// Its key.
    pub fn key(&self) -> ThingKey {
        self.key
    }

    fn write_back(
        self,
        shop: &Shop,
        fault: Option<LostRaceFault<A>>,
    ) -> Result<(), VersionConflict> {
        // A thing that was forgotten meanwhile takes its change with it.
        let Some(mut shard) = shop.shard(self.key.shard()) else {
            return Ok(());
        };
        let Some(slot) = A::store(&mut shard).slot(self.key) else {
            return Ok(());
        };
        if slot.version != self.version {
            if let Some(fault) = fault.filter(|fault| shop.bugs().strike(fault.bug))
                && (fault.act)(&mut slot.thing, &self.thing)
            {
                // It was written: whoever has looked before is late now.
                slot.version += 1;
                return Ok(());
            }
            match shop.losers_written() {
                true => A::lose_written(&mut slot.thing, &self.thing),
                false => A::lose(&mut slot.thing, &self.thing),
            }
            return Err(VersionConflict {
                expected: self.version,
                found: slot.version,
            });
        }
        slot.version += 1;
        slot.thing = self.thing;
        Ok(())
    }
}

impl<A> Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.thing
    }
}

impl<A> DerefMut for Loaded<A> {
    fn deref_mut(&mut self) -> &mut A {
        &mut self.thing
    }
}

//! The shop as a script that the engine carries out: the user classes of one plan. Ordinary journeys are
//! those of the files, races those in Rust.

use super::journeys::{RaceJourney, flash_sale};
use super::operations::domain_of;
use super::suite::{JOURNEYS, USER_CLASSES, suite_files, user_class};
use super::timed_sale::TimedSale;
use super::{
    Dialect, Domain, Form, FormField, HEALTH_PATH, JourneyKind, JourneyOption, OPENAPI_PATH,
    ShopSettings, Suite, Supplies, UnknownSetting, outcomes, steps,
};
use crate::engine::{Described, Id, Journey, Link, Script, Session, SetUpFailure, Step};
use crate::plan::{ClassShare, Load, Plan, RaceRules, Stage, WaitTime};
use crate::stats::{Event, Race, Rule};
use crate::workload_file::FileScript;
use std::sync::Arc;
use std::time::Duration;

/// Races that can be on the connections of one core at the same time, however wide; more wait in line.
const RACES_AT_ONCE: usize = 16;
/// The words by which the files know fields that a shop wants as a text that holds JSON.
const AS_TEXTS: [(FormField, &str); 3] = [
    (FormField::Variant, "variant-text"),
    (FormField::Category, "category-text"),
    (FormField::CategoryChange, "category-change-text"),
];

/// What the text begins with that hands the flash sale's item on.
const FLASH_ITEM: &str = "flash-item=";
/// And what the one that hands on those of all rounds begins with; they are parted by commas.
const FLASH_ITEMS: &str = "flash-items=";

/// A plan names a user class that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no user class `{name}`; `shopblast --list` shows those there are")]
pub struct UnknownClass {
    /// What was named.
    pub name: String,
}

/// A plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoScript {
    /// It names an unknown user class.
    #[error(transparent)]
    Class(#[from] UnknownClass),
    /// It has settings that there are not.
    #[error(transparent)]
    Setting(#[from] UnknownSetting),
    /// The files cannot carry it out.
    #[error("{0}")]
    Files(String),
}

/// What the users of one plan do. Cheap to clone: all cores share the supplies.
#[derive(Clone, Debug)]
pub struct ShopScript {
    /// Whose journeys and weights they are.
    suite: Suite,
    /// Classes, and what is not a race.
    files: Arc<FileScript>,
    /// What races are carried out with.
    supplies: Arc<Supplies>,
    /// Every journey that the plan's classes make, in the order of the files.
    journeys: Arc<[JourneyKind]>,
    /// The race that each of them is, if it is one.
    races: Arc<[Option<RaceJourney>]>,
    /// What they may take, in the order of the statistics.
    produced: Arc<[&'static Step]>,
}

impl ShopScript {
    /// Prepares the supplies and classes of `plan` against a target that is spoken to in `dialect`:
    /// that of a generation, or one that was found at the target.
    ///
    /// # Errors
    /// When the plan names an unknown user class, or has settings that there are not.
    pub fn new(plan: &Plan, dialect: impl Into<Dialect>) -> Result<Self, NoScript> {
        Self::of(plan, dialect.into(), true)
    }

    /// The same without what is sent: see [`Workload::outline`](crate::engine::Workload::outline).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn outline(plan: &Plan, dialect: impl Into<Dialect>) -> Result<Self, NoScript> {
        Self::of(plan, dialect.into(), false)
    }

    fn of(plan: &Plan, dialect: Dialect, is_sent: bool) -> Result<Self, NoScript> {
        outcomes::prepare();
        let settings = ShopSettings::of(plan)?;
        if let Some(share) = plan
            .classes
            .iter()
            .find(|it| user_class(&it.class).is_none())
        {
            let name = share.class.clone();
            return Err(UnknownClass { name }.into());
        }
        let suite = settings.suite.unwrap_or(Suite::of(dialect.generation));
        let mut spoken = plan.clone();
        spoken
            .options
            .retain(|word| Suite::of_plan_word(word).is_none());
        if suite == Suite::Today {
            spoken.options.push(JourneyOption::SuiteToday.word());
        }
        let texts = AS_TEXTS.iter();
        let texts = texts.filter(|(field, _)| dialect.form(*field) == Form::Text);
        spoken.options.extend(texts.map(|(_, word)| *word));
        let files = match is_sent {
            true => suite_files().of_plan(&spoken),
            false => suite_files().outline_of_plan(&spoken),
        };
        let files = files.map_err(|why| NoScript::Files(why.to_string()))?;
        let names = files.journeys();
        let journeys = JOURNEYS.iter().copied();
        let journeys: Arc<[JourneyKind]> =
            journeys.filter(|it| names.contains(&it.name())).collect();
        let races: Arc<[Option<RaceJourney>]> =
            journeys.iter().map(|it| it.written_in_rust()).collect();
        let raced = raced(&races);
        let domains: Vec<Domain> = raced
            .iter()
            .filter_map(|step| domain_of(step.operation.path))
            .filter(|_| is_sent)
            .collect();
        let mut produced = files.produced();
        produced.extend(raced);
        produced.sort_by_key(|step| suite_files().row_of(step));
        let supplies = Supplies::of_domains(
            &domains,
            (plan.seed, &plan.run_id),
            settings,
            plan.races.rules,
            dialect,
        );
        Ok(Self {
            suite,
            supplies: Arc::new(supplies.by_the_clock(settings.round_clock(plan))),
            files: Arc::new(files),
            journeys,
            races,
            produced: produced.into(),
        })
    }

    /// The same of one user of each class of the target's suite, in a run like any other: for those who
    /// look what is sent.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_all(dialect: impl Into<Dialect>) -> Result<Self, NoScript> {
        let dialect = dialect.into();
        let suite = Suite::of(dialect.generation);
        let classes = USER_CLASSES.iter().filter(|class| class.is_in(suite));
        let classes: Vec<&str> = classes.map(|class| class.name).collect();
        Self::of_classes(&classes, dialect)
    }

    /// The same of these classes.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_classes(classes: &[&str], dialect: impl Into<Dialect>) -> Result<Self, NoScript> {
        Self::of_classes_in(classes, dialect, None)
    }

    /// The same in runs of `suite`, or of that of the target's generation.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_classes_in(
        classes: &[&str],
        dialect: impl Into<Dialect>,
        suite: Option<Suite>,
    ) -> Result<Self, NoScript> {
        let classes = classes.iter().map(|class| ClassShare {
            class: (*class).to_owned(),
            weight: 1,
        });
        let stage = Stage {
            users: 1,
            spawn_rate_per_s: 1.0,
            duration_us: 1_000_000,
        };
        let load = Load::Closed {
            stages: vec![stage],
        };
        let plan = Plan {
            classes: classes.collect(),
            options: suite.map(Suite::plan_word).into_iter().collect(),
            ..Plan::of_load(load, Duration::from_secs(1))
        };
        Self::new(&plan, dialect)
    }

    /// Whose journeys and weights they are.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// What races are carried out with.
    #[must_use]
    pub fn supplies(&self) -> &Supplies {
        &self.supplies
    }

    /// What is not a race.
    #[must_use]
    pub fn files(&self) -> &FileScript {
        &self.files
    }

    /// The steps that the plan's journeys cannot do without. By what they only ask, they may do without.
    pub fn needed(&self) -> impl Iterator<Item = &'static Step> {
        let produced = self.produced.iter().copied();
        produced.filter(|step| !steps::is_asked(step))
    }

    /// Carries out one of the journeys that the plan's classes make, once, from start to end; nothing when
    /// they do not make it.
    ///
    /// # Errors
    /// When a step that it depends on did not succeed, or the run is over.
    pub async fn carry_out<L: Link>(&self, journey: JourneyKind, user: &mut Session<L>) -> Journey {
        let mut journeys = self.journeys.iter();
        let position = journeys.position(|known| *known == journey);
        user.make_values(self.values());
        match position {
            Some(position) => self.carry_out_at(position as u16, user).await,
            None => Ok(()),
        }
    }

    #[inline]
    async fn carry_out_at<L: Link>(&self, position: u16, user: &mut Session<L>) -> Journey {
        match self.races[usize::from(position)] {
            Some(race) => race.carry_out(user, &self.supplies).await,
            None => self.files.carry_out(position, user).await,
        }
    }

    fn makes(&self, race: RaceJourney) -> bool {
        self.races.contains(&Some(race))
    }
}

/// The steps of these races, each once.
fn raced(races: &[Option<RaceJourney>]) -> Vec<&'static Step> {
    let is_taken = |step: &&Step| {
        let taken = races.iter().flatten().flat_map(|race| race.steps());
        taken
            .into_iter()
            .any(|taken| taken.step.index == step.index)
    };
    steps::STEPS.iter().filter(is_taken).collect()
}

impl Described for ShopScript {
    fn journeys(&self) -> Vec<&'static str> {
        self.journeys.iter().map(|journey| journey.name()).collect()
    }

    fn produced(&self) -> Vec<&'static Step> {
        self.produced.to_vec()
    }

    fn race_table(&self) -> &'static [Race] {
        self.files.race_table()
    }

    fn races(&self) -> Vec<&'static Race> {
        let of_files = self.files.races();
        let is_run = |race: &&Race| {
            let mut run = self.races.iter().flatten();
            run.any(|journey| journey.race().0.index == race.index)
                || of_files.iter().any(|of_files| of_files.index == race.index)
        };
        self.race_table().iter().filter(is_run).collect()
    }

    fn rules(&self) -> &'static [Rule] {
        self.files.rules()
    }

    fn wait_of(&self, class: usize) -> WaitTime {
        self.files.wait_of(class)
    }

    fn as_raised(&self, event: &Event) -> Event {
        Event {
            outbox: self.supplies.generation.publishes(event),
            ..*event
        }
    }
}

impl Script for ShopScript {
    fn steps(&self) -> &'static [Step] {
        self.files.steps()
    }

    fn values(&self) -> usize {
        self.files.values()
    }

    fn race_rules(&self) -> RaceRules {
        self.supplies.races
    }

    fn questions(&self) -> Option<(&'static str, &'static str)> {
        Some((OPENAPI_PATH, HEALTH_PATH))
    }

    fn race_connections(&self, users: usize) -> usize {
        if self.supplies.races.sequential {
            return 0;
        }
        let gathers = self.makes(RaceJourney::FlashSaleStampede) && self.supplies.has_rounds();
        let widest = self.journeys.iter().map(|journey| journey.widest_race());
        let widest = widest.max().unwrap_or(0);
        let own = widest * users.min(RACES_AT_ONCE) + if gathers { users } else { 0 };
        own.max(self.files.race_connections(users))
    }

    fn sets_up(&self) -> bool {
        self.makes(RaceJourney::FlashSaleStampede)
    }

    fn shared(&self) -> Option<String> {
        if let Some(items) = self.supplies.timed.as_ref().and_then(TimedSale::items) {
            let items: Vec<&str> = items.iter().map(Id::as_str).collect();
            return Some(format!("{FLASH_ITEMS}{}", items.join(",")));
        }
        let item = self.supplies.flash_item()?;
        Some(format!("{FLASH_ITEM}{}", item.as_str()))
    }

    fn take_over(&self, shared: &str) -> bool {
        if let Some(timed) = &self.supplies.timed {
            let items = shared.strip_prefix(FLASH_ITEMS);
            let items = items.map(|items| items.split(',').filter(|item| !item.is_empty()));
            let items = items.map(|items| items.map(|item| Id::new(item.as_bytes())));
            let items: Option<Vec<Id>> = items.and_then(Iterator::collect);
            return items.is_some_and(|items| timed.put_up(items));
        }
        let item = shared.strip_prefix(FLASH_ITEM);
        let item = item.and_then(|item| Id::new(item.as_bytes()));
        item.is_some_and(|item| {
            self.supplies.put_up_flash_item(item);
            true
        })
    }

    fn has_taken_over(&self) -> bool {
        let timed = self.supplies.timed.as_ref();
        self.supplies.flash_item().is_some() || timed.is_some_and(|timed| timed.items().is_some())
    }

    async fn set_up<L: Link>(&self, user: &mut Session<L>) -> Result<(), SetUpFailure> {
        if self.sets_up() {
            flash_sale::set_up(user, &self.supplies).await?;
        }
        Ok(())
    }

    #[inline]
    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        user.set_strict(self.supplies.settings.options.has(JourneyOption::Strict));
        if let Some(first) = self.files.first_of(user) {
            user.begin_journey(first);
            self.carry_out_at(first, user).await?;
            user.values().begin();
            user.begin_schedule();
            return Ok(());
        }
        let position = self.files.draw(user);
        user.begin_journey(position);
        self.carry_out_at(position, user).await
    }
}

//! A compiled workload as a script that the engine carries out: the user classes of one plan.

use crate::engine::{
    Abort, Arena, CookieRoom, Described, Journey, Link, Operation, Script, Session, SetUpFailure,
    Step, Unprepared,
};
use crate::plan::{Pacing, Plan, RaceRules, Suggestion, WaitTime};
use crate::stats::{Race, Rule, Tags};
use crate::workload_file::model::bounds::STRICT;
use crate::workload_file::model::definitions::Class;
use crate::workload_file::program::compiled::{CompiledJourney, Program};
use crate::workload_file::program::pass::{Means, Pass};
use crate::workload_file::program::prepared::{Source, Supplies};
use crate::workload_file::program::race_program::CompiledRace;
use crate::workload_file::program::rows::Dealer;
use crate::workload_file::program::shared::Shared;

/// What the users of one plan do.
#[derive(Debug)]
pub struct FileScript {
    means: Means,
    /// By the index of the class in the plan.
    classes: Vec<PlannedClass>,
    /// Every journey that the plan's classes make, in the order of the workload.
    journeys: Vec<PlannedJourney>,
    /// What a set-up reads for all users.
    shared: Shared,
    /// Whether what is set up is this machine's to clear away.
    clears_away: bool,
    race_rules: RaceRules,
}

#[derive(Debug)]
struct PlannedJourney {
    compiled: &'static CompiledJourney,
    /// Whether what is asked and answered is kept, since it has races.
    is_logged: bool,
}

#[derive(Debug)]
struct PlannedClass {
    class: &'static Class,
    /// Position of each of its journeys among those of the plan, and its weight.
    journeys: Vec<(u16, u32)>,
    total_weight: u32,
    /// Position of the journey that comes before all others.
    first: Option<u16>,
    /// Whether what is asked and answered in that is kept, since journeys after it have races.
    keeps_first: bool,
}

/// Races that can be on the connections of one core at the same time, however wide; more wait in line.
const RACES_AT_ONCE: usize = 16;

impl FileScript {
    /// Prepares bodies and classes of `plan`.
    ///
    /// # Errors
    /// When the plan names a class that there is not.
    pub fn new(program: &'static Program, plan: &Plan) -> Result<Self, Unprepared> {
        Self::of(program, plan, true)
    }

    /// The same without what is sent: see [`Workload::outline`](crate::engine::Workload::outline).
    ///
    /// # Errors
    /// As [`FileScript::new`].
    pub fn outline(program: &'static Program, plan: &Plan) -> Result<Self, Unprepared> {
        Self::of(program, plan, false)
    }

    fn of(program: &'static Program, plan: &Plan, is_sent: bool) -> Result<Self, Unprepared> {
        let find = |name: &str| {
            let found = program.classes.iter().find(|class| class.name == name);
            found.ok_or_else(|| {
                let known = program.classes.iter().map(|class| class.name.as_str());
                let suggestion = Suggestion::for_word(name, known);
                let workload = &program.name;
                Unprepared(format!("{workload} has no user class `{name}`{suggestion}"))
            })
        };
        let classes = plan.classes.iter().map(|share| find(&share.class));
        let classes: Vec<&'static Class> = classes.collect::<Result<_, _>>()?;
        let words = plan.options.iter().copied();
        let (options, is_strict) = options_of(program, words).map_err(Unprepared)?;
        let is_made = |place: usize| {
            let mut classes = classes.iter();
            classes.any(|class| {
                let mut made = class.made_with(options).iter();
                class.first == Some(place) || made.any(|(made, _)| *made == place)
            })
        };
        let places: Vec<usize> = (0..program.journeys.len())
            .filter(|at| is_made(*at))
            .collect();
        let journeys = places.iter().map(|&place| {
            let compiled = &program.journeys[place];
            PlannedJourney {
                compiled,
                is_logged: compiled.races(options).next().is_some(),
            }
        });
        let journeys: Vec<PlannedJourney> = journeys.collect();
        let position = |place: usize| {
            let found = places.iter().position(|known| *known == place);
            found.unwrap_or_default() as u16
        };
        let planned = classes.into_iter().map(|class| {
            let made = class.made_with(options).iter();
            let made: Vec<(u16, u32)> = made
                .map(|&(place, weight)| (position(place), weight))
                .collect();
            let is_logged = |&(position, _): &(u16, u32)| journeys[usize::from(position)].is_logged;
            PlannedClass {
                class,
                total_weight: made.iter().map(|(_, weight)| weight).sum(),
                first: class.first.map(position),
                keeps_first: made.iter().any(is_logged),
                journeys: made,
            }
        });
        let planned: Vec<PlannedClass> = planned.collect();
        let dealers = dealers(program, plan, &planned, &journeys)?;
        let is_needed = |body| {
            let journeys = journeys.iter().map(|journey| journey.compiled);
            let mut journeys = journeys.chain(once(program));
            is_sent && journeys.any(|journey| journey.bodies(options).any(|sent| sent == body))
        };
        let source = Source {
            seed: plan.seed,
            run_id: &plan.run_id,
            options,
        };
        Ok(Self {
            means: Means {
                supplies: Supplies::new(program, is_needed, source),
                dealers,
                program,
                pacing: plan.pacing,
                options,
                is_strict,
            },
            shared: Shared::new(
                match &program.set_up {
                    Some((_, reads)) => reads.clone(),
                    None => Vec::new(),
                },
                plan.cores.len(),
            ),
            classes: planned,
            journeys,
            race_rules: plan.races.rules,
            clears_away: !plan.shares_set_up || plan.shard.index == 0,
        })
    }

    /// What is sent.
    #[must_use]
    pub fn supplies(&self) -> &Supplies {
        &self.means.supplies
    }

    /// The journey at `position` of the plan.
    #[must_use]
    pub fn journey(&self, position: usize) -> &CompiledJourney {
        self.journeys[position].compiled
    }

    /// The races of the plan's journeys.
    fn races_run(&self) -> impl Iterator<Item = &'static CompiledRace> {
        let journeys = self.journeys.iter();
        journeys.flat_map(|journey| journey.compiled.races(self.means.options))
    }

    /// What the plan's journeys may send: which operation, and of which bodies.
    pub fn sent(&self) -> impl Iterator<Item = (&'static Operation, Option<&Arena>)> {
        let journeys = self.journeys.iter();
        let sent = journeys.flat_map(|journey| journey.compiled.requests(self.means.options));
        sent.map(|request| {
            let body = request.body.and_then(|body| self.supplies().body(body));
            (request.step.operation, body)
        })
    }

    /// Draws the position of the journey that `user` makes next, by the weights of its class.
    #[inline]
    pub fn draw<L: Link>(&self, user: &mut Session<L>) -> u16 {
        let planned = &self.classes[user.class()];
        let mut drawn = user.rng().u32(..planned.total_weight);
        for &(position, weight) in &planned.journeys {
            if drawn < weight {
                return position;
            }
            drawn -= weight;
        }
        0
    }

    /// Position of the journey that `user` has to make before all others, and has not made.
    #[inline]
    pub fn first_of<L: Link>(&self, user: &mut Session<L>) -> Option<u16> {
        let first = self.classes[user.class()].first?;
        (!user.values().has_begun()).then_some(first)
    }

    /// Carries out the journey at `position` of the plan once; nothing, when it is one of the program's.
    ///
    /// # Errors
    /// When a step that it depends on did not succeed, or the run is over.
    #[inline]
    pub async fn carry_out<L: Link>(&self, position: u16, user: &mut Session<L>) -> Journey {
        let journey = &self.journeys[usize::from(position)];
        if journey.is_logged {
            user.begin_log();
        }
        Pass::new(&self.means, journey.compiled)
            .carry_out(user)
            .await
    }

    /// What they are carried out with.
    #[must_use]
    pub fn means(&self) -> &Means {
        &self.means
    }
}

/// What is done once, before the load and after it.
fn once(program: &'static Program) -> impl Iterator<Item = &'static CompiledJourney> {
    let set_up = program.set_up.iter().map(|(journey, _)| journey);
    set_up.chain(&program.tear_down)
}

/// How each of the data is dealt to the users of `plan` whose classes make journeys that hold it.
fn dealers(
    program: &'static Program,
    plan: &Plan,
    classes: &[PlannedClass],
    journeys: &[PlannedJourney],
) -> Result<Vec<Dealer>, Unprepared> {
    let data = (0..).zip(&program.data);
    let dealers = data.map(|(position, data)| {
        let holds = |journey: u16| {
            let compiled = journeys[usize::from(journey)].compiled;
            compiled.data.contains(&position)
        };
        let served = |class: usize| {
            let class: &PlannedClass = &classes[class];
            let mut made = class.journeys.iter();
            class.first.is_some_and(holds) || made.any(|(journey, _)| holds(*journey))
        };
        let dealer = Dealer::new(data, plan, served);
        match dealer.lack() {
            None => Ok(dealer),
            Some(lack) => Err(Unprepared(format!("{}: {lack}", program.name))),
        }
    });
    dealers.collect()
}

/// Why what all users share is not there.
#[cold]
fn not_set_up<L: Link>(user: &Session<L>, journey: &CompiledJourney, options: u32) -> SetUpFailure {
    let steps = journey.requests(options).map(|request| request.step.name);
    let steps: Vec<&str> = steps.collect();
    let steps = steps.join(", ");
    let why = match user.trouble() {
        None => format!("the run was over before ({steps})"),
        Some(trouble) if trouble.status == 0 => {
            format!("no reply: {} ({steps})", trouble.reason.as_str())
        }
        Some(trouble) => format!(
            "the last answer was {}: {} ({steps})",
            trouble.status,
            trouble.reason.as_str()
        ),
    };
    SetUpFailure {
        what: "what all users share",
        why,
    }
}

/// The options that `words` name, by the bits of their positions, and whether users are strict.
///
/// # Errors
/// When one of them names none: a sentence.
pub fn options_of<'w>(
    program: &Program,
    words: impl Iterator<Item = &'w str>,
) -> Result<(u32, bool), String> {
    let (mut options, mut is_strict) = (0, false);
    for word in words {
        let found = program.options.iter().position(|known| *known == word);
        match found {
            Some(position) => options |= 1 << position,
            None if word == STRICT => is_strict = true,
            // What is carried out is among the words of a plan, too.
            None if word == program.word => {}
            None => {
                let known = program.options.iter().copied().chain([STRICT]);
                let suggestion = Suggestion::for_word(word, known.clone());
                let workload = &program.name;
                let known: Vec<&str> = known.collect();
                let known = known.join(", ");
                return Err(format!(
                    "{workload} has no option `{word}`{suggestion} (options: {known})"
                ));
            }
        }
    }
    Ok((options, is_strict))
}

impl Script for FileScript {
    fn steps(&self) -> &'static [Step] {
        self.means.program.steps
    }

    fn values(&self) -> usize {
        self.means.program.values
    }

    fn cookies(&self) -> Option<CookieRoom> {
        self.means.program.cookies.then(CookieRoom::default)
    }

    async fn set_up<L: Link>(&self, user: &mut Session<L>) -> Result<(), SetUpFailure> {
        let Some((journey, _)) = &self.means.program.set_up else {
            return Ok(());
        };
        match Pass::new(&self.means, journey).carry_out(user).await {
            Ok(()) => {
                self.shared.keep(user.values());
                Ok(())
            }
            Err(Abort) => Err(not_set_up(user, journey, self.means.options)),
        }
    }

    fn sets_up(&self) -> bool {
        self.means.program.set_up.is_some()
    }

    fn shared(&self) -> Option<String> {
        self.shared.text()
    }

    fn take_over(&self, shared: &str) -> bool {
        self.shared.take_over(shared)
    }

    fn has_taken_over(&self) -> bool {
        self.shared.is_taken_over()
    }

    fn tears_down(&self) -> bool {
        let clears = self.clears_away && !self.shared.is_taken_over();
        clears && self.means.program.tear_down.is_some() && self.shared.is_last()
    }

    async fn tear_down<L: Link>(&self, user: &mut Session<L>) {
        if let Some(journey) = &self.means.program.tear_down
            && self.shared.give(user.values())
        {
            // What it cannot do is among the errors.
            let _ = Pass::new(&self.means, journey).carry_out(user).await;
        }
    }

    fn race_rules(&self) -> RaceRules {
        self.race_rules
    }

    fn race_connections(&self, users: usize) -> usize {
        if self.race_rules.sequential {
            return 0;
        }
        let widest = self.races_run().map(CompiledRace::racers).max();
        widest.unwrap_or(0) * users.min(RACES_AT_ONCE)
    }

    #[inline]
    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        if !self.shared.give(user.values()) {
            return user.sit_out().await;
        }
        let planned = &self.classes[user.class()];
        if let Some(first) = self.first_of(user) {
            user.begin_journey(first);
            if planned.keeps_first {
                user.begin_log();
            }
            self.carry_out(first, user).await?;
            if planned.keeps_first {
                user.keep_as_first();
            }
            user.values().begin();
            user.begin_schedule();
            return Ok(());
        }
        let position = self.draw(user);
        user.begin_journey(position);
        self.carry_out(position, user).await
    }
}

impl Described for FileScript {
    fn journeys(&self) -> Vec<&'static str> {
        let journeys = self.journeys.iter();
        journeys.map(|journey| journey.compiled.name).collect()
    }

    fn produced(&self) -> Vec<&'static Step> {
        let is_taken = |step: &&Step| {
            let once = once(self.means.program);
            let journeys = self.journeys.iter().map(|journey| journey.compiled);
            journeys.chain(once).any(|journey| {
                let mut sent = journey.requests(self.means.options);
                sent.any(|request| request.step.index == step.index)
            })
        };
        self.means.program.steps.iter().filter(is_taken).collect()
    }

    fn tags_of(&self, step: &Step) -> Tags {
        self.means.program.tags[usize::from(step.index)]
    }

    fn race_table(&self) -> &'static [Race] {
        self.means.program.races
    }

    fn races(&self) -> Vec<&'static Race> {
        let is_run = |race: &&Race| self.races_run().any(|run| run.race.index == race.index);
        self.means.program.races.iter().filter(is_run).collect()
    }

    fn rules(&self) -> &'static [Rule] {
        self.means.program.rules
    }

    fn wait_of(&self, class: usize) -> WaitTime {
        match self.means.pacing {
            Pacing::Class => self.classes[class].class.wait,
            Pacing::Max => WaitTime::None,
        }
    }
}

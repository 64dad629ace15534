//! What is asked with `shopblast fleet`: a run that is led, a hunt, or a part that is carried out.

use super::fleet_options::{
    FleetCommand, FleetFlags, FleetHuntFlags, FleetJoinFlags, FleetRunFlags, LeadFlags,
    MeetingFlags,
};
use super::observer_tls_options::ObserverTlsFlags;
use super::surroundings::Surroundings;
use super::{
    CliCommand, CliError, Entropy, Machine, fleet_transfer, fleet_up, hunt_options,
    observe_options, plan_builder, web_planner,
};
use crate::fleet::bus::wished_number;
use crate::fleet::{
    FleetHuntRequest, FleetJoinRequest, FleetPageRequest, FleetRunRequest, FleetSecret, Leading,
    Meeting, MembersRecords, PlanParser, PlanText, PlanTransfer, RunName,
};
use crate::plan::{AddressPolicy, AllowedTargets, Placement, Plan};
use std::ffi::OsString;
use std::sync::Arc;

/// Streams by which the Redis of a ShopStream is known.
const SHOPS_KEYS: [&str; 3] = [
    "identity::customer",
    "ordering::order",
    "catalogue::product",
];

/// How a command line is understood.
pub(super) type Parse = fn(Vec<OsString>, &Machine, Entropy) -> Result<CliCommand, CliError>;

/// What is asked of a fleet.
pub(super) fn resolve(
    flags: FleetFlags,
    around: &Surroundings<'_>,
    parse: Parse,
) -> Result<CliCommand, CliError> {
    match flags.command {
        FleetCommand::Up(flags) => fleet_up::resolve(*flags, around),
        FleetCommand::Run(flags) if flags.options.page.is_wanted() => {
            let request = page(*flags, around)?;
            Ok(CliCommand::FleetPage(Box::new(request)))
        }
        FleetCommand::Run(flags) => {
            let request = lead(*flags, around)?;
            Ok(CliCommand::FleetRun(Box::new(request)))
        }
        FleetCommand::Hunt(flags) => {
            let request = hunt(*flags, around)?;
            Ok(CliCommand::FleetHunt(Box::new(request)))
        }
        FleetCommand::Join(flags) => {
            let request = join(*flags, around, parse)?;
            Ok(CliCommand::FleetJoin(Box::new(request)))
        }
    }
}

fn variable(around: &Surroundings<'_>, name: &str) -> Option<String> {
    let mut set = around.environment.iter();
    let (_, value) = set.find(|(known, value)| known == name && !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

impl MeetingFlags {
    fn meeting(
        &self,
        run: RunName,
        tls: &ObserverTlsFlags,
        around: &Surroundings<'_>,
    ) -> Result<Meeting, CliError> {
        let text = self.redis.as_ref().ok_or_else(|| missing("--redis"))?;
        let redis = observe_options::redis_address("--redis", text)?;
        // Everything that is said there is signed: a public address is the user's own choice.
        let policy = AddressPolicy::new(&[host_of(&text.0).to_owned()]);
        let secret = FleetSecret::read(self.fleet_secret_from.as_deref(), |name| {
            variable(around, name)
        });
        Ok(Meeting {
            redis,
            tls: tls.settings(None)?,
            secret: secret.map_err(|error| CliError::Arguments(error.to_string()))?,
            run,
            observed: None,
            policy,
            shops_keys: SHOPS_KEYS.map(str::to_owned).to_vec(),
            insists: self.redis_shared,
        })
    }
}

/// The host of an address of Redis.
fn host_of(url: &str) -> &str {
    let place = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let place = place.split(['/', '?', '#']).next().unwrap_or_default();
    match place.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    }
}

fn missing(flag: &str) -> CliError {
    CliError::Arguments(format!("{flag} is missing"))
}

/// Each member would have a target of its own.
fn refuse_sandbox(is_asked: bool) -> Result<(), CliError> {
    let says = "--sandbox is a shop of one process, and the members of a fleet have one target: start `shopblast \
                sandbox` once, and name it with --host";
    match is_asked {
        true => Err(CliError::Arguments(says.to_owned())),
        false => Ok(()),
    }
}

impl LeadFlags {
    /// How `plan` is led.
    fn leading(
        self,
        plan: &mut Plan,
        tls: &ObserverTlsFlags,
        around: &Surroundings<'_>,
    ) -> Result<Leading, CliError> {
        let shards = self.shards.ok_or_else(|| missing("--shards"))?;
        if let Some(connections) = plan.connections.filter(|connections| *connections < shards) {
            return Err(CliError::Arguments(format!(
                "{connections} connections are too few for {shards} shards, which share none; give more \
                 --connections or fewer --shards"
            )));
        }
        // No worker of this process wants a CPU.
        plan.placement = Placement::default();
        let text = fleet_transfer::plan_text(around.with_variables)?;
        self.leading_of((&plan.profile, plan.run_id.as_str()), text, tls, around)
    }

    /// How runs are led of which the first has a profile and an id, and says `plan`.
    fn leading_of(
        self,
        (profile, run_id): (&str, &str),
        plan: PlanText,
        tls: &ObserverTlsFlags,
        around: &Surroundings<'_>,
    ) -> Result<Leading, CliError> {
        let shards = self.shards.ok_or_else(|| missing("--shards"))?;
        let name = self.run.map_or_else(|| name_of(profile, run_id), Ok)?;
        Ok(Leading {
            meeting: self.meeting.meeting(name, tls, around)?,
            shards,
            plan,
            on_lost: self.on_lost,
            leaderless: self.leaderless,
            join_wait: self.join_wait,
            records: match self.keep_records {
                true => MembersRecords::Kept,
                false => MembersRecords::Gathered,
            },
        })
    }
}

fn lead(flags: FleetRunFlags, around: &Surroundings<'_>) -> Result<FleetRunRequest, CliError> {
    refuse_sandbox(flags.options.target.sandbox)?;
    let tls = flags.options.observe.tls.clone();
    let mut run = plan_builder::build(flags.options, around.machine, around.entropy)?;
    let mut leading = flags.lead.leading(&mut run.plan, &tls, around)?;
    leading.meeting.observed.clone_from(&run.observers.redis);
    Ok(FleetRunRequest { run, leading })
}

/// The page of a leader, whose form says what is done.
fn page(flags: FleetRunFlags, around: &Surroundings<'_>) -> Result<FleetPageRequest, CliError> {
    refuse_sandbox(flags.options.target.sandbox)?;
    let options = &flags.options;
    let (tls, quiet) = (options.observe.tls.clone(), options.output.quiet);
    let policy = AddressPolicy::new(&options.target.allow_host);
    let observed = options.observe.config(None, true, &policy)?.redis;
    let profile = options.workload.profile.as_deref().unwrap_or("page");
    let first = (profile, around.entropy.run_id.as_str());
    let mut leading = flags
        .lead
        .leading_of(first, PlanText::default(), &tls, around)?;
    leading.meeting.observed = observed;
    Ok(FleetPageRequest {
        page: web_planner::page(flags.options, around.with_variables, around.machine)?,
        leading,
        transfer: PlanTransfer(|words| {
            fleet_transfer::plan_text(words).map_err(|error| error.to_string())
        }),
        quiet,
    })
}

fn hunt(flags: FleetHuntFlags, around: &Surroundings<'_>) -> Result<FleetHuntRequest, CliError> {
    let tls = flags.hunt.observe.tls.clone();
    let mut hunt = hunt_options::resolve(flags.hunt, around)?;
    refuse_sandbox(hunt.template.sandbox.is_some())?;
    let mut leading = flags.lead.leading(&mut hunt.template.plan, &tls, around)?;
    let observed = &hunt.template.observers.redis;
    leading.meeting.observed.clone_from(observed);
    // The records of probes are small, and nobody looks at those of their shards.
    leading.records = MembersRecords::Left;
    Ok(FleetHuntRequest { hunt, leading })
}

/// The name of a run that was given none.
fn name_of(profile: &str, run_id: &str) -> Result<RunName, CliError> {
    let profile: String = profile
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .take(40)
        .collect();
    let text = format!("{profile}-{}", &run_id[run_id.len().saturating_sub(6)..]);
    RunName::parse(&text).map_err(|error| CliError::Arguments(error.to_string()))
}

fn join(
    flags: FleetJoinFlags,
    around: &Surroundings<'_>,
    parse: Parse,
) -> Result<FleetJoinRequest, CliError> {
    let run = flags.run.ok_or_else(|| missing("--run"))?;
    let meeting = flags.meeting.meeting(run, &flags.tls, around)?;
    let mut own_words = vec![
        word("--results=", &flags.results.display().to_string()),
        OsString::from("--only-summary"),
    ];
    let named = [("--cores=", &flags.cores), ("--driver=", &flags.driver)];
    for (flag, value) in named {
        own_words.extend(value.as_ref().map(|value| word(flag, value)));
    }
    own_words.extend(
        flags
            .oversubscribe
            .then(|| OsString::from("--oversubscribe")),
    );
    own_words.extend(
        flags
            .interface
            .iter()
            .map(|name| word("--interface=", name)),
    );
    let targets = AllowedTargets::new(flags.allow_target);
    let (machine, entropy) = (around.machine.clone(), around.entropy);
    // What is wrong with the flags of this machine is told before anything is waited for.
    let program = std::iter::once(OsString::from("shopblast"));
    let alone = program
        .chain(own_words.iter().cloned())
        .chain([OsString::from("--url=http://127.0.0.1/")]);
    parse(alone.collect(), &machine, entropy)?;
    let parser = PlanParser(Arc::new(move |words| {
        let program = std::iter::once(OsString::from("shopblast"));
        match parse(program.chain(words).collect(), &machine, entropy) {
            Ok(CliCommand::Run(request)) => Ok(*request),
            Ok(_) => Err("it is not a run".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }));
    Ok(FleetJoinRequest {
        meeting,
        shard: wished_number(flags.shard_index, |name| variable(around, name)),
        policy: AddressPolicy::of_join(targets.clone()),
        targets,
        parser,
        own_words,
        results: flags.results,
        wait: flags.wait,
        stays: flags.stay,
        quiet: flags.quiet,
    })
}

fn word(flag: &str, value: &str) -> OsString {
    OsString::from(format!("{flag}{value}"))
}

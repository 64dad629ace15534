//! The one message that the user gets when nothing could be started.

use super::shard_options::ShardChoiceError;
use crate::observe::AddressError;
use crate::plan::{
    CoreError, ExitCode, LoadError, PublicAddress, Suggestion, TargetError, ThresholdError,
};
use crate::shop::ProfileError;
use crate::ui::web::FormField;
use crate::workload_file::FileError;

/// Why a command cannot be carried out. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A flag or its value is wrong.
    #[error("{0}")]
    Arguments(String),
    /// A variable's value is wrong.
    #[error("the variable {variable} is wrong: {why}")]
    Variable {
        /// The variable.
        variable: String,
        /// What is wrong.
        why: String,
    },
    /// A `SHOPBLAST_` variable that belongs to no flag.
    #[error(
        "the variable {variable} belongs to no flag; unset it, or see --help for the flags{suggestion}"
    )]
    UnknownVariable {
        /// The variable.
        variable: String,
        /// The variable that is most like it.
        suggestion: Suggestion,
    },
    /// Something that variables may have had a part in.
    #[error("{error}\n(variables in use: {variables})")]
    WithVariables {
        /// What is wrong.
        error: Box<CliError>,
        /// The variables that were used.
        variables: String,
    },
    /// Neither a profile nor a user class.
    #[error(
        "say what to run: a profile or user classes, for example\n\
         \n  shopblast --profile spike --sandbox\
         \n  shopblast SpikeUser -u 50 -r 10 -t 1m --host http://localhost:8000\n\
         \nProfiles: {profiles} (see --list)"
    )]
    NothingToRun {
        /// Names of all profiles.
        profiles: String,
    },
    /// A profile that is not built in.
    #[error(
        "there is no profile `{name}`{suggestion} (profiles: {profiles}; a file is given by its path, like ./{name}.toml)"
    )]
    UnknownProfile {
        /// The name asked for.
        name: String,
        /// The name that is most like it.
        suggestion: Suggestion,
        /// Names of all profiles.
        profiles: String,
    },
    /// A profile file that cannot be read.
    #[error("the profile {path} cannot be read: {source}; check the path")]
    ProfileFile {
        /// The path as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A workload file that cannot be read.
    #[error("the workload {path} cannot be read: {source}; check the path")]
    WorkloadFile {
        /// The path as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A workload that is wrong.
    #[error(transparent)]
    Workload(#[from] FileError),
    /// A profile that is wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A user class that does not exist.
    #[error("{place}there is no user class `{class}`{suggestion} (user classes: {known})")]
    UnknownClass {
        /// Where a profile names it, or nothing.
        place: String,
        /// The class asked for.
        class: String,
        /// The class that is most like it.
        suggestion: Suggestion,
        /// Names of all user classes.
        known: String,
    },
    /// Something else where a user class should be.
    #[error("{place}there is no user class `{word}`: {instead}")]
    NoClassButMeant {
        /// Where a profile names it, or nothing.
        place: String,
        /// What was given.
        word: String,
        /// What it is, and how it is said.
        instead: String,
    },
    /// A journey that does not exist.
    #[error("there is no journey `{journey}`{suggestion} (`shopblast list` shows them)")]
    UnknownJourney {
        /// The journey asked for.
        journey: String,
        /// The journey that is most like it.
        suggestion: Suggestion,
    },
    /// A manual page that there is not.
    #[error(
        "there is no manual page of `{command}`: leave the command out, or see `shopblast help` for the commands"
    )]
    NoPage {
        /// The command asked for.
        command: String,
    },
    /// A command where a user class should be.
    #[error(
        "`{command}` is a command of its own and must come first, without the flags of a run: shopblast {command}"
    )]
    MisplacedCommand {
        /// The command.
        command: String,
    },
    /// A part of a plan that cannot be carried out alone.
    #[error(transparent)]
    Shard(#[from] ShardChoiceError),
    /// A token that could be guessed.
    #[error(
        "the token of the web page is too short: take at least {} characters",
        crate::ui::web::SHORTEST_TOKEN
    )]
    ShortToken,
    /// A field of the web page's form.
    #[error("{field} `{text}`: {why}")]
    Field {
        /// The field.
        field: FormField,
        /// What it holds.
        text: String,
        /// What would be right.
        why: String,
    },
    /// A field of the web page's form that is missing.
    #[error("{field}: {why}")]
    EmptyField {
        /// The field.
        field: FormField,
        /// What would be right.
        why: &'static str,
    },
    /// A flag of a run that a hunt decides itself.
    #[error("a hunt has no {flag}; what you may want is {instead}")]
    NotOfAHunt {
        /// The flag.
        flag: String,
        /// What takes its place.
        instead: String,
    },
    /// A hunt to resume that is none.
    #[error("cannot resume: {path} cannot be read: {why}; name the directory of a hunt")]
    NoHunt {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A resumed hunt that asks for something else.
    #[error(
        "the hunt in {path} differs in {what}; resume it with its own flags, or begin a new one"
    )]
    OtherHunt {
        /// Its directory.
        path: String,
        /// What differs.
        what: String,
    },
    /// A resumed hunt whose flags held a password.
    #[error("{flag} held a password, which was not kept; give {flag} again beside --resume")]
    HiddenPassword {
        /// The flag.
        flag: String,
    },
    /// A part of a user.
    #[error("with --in users --from and --to are whole numbers from 1 on")]
    WholeUsers,
    /// A search that begins beyond its end.
    #[error("--from {from} is more than --to {to}")]
    FromAboveTo {
        /// The first load.
        from: f64,
        /// The largest.
        to: f64,
    },
    /// An objective that nobody could judge.
    #[error(
        "--slo `{0}`: nobody could tell what events take; name the outboxes and Redis (--outbox, --redis or --observe-from-env), and leave --event-sample on"
    )]
    EventsUnseen(String),
    /// A user class that is named twice.
    #[error("the user class {class} is named twice; give it a weight instead, like {class}=2")]
    ClassTwice {
        /// The class.
        class: String,
    },
    /// No variable of ShopStream's that tells where its stores are.
    #[error(
        "--observe-from-env: none of ShopStream's variables is set (DATABASE_URL, CATALOGUE_DATABASE_URL, ORDERING_DATABASE_URL, INVENTORY_DATABASE_URL, PAYMENTS_DATABASE_URL, FULFILLMENT_DATABASE_URL, REVIEWS_DATABASE_URL, NOTIFICATIONS_DATABASE_URL, MESSAGE_DB_URL, REDIS_URL); set them, or name the stores with --outbox, --message-db and --redis"
    )]
    NothingInEnvironment,
    /// An address of a store that is none. It is not repeated: it may hold a password.
    #[error("{place}: {error}")]
    Store {
        /// The flag or variable.
        place: String,
        /// What is wrong.
        error: AddressError,
    },
    /// An outbox of no domain.
    #[error(
        "--outbox: say whose outbox it is, as DOMAIN=URL, like identity=postgres://user:password@host:5432/identity_local"
    )]
    OutboxWithoutDomain,
    /// An outbox of an unknown domain.
    #[error("--outbox: there is no domain `{word}`{suggestion} (domains: {known})")]
    OutboxDomain {
        /// What was named.
        word: String,
        /// The domain that is most like it.
        suggestion: Suggestion,
        /// Names of all domains.
        known: String,
    },
    /// Two outboxes of one domain.
    #[error("--outbox: the domain {domain} is named twice; drop one of them")]
    OutboxTwice {
        /// The domain.
        domain: &'static str,
    },
    /// A flag of the embedded shop without it.
    #[error("{flag} says how the embedded shop behaves; add --sandbox, or drop it")]
    NeedsSandbox {
        /// The flag.
        flag: &'static str,
    },
    /// Servers that take no time.
    #[error("--servers needs the time that a request takes there; add --service-time, like 5ms")]
    ServersNeedTime,
    /// Engines of a domain that the shop has not.
    #[error(transparent)]
    Pipeline(#[from] super::pipeline_options::PipelineError),
    /// A shop that comes back without ever having been away.
    #[error("--back-after needs a shop that falls over; add --falls-over-at, like 500")]
    BackNeedsFall,
    /// A flag of the open model without a rate.
    #[error("{flag} belongs to the open model; add --rate, or drop it")]
    NeedsRate {
        /// The flag.
        flag: &'static str,
    },
    /// `--spawn-rate` alone on an open-model profile.
    #[error(
        "the profile {profile} lets journeys arrive at a rate, so --spawn-rate needs --users too; for another rate use --rate"
    )]
    SpawnRateNeedsUsers {
        /// The profile's name.
        profile: String,
    },
    /// A comparison without sides.
    #[error(
        "say what to compare, for example\n\
         \n  shopblast compare results/before results/after\
         \n  shopblast compare results/a1 results/a2 -- results/b1 results/b2\
         \n  shopblast compare --run 'one=./hook.sh' --run 'three=./hook.sh 3' -- --profile spike -t 30s\n\
         \n(with --run, at least two configurations, and no runs before the --)"
    )]
    SidesToCompare,
    /// A configuration with two hooks.
    #[error("the configuration {name} is named twice; give each --run a name of its own")]
    ConfigurationTwice {
        /// The name.
        name: String,
    },
    /// Flags for nobody.
    #[error("--flags names the configuration `{name}`, which no --run makes")]
    NoSuchConfiguration {
        /// The name.
        name: String,
    },
    /// Quotes that do not end.
    #[error("the quotes in `{text}` do not match")]
    Quotes {
        /// The flags.
        text: String,
    },
    /// Something else than a run.
    #[error("the flags after -- have to start a run, like: -- --profile spike -t 30s")]
    NoRunToCompare,
    /// Configurations with different loads.
    #[error(
        "the flags of the configurations ask for different loads, so that their difference would be the load's:\n  {}\ngive the same to all, or say that you mean it with --different-plans",
        differences.join("\n  ")
    )]
    PlansDiffer {
        /// The fields in which they differ, a line each.
        differences: Vec<String>,
    },
    /// A load that cannot be.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A threshold that the plan can never judge.
    #[error("this threshold has nothing to judge: {0}")]
    Threshold(#[from] ThresholdError),
    /// Cores that cannot be had.
    #[error("--cores: {0}")]
    Cores(#[from] CoreError),
    /// More connections than users.
    #[error(
        "{connections} connections are more than the {users} users can use; lower --connections or raise the users"
    )]
    TooManyConnections {
        /// Connections asked for.
        connections: u32,
        /// Users there are at most.
        users: u32,
    },
    /// Fewer connections than cores.
    #[error(
        "{connections} connections are too few for {cores} cores, each of which needs its own; raise --connections or lower --cores"
    )]
    TooFewConnections {
        /// Connections asked for.
        connections: u32,
        /// Cores asked for.
        cores: usize,
    },
    /// Something about TLS, of a target without it.
    #[error(
        "{flag} is about TLS, which the target is not spoken to in: name an address that begins with https, like -H https://localhost:8443"
    )]
    WithoutTls {
        /// The flag that asked for it.
        flag: &'static str,
    },
    /// HTTP/2 where it is not spoken.
    #[error("--http2 {why}")]
    Http2 {
        /// What stands against it.
        why: &'static str,
    },
    /// A target that is no address.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A public target that was not allowed.
    #[error(transparent)]
    Public(#[from] PublicAddress),
}

impl CliError {
    /// The exit code that goes with it: always [`ExitCode::BadPlan`], 104.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::BadPlan
    }

    /// What clap found, without the word that the edge puts before every error.
    pub(super) fn arguments(error: &clap::Error) -> Self {
        let text = error.to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text);
        Self::Arguments(message.trim_end().to_owned())
    }

    /// Names the variables that were in use, if any.
    pub(super) fn blaming(self, variables: String) -> Self {
        if variables.is_empty() {
            return self;
        }
        Self::WithVariables {
            error: Box::new(self),
            variables,
        }
    }
}

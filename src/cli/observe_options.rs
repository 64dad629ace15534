//! The flags that say what is observed of the shop's back end, and ShopStream's own variables for it.

use super::CliError;
use super::observer_tls_options::ObserverTlsFlags;
use super::secret::Secret;
use crate::observe::{
    AddressError, ObservatoryChoice, ObserverConfig, PostgresAddress, RedisAddress,
};
use crate::plan::{AddressPolicy, EventSample, Suggestion, Target, TlsSettings, is_loopback_host};
use crate::shop::{CONTEXTS, Context};
use clap::Args;
use std::ffi::OsString;
use std::str::FromStr;

/// Where the Observatory usually is.
const DEFAULT_OBSERVATORY: &str = "http://localhost:9000";
const MESSAGE_STORE_VARIABLE: &str = "MESSAGE_DB_URL";
const REDIS_VARIABLE: &str = "REDIS_URL";

/// The flags as typed. Addresses of stores are read later: what the parser finds wrong it prints, and
/// they may hold passwords.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ObserveFlags {
    /// Address of the Observatory [default: port 9000 here, if there is one]
    ///
    /// By default http://localhost:9000, if there is one, when the shop is on this machine; with
    /// --sandbox its own, if it has one.
    #[arg(long, value_name = "URL", help_heading = "Back end", value_parser = Target::parse)]
    pub observatory: Option<Target>,

    /// Redis, like redis://localhost:16379/0: streams, lags, dead letters
    ///
    /// Lengths of streams, what consumers lag behind, and dead letters. rediss:// is for TLS.
    #[arg(long, value_name = "URL", help_heading = "Back end")]
    redis: Option<Secret>,

    /// Database with the outbox of a domain, for exact counts; may be repeated
    ///
    /// Like identity=postgres://user:password@host:5432/name. TLS is asked for as of PostgreSQL's own
    /// clients, with ?sslmode=verify-full&sslrootcert=FILE.
    #[arg(long, value_name = "DOMAIN=URL", help_heading = "Back end")]
    outbox: Vec<Secret>,

    /// message-db, for events and commands by category
    ///
    /// Like postgres://user:password@host:5432/message_store.
    #[arg(long, value_name = "URL", help_heading = "Back end")]
    message_db: Option<Secret>,

    /// Events followed from their replies until they are done, where stores are observed
    ///
    /// So many a second (50/s, the default), a share (10%, at most 5000/s), or `off`. An event is found by
    /// the id in its reply: in the outboxes, in Redis' streams, and in what consumer groups tell. Figures
    /// are in the summary of --details, in the report and in event_latency.csv, and thresholds judge
    /// them: event(OrderCreated).done: p(99) < 2s.
    #[arg(
        long,
        value_name = "RATE",
        help_heading = "Back end",
        default_value = "50/s",
        hide_default_value = true,
        hide_short_help = true,
        value_parser = EventSample::from_str
    )]
    event_sample: EventSample,

    /// Things a second that are asked for until they can be read, like 5/s, or `off` (the default)
    ///
    /// For operations that say in a workload file where what they made can be read (`visible`). At most
    /// 50/s; each is asked for after 50 ms and again after a tenth of its age, over a connection beside the
    /// load's: at most ten reads a second for each thing a second. Those reads are in no other figure.
    #[arg(
        long,
        value_name = "RATE",
        help_heading = "Back end",
        default_value = "off",
        hide_default_value = true,
        hide_short_help = true,
        value_parser = parse_event_poll
    )]
    event_poll: EventPoll,

    /// Observe what ShopStream's own variables name, like DATABASE_URL
    ///
    /// DATABASE_URL (identity), CATALOGUE_DATABASE_URL, and so on for ORDERING, INVENTORY,
    /// PAYMENTS, FULFILLMENT, REVIEWS and NOTIFICATIONS, MESSAGE_DB_URL, REDIS_URL. The other flags
    /// win over them. No password has to be typed then. Those of contexts that the shop does not
    /// have are left out.
    #[arg(long, help_heading = "Back end")]
    pub observe_from_env: bool,

    /// How TLS is spoken there.
    #[command(flatten)]
    pub tls: ObserverTlsFlags,

    /// Addresses of the variables.
    #[arg(skip)]
    variables: Vec<(AddressedStore, Secret)>,
}

/// Things a second that are asked for; `None` for `off`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct EventPoll(Option<u32>);

/// Most things a second that are asked for.
const MOST_POLLED_PER_S: u32 = 50;

fn parse_event_poll(text: &str) -> Result<EventPoll, String> {
    let wrong = || {
        let shown: String = text.chars().take(40).collect();
        format!(
            "`{shown}` is neither a number of things a second from 1/s to {MOST_POLLED_PER_S}/s nor `off`"
        )
    };
    if text == "off" {
        return Ok(EventPoll(None));
    }
    let number = text.strip_suffix("/s").ok_or_else(wrong)?;
    let number: u32 = number.trim().parse().map_err(|_| wrong())?;
    let is_rate = (1..=MOST_POLLED_PER_S).contains(&number);
    is_rate.then_some(EventPoll(Some(number))).ok_or_else(wrong)
}

/// What a variable names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AddressedStore {
    Outbox {
        domain: &'static str,
        variable: &'static str,
    },
    MessageStore,
    Redis,
}

impl ObserveFlags {
    /// Takes ShopStream's variables from `environment`, when they were asked for.
    ///
    /// # Errors
    /// When none of them is set.
    pub fn read_variables(&mut self, environment: &[(OsString, OsString)]) -> Result<(), CliError> {
        if !self.observe_from_env {
            return Ok(());
        }
        let value = |name: &str| {
            let mut set = environment.iter();
            let (_, value) = set.find(|(known, value)| known == name && !value.is_empty())?;
            Some(Secret(value.to_string_lossy().into_owned()))
        };
        let outboxes = CONTEXTS.iter().filter_map(|context| {
            let (domain, variable) = (context.name, context.database_variable);
            Some((
                AddressedStore::Outbox { domain, variable },
                value(variable)?,
            ))
        });
        self.variables = outboxes.collect();
        let message_store = value(MESSAGE_STORE_VARIABLE);
        self.variables
            .extend(message_store.map(|value| (AddressedStore::MessageStore, value)));
        let redis = value(REDIS_VARIABLE);
        self.variables
            .extend(redis.map(|value| (AddressedStore::Redis, value)));
        match self.variables.is_empty() {
            true => Err(CliError::NothingInEnvironment),
            false => Ok(()),
        }
    }

    /// What they ask for, for a run against `target`, or against a sandbox when `target` is `None`.
    ///
    /// # Errors
    /// When an address is none, or is public and was not allowed.
    pub fn config(
        &self,
        target: Option<&Target>,
        no_observatory: bool,
        policy: &AddressPolicy,
    ) -> Result<ObserverConfig, CliError> {
        let tls = self
            .tls
            .settings(target.and_then(|target| target.tls.as_ref()))?;
        let mut config = ObserverConfig {
            observatory: self.observatory(target, no_observatory, &tls)?,
            tls,
            event_sample: self.event_sample,
            event_poll: self.event_poll.0,
            ..ObserverConfig::default()
        };
        if let Some(observatory) = &self.observatory {
            policy.check_literal(&observatory.host)?;
        }
        for outbox in &self.outbox {
            let (domain, address) = self.outbox(outbox, policy)?;
            if config.outboxes.iter().any(|(known, _)| known == domain) {
                return Err(CliError::OutboxTwice { domain });
            }
            config.outboxes.push((domain.to_owned(), address));
        }
        if let Some(text) = &self.redis {
            config.redis = Some(redis("--redis", text, policy)?);
        }
        if let Some(text) = &self.message_db {
            config.message_store = Some(postgres("--message-db", text, policy)?);
        }
        self.add_variables(&mut config, policy)?;
        Ok(config)
    }

    fn observatory(
        &self,
        target: Option<&Target>,
        no_observatory: bool,
        tls: &TlsSettings,
    ) -> Result<ObservatoryChoice, CliError> {
        let is_here = target.is_some_and(|target| is_loopback_host(target.place().0));
        Ok(match &self.observatory {
            Some(observatory) => ObservatoryChoice::Asked(observatory.trusting(tls)),
            None if is_here && !no_observatory => {
                ObservatoryChoice::Tried(Target::parse(DEFAULT_OBSERVATORY)?)
            }
            None => ObservatoryChoice::None,
        })
    }

    fn outbox(
        &self,
        Secret(text): &Secret,
        policy: &AddressPolicy,
    ) -> Result<(&'static str, PostgresAddress), CliError> {
        // A forgotten domain must not show what is before the first `=` of an address.
        let named = text
            .split_once('=')
            .filter(|(domain, _)| !domain.contains(':'));
        let (domain, address) = named.ok_or(CliError::OutboxWithoutDomain)?;
        let domain = context_called(domain)?.name;
        let place = format!("--outbox {domain}");
        let address = postgres(&place, &Secret(address.to_owned()), policy)?;
        Ok((domain, address))
    }

    /// What variables name and flags do not.
    fn add_variables(
        &self,
        config: &mut ObserverConfig,
        policy: &AddressPolicy,
    ) -> Result<(), CliError> {
        for (place, text) in &self.variables {
            match *place {
                AddressedStore::Outbox { domain, variable } => {
                    if config.outboxes.iter().any(|(known, _)| known == domain) {
                        continue;
                    }
                    let address = postgres(&format!("the variable {variable}"), text, policy)?;
                    config.outboxes.push((domain.to_owned(), address));
                }
                AddressedStore::MessageStore if config.message_store.is_none() => {
                    let place = format!("the variable {MESSAGE_STORE_VARIABLE}");
                    config.message_store = Some(postgres(&place, text, policy)?);
                }
                AddressedStore::Redis if config.redis.is_none() => {
                    let place = format!("the variable {REDIS_VARIABLE}");
                    config.redis = Some(redis(&place, text, policy)?);
                }
                AddressedStore::MessageStore | AddressedStore::Redis => {}
            }
        }
        Ok(())
    }
}

/// The context called `word`, of any generation: which one the target is shows later.
fn context_called(word: &str) -> Result<&'static Context, CliError> {
    let word = word.trim();
    let names = || CONTEXTS.iter().map(|context| context.name);
    let found = CONTEXTS.iter().find(|context| context.name == word);
    found.ok_or_else(|| CliError::OutboxDomain {
        word: word.to_owned(),
        suggestion: Suggestion::for_word(word, names()),
        known: names().collect::<Vec<&str>>().join(", "),
    })
}

fn postgres(
    place: &str,
    Secret(text): &Secret,
    policy: &AddressPolicy,
) -> Result<PostgresAddress, CliError> {
    let told = |error| store_error(place, error);
    let address = PostgresAddress::parse(text).map_err(told)?;
    address.check_literal(policy).map_err(told)?;
    Ok(address)
}

/// The address of a Redis that is no store of the shop's.
///
/// # Errors
/// When it is none.
pub(super) fn redis_address(place: &str, Secret(text): &Secret) -> Result<RedisAddress, CliError> {
    RedisAddress::parse(text).map_err(|error| store_error(place, error))
}

fn redis(
    place: &str,
    Secret(text): &Secret,
    policy: &AddressPolicy,
) -> Result<RedisAddress, CliError> {
    let told = |error| store_error(place, error);
    let address = RedisAddress::parse(text).map_err(told)?;
    address.check_literal(policy).map_err(told)?;
    Ok(address)
}

fn store_error(place: &str, error: AddressError) -> CliError {
    CliError::Store {
        place: place.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(outbox: &[&str]) -> ObserveFlags {
        ObserveFlags {
            outbox: outbox.iter().map(|text| Secret::from(*text)).collect(),
            ..ObserveFlags::default()
        }
    }

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    fn variables(set: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        set.iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn the_observatory_is_tried_beside_a_shop_on_this_machine_only() {
        let observatory = |flags: &ObserveFlags, host: Option<&str>, none| {
            let target = host.map(target);
            let config = flags.config(target.as_ref(), none, &AddressPolicy::default());
            config.unwrap().observatory
        };
        let here = Some("http://127.0.0.1:8000");
        let usual = target(DEFAULT_OBSERVATORY);
        assert_eq!(
            observatory(&flags(&[]), here, false),
            ObservatoryChoice::Tried(usual)
        );
        assert_eq!(
            observatory(&flags(&[]), here, true),
            ObservatoryChoice::None
        );
        assert_eq!(
            observatory(&flags(&[]), Some("http://10.1.2.3"), false),
            ObservatoryChoice::None
        );
        assert_eq!(
            observatory(&flags(&[]), None, false),
            ObservatoryChoice::None
        );
        let asked = ObserveFlags {
            observatory: Some(target("http://10.1.2.3:9000")),
            ..flags(&[])
        };
        let theirs = ObservatoryChoice::Asked(target("http://10.1.2.3:9000"));
        assert_eq!(observatory(&asked, Some("http://10.1.2.3"), false), theirs);
    }

    #[test]
    fn flags_win_over_the_shops_variables() {
        let mut flags = flags(&["ordering=postgres://a:b@h/typed"]);
        flags.observe_from_env = true;
        flags
            .read_variables(&variables(&[
                ("DATABASE_URL", "postgresql+psycopg2://a:b@h/identity_local"),
                ("ORDERING_DATABASE_URL", "postgres://a:b@h/ordering_local"),
                ("MESSAGE_DB_URL", "postgres://a:b@h:15433/message_store"),
                ("REDIS_URL", "redis://:b@h:16379/0"),
                ("PAYMENTS_DATABASE_URL", ""),
            ]))
            .unwrap();
        let config = flags
            .config(None, false, &AddressPolicy::default())
            .unwrap();
        let shown: Vec<String> = config
            .outboxes
            .iter()
            .map(|(domain, address)| format!("{domain} {address}"))
            .collect();
        assert_eq!(
            shown,
            [
                "ordering postgres://a@h:5432/typed",
                "identity postgres://a@h:5432/identity_local"
            ]
        );
        assert_eq!(config.redis.unwrap().to_string(), "redis://h:16379/0");
        let store = config.message_store.unwrap().to_string();
        assert_eq!(store, "postgres://a@h:15433/message_store");
    }

    #[test]
    fn every_context_has_an_outbox_and_a_variable() {
        let mut flags = flags(&["notifications=postgres://h/typed"]);
        flags.observe_from_env = true;
        let addresses = CONTEXTS.map(|context| format!("postgres://h/{}", context.name));
        let set: Vec<(&str, &str)> = CONTEXTS
            .iter()
            .zip(&addresses)
            .map(|(context, address)| (context.database_variable, address.as_str()))
            .collect();
        flags.read_variables(&variables(&set)).unwrap();
        let config = flags.config(None, false, &AddressPolicy::default());
        let outboxes = config.unwrap().outboxes;
        assert_eq!(outboxes.len(), CONTEXTS.len());
        let of = |name: &str| {
            let mut found = outboxes.iter().filter(|(domain, _)| domain == name);
            found.next().map(|(_, address)| address.to_string())
        };
        assert_eq!(of("notifications").unwrap(), "postgres://h:5432/typed");
        assert_eq!(of("reviews").unwrap(), "postgres://h:5432/reviews");
    }

    #[test]
    fn variables_that_were_not_asked_for_do_not_count() {
        let mut flags = flags(&[]);
        let set = variables(&[("REDIS_URL", "redis://h")]);
        flags.read_variables(&set).unwrap();
        let config = flags
            .config(None, false, &AddressPolicy::default())
            .unwrap();
        assert!(config.redis.is_none());
        flags.observe_from_env = true;
        let error = flags.read_variables(&[]).unwrap_err().to_string();
        assert!(error.contains("REDIS_URL"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for (outbox, says) in [
            ("postgres://a:s3cret@h/d", "DOMAIN=URL"),
            ("postgres://a:s3cret@h/d?x=1", "DOMAIN=URL"),
            (
                "identiy=postgres://a:s3cret@h/d",
                "did you mean `identity`?",
            ),
            (
                "identity=mysql://a:s3cret@h/d",
                "--outbox identity: this is no address",
            ),
            (
                "identity=postgres://a:s3cret@8.8.8.8/d",
                "--allow-host 8.8.8.8",
            ),
            (
                "identity=postgres://a:s3cret@h/d?sslmode=verify",
                "verify-full",
            ),
        ] {
            let flags = flags(&[outbox]);
            let error = flags.config(None, false, &AddressPolicy::default());
            let message = error.unwrap_err().to_string();
            assert!(message.contains(says), "{outbox}: {message}");
            assert!(!message.contains("s3cret"), "{message}");
            assert!(!format!("{flags:?}").contains("s3cret"));
        }
        let twice = flags(&["identity=postgres://h/a", "identity=postgres://h/b"]);
        let error = twice.config(None, false, &AddressPolicy::default());
        assert!(error.unwrap_err().to_string().contains("twice"));
    }
}

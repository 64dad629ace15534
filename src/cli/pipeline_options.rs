//! The flags of the embedded shop's pipeline and of its Observatory.

use super::values;
use crate::plan::Suggestion;
use crate::sandbox::{
    DOMAINS, Domain, DrainRate, HIGHEST_DRAIN_RATE_PER_S, MOST_ENGINES, Names, ObservatoryConfig,
    PipelineConfig,
};
use crate::shop::Generation;
use clap::Args;
use std::array;
use std::net::{IpAddr, SocketAddr};

/// The Observatory's port, unless another one is asked for.
const OBSERVATORY_PORT: u16 = 9_000;

/// The flags as typed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct PipelineFlags {
    /// Engines of each domain: a number for all, or like identity=3,catalogue=2
    ///
    /// Each engine publishes and processes one event after the other. 0 stops the domain's engines:
    /// its outbox only grows. Domains that are not named have 1, but notifications, which has none: every
    /// registration and every order would make events there. [default: 1, and notifications=0]
    #[arg(
        long, value_name = "N|DOMAIN=N,…", help_heading = "Pipeline of the embedded shop",
        value_parser = parse_engines, allow_hyphen_values = true
    )]
    pub engines: Option<EngineCounts>,

    /// Events that each engine drains in a second, like 8 or 0.5, or unlimited; 0 stops them
    /// [default: 8]
    #[arg(
        long, value_name = "N", help_heading = "Pipeline of the embedded shop",
        value_parser = parse_drain_rate, allow_hyphen_values = true
    )]
    pub drain_rate: Option<DrainRate>,

    /// Port of the Observatory; 0 takes a free one [default: 9000, or a free one with --port 0;
    /// none beside a run]
    #[arg(
        long,
        value_name = "PORT",
        help_heading = "Pipeline of the embedded shop",
        conflicts_with = "no_observatory",
        allow_hyphen_values = true
    )]
    pub observatory_port: Option<u16>,

    /// Do without the Observatory: neither serve the embedded shop's, nor look for one
    #[arg(long, help_heading = "Pipeline of the embedded shop")]
    pub no_observatory: bool,

    /// Which figures the Observatory shows: five, today or newer [default: as --generation]
    ///
    /// five, as measured: counts stop at 100, stream figures are 0, HELP and TYPE name another
    /// metric. today, as measured: exact counts, and figures of every subscription and consumer.
    /// newer, as it should be: exact counts, protean_outbox_pending and stream figures for each
    /// domain.
    #[arg(
        long, value_name = "WHICH", help_heading = "Pipeline of the embedded shop",
        value_parser = names()
    )]
    pub observatory_names: Option<Names>,
}

impl PipelineFlags {
    /// How the pipeline of a shop of `generation` works.
    ///
    /// # Errors
    /// When engines are given to a domain that it has not.
    pub fn pipeline(&self, generation: Generation) -> Result<PipelineConfig, PipelineError> {
        let default = PipelineConfig::default();
        let last = self.engines.and_then(|engines| engines.last_named);
        // Domains of older generations come first.
        if let Some(domain) = last
            && !Domain::of_generation(generation).contains(&domain)
        {
            let (domain, generation) = (domain.name(), generation.name());
            return Err(PipelineError::Unknown { domain, generation });
        }
        Ok(PipelineConfig {
            engines: self
                .engines
                .map_or(default.engines, |engines| engines.counts),
            drain_rate: self.drain_rate.unwrap_or(default.drain_rate),
        })
    }

    /// Has an Observatory beside a run, on a free port, unless something else was said.
    pub fn offer_observatory(&mut self) {
        if !self.no_observatory {
            self.observatory_port.get_or_insert(0);
        }
    }

    /// How the Observatory beside a run is served: only when its port is given.
    pub fn observatory_beside_run(&self, generation: Generation) -> Option<ObservatoryConfig> {
        self.observatory_port?;
        self.observatory(generation, IpAddr::from([127, 0, 0, 1]), 0)
    }

    /// How the Observatory of a shop of `generation` that listens on `bind` and `shop_port` is served.
    pub fn observatory(
        &self,
        generation: Generation,
        bind: IpAddr,
        shop_port: u16,
    ) -> Option<ObservatoryConfig> {
        if self.no_observatory {
            return None;
        }
        // Whoever lets the kernel choose may run several shops side by side.
        let usual = if shop_port == 0 { 0 } else { OBSERVATORY_PORT };
        let port = self.observatory_port.unwrap_or(usual);
        Some(ObservatoryConfig {
            address: SocketAddr::new(bind, port),
            names: self.observatory_names.unwrap_or(Names::of(generation)),
        })
    }
}

/// Names of the flags, without the dashes.
pub(super) const PIPELINE_FLAGS: &[&str] = &[
    "engines",
    "drain-rate",
    "observatory-port",
    "observatory-names",
];

/// Engines of each domain, in the order of [`Domain::ALL`], and the last domain that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EngineCounts {
    counts: [u32; DOMAINS],
    last_named: Option<Domain>,
}

/// Why engines or a rate are wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    #[error("give a whole number of engines from 0 to {MOST_ENGINES}, not `{0}`")]
    Engines(String),
    #[error("there is no domain `{word}`{suggestion} (domains: {})", domain_names().join(", "))]
    Domain {
        word: String,
        suggestion: Suggestion,
    },
    #[error(
        "the shop of `--generation {generation}` has no domain {domain}; leave its engines out of `--engines`, or choose another generation"
    )]
    Unknown {
        domain: &'static str,
        generation: &'static str,
    },
    #[error("the domain {0} is named twice")]
    Twice(&'static str),
    #[error(
        "give a number of events a second from 0.001 to {HIGHEST_DRAIN_RATE_PER_S}, 0 for none, or `unlimited`{0}"
    )]
    Rate(Suggestion),
}

fn domain_names() -> [&'static str; DOMAINS] {
    Domain::ALL.map(Domain::name)
}

fn parse_engines(text: &str) -> Result<EngineCounts, PipelineError> {
    if !text.contains('=') && !text.contains(',') {
        // A word without a number was meant as a domain, perhaps.
        if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            domain_of(text)?;
        }
        return Ok(EngineCounts {
            counts: [parse_number(text)?; DOMAINS],
            last_named: None,
        });
    }
    let mut engines = [None; DOMAINS];
    for part in text.split(',') {
        let (word, number) = part
            .split_once('=')
            .ok_or_else(|| PipelineError::Engines(part.to_owned()))?;
        let domain = domain_of(word)?;
        let number = parse_number(number)?;
        if engines[domain as usize].replace(number).is_some() {
            return Err(PipelineError::Twice(domain.name()));
        }
    }
    let named = Domain::ALL.into_iter().zip(engines);
    let usual = PipelineConfig::default().engines;
    Ok(EngineCounts {
        counts: array::from_fn(|index| engines[index].unwrap_or(usual[index])),
        last_named: named
            .filter(|(_, number)| number.is_some())
            .map(|(domain, _)| domain)
            .next_back(),
    })
}

/// The domain called `word`.
pub(super) fn domain_of(word: &str) -> Result<Domain, PipelineError> {
    let word = word.trim();
    Domain::ALL
        .into_iter()
        .find(|domain| domain.name() == word)
        .ok_or_else(|| PipelineError::Domain {
            word: word.to_owned(),
            suggestion: Suggestion::for_word(word, domain_names()),
        })
}

fn parse_number(text: &str) -> Result<u32, PipelineError> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| *number <= MOST_ENGINES)
        .ok_or_else(|| PipelineError::Engines(text.to_owned()))
}

fn parse_drain_rate(text: &str) -> Result<DrainRate, PipelineError> {
    if text == "unlimited" {
        return Ok(DrainRate::Unlimited);
    }
    let rate = text.parse().ok().and_then(DrainRate::per_s);
    rate.ok_or_else(|| PipelineError::Rate(Suggestion::for_word(text, ["unlimited"])))
}

fn names() -> impl clap::builder::TypedValueParser<Value = Names> {
    values::one_of(&[
        ("five", Names::Five),
        ("today", Names::Today),
        ("newer", Names::Newer),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_a_number_for_all_or_for_some() {
        let counts = |text| parse_engines(text).map(|engines| engines.counts);
        assert_eq!(counts("3"), Ok([3; 8]));
        assert_eq!(counts("0"), Ok([0; 8]));
        assert_eq!(
            counts("identity=3, payments=0"),
            Ok([3, 1, 1, 1, 0, 1, 1, 0])
        );
    }

    #[test]
    fn engines_belong_to_domains_of_the_generation() {
        let asked = |text, generation| {
            let flags = PipelineFlags {
                engines: Some(parse_engines(text).unwrap()),
                ..PipelineFlags::default()
            };
            flags.pipeline(generation).map(|pipeline| pipeline.engines)
        };
        for generation in Generation::ALL {
            assert_eq!(asked("2", generation), Ok([2; 8]));
            assert!(asked("payments=2", generation).is_ok());
        }
        let fulfillment = "identity=1,fulfillment=2";
        assert_eq!(
            asked(fulfillment, Generation::Today),
            Ok([1, 1, 1, 1, 1, 2, 1, 0])
        );
        let refusal = asked(fulfillment, Generation::Five)
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("`--generation five` has no domain fulfillment"));
    }

    #[test]
    fn wrong_engines_are_told() {
        for (text, says) in [
            ("identiy=3", "no domain `identiy`; did you mean `identity`?"),
            ("Ordering=2", "did you mean `ordering`?"),
            ("catalog", "did you mean `catalogue`?"),
            ("shipping=1", "no domain `shipping` (domains: identity, "),
            ("identity=1,identity=2", "identity is named twice"),
            ("identity=many", "not `many`"),
            ("identity", "from 0 to 100, not `identity`"),
            ("101", "not `101`"),
            ("-1", "not `-1`"),
            ("1,2", "not `1`"),
            ("", "not ``"),
        ] {
            let message = parse_engines(text).unwrap_err().to_string();
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    #[test]
    fn rates_are_numbers_or_unlimited() {
        assert_eq!(parse_drain_rate("8"), Ok(DrainRate::MEASURED));
        assert_eq!(parse_drain_rate("0"), Ok(DrainRate::Per1000S(0)));
        assert_eq!(parse_drain_rate("0.25"), Ok(DrainRate::Per1000S(250)));
        assert_eq!(parse_drain_rate("unlimited"), Ok(DrainRate::Unlimited));
        for text in ["-1", "nan", "inf", "0.0001", "2e6", "8/s", ""] {
            let message = parse_drain_rate(text).unwrap_err().to_string();
            assert!(message.ends_with("or `unlimited`"), "{text}: {message}");
        }
        let message = parse_drain_rate("unlimted").unwrap_err().to_string();
        assert!(
            message.ends_with("; did you mean `unlimited`?"),
            "{message}"
        );
    }
}

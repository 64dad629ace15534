//! The way into a Redis: where it is, whether it may be asked, how TLS is spoken, and what went wrong in one
//! sentence.

use super::redis_link::RedisLink;
use super::trust::{KeptConfig, SpokenInTls, not_set_up};
use super::{Problem, RedisAddress};
use crate::engine::tls::client_config;
use crate::plan::{AddressPolicy, TlsSettings};
use redis::{ErrorKind, RedisError};

/// See the module's documentation.
pub struct RedisDoor {
    address: RedisAddress,
    policy: AddressPolicy,
    tls: TlsSettings,
    tls_config: KeptConfig,
    most_bytes: Option<u64>,
}

impl RedisDoor {
    /// That of the Redis at `address`, which is trusted as `tls` says where its address asks for that.
    #[must_use]
    pub fn new(address: RedisAddress, policy: AddressPolicy, tls: TlsSettings) -> Self {
        Self {
            address,
            policy,
            tls,
            tls_config: KeptConfig::default(),
            most_bytes: None,
        }
    }

    /// The same, through which a reading may bring so much.
    #[must_use]
    pub fn reading_up_to(self, most_bytes: u64) -> Self {
        Self {
            most_bytes: Some(most_bytes),
            ..self
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &RedisAddress {
        &self.address
    }

    /// Connects, and logs in.
    ///
    /// # Errors
    /// When it may not be asked, nobody accepts, or it does not let us in.
    pub fn open(&self) -> Result<RedisLink, Problem> {
        self.address
            .check(&self.policy)
            .map_err(|public| Problem::new(public.to_string()))?;
        let make = |settings: TlsSettings| self.tls_config.get(|| client_config(&settings, &[]));
        let config = self.address.tls(&self.tls).map(make).transpose();
        let config = config
            .map_err(|error| Problem::new(format!("{}: {}", self.address, not_set_up(&error))))?;
        let opened = RedisLink::open(self.address.info(), config, self.most_bytes);
        opened.map_err(|error| self.told(&error))
    }

    /// What went wrong, and what to do about it.
    #[must_use]
    pub fn told(&self, error: &RedisError) -> Problem {
        let address = &self.address;
        if let Some(why) = SpokenInTls::Redis.told(error) {
            return Problem::new(format!("{address}: {why}"));
        }
        let hint = match error.kind() {
            ErrorKind::AuthenticationFailed => "; check user and password",
            // A Redis without TLS waits for the end of what it takes for a command.
            _ if error.is_timeout() && self.address.tls(&self.tls).is_some() => {
                "; it was given 2 s for an answer, and 5 s for all of them. Without TLS its address begins with redis://"
            }
            _ if error.is_timeout() => "; it was given 2 s for an answer, and 5 s for all of them",
            _ if error.is_connection_refusal() => "; is Redis up?",
            _ if error.is_io_error() && self.address.tls(&self.tls).is_none() => {
                "; is Redis up? Where it speaks TLS its address begins with rediss://"
            }
            _ if error.is_io_error() => "; is Redis up?",
            _ => "",
        };
        match (error.kind(), error.detail()) {
            (ErrorKind::Parse, Some(why)) => Problem::new(format!("{address}: {why}")),
            _ => Problem::new(format!("{address}: {error}{hint}")),
        }
    }
}

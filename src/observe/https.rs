//! HTTP over TLS for the client of [`super::http`]: over any connection that it makes to an `https`
//! address.

use super::trust::KeptConfig;
use crate::engine::tls::{client_config, server_name};
use crate::plan::TlsSettings;
use rustls::{ClientConnection, StreamOwned};
use std::fmt;
use std::io::{self, Read, Write};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

/// Speaks TLS as its settings say.
#[derive(Debug)]
pub(super) struct HttpsConnector {
    settings: TlsSettings,
    config: KeptConfig,
}

impl HttpsConnector {
    pub fn new(settings: TlsSettings) -> Self {
        Self {
            settings,
            config: KeptConfig::default(),
        }
    }
}

impl<In: Transport> Connector<In> for HttpsConnector {
    type Out = Either<In, HttpsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let unset = |error| Error::Other(Box::new(error));
        let config = self.config.get(|| client_config(&self.settings, &[]));
        let host = details.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = server_name(host).map_err(unset)?;
        let mut tls =
            ClientConnection::new(config.map_err(unset)?, name).map_err(io::Error::other)?;
        let now = details.current_time.clone();
        let mut below = TransportAdapter::new(transport.boxed(), now);
        below.set_timeout(details.timeout);
        while tls.is_handshaking() {
            tls.complete_io(&mut below)?;
        }
        let config = details.config;
        Ok(Some(Either::B(HttpsTransport {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            stream: StreamOwned::new(tls, below),
        })))
    }
}

/// A connection in TLS.
pub(super) struct HttpsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for HttpsTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HttpsTransport")
    }
}

impl Transport for HttpsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let received = self.stream.read(self.buffers.input_append_buf());
        let received = match received {
            // Many servers hang up without a word: what a body lacks is noticed by its length.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            received => received?,
        };
        self.buffers.input_appended(received);
        Ok(received > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

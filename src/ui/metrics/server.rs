//! `/metrics` for Prometheus, on a thread of its own. It answers until the process ends.

use super::accept::MetricsForm;
use super::latest::Latest;
use crate::engine::tls::server_config;
use crate::pieces::tell;
use crate::plan::TlsIdentity;
use crate::report::{open_metrics_text, prometheus_text};
use crate::ui::crowd::{Crowd, descriptors};
use crate::ui::visit::{Patience, Visit};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::future::{Either, select};
use rustls::ServerConfig;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// Connections at the same time: a scraper has one.
const MOST_CONNECTIONS: usize = 64;
/// Descriptors that it takes at most.
pub const DESCRIPTORS: u64 = descriptors(MOST_CONNECTIONS);

/// The server; it ends when it is dropped, and its address is free again then.
pub struct MetricsServer {
    /// Ends it when it is dropped.
    ending: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MetricsServer {
    /// Listens on `address`, in TLS where there is a certificate, and says on standard error where that is.
    pub fn start(
        address: SocketAddr,
        identity: Option<&TlsIdentity>,
        latest: Latest,
    ) -> io::Result<Self> {
        let tls = identity.map(|identity| server_config(identity, &[b"http/1.1"]));
        let tls = tls.transpose().map_err(io::Error::other)?.map(Arc::new);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (ending, ended) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || {
                let failed = runtime.block_on(async {
                    let serving = pin!(serve(listener, tls, latest));
                    match select(serving, ended).await {
                        Either::Left((served, _)) => served.err(),
                        Either::Right(_) => None,
                    }
                });
                if let Some(error) = failed {
                    tell(format!("warning: /metrics is served no more: {error}"));
                }
            })?;
        tell(format!("metrics: {scheme}://{address}/metrics"));
        Ok(Self {
            ending: Some(ending),
            thread: Some(thread),
        })
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        drop(self.ending.take());
        // A thread that panicked has ended, too.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    latest: Latest,
) -> io::Result<()> {
    let metrics = move |ConnectInfo(visit): ConnectInfo<Visit>, headers: HeaderMap| {
        let answering = visit.answering();
        let refusal = visit.refusal(&headers);
        let accept = headers
            .get(ACCEPT)
            .map(|accept| accept.to_str().unwrap_or_default());
        let form = MetricsForm::of_accept(accept);
        let families = latest.families();
        let text = match form {
            MetricsForm::OpenMetrics => open_metrics_text(&families),
            MetricsForm::PrometheusText => prometheus_text(&families),
        };
        async move {
            let response = refusal
                .unwrap_or_else(|| ([(CONTENT_TYPE, form.content_type())], text).into_response());
            answering.until_the_end_of(response)
        }
    };
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let crowd = Crowd::new(listener, tls, MOST_CONNECTIONS, Patience::default());
    let router = Router::new().route("/metrics", get(metrics));
    axum::serve(crowd, router.into_make_service_with_connect_info::<Visit>()).await
}

//! `/metrics` for Prometheus, on a thread of its own. It answers until the process ends.

use super::accept::MetricsForm;
use super::latest::Latest;
use crate::report::{open_metrics_text, prometheus_text};
use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::routing::get;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;

/// The server.
pub struct MetricsServer;

impl MetricsServer {
    /// Listens on `address`, and says on standard error where that is.
    pub fn start(address: SocketAddr, latest: Latest) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || {
                let served = runtime.block_on(serve(listener, latest));
                if let Err(error) = served {
                    eprintln!("warning: /metrics is served no more: {error}");
                }
            })?;
        eprintln!("metrics: http://{address}/metrics");
        Ok(Self)
    }
}

async fn serve(listener: TcpListener, latest: Latest) -> io::Result<()> {
    let metrics = move |headers: HeaderMap| {
        let accept = headers
            .get(ACCEPT)
            .map(|accept| accept.to_str().unwrap_or_default());
        let form = MetricsForm::of_accept(accept);
        let families = latest.families();
        let text = match form {
            MetricsForm::OpenMetrics => open_metrics_text(&families),
            MetricsForm::PrometheusText => prometheus_text(&families),
        };
        async move { ([(CONTENT_TYPE, form.content_type())], text) }
    };
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener, Router::new().route("/metrics", get(metrics))).await
}

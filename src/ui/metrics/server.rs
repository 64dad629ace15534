//! `/metrics` for Prometheus, on a thread of its own. It answers until the process ends.

use super::latest::Latest;
use crate::pieces::tell;
use crate::report::{OPEN_METRICS_TYPE, open_metrics_text};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
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
                    tell(format!("warning: /metrics is served no more: {error}"));
                }
            })?;
        tell(format!("metrics: http://{address}/metrics"));
        Ok(Self)
    }
}

async fn serve(listener: TcpListener, latest: Latest) -> io::Result<()> {
    let metrics = move || {
        let text = open_metrics_text(&latest.families());
        async move { ([(CONTENT_TYPE, OPEN_METRICS_TYPE)], text) }
    };
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener, Router::new().route("/metrics", get(metrics))).await
}

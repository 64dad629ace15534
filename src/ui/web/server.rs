//! The server: one thread of its own, beside the workers, for everything that the page asks for.

use super::access::{Access, random_token};
use super::app::{App, LARGEST_FORM_BYTES};
use super::board::Board;
use super::live::{self, MOST_READERS};
use super::names::{WebBase, WebName};
use super::offer::Offer;
use super::origin::KnownNames;
use super::records::Records;
use super::security::gate;
use super::session::{MOST_CONNECTIONS, PageSession};
use super::tries::Tries;
use super::{downloads, locust, login, page, reports};
use crate::engine::Subject;
use crate::engine::tls::{TlsError, server_config};
use crate::pieces::tell;
use crate::plan::TlsIdentity;
use crate::ui::crowd::Crowd;
use crate::ui::visit::{Patience, Visit};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::Uri;
use axum::middleware::Next;
use axum::routing::{get, post};
use axum::{Router, middleware};
use rustls::ServerConfig;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// What is spoken in TLS (ALPN).
const PROTOCOL: &[u8] = b"http/1.1";
/// Wait for answers that are on their way when the server is closed.
const CLOSING_PATIENCE: Duration = Duration::from_secs(2);

/// Where and for whom the page is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Name or address to listen on; empty or `*` for all of this machine.
    pub host: String,
    /// TCP port; 0 for a free one.
    pub port: u16,
    /// The certificate that it is served with; `None` serves it without TLS.
    pub identity: Option<TlsIdentity>,
    /// What must be shown to come in. Without one everybody may on loopback, and elsewhere one is
    /// made up.
    pub token: Option<String>,
    /// What proxies before it go by.
    pub names: Vec<WebName>,
    /// What proxies put before its addresses.
    pub base: WebBase,
    /// The results directory.
    pub results: PathBuf,
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address cannot be listened on.
    #[error(
        "cannot serve the web page on {host} port {port}: {error}; choose another with --web-host or --web-port"
    )]
    Listen {
        /// The name or address.
        host: String,
        /// The port.
        port: u16,
        /// What the system said.
        error: io::Error,
    },
    /// The certificate is of no use.
    #[error("cannot serve the web page in TLS: {0}")]
    Tls(#[from] TlsError),
    /// No thread, or no event loop.
    #[error("cannot start the web page's thread: {0}")]
    Thread(#[source] io::Error),
}

/// The page, being served.
pub struct WebServer {
    app: Arc<App>,
    address: SocketAddr,
    base: WebBase,
    scheme: &'static str,
    made_up_token: Option<String>,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    /// Listens, and serves from now on.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the certificate is of no use.
    pub fn start(
        settings: &WebSettings,
        board: Arc<Board>,
        session: Arc<PageSession>,
        offer: Offer,
        subject: Subject,
    ) -> Result<Self, WebError> {
        let identity = settings.identity.as_ref();
        let tls = identity.map(|identity| server_config(identity, &[PROTOCOL]));
        let tls = tls.transpose()?.map(Arc::new);
        let listener = listen(settings)?;
        let address = listener.local_addr().map_err(WebError::Thread)?;
        let made_up_token = match settings.token {
            None if !address.ip().is_loopback() => Some(random_token()),
            _ => None,
        };
        let token = settings.token.clone().or_else(|| made_up_token.clone());
        let app = Arc::new(App {
            board,
            session,
            offer,
            subject,
            access: Access::new(token, address.port(), &settings.base, tls.is_some()),
            tries: Tries::default(),
            patience: Patience::default(),
            names: KnownNames::new(
                [settings.host.clone()].into_iter().chain(machine_name()),
                &settings.names,
            ),
            base: settings.base.clone(),
            records: Records::new(&settings.results),
            readers: Arc::new(Semaphore::new(MOST_READERS)),
            closing: watch::Sender::new(false),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(WebError::Thread)?;
        let serving = Arc::clone(&app);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let thread = thread::Builder::new()
            .name("web".to_owned())
            .spawn(move || runtime.block_on(serve(listener, tls, serving)))
            .map_err(WebError::Thread)?;
        Ok(Self {
            app,
            address,
            base: settings.base.clone(),
            scheme,
            made_up_token,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a user opens. A token that was made up is in the part that browsers keep to themselves.
    #[must_use]
    pub fn url(&self) -> String {
        let port = self.address.port();
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => machine_name().unwrap_or_else(|| "localhost".to_owned()),
            ip if ip.is_ipv6() => format!("[{ip}]"),
            ip => ip.to_string(),
        };
        let (scheme, page) = (self.scheme, self.base.page());
        match &self.made_up_token {
            Some(token) => format!("{scheme}://{host}:{port}{page}login#{token}"),
            None if page == "/" => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}:{port}{page}"),
        }
    }

    /// The token that was made up, if one was.
    #[must_use]
    pub fn made_up_token(&self) -> Option<&str> {
        self.made_up_token.as_deref()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.app.closing.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic there was told there; nothing here depends on it.
            let _ = thread.join();
        }
    }
}

fn listen(settings: &WebSettings) -> Result<TcpListener, WebError> {
    let failed = |error| WebError::Listen {
        host: settings.host.clone(),
        port: settings.port,
        error,
    };
    let host = match settings.host.as_str() {
        "" | "*" => "0.0.0.0",
        host => host.trim_start_matches('[').trim_end_matches(']'),
    };
    let mut addresses: Vec<SocketAddr> = (host, settings.port)
        .to_socket_addrs()
        .map_err(failed)?
        .collect();
    // `localhost` means 127.0.0.1 to most scripts.
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let listener = TcpListener::bind(addresses.as_slice()).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// What this machine calls itself.
fn machine_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

async fn serve(listener: TcpListener, tls: Option<Arc<ServerConfig>>, app: Arc<App>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => Crowd::new(listener, tls, MOST_CONNECTIONS, app.patience),
        Err(error) => {
            tell(format!("warning: the web page is not served: {error}"));
            return;
        }
    };
    let (closing, overdue) = (Arc::clone(&app), Arc::clone(&app));
    let guests = below_base(app).into_make_service_with_connect_info::<Visit>();
    let served = axum::serve(listener, guests)
        .with_graceful_shutdown(async move { closing.closing().await });
    let overdue = async move {
        overdue.closing().await;
        tokio::time::sleep(CLOSING_PATIENCE).await;
    };
    tokio::select! {
        served = async { served.await } => {
            if let Err(error) = served {
                tell(format!("warning: the web page is not served any more: {error}"));
            }
        }
        () = overdue => {}
    }
}

/// Every address, with and without what proxies put before it.
fn below_base(app: Arc<App>) -> Router {
    let base = app.base.clone();
    let strip = move |mut request: Request, next: Next| {
        let base = base.clone();
        async move {
            let uri = request.uri();
            if let Some(uri) = base.below(uri.path()).and_then(|path| at_path(uri, path)) {
                *request.uri_mut() = uri;
            }
            next.run(request).await
        }
    };
    // Routes are looked for after layers only where another router stands before them.
    Router::new()
        .fallback_service(router(app))
        .layer(middleware::from_fn(strip))
}

/// `uri` with another path and the same query.
fn at_path(uri: &Uri, path: &str) -> Option<Uri> {
    let asked = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    asked.parse().ok()
}

/// Every address that is answered.
fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/page/{name}", get(page::asset))
        .route("/favicon.ico", get(page::icon))
        .route("/login", get(login::form).post(login::log_in))
        .route("/setup", get(page::setup))
        .route("/live", get(live::live))
        .route("/witness/{number}", get(live::one_witness))
        .route("/history", get(downloads::history))
        .route("/results/{run}/record.tar", get(downloads::archive))
        .route("/results/{run}/report", get(reports::past))
        .route("/results/{run}/{file}", get(downloads::file))
        .route("/swarm", post(locust::swarm))
        .route("/stop", get(locust::stop).post(locust::stop))
        .route("/stats/reset", get(locust::reset).post(locust::reset))
        .route("/stats/requests", get(locust::requests))
        .route("/stats/requests/csv", get(locust::requests_csv))
        .route(
            "/stats/requests_full_history/csv",
            get(locust::full_history_csv),
        )
        .route("/stats/failures/csv", get(locust::failures_csv))
        .route("/stats/report", get(reports::current))
        .route("/exceptions", get(locust::exceptions))
        .route("/exceptions/csv", get(locust::exceptions_csv))
        .route("/tasks", get(locust::tasks))
        .route("/logs", get(locust::logs))
        .route("/worker-count", get(locust::worker_count))
        .fallback(|| async { downloads::not_found() })
        .layer(DefaultBodyLimit::max(LARGEST_FORM_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), gate))
        .with_state(app)
}

//! A reverse proxy on a port of its own: passes requests without bodies on, and replies back. Like
//! nginx it does so on one thread, in the order in which things come.

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

/// How it is connected to what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// A new connection for each request, as nginx without `keepalive`.
    Fresh,
    /// Connections are kept; the one that was used last is used first, as nginx does.
    Pooled,
}

/// Starts a proxy to `shop`; it ends with the test's process.
pub fn start(shop: SocketAddr, upstream: Upstream) -> SocketAddr {
    let (told, address) = mpsc::channel();
    thread::spawn(move || {
        let mut runtime = monoio::RuntimeBuilder::<monoio::FusionDriver>::new()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            told.send(listener.local_addr().expect("an address"))
                .expect("somebody waits for it");
            let pool = Rc::new(RefCell::new(Vec::new()));
            while let Ok((client, _)) = listener.accept().await {
                let pool = pool.clone();
                // A client that leaves ends its task.
                monoio::spawn(async move { serve(client, shop, upstream, &pool).await });
            }
        });
    });
    address.recv().expect("the proxy starts")
}

async fn serve(
    mut client: TcpStream,
    shop: SocketAddr,
    upstream: Upstream,
    pool: &RefCell<Vec<TcpStream>>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    loop {
        let request = pass_message(&mut client, None).await?;
        let kept = pool.borrow_mut().pop();
        let mut server = match kept {
            Some(server) => server,
            None => TcpStream::connect(shop).await?,
        };
        server.set_nodelay(true)?;
        server.write_all(request).await.0?;
        pass_message(&mut server, Some(&mut client)).await?;
        if upstream == Upstream::Pooled {
            pool.borrow_mut().push(server);
        }
    }
}

/// Reads a head, and as many bytes more as its `content-length` says; passes each piece on as it
/// comes.
async fn pass_message(from: &mut TcpStream, mut to: Option<&mut TcpStream>) -> io::Result<Vec<u8>> {
    let mut message: Vec<u8> = Vec::new();
    loop {
        let end = message.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&message[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if message.len() >= end + 4 + length.unwrap_or(0) {
                return Ok(message);
            }
        }
        let (read, mut piece) = from.read(vec![0; 16 << 10]).await;
        piece.truncate(read?);
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        message.extend_from_slice(&piece);
        if let Some(to) = &mut to {
            to.write_all(piece).await.0?;
        }
    }
}

//! A reverse proxy on a port of its own: passes requests without bodies on, and replies back.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
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
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let pool = Arc::new(Mutex::new(Vec::new()));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let pool = pool.clone();
            // A client that leaves ends its thread.
            thread::spawn(move || serve(client, shop, upstream, &pool));
        }
    });
    address
}

fn serve(
    mut client: TcpStream,
    shop: SocketAddr,
    upstream: Upstream,
    pool: &Mutex<Vec<TcpStream>>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    loop {
        let request = read_message(&mut client)?;
        let kept = pool.lock().expect("no thread panics with it").pop();
        let mut server = match kept {
            Some(server) => server,
            None => TcpStream::connect(shop)?,
        };
        server.set_nodelay(true)?;
        server.write_all(&request)?;
        let reply = read_message(&mut server)?;
        if upstream == Upstream::Pooled {
            pool.lock().expect("no thread panics with it").push(server);
        }
        client.write_all(&reply)?;
    }
}

/// A head, and as many bytes more as its `content-length` says.
fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    let mut piece = [0; 16 << 10];
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
        match stream.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => message.extend_from_slice(&piece[..count]),
        }
    }
}

//! Speaks TLS for a server that does not: passes what comes on to it, and back what it answers.

#![allow(dead_code, reason = "each test binary uses a part")]

use crate::certificates::Identity;
use rustls::{ServerConfig, ServerConnection};
use shopblast::engine::tls::server_config;
use shopblast::plan::TlsIdentity;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Between two looks at both ends.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// Listens on a free port with the certificate `shown`, before the server at `upstream`. It ends with the
/// test's process.
pub fn start(shown: &Identity, upstream: SocketAddr) -> SocketAddr {
    let identity = TlsIdentity {
        chain_pem: shown.chain_pem.clone().into_bytes(),
        key_pem: shown.key_pem.clone().into_bytes(),
    };
    let config = Arc::new(server_config(&identity, &[]).expect("a certificate"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // Either end may leave.
            thread::spawn(move || pass(client, config, upstream));
        }
    });
    address
}

fn pass(mut client: TcpStream, config: Arc<ServerConfig>, upstream: SocketAddr) -> io::Result<()> {
    let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut client)?;
    }
    let mut server = TcpStream::connect(upstream)?;
    client.set_nonblocking(true)?;
    server.set_nonblocking(true)?;
    let mut piece = [0; 16 << 10];
    loop {
        let of_client = came(tls.read_tls(&mut client))?;
        tls.process_new_packets().map_err(io::Error::other)?;
        let asked = came(tls.reader().read(&mut piece))?;
        if let Some(asked) = asked {
            write_all(&mut server, &piece[..asked])?;
        }
        let answered = came(server.read(&mut piece))?;
        match answered {
            Some(0) => tls.send_close_notify(),
            Some(answered) => tls.writer().write_all(&piece[..answered])?,
            None => {}
        }
        while tls.wants_write() {
            if came(tls.write_tls(&mut client))?.is_none() {
                thread::sleep(BETWEEN_LOOKS);
            }
        }
        match (of_client, asked, answered) {
            (Some(0), _, _) | (_, _, Some(0)) => return Ok(()),
            (None, None, None) => thread::sleep(BETWEEN_LOOKS),
            _ => {}
        }
    }
}

/// How much came; `None` when nothing did for now.
fn came(read: io::Result<usize>) -> io::Result<Option<usize>> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn write_all(stream: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match came(stream.write(bytes))? {
            Some(written) => bytes = &bytes[written..],
            None => thread::sleep(BETWEEN_LOOKS),
        }
    }
    Ok(())
}

//! Servers of a few lines: a thread a connection.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Serves each connection to a free port on a thread that ends with the test's process. Gives the
/// address.
pub fn serving(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    address
}

//! One client's connection to the shop.

use super::chaos::Mishap;
use super::connection_table::ConnectionTable;
use super::next::AfterReply;
use super::reply::write_invalid_request;
use super::request_handler::{Outgoing, RequestHandler};
use super::service_queue::ServiceQueue;
use crate::engine::codec::{Incoming, RequestProgress};
use crate::engine::{ByteStream, Tcp, now_ns, reset_on_close};
use std::cell::RefCell;
use std::rc::Rc;

/// Room for an ordinary request; a larger one makes the buffer grow.
const BUFFER_BYTES: usize = 2 << 10;
/// A buffer that has grown beyond this is given back when it is empty.
const MAX_KEPT_BYTES: usize = 64 << 10;

/// Serves a connection until one side closes it; it belongs to `worker`, if to any.
pub async fn serve(
    mut stream: Tcp,
    worker: Option<usize>,
    handler: Rc<RefCell<RequestHandler>>,
    service_queue: Rc<ServiceQueue>,
    connection_table: Rc<ConnectionTable>,
) {
    let guard = connection_table.register(stream.descriptor());
    let mut connection = ClientConnection {
        worker,
        ..ClientConnection::default()
    };
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    loop {
        if buffer.len() == buffer.capacity() {
            buffer.reserve(buffer.len());
        }
        let received;
        (received, buffer) = stream.receive(buffer).await;
        if !matches!(received, Ok(1..)) {
            break;
        }
        guard.is_busy();
        connection.received_ns = match connection_table.notes_arrivals() {
            true => now_ns(),
            false => 0,
        };
        let next = connection
            .answer_all(&mut buffer, &handler, &service_queue, &connection_table)
            .await;
        if !send_all(&mut stream, &mut connection.replies).await {
            break;
        }
        match next {
            AfterReply::Receive => {}
            AfterReply::Close => break,
            AfterReply::Reset => {
                reset_on_close(stream.descriptor());
                break;
            }
            AfterReply::Stall => {
                wait_for_end(&mut stream, buffer).await;
                break;
            }
        }
        if buffer.is_empty() {
            guard.is_idle();
            if buffer.capacity() > MAX_KEPT_BYTES {
                buffer = Vec::with_capacity(BUFFER_BYTES);
            }
        }
    }
    // The entry names the stream's descriptor, and so has to be given back first.
    drop(guard);
    drop(stream);
}

/// How a connection goes on whose reply gets lost.
fn lost(mishap: Mishap) -> AfterReply {
    match mishap {
        Mishap::Reset => AfterReply::Reset,
        Mishap::Stall | Mishap::Slow => AfterReply::Stall,
    }
}

/// Waits until the client gives up.
async fn wait_for_end(stream: &mut Tcp, mut buffer: Vec<u8>) {
    loop {
        buffer.clear();
        let received;
        (received, buffer) = stream.receive(buffer).await;
        if !matches!(received, Ok(1..)) {
            return;
        }
    }
}

/// Sends and empties `bytes`; false when the connection is broken.
pub async fn send_all(stream: &mut Tcp, bytes: &mut Vec<u8>) -> bool {
    let mut left = std::mem::take(bytes);
    while !left.is_empty() {
        let sent;
        (sent, left) = stream.send(left).await;
        match sent {
            Ok(sent @ 1..) if sent == left.len() => left.clear(),
            Ok(sent @ 1..) => drop(left.drain(..sent)),
            Ok(0) | Err(_) => return false,
        }
    }
    *bytes = left;
    true
}

#[derive(Default)]
struct ClientConnection {
    /// Of the request that is arriving.
    progress: RequestProgress,
    replies: Vec<u8>,
    /// The worker that serves it, if it belongs to one.
    worker: Option<usize>,
    /// When bytes were received last, if anybody wants to know.
    received_ns: u64,
    /// `100 Continue` has been sent for the request that is arriving.
    continued: bool,
}

impl ClientConnection {
    /// Answers all requests that have arrived in full and takes them out of `buffer`.
    async fn answer_all(
        &mut self,
        buffer: &mut Vec<u8>,
        handler: &RefCell<RequestHandler>,
        service_queue: &ServiceQueue,
        connection_table: &ConnectionTable,
    ) -> AfterReply {
        let mut answered = 0;
        let next = loop {
            match self.progress.parse(&buffer[answered..]) {
                Incoming::Complete { request, consumed } => {
                    if request.expects_continue {
                        self.say_continue();
                    }
                    self.continued = false;
                    if self.received_ns > 0 {
                        connection_table.note_arrival(
                            self.received_ns,
                            request.method,
                            request.target,
                        );
                    }
                    if !service_queue.admits_another() {
                        break AfterReply::Reset;
                    }
                    let mishap = service_queue.mishap(request.target);
                    // Of what gets lost nobody knows whether it was the request or the reply.
                    if let Some(mishap @ (Mishap::Reset | Mishap::Stall)) = mishap
                        && fastrand::bool()
                    {
                        break lost(mishap);
                    }
                    let sent_bytes = self.replies.len();
                    let date = connection_table.date();
                    let mut out = Outgoing {
                        date: &date,
                        bytes: &mut self.replies,
                    };
                    let next = if service_queue.is_immediate() {
                        handler.borrow_mut().answer(&request, &mut out)
                    } else {
                        service_queue
                            .serve(self.worker, handler, &request, &mut out)
                            .await
                    };
                    if next == AfterReply::Reset {
                        break next;
                    }
                    match mishap {
                        Some(Mishap::Slow) => service_queue.dawdle().await,
                        Some(mishap) => {
                            self.replies.truncate(sent_bytes);
                            break lost(mishap);
                        }
                        None => {}
                    }
                    if next == AfterReply::Close || request.asks_close || request.is_http_10 {
                        break AfterReply::Close;
                    }
                    answered += consumed;
                    if answered == buffer.len() {
                        break AfterReply::Receive;
                    }
                }
                Incoming::Partial { awaits_continue } => {
                    if awaits_continue {
                        self.say_continue();
                    }
                    break AfterReply::Receive;
                }
                Incoming::Bad => {
                    write_invalid_request(&connection_table.date(), &mut self.replies);
                    break AfterReply::Close;
                }
            }
        };
        if answered == buffer.len() {
            buffer.clear();
        } else {
            buffer.drain(..answered);
        }
        next
    }

    fn say_continue(&mut self) {
        if !std::mem::replace(&mut self.continued, true) {
            self.replies
                .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }
}

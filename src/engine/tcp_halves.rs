//! Both directions of a TCP connection apart, for protocols that receive while they send.

use super::net::{Tcp, count_ring_entry};
use monoio::buf::IoBufMut;
use monoio::io::{AsyncReadRent, AsyncWriteRent, OwnedReadHalf, OwnedWriteHalf, Splitable};
use monoio::net::TcpStream;
use std::io;

/// The direction in which bytes come.
pub struct TcpReader(OwnedReadHalf<TcpStream>);

/// The direction in which bytes go; it is ended when this is dropped.
pub struct TcpWriter(OwnedWriteHalf<TcpStream>);

impl Tcp {
    /// Takes both directions apart. The connection is closed when both are dropped; a receive that is
    /// under way then has to be ended by [`shut_down`](super::shut_down) before, or it keeps the
    /// connection open.
    #[must_use]
    pub fn into_halves(self) -> (TcpReader, TcpWriter) {
        let (reader, writer) = self.into_stream().into_split();
        (TcpReader(reader), TcpWriter(writer))
    }
}

impl TcpReader {
    /// Appends what arrives to `buffer`, as far as its spare capacity allows; 0 means that the peer
    /// closed its side.
    pub async fn receive(&mut self, buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        count_ring_entry();
        let filled = buffer.len();
        let (result, slice) = self.0.read(buffer.slice_mut(filled..)).await;
        (result, slice.into_inner())
    }
}

impl TcpWriter {
    /// Sends all of `bytes`; the buffer comes back empty when all went well.
    pub async fn send_all(&mut self, mut bytes: Vec<u8>) -> (io::Result<()>, Vec<u8>) {
        while !bytes.is_empty() {
            count_ring_entry();
            let sent;
            (sent, bytes) = self.0.write(bytes).await;
            match sent {
                Ok(0) => return (Err(io::ErrorKind::WriteZero.into()), bytes),
                Ok(sent) if sent == bytes.len() => bytes.clear(),
                Ok(sent) => drop(bytes.drain(..sent)),
                Err(error) => return (Err(error), bytes),
            }
        }
        (Ok(()), bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::net::{ByteStream, Listener, shut_down};
    use super::super::runtime::{Runtime, spawn};
    use super::*;
    use crate::plan::Driver;

    #[test]
    fn bytes_go_out_while_others_are_waited_for() {
        for driver in [Driver::Uring, Driver::Epoll] {
            Runtime::new(driver, 16).unwrap().block_on(async {
                let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
                let address = listener.local_address().unwrap();
                let mut client = Tcp::connect(address).await.unwrap();
                let served = listener.accept().await.unwrap();
                let descriptor = served.descriptor();
                let (mut reader, mut writer) = served.into_halves();
                let receiving = spawn(async move { reader.receive(Vec::with_capacity(64)).await });
                let (sent, left) = writer.send_all(b"pong".to_vec()).await;
                assert!(sent.is_ok() && left.is_empty());
                let (received, bytes) = client.receive(Vec::with_capacity(64)).await;
                assert_eq!((received.unwrap(), &bytes[..]), (4, &b"pong"[..]));
                client.send(b"ping".to_vec()).await.0.unwrap();
                let (received, bytes) = receiving.join().await;
                assert_eq!((received.unwrap(), &bytes[..]), (4, &b"ping"[..]));
                shut_down(descriptor);
                drop(writer);
                assert_eq!(client.receive(bytes).await.0.unwrap(), 0);
            });
        }
    }
}

//! A registration as `spike` sends it, with two places for a number that no other request has.

use std::net::SocketAddr;

/// Digits of the unique number.
const DIGITS: usize = 12;
const NO_NUMBER: &str = "000000000000";
/// What stands before it, as in an id of `spike`.
const PREFIX: &str = "d24mckddr06dk5h8";

/// The bytes of a request, and where its number goes.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    number_at: [usize; 2],
}

impl Request {
    /// A request to `address` that has no number yet.
    pub fn new(address: SocketAddr) -> Self {
        let body = format!(
            "{{\"external_id\":\"EXT-LT-{PREFIX}{NO_NUMBER}\",\
             \"email\":\"christmiranda.{PREFIX}{NO_NUMBER}@gmail.com\",\
             \"first_name\":\"Alexia\",\"last_name\":\"Navarro\"}}"
        );
        let head = format!(
            "POST /customers HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let text = head + &body;
        let mut places = text.match_indices(NO_NUMBER).map(|(at, _)| at);
        let mut place = || places.next().expect("the body names it twice");
        Self {
            number_at: [place(), place()],
            bytes: text.into_bytes(),
        }
    }

    /// Writes the number into its places.
    #[inline]
    pub fn number(&mut self, number: u64) {
        let mut digits = [b'0'; DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        for at in self.number_at {
            self.bytes[at..at + DIGITS].copy_from_slice(&digits);
        }
    }

    /// What goes on the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_carries_its_number_twice_and_the_length_of_its_body() {
        let mut request = Request::new(([127, 0, 0, 1], 8000).into());
        request.number(7);
        request.number(1_234_567);
        let text = String::from_utf8(request.bytes().to_vec()).unwrap();
        assert_eq!(text.matches("dk5h8000001234567").count(), 2);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
    }
}

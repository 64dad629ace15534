//! What shops are told and tell of themselves: requests to the embedded one, and a target's description.

use shopblast::sandbox::InProcessShop;
use shopblast::shop::{Contract, Generation, contexts_of_health, recognise};
use shopblast::ui::web::SwarmOrder;

/// Whatever is asked is answered. Each line is a request: method, path, and after a tab the body.
pub fn sandbox(bytes: &[u8]) {
    let mut shops = Generation::ALL.map(|generation| InProcessShop::new(generation, 8));
    for line in bytes.split(|byte| *byte == b'\n').take(20) {
        let end = line.iter().position(|byte| *byte == b'\t');
        let (head, body) = line.split_at(end.unwrap_or(line.len()));
        let body = body.get(1..).unwrap_or_default();
        let mut request = head.to_vec();
        let length = body.len();
        let rest = format!(
            " HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        request.extend_from_slice(rest.as_bytes());
        request.extend_from_slice(body);
        for shop in &mut shops {
            let Some(reply) = shop.answer(&request) else {
                continue;
            };
            assert!((200..600).contains(&reply.status), "{}", reply.status);
            // A refusal repeats what was sent, some times.
            assert!(reply.body.len() <= (16 << 10) + 64 * request.len());
        }
    }
}

/// Whatever a target says of itself, it is recognised as something that can be told, or refused.
pub fn openapi(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let contexts = contexts_of_health(text).unwrap_or_default();
    for base_path in ["", "/api"] {
        let contract = match Contract::read(text, base_path) {
            Ok(contract) => contract,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        assert!(contract.operations().count() == contract.len());
        assert_eq!(contract.hash().len(), 16);
        let recognised = recognise(contract, contexts.clone(), None);
        let told = recognised.to_string();
        assert!(
            told.contains("ShopStream") && !told.contains('\n'),
            "{told}"
        );
        assert!(recognised.adapted().count() <= recognised.drifts.len());
    }
}

/// A form of whatever media type, which is the first line, is an order or a message.
pub fn forms(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (kind, body) = bytes.split_at(end.unwrap_or(0));
    let Ok(kind) = std::str::from_utf8(kind) else {
        return;
    };
    let kind = Some(kind).filter(|kind| !kind.is_empty());
    match SwarmOrder::read(kind, body.get(1..).unwrap_or_default()) {
        Ok(order) => {
            let is_tidy = |text: &String| !text.is_empty() && text.trim() == text;
            assert!(order.classes.iter().chain(&order.host).all(is_tidy));
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
}

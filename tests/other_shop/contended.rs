//! What the small shop has that several may want at once: offers with pieces, a coupon, keys of orders. A
//! fault may be planted: then it looks first and takes later, as shops do that read, decide and write.

use super::{Answer, Asked};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// What is wrong with the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Who finds something left, gets it a moment later, whoever came meanwhile.
    LooksFirst,
    /// An order is not known by its key.
    ForgetsKeys,
    /// A closed offer still sells.
    StaysOpen,
    /// A piece of each offer gets lost.
    LosesPieces,
}

/// From a look to the deed.
const LATER: Duration = Duration::from_millis(50);

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Contended {
    offers: Mutex<HashMap<String, Offer>>,
}

#[derive(Clone, Debug, Default)]
struct Offer {
    pieces: i64,
    left: i64,
    is_closed: bool,
    is_redeemed: bool,
    reservations: u64,
    /// Ids of reservations by their keys.
    keys: HashMap<String, String>,
    last: Option<String>,
}

fn answer(status: u16, body: Value) -> Result<Answer, String> {
    Ok((status, String::new(), body))
}

impl Contended {
    /// Answers a request below `/offers`.
    pub fn answer(&self, asked: &Asked, fault: Fault) -> Result<Answer, String> {
        let parts: Vec<&str> = asked.path.split('/').skip(2).collect();
        match (asked.method.as_str(), &parts[..]) {
            ("POST", []) => self.open(asked, fault),
            ("GET", [offer]) => {
                let offer = self.offer(offer)?;
                answer(200, json!({"left": offer.left, "last": offer.last}))
            }
            ("POST", [name, "close"]) => {
                self.offer(name)?;
                self.change(name, |offer| offer.is_closed = fault != Fault::StaysOpen);
                answer(200, json!({}))
            }
            ("POST", [name, "coupon"]) => {
                let seen = self.offer(name)?;
                if fault == Fault::LooksFirst {
                    thread::sleep(LATER);
                }
                let mut is_granted = !seen.is_redeemed;
                self.change(name, |offer| {
                    if fault != Fault::LooksFirst {
                        is_granted = !offer.is_redeemed;
                    }
                    offer.is_redeemed = true;
                });
                match is_granted {
                    true => answer(200, json!({"discount": 5})),
                    false => answer(409, json!({"error": "redeemed already"})),
                }
            }
            ("POST", [name, "reservations"]) => self.reserve(asked, name, fault),
            _ => Err("no such offer".to_owned()),
        }
    }

    fn offer(&self, name: &str) -> Result<Offer, String> {
        let offers = self.offers.lock().expect("a lock");
        offers
            .get(name)
            .cloned()
            .ok_or_else(|| "no such offer".to_owned())
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Offer)) {
        let mut offers = self.offers.lock().expect("a lock");
        if let Some(offer) = offers.get_mut(name) {
            change(offer);
        }
    }

    fn open(&self, asked: &Asked, fault: Fault) -> Result<Answer, String> {
        let pieces = asked.json().and_then(|body| body["pieces"].as_i64());
        let pieces = pieces.filter(|pieces| (1..=4).contains(pieces));
        let pieces = pieces.ok_or("no pieces")?;
        let mut offers = self.offers.lock().expect("a lock");
        let name = format!("offer-{}", offers.len() + 1);
        let offer = Offer {
            pieces,
            left: pieces - i64::from(fault == Fault::LosesPieces),
            ..Offer::default()
        };
        offers.insert(name.clone(), offer);
        answer(201, json!({"id": name, "pieces": pieces}))
    }

    fn reserve(&self, asked: &Asked, name: &str, fault: Fault) -> Result<Answer, String> {
        let quantity = asked.json().and_then(|body| body["quantity"].as_i64());
        let quantity = quantity.filter(|quantity| (1..=2).contains(quantity));
        let quantity = quantity.ok_or("no quantity")?;
        let key = asked.header("idempotency-key").ok_or("no key")?.to_owned();
        let seen = self.offer(name)?;
        let looks_first = fault == Fault::LooksFirst;
        if looks_first {
            thread::sleep(LATER);
        }
        let mut answered = Err("no such offer".to_owned());
        self.change(name, |offer| {
            let known = offer.keys.get(&key);
            if let Some(id) = known.filter(|_| fault != Fault::ForgetsKeys) {
                answered = answer(200, json!({"id": id, "granted": quantity}));
                return;
            }
            if offer.is_closed {
                answered = answer(410, json!({"error": "closed"}));
                return;
            }
            let left = if looks_first { seen.left } else { offer.left };
            if left < quantity {
                answered = answer(409, json!({"error": "sold out"}));
                return;
            }
            offer.left = (offer.left - quantity).max(0);
            offer.reservations += 1;
            let id = format!("{name}/{}", offer.reservations);
            offer.keys.insert(key, id.clone());
            offer.last = Some(id.clone());
            answered = answer(
                201,
                json!({"id": id, "granted": quantity, "of": offer.pieces}),
            );
        });
        answered
    }
}

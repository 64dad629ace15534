//! The customers that the shop remembers, compact and bounded.
//!
//! A flood registers more than 100 000 customers a second, so that a customer takes about 45
//! bytes, its index included, and everything is allocated before the first one comes: no moment at
//! which a growing table makes one request slow. When the shop is full the oldest customer is
//! forgotten.

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

/// Account status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Suspended,
    Closed,
}

/// Loyalty tier, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    Standard,
    Silver,
    Gold,
    Platinum,
}

/// What later requests can notice of a customer. Names, phone and addresses themselves are
/// checked on the way in and then forgotten: no operation reads them back, and as address ids are
/// never given out, none can be changed, removed or made the default one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub status: Status,
    pub tier: Tier,
    /// Addresses in the book; the first one is and stays the default.
    pub addresses: u8,
}

impl Account {
    const NEW: Self = Self {
        status: Status::Active,
        tier: Tier::Standard,
        addresses: 0,
    };
}

/// External ids are kept as 128-bit hashes (XXH3): 16 bytes instead of up to 255 characters, and
/// among 10⁹ customers the chance of one false duplicate is 10⁻²¹.
type ExternalHash = [u64; 2];
/// Halves of the UUID, as `u64` to keep [`Customer`] at 40 bytes.
type CustomerId = [u64; 2];

struct Customer {
    id: CustomerId,
    external: ExternalHash,
    /// The next customer in the same chain, or [`END`].
    next: u32,
    account: Account,
}

/// The end of a chain.
const END: u32 = u32::MAX;

/// All remembered customers.
pub struct Customers {
    /// A ring once it is full.
    customers: Vec<Customer>,
    retain: usize,
    /// Where the oldest customer stands when the ring is full.
    oldest: usize,
    /// Chains of customers by external id: places in the ring. Chains, because a flood replaces
    /// every customer in time, and a table with open addressing would have to be swept of its
    /// tombstones in one go.
    chains: Vec<u32>,
    random: fastrand::Rng,
}

/// The external id is taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken;

impl Customers {
    /// Room for the `retain` newest customers: at least one, at most 2³² - 1.
    pub fn new(retain: usize, random: fastrand::Rng) -> Self {
        let retain = retain.clamp(1, u32::MAX as usize);
        Self {
            customers: Vec::with_capacity(retain),
            retain,
            oldest: 0,
            chains: vec![END; retain.next_power_of_two()],
            random,
        }
    }

    /// Registers a customer.
    ///
    /// # Errors
    /// When a remembered customer has the same external id.
    pub fn register(&mut self, external_id: &str) -> Result<Uuid, Taken> {
        let external = halves(xxh3_128(external_id.as_bytes()));
        if self.is_taken(&external) {
            return Err(Taken);
        }
        let is_full = self.customers.len() == self.retain;
        let place = if is_full {
            self.oldest
        } else {
            self.customers.len()
        };
        if is_full {
            self.forget(place);
            self.oldest = (place + 1) % self.retain;
        }
        let id = self.new_id(place as u32);
        let chain = self.chain_of(&external);
        let customer = Customer {
            id: halves(id.as_u128()),
            external,
            next: std::mem::replace(&mut self.chains[chain], place as u32),
            account: Account::NEW,
        };
        match self.customers.get_mut(place) {
            Some(forgotten) => *forgotten = customer,
            None => self.customers.push(customer),
        }
        Ok(id)
    }

    fn chain_of(&self, external: &ExternalHash) -> usize {
        external[0] as usize & (self.chains.len() - 1)
    }

    fn is_taken(&self, external: &ExternalHash) -> bool {
        let mut place = self.chains[self.chain_of(external)];
        while place != END {
            let customer = &self.customers[place as usize];
            if customer.external == *external {
                return true;
            }
            place = customer.next;
        }
        false
    }

    /// Takes the customer at `place` out of its chain.
    fn forget(&mut self, place: usize) {
        let forgotten = &self.customers[place];
        let (chain, next) = (self.chain_of(&forgotten.external), forgotten.next);
        let mut at = self.chains[chain];
        if at as usize == place {
            self.chains[chain] = next;
            return;
        }
        // It is in the chain, so that the walk ends at the one before it.
        while self.customers[at as usize].next as usize != place {
            at = self.customers[at as usize].next;
        }
        self.customers[at as usize].next = next;
    }

    /// A UUIDv4 whose first 32 bits hold the customer's place, scrambled with the 62 random bits of
    /// the other half: it looks as random as any, and needs no index to be found by.
    fn new_id(&mut self, place: u32) -> Uuid {
        let random = self.random.u128(..);
        let [low, high] = halves(
            uuid::Builder::from_random_bytes(random.to_be_bytes())
                .into_uuid()
                .as_u128(),
        );
        let first = u64::from(place ^ scramble(low));
        Uuid::from_u64_pair(high & 0xffff_ffff | first << 32, low)
    }

    /// The account of the customer with the identifier `text`, spelled as it was given out.
    pub fn account(&mut self, text: &str) -> Option<&mut Account> {
        let id = halves(read_uuid(text)?.as_u128());
        let [low, high] = id;
        let place = (high >> 32) as u32 ^ scramble(low);
        let customer = self.customers.get_mut(place as usize)?;
        (customer.id == id).then_some(&mut customer.account)
    }
}

/// The upper bits of a product with an odd constant (Knuth's multiplicative hashing).
fn scramble(bits: u64) -> u32 {
    (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// The low half, then the high one.
fn halves(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

/// A UUID in its canonical spelling; the shop compares texts, and knows no other spelling.
fn read_uuid(text: &str) -> Option<Uuid> {
    if text.len() != 36 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    Uuid::try_parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn customers(retain: usize) -> Customers {
        Customers::new(retain, fastrand::Rng::with_seed(7))
    }

    #[test]
    fn ids_are_version_4_uuids_that_are_found_in_one_spelling_only() {
        let mut customers = customers(10);
        let id = customers.register("a").unwrap();
        assert_eq!(id.get_version_num(), 4);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let text = id.to_string();
        assert_eq!(customers.account(&text).copied(), Some(Account::NEW));
        assert!(customers.account(&text.to_uppercase()).is_none());
        assert!(customers.account(&id.simple().to_string()).is_none());
        assert!(customers.account("not-a-uuid").is_none());
    }

    #[test]
    fn external_ids_are_unique_as_long_as_they_are_remembered() {
        let mut customers = customers(2);
        let first = customers.register("a").unwrap().to_string();
        assert_eq!(customers.register("a"), Err(Taken));
        customers.register("b").unwrap();
        assert_eq!(customers.register("a"), Err(Taken));
        customers.register("c").unwrap();
        assert!(
            customers.account(&first).is_none(),
            "the oldest is forgotten"
        );
        assert_eq!(customers.register("b"), Err(Taken));
        assert!(customers.register("a").is_ok());
        assert!(customers.register("b").is_ok());
    }

    #[test]
    fn memory_stays_bounded_and_nothing_is_reallocated() {
        assert!(size_of::<Customer>() <= 40);
        let retain = 1_000;
        let mut customers = customers(retain);
        let room = |customers: &Customers| {
            (
                customers.customers.capacity(),
                customers.customers.as_ptr() as usize,
                customers.chains.capacity(),
            )
        };
        let before = room(&customers);
        let ids: Vec<Uuid> = (0..50_000)
            .map(|number| customers.register(&format!("EXT-{number}")).unwrap())
            .collect();
        assert_eq!(room(&customers), before);
        let bytes = before.0 * size_of::<Customer>() + before.2 * size_of::<u32>();
        assert!(bytes <= 50 * retain, "{bytes} bytes for {retain} customers");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        let (forgotten, kept) = ids.split_at(ids.len() - retain);
        assert!(
            forgotten
                .iter()
                .all(|id| customers.account(&id.to_string()).is_none())
        );
        assert!(
            kept.iter()
                .all(|id| customers.account(&id.to_string()).is_some())
        );
    }
}

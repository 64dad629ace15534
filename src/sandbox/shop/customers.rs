//! The customers that the shop remembers, compact and bounded.
//!
//! A flood registers more than 100 000 customers a second, so that a customer takes about 60
//! bytes, indexes included, and everything is allocated before the first one comes: no moment at
//! which a growing table makes one request slow. When the shop is full the oldest customer is
//! forgotten.

use hashbrown::HashTable;
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
    account: Account,
}

/// All remembered customers.
pub struct Customers {
    /// A ring once it is full.
    customers: Vec<Customer>,
    retain: usize,
    /// Where the oldest customer stands when the ring is full.
    oldest: usize,
    by_id: HashTable<u32>,
    by_external: HashTable<u32>,
    random: fastrand::Rng,
}

/// The external id is taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken;

impl Customers {
    /// Room for the `retain` newest customers: at least one, at most 2³².
    pub fn new(retain: usize, random: fastrand::Rng) -> Self {
        let retain = retain.clamp(1, u32::MAX as usize);
        // Twice the room keeps the tables sparse: entries taken out leave free places, not
        // tombstones that would have to be swept out in one go.
        Self {
            customers: Vec::with_capacity(retain),
            retain,
            oldest: 0,
            by_id: HashTable::with_capacity(retain * 2),
            by_external: HashTable::with_capacity(retain * 2),
            random,
        }
    }

    /// Registers a customer.
    ///
    /// # Errors
    /// When a remembered customer has the same external id.
    pub fn register(&mut self, external_id: &str) -> Result<Uuid, Taken> {
        let external = halves(xxh3_128(external_id.as_bytes()));
        let customers = &self.customers;
        let same = |&place: &u32| customers[place as usize].external == external;
        if self.by_external.find(external[0], same).is_some() {
            return Err(Taken);
        }
        let uuid = uuid::Builder::from_random_bytes(self.random.u128(..).to_ne_bytes()).into_uuid();
        let customer = Customer {
            id: halves(uuid.as_u128()),
            external,
            account: Account::NEW,
        };
        let (id_hash, external_hash) = (customer.id[0], external[0]);
        let place = self.place(customer);
        let customers = &self.customers;
        self.by_id
            .insert_unique(id_hash, place, |&other| customers[other as usize].id[0]);
        self.by_external
            .insert_unique(external_hash, place, |&other| {
                customers[other as usize].external[0]
            });
        Ok(uuid)
    }

    fn place(&mut self, customer: Customer) -> u32 {
        if self.customers.len() < self.retain {
            self.customers.push(customer);
            return self.customers.len() as u32 - 1;
        }
        let place = self.oldest;
        self.oldest = (place + 1) % self.retain;
        let forgotten = std::mem::replace(&mut self.customers[place], customer);
        let place = place as u32;
        for (index, hash) in [
            (&mut self.by_id, forgotten.id[0]),
            (&mut self.by_external, forgotten.external[0]),
        ] {
            if let Ok(entry) = index.find_entry(hash, |&other| other == place) {
                entry.remove();
            }
        }
        place
    }

    /// The account of the customer with the identifier `text`, spelled as it was given out.
    pub fn account(&mut self, text: &str) -> Option<&mut Account> {
        let id = halves(read_uuid(text)?.as_u128());
        let customers = &self.customers;
        let same = |&place: &u32| customers[place as usize].id == id;
        let place = *self.by_id.find(id[0], same)?;
        Some(&mut self.customers[place as usize].account)
    }
}

fn halves(value: u128) -> [u64; 2] {
    // The low half first: it is the hash, and a UUID's version is in the high half.
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

    fn customers(retain: usize) -> Customers {
        Customers::new(retain, fastrand::Rng::with_seed(7))
    }

    #[test]
    fn ids_are_version_4_uuids_that_are_found_in_one_spelling_only() {
        let mut customers = customers(10);
        let id = customers.register("a").unwrap();
        assert_eq!(id.get_version_num(), 4);
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
                customers.by_id.allocation_size(),
                customers.by_external.allocation_size(),
            )
        };
        let before = room(&customers);
        let ids: Vec<Uuid> = (0..50_000)
            .map(|number| customers.register(&format!("EXT-{number}")).unwrap())
            .collect();
        assert_eq!(room(&customers), before);
        let bytes = before.0 * size_of::<Customer>() + before.2 + before.3;
        assert!(
            bytes <= 100 * retain,
            "{bytes} bytes for {retain} customers"
        );
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

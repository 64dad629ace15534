//! The customers that one shard remembers, compact and bounded, and the external ids that are taken.
//!
//! A flood registers more than 100 000 customers a second, so that a customer takes about 50 bytes,
//! its index included.

use super::ring_store::{RingStore, ThingKey};
use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

/// Account status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerStatus {
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
/// checked on the way in and then forgotten: only projections hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerAccount {
    pub status: CustomerStatus,
    pub tier: Tier,
    default: u8,
    /// Number of the next address.
    next: u8,
    /// A bit for each address in the book.
    book: u32,
}

/// Addresses are numbered, and numbers taken in turn; who has added and removed so many gets used
/// ones.
const NUMBERS: u8 = u32::BITS as u8;
/// No address is the default one.
const NO_DEFAULT: u8 = NUMBERS;
/// Two addresses are: what is left of a lost race of first addresses. From then on every change of
/// the customer is refused.
const TWO_DEFAULTS: u8 = NUMBERS + 1;

impl CustomerAccount {
    pub const NEW: Self = Self {
        status: CustomerStatus::Active,
        tier: Tier::Standard,
        default: NO_DEFAULT,
        next: 0,
        book: 0,
    };

    /// Addresses in the book.
    pub fn addresses(&self) -> u32 {
        self.book.count_ones()
    }

    /// Whether two addresses are marked as the default one.
    pub fn has_two_defaults(&self) -> bool {
        self.default == TWO_DEFAULTS
    }

    /// Whether it has just been given its first address.
    pub fn is_first_address(&self) -> bool {
        self.addresses() == 1 && self.default < NUMBERS
    }

    /// Adds an address and tells its number; the first one is the default one. There is room, as
    /// callers have checked.
    pub fn add_address(&mut self) -> u8 {
        let number = self.free_number();
        self.book |= 1 << number;
        if self.default == NO_DEFAULT {
            self.default = number;
        }
        number
    }

    /// Adds an address that is marked as the default one, like one that is there.
    pub fn add_second_default(&mut self) {
        self.add_address();
        self.default = TWO_DEFAULTS;
    }

    /// Takes an address out; another one becomes the default one if need be.
    pub fn remove_address(&mut self, number: u8) {
        self.book &= !(1 << number);
        if self.default == number {
            self.default = match self.book {
                0 => NO_DEFAULT,
                book => book.trailing_zeros() as u8,
            };
        }
    }

    /// Prefers an address.
    pub fn prefer_address(&mut self, number: u8) {
        self.default = number;
    }

    /// The number of the address whose identifier is `text`, of the customer with this key.
    pub fn find_address(&self, key: ThingKey, text: &str) -> Option<u8> {
        let id = Uuid::try_parse(text).ok()?;
        let mut spelled = [0; 36];
        if id.hyphenated().encode_lower(&mut spelled) != text {
            return None;
        }
        (0..NUMBERS).find(|&number| self.holds(number) && address_id(key, number) == id)
    }

    fn holds(&self, number: u8) -> bool {
        self.book >> number & 1 == 1
    }

    fn free_number(&mut self) -> u8 {
        let numbers = (0..NUMBERS).map(|step| (self.next + step) % NUMBERS);
        let free = numbers.into_iter().find(|&number| !self.holds(number));
        let number = free.unwrap_or_default();
        self.next = (number + 1) % NUMBERS;
        number
    }
}

/// The identifier of an address, which follows from its customer's and its number, so that it need
/// not be kept.
pub fn address_id(customer: ThingKey, number: u8) -> Uuid {
    let random = xxh3_128_with_seed(customer.uuid().as_bytes(), number.into());
    uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
}

/// An external id as it is kept: a 128-bit hash (XXH3), 16 bytes (words of 32 bits, so that
/// an entry has no gaps) instead of up to 255 characters;
/// among 10⁹ customers the chance of one false duplicate is 10⁻²¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExternalId([u32; 4]);

impl ExternalId {
    /// Of the text that a client sent.
    pub fn of(text: &str) -> Self {
        let hash = xxh3_128(text.as_bytes());
        Self([0, 32, 64, 96].map(|bits| (hash >> bits) as u32))
    }

    /// The shard, of so many, that customers with this external id belong to: whoever wants it
    /// too has to look there.
    pub fn shard(self, shards: usize) -> usize {
        self.0[2] as usize % shards
    }
}

struct CustomerEntry {
    external: ExternalId,
    /// The next customer in the same chain, or [`END`].
    next: u32,
}

/// The end of a chain.
const END: u32 = u32::MAX;

/// All customers of one shard.
pub struct Customers {
    pub accounts: RingStore<CustomerAccount>,
    /// The external id of each account, on the same place.
    entries: Vec<CustomerEntry>,
    /// Chains of customers by external id: places in the store. Chains, because a flood replaces
    /// every customer in time, and a table with open addressing would have to be swept of its
    /// tombstones in one go.
    chains: Vec<u32>,
}

/// The external id is taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken;

impl Customers {
    /// Room for the `retain` newest customers: at least one, at most 2³² - 1.
    pub fn new(retain: usize, shard: u16, random: fastrand::Rng) -> Self {
        let retain = retain.clamp(1, u32::MAX as usize);
        Self {
            accounts: RingStore::new(retain, shard, random),
            entries: Vec::with_capacity(retain),
            chains: vec![END; retain.next_power_of_two()],
        }
    }

    /// Registers a customer.
    ///
    /// # Errors
    /// When a remembered customer has the same external id.
    pub fn register(&mut self, external: ExternalId) -> Result<Uuid, Taken> {
        if self.is_taken(external) {
            return Err(Taken);
        }
        Ok(self.register_again(external))
    }

    /// Registers a customer without a look at who has the external id.
    pub fn register_again(&mut self, external: ExternalId) -> Uuid {
        let (place, is_full) = self.accounts.next_place();
        if is_full {
            self.forget(place);
        }
        let chain = self.chain_of(external);
        let entry = CustomerEntry {
            external,
            next: std::mem::replace(&mut self.chains[chain], place as u32),
        };
        match self.entries.get_mut(place) {
            Some(forgotten) => *forgotten = entry,
            None => self.entries.push(entry),
        }
        self.accounts.put(CustomerAccount::NEW)
    }

    fn chain_of(&self, external: ExternalId) -> usize {
        external.0[0] as usize & (self.chains.len() - 1)
    }

    fn is_taken(&self, external: ExternalId) -> bool {
        let mut place = self.chains[self.chain_of(external)];
        while place != END {
            let entry = &self.entries[place as usize];
            if entry.external == external {
                return true;
            }
            place = entry.next;
        }
        false
    }

    /// Takes the customer at `place` out of its chain.
    fn forget(&mut self, place: usize) {
        let forgotten = &self.entries[place];
        let (chain, next) = (self.chain_of(forgotten.external), forgotten.next);
        let mut at = self.chains[chain];
        if at as usize == place {
            self.chains[chain] = next;
            return;
        }
        // It is in the chain, so that the walk ends at the one before it.
        while self.entries[at as usize].next as usize != place {
            at = self.entries[at as usize].next;
        }
        self.entries[at as usize].next = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::shop::ring_store::ThingKey;
    use std::collections::HashSet;

    fn customers(retain: usize) -> Customers {
        Customers::new(retain, 0, fastrand::Rng::with_seed(7))
    }

    fn register(customers: &mut Customers, external_id: &str) -> Result<Uuid, Taken> {
        customers.register(ExternalId::of(external_id))
    }

    fn is_known(customers: &mut Customers, id: Uuid) -> bool {
        let key = ThingKey::read(&id.to_string()).unwrap();
        customers.accounts.slot(key).is_some()
    }

    #[test]
    fn external_ids_are_unique_as_long_as_they_are_remembered() {
        let mut customers = customers(2);
        let first = register(&mut customers, "a").unwrap();
        assert_eq!(register(&mut customers, "a"), Err(Taken));
        register(&mut customers, "b").unwrap();
        assert_eq!(register(&mut customers, "a"), Err(Taken));
        register(&mut customers, "c").unwrap();
        assert!(!is_known(&mut customers, first), "the oldest is forgotten");
        assert_eq!(register(&mut customers, "b"), Err(Taken));
        assert!(register(&mut customers, "a").is_ok());
        assert!(register(&mut customers, "b").is_ok());
    }

    #[test]
    fn addresses_are_found_by_ids_of_their_own() {
        let mut account = CustomerAccount::NEW;
        let key = ThingKey::of(Uuid::from_u128(7));
        let id = |number| address_id(key, number).to_string();
        assert_eq!(account.find_address(key, &id(0)), None);
        let numbers = [account.add_address(), account.add_address()];
        assert_eq!(numbers, [0, 1]);
        for number in numbers {
            assert_eq!(account.find_address(key, &id(number)), Some(number));
            let elsewhere = ThingKey::of(Uuid::from_u128(8));
            assert_eq!(account.find_address(elsewhere, &id(number)), None);
        }
        assert_eq!(account.find_address(key, &id(0).to_uppercase()), None);
        assert!(account.default == 0 && !account.has_two_defaults());
        account.remove_address(0);
        assert_eq!(account.find_address(key, &id(0)), None);
        assert_eq!((account.addresses(), account.default), (1, 1));
        for _ in 0..100 {
            let number = account.add_address();
            assert_eq!(account.addresses(), 2);
            account.remove_address(number);
        }
    }

    #[test]
    fn memory_stays_bounded_and_nothing_is_reallocated() {
        let retain = 1_000;
        let mut customers = customers(retain);
        let room = |customers: &Customers| {
            (
                customers.entries.capacity(),
                customers.entries.as_ptr() as usize,
                customers.chains.capacity(),
            )
        };
        let before = room(&customers);
        let ids: Vec<Uuid> = (0..50_000)
            .map(|number| register(&mut customers, &format!("EXT-{number}")).unwrap())
            .collect();
        assert_eq!(room(&customers), before);
        let per_customer = size_of::<CustomerEntry>()
            + size_of::<crate::sandbox::shop::ring_store::StoredThing<CustomerAccount>>();
        let bytes = before.0 * per_customer + before.2 * size_of::<u32>();
        assert!(bytes <= 54 * retain, "{bytes} bytes for {retain} customers");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        let (forgotten, kept) = ids.split_at(ids.len() - retain);
        assert!(forgotten.iter().all(|&id| !is_known(&mut customers, id)));
        assert!(kept.iter().all(|&id| is_known(&mut customers, id)));
    }
}

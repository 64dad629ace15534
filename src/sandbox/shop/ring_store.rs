//! The things of one kind that one shard remembers, each with its version.
//!
//! A store is a ring: when it is full the oldest thing is forgotten. Its memory is reserved before
//! the first thing comes, so that no moment comes at which a growing table makes one request slow.
//! An identifier holds the place of its thing, so that none has to be looked up in an index.

use uuid::Uuid;

/// A thing's place, and the identifier that proves that it is still the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThingKey {
    /// Words of the UUID, lowest first; of 32 bits, so that a slot has no gaps.
    id: [u32; 4],
}

impl ThingKey {
    /// The key in an identifier, spelled as it was given out; the shop compares texts, and knows no
    /// other spelling.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() != 36 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        Some(Self::of(Uuid::try_parse(text).ok()?))
    }

    /// The key in an identifier that was given out.
    pub fn of(id: Uuid) -> Self {
        let [low, high] = halves(id.as_u128());
        Self::of_halves(low, high)
    }

    fn of_halves(low: u64, high: u64) -> Self {
        Self {
            id: [
                low as u32,
                (low >> 32) as u32,
                high as u32,
                (high >> 32) as u32,
            ],
        }
    }

    /// Halves of the UUID: low, high.
    fn halves(self) -> [u64; 2] {
        let join = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let [a, b, c, d] = self.id;
        [join(a, b), join(c, d)]
    }

    /// A UUIDv4 whose first 48 bits hold place and shard, scrambled with the 62 random bits of the
    /// other half: it looks as random as any.
    fn new(place: u32, shard: u16, random: u128) -> Self {
        let version_4 = uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid();
        let [low, high] = halves(version_4.as_u128());
        let holds = (u64::from(place) << 16 | u64::from(shard)) ^ scramble(low);
        Self::of_halves(low, high & 0xffff | holds << 16)
    }

    /// Which shard the thing is in, if there is any such thing.
    pub fn shard(self) -> usize {
        usize::from(self.holds() as u16)
    }

    fn place(self) -> usize {
        (self.holds() >> 16) as usize
    }

    fn holds(self) -> u64 {
        let [low, high] = self.halves();
        high >> 16 ^ scramble(low)
    }

    /// As it is given out.
    pub fn uuid(self) -> Uuid {
        let [low, high] = self.halves();
        Uuid::from_u64_pair(high, low)
    }
}

/// The upper 48 bits of a product with an odd constant (Knuth's multiplicative hashing).
fn scramble(bits: u64) -> u64 {
    bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16
}

/// The low half, then the high one.
fn halves(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

/// See the module's documentation.
pub struct RingStore<A> {
    slots: Vec<StoredThing<A>>,
    retain: usize,
    /// Where the oldest thing stands when the ring is full.
    oldest: usize,
    shard: u16,
    random: fastrand::Rng,
}

/// A thing on its place.
pub struct StoredThing<A> {
    key: ThingKey,
    /// How often it was changed.
    pub version: u32,
    pub thing: A,
}

impl<A> RingStore<A> {
    /// Room for the `retain` newest things: at least one, at most 2³² - 1.
    pub fn new(retain: usize, shard: u16, random: fastrand::Rng) -> Self {
        let retain = retain.clamp(1, u32::MAX as usize);
        Self {
            slots: Vec::with_capacity(retain),
            retain,
            oldest: 0,
            shard,
            random,
        }
    }

    /// The place that the next thing will take, and whether another has to be forgotten for it.
    pub fn next_place(&self) -> (usize, bool) {
        if self.slots.len() == self.retain {
            (self.oldest, true)
        } else {
            (self.slots.len(), false)
        }
    }

    /// Puts a new thing in the store.
    pub fn put(&mut self, thing: A) -> Uuid {
        let (place, is_full) = self.next_place();
        let key = ThingKey::new(place as u32, self.shard, self.random.u128(..));
        let slot = StoredThing {
            key,
            version: 0,
            thing,
        };
        if is_full {
            self.slots[place] = slot;
            self.oldest = (place + 1) % self.retain;
        } else {
            self.slots.push(slot);
        }
        key.uuid()
    }

    /// The thing with this key, unless there is none or it was forgotten.
    pub fn slot(&mut self, key: ThingKey) -> Option<&mut StoredThing<A>> {
        let slot = self.slots.get_mut(key.place())?;
        (slot.key == key).then_some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn store(retain: usize) -> RingStore<u32> {
        RingStore::new(retain, 3, fastrand::Rng::with_seed(7))
    }

    fn found(store: &mut RingStore<u32>, id: &str) -> Option<u32> {
        Some(store.slot(ThingKey::read(id)?)?.thing)
    }

    #[test]
    fn ids_are_version_4_uuids_that_are_found_in_one_spelling_only() {
        let mut store = store(10);
        let id = store.put(5);
        assert_eq!(id.get_version_num(), 4);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(ThingKey::read(&id.to_string()).unwrap().shard(), 3);
        let text = id.hyphenated().to_string();
        assert_eq!(found(&mut store, &text), Some(5));
        for other in [
            text.to_uppercase(),
            id.simple().to_string(),
            id.braced().to_string(),
            Uuid::nil().to_string(),
            "x".into(),
            String::new(),
        ] {
            assert_eq!(found(&mut store, &other), None, "{other}");
        }
    }

    #[test]
    fn ids_of_neighbours_have_nothing_in_common_that_shows() {
        let mut store = store(1_000);
        let ids: Vec<Uuid> = (0..1_000).map(|thing| store.put(thing)).collect();
        let firsts: HashSet<u16> = ids.iter().map(|id| (id.as_u128() >> 112) as u16).collect();
        assert!(firsts.len() > 950, "{}", firsts.len());
        for (thing, id) in (0..).zip(&ids) {
            assert_eq!(found(&mut store, &id.to_string()), Some(thing));
        }
    }

    #[test]
    fn a_full_shelf_forgets_the_oldest() {
        let mut store = store(3);
        let ids: Vec<String> = (0..7).map(|thing| store.put(thing).to_string()).collect();
        for (thing, id) in (0..).zip(&ids) {
            let expected = (thing >= 4).then_some(thing);
            assert_eq!(found(&mut store, id), expected, "{thing}");
        }
    }
}

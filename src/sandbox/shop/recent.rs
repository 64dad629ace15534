//! What is known by something else than its identifier: of very much the newest.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// See the module's documentation.
pub struct Recent<K, V> {
    entries: HashMap<K, V>,
    /// Oldest first.
    order: VecDeque<K>,
    most: usize,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    /// Room for the `most` newest entries, at least one.
    pub fn new(most: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            most: most.max(1),
        }
    }

    /// What is known by `key`.
    pub fn get(&self, key: K) -> Option<&V> {
        self.entries.get(&key)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.entries.get_mut(&key)
    }

    /// What is known by `key`, which is `value` when nothing was.
    pub fn or_insert(&mut self, key: K, value: V) -> &mut V {
        if !self.entries.contains_key(&key) {
            self.order.push_back(key);
            if self.order.len() > self.most
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
        }
        self.entries.entry(key).or_insert(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_stays_and_the_oldest_entry_goes() {
        let mut recent = Recent::new(2);
        assert_eq!(*recent.or_insert(1, "a"), "a");
        assert_eq!(*recent.or_insert(1, "b"), "a");
        recent.or_insert(2, "c");
        recent.or_insert(3, "d");
        assert_eq!((recent.get(1), recent.get(2)), (None, Some(&"c")));
        *recent.get_mut(3).unwrap() = "e";
        assert_eq!(recent.get(3), Some(&"e"));
    }
}

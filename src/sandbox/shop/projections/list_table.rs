//! Rows of one projection that are read by a list that they are in: a product's reviews, a customer's
//! messages.

use super::super::ring_store::ThingKey;
use super::ProjectionRow;
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// Rows by list and identifier; of very many the newest.
pub struct ListTable<R = ProjectionRow> {
    rows: BTreeMap<(Uuid, Uuid), R>,
    /// Oldest first.
    order: VecDeque<(Uuid, Uuid)>,
    most: usize,
}

impl<R> ListTable<R> {
    /// Room for the `most` newest rows.
    pub fn new(most: usize) -> Self {
        Self {
            rows: BTreeMap::new(),
            order: VecDeque::new(),
            most: most.max(1),
        }
    }

    /// Puts a row into a list.
    pub fn put(&mut self, list: ThingKey, key: ThingKey, row: R) {
        let place = (list.uuid(), key.uuid());
        if self.rows.insert(place, row).is_some() {
            return;
        }
        self.order.push_back(place);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.rows.remove(&oldest);
        }
    }

    /// The row with this key in a list.
    pub fn row(&mut self, list: ThingKey, key: ThingKey) -> Option<&mut R> {
        self.rows.get_mut(&(list.uuid(), key.uuid()))
    }

    /// The rows of a list in the order of their identifiers, as the shop's database gives them.
    pub fn rows(&mut self, list: ThingKey) -> impl Iterator<Item = &mut R> {
        let list = list.uuid();
        let rows = self
            .rows
            .range_mut((list, Uuid::nil())..=(list, Uuid::max()));
        rows.map(|(_, row)| row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_apart_and_the_oldest_row_goes() {
        let key = |id: u128| ThingKey::of(Uuid::from_u128(id));
        let mut table = ListTable::new(3);
        for (list, id) in [(1, 9), (2, 8), (1, 7)] {
            table.put(key(list), key(id), id);
        }
        assert_eq!(
            table.rows(key(1)).map(|row| *row).collect::<Vec<_>>(),
            [7, 9]
        );
        table.put(key(1), key(9), 90);
        table.put(key(2), key(6), 6);
        assert_eq!(table.rows(key(1)).map(|row| *row).collect::<Vec<_>>(), [7]);
        assert_eq!(
            table.rows(key(2)).map(|row| *row).collect::<Vec<_>>(),
            [6, 8]
        );
        *table.row(key(2), key(6)).unwrap() += 1;
        assert_eq!(table.row(key(2), key(6)).copied(), Some(7));
        assert_eq!(table.row(key(1), key(6)), None);
    }
}

//! The levels of one item of stock, and their rules.

use crate::sandbox::refusal::Refusal;

/// What later requests can notice of an item of stock. Reservations are a sum: their ids are never
/// given out, and they never expire, so that none can be told from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockItem {
    on_hand: i64,
    reserved: i64,
    damaged: i64,
    reorder_point: i64,
    /// Pieces that the latest reservation took.
    last_taken: i64,
}

/// Whether a change left so little that the shop notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    Enough,
    Low,
}

impl StockItem {
    /// A reorder point of 0 is silently taken for the default, as Python takes it for nothing.
    pub fn new(on_hand: i64, reorder_point: i64) -> Self {
        Self {
            on_hand,
            reserved: 0,
            damaged: 0,
            last_taken: 0,
            reorder_point: if reorder_point == 0 {
                10
            } else {
                reorder_point
            },
        }
    }

    /// What can be reserved; negative after an adjustment below what is reserved.
    pub fn available(&self) -> i64 {
        self.on_hand.saturating_sub(self.reserved)
    }

    fn supply(&self) -> Supply {
        if self.available() <= self.reorder_point {
            Supply::Low
        } else {
            Supply::Enough
        }
    }

    pub fn receive(&mut self, quantity: i64) {
        self.on_hand = self.on_hand.saturating_add(quantity);
    }

    pub fn reserve(&mut self, quantity: i64) -> Result<Supply, Refusal> {
        let available = self.available();
        if available < quantity {
            return Err(Refusal::rule(
                "quantity",
                format!("Insufficient stock: {available} available, {quantity} requested"),
            ));
        }
        Ok(self.take(quantity))
    }

    /// Reserves without a look at what there is.
    pub fn take(&mut self, quantity: i64) -> Supply {
        self.reserved = self.reserved.saturating_add(quantity);
        self.last_taken = quantity;
        self.supply()
    }

    /// Gives up a reservation of so many pieces.
    pub fn release(&mut self, quantity: i64) {
        self.reserved = self.reserved.saturating_sub(quantity);
    }

    /// Keeps the pieces of a reservation that never came about.
    pub fn keep_pieces_of(&mut self, late: &Self) {
        self.reserved = self.reserved.saturating_add(late.last_taken);
    }

    /// May go below what is reserved. (The wording is the source's.)
    pub fn adjust(&mut self, change: i64) -> Result<Supply, Refusal> {
        let on_hand = self.on_hand.saturating_add(change);
        if on_hand < 0 {
            return Err(Refusal::rule(
                "quantity_change",
                format!("Adjustment would result in negative on-hand: {on_hand}"),
            ));
        }
        self.on_hand = on_hand;
        Ok(self.supply())
    }

    /// Whether the count differs, in which case the level is adjusted to it.
    pub fn check(&mut self, counted: i64) -> Option<Supply> {
        if counted == self.on_hand {
            return None;
        }
        self.on_hand = counted;
        Some(self.supply())
    }

    /// (The wording is the source's.)
    pub fn mark_damaged(&mut self, quantity: i64) -> Result<Supply, Refusal> {
        let unreserved = self.available();
        if quantity > unreserved {
            return Err(Refusal::rule(
                "quantity",
                format!("Cannot damage more than unreserved stock: {unreserved} available"),
            ));
        }
        self.on_hand -= quantity;
        self.damaged = self.damaged.saturating_add(quantity);
        Ok(self.supply())
    }

    pub fn write_off(&mut self, quantity: i64) -> Result<(), Refusal> {
        let damaged = self.damaged;
        if quantity > damaged {
            return Err(Refusal::rule(
                "quantity",
                format!("Cannot write off more than damaged: {damaged} damaged"),
            ));
        }
        self.damaged -= quantity;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
        result.unwrap_err().body()
    }

    #[test]
    fn nothing_is_oversold() {
        let mut item = StockItem::new(10, 3);
        assert_eq!(item.reserve(6), Ok(Supply::Enough));
        assert_eq!(
            said(item.reserve(5)),
            r#"{"error":{"quantity":["Insufficient stock: 4 available, 5 requested"]}}"#
        );
        assert_eq!(item.reserve(1), Ok(Supply::Low));
        assert_eq!(item.available(), 3);
    }

    #[test]
    fn an_adjustment_may_go_below_what_is_reserved() {
        let mut item = StockItem::new(10, 0);
        item.reserve(8).unwrap();
        item.adjust(-5).unwrap();
        assert_eq!(item.available(), -3);
        assert_eq!(
            said(item.reserve(1)),
            r#"{"error":{"quantity":["Insufficient stock: -3 available, 1 requested"]}}"#
        );
        assert_eq!(
            said(item.adjust(-6)),
            r#"{"error":{"quantity_change":["Adjustment would result in negative on-hand: -1"]}}"#
        );
    }

    #[test]
    fn only_what_is_damaged_is_written_off() {
        let mut item = StockItem::new(10, 0);
        item.reserve(7).unwrap();
        assert_eq!(
            said(item.mark_damaged(4)),
            r#"{"error":{"quantity":["Cannot damage more than unreserved stock: 3 available"]}}"#
        );
        item.mark_damaged(3).unwrap();
        assert_eq!(
            said(item.write_off(4)),
            r#"{"error":{"quantity":["Cannot write off more than damaged: 3 damaged"]}}"#
        );
        assert_eq!(item.write_off(3), Ok(()));
        assert_eq!(item.available(), 0);
    }

    #[test]
    fn a_count_that_differs_is_taken_over() {
        let mut item = StockItem::new(100, 0);
        assert_eq!(item.check(100), None);
        assert_eq!(item.check(7), Some(Supply::Low));
        assert_eq!(item.available(), 7);
    }

    #[derive(Clone, Debug)]
    enum Command {
        Receive(i64),
        Reserve(i64),
        Adjust(i64),
        Damage(i64),
        WriteOff(i64),
        Count(i64),
    }

    fn command() -> impl Strategy<Value = Command> {
        prop_oneof![
            (1..50i64).prop_map(Command::Receive),
            (1..50i64).prop_map(Command::Reserve),
            (-50..50i64).prop_map(Command::Adjust),
            (1..50i64).prop_map(Command::Damage),
            (1..50i64).prop_map(Command::WriteOff),
            (0..200i64).prop_map(Command::Count),
        ]
    }

    proptest! {
        /// Sums of what was accepted explain every level, and a refusal changes nothing.
        #[test]
        fn levels_follow_from_what_was_accepted(start in 0..100i64, commands in proptest::collection::vec(command(), 0..60)) {
            let mut item = StockItem::new(start, 10);
            let (mut on_hand, mut reserved, mut damaged) = (start, 0, 0);
            for command in commands {
                let before = item;
                let accepted = match command {
                    Command::Receive(quantity) => { item.receive(quantity); on_hand += quantity; true }
                    Command::Reserve(quantity) => {
                        let accepted = item.reserve(quantity).is_ok();
                        prop_assert_eq!(accepted, on_hand - reserved >= quantity);
                        if accepted { reserved += quantity; }
                        accepted
                    }
                    Command::Adjust(change) => {
                        let accepted = item.adjust(change).is_ok();
                        prop_assert_eq!(accepted, on_hand + change >= 0);
                        if accepted { on_hand += change; }
                        accepted
                    }
                    Command::Damage(quantity) => {
                        let accepted = item.mark_damaged(quantity).is_ok();
                        prop_assert_eq!(accepted, on_hand - reserved >= quantity);
                        if accepted { on_hand -= quantity; damaged += quantity; }
                        accepted
                    }
                    Command::WriteOff(quantity) => {
                        let accepted = item.write_off(quantity).is_ok();
                        prop_assert_eq!(accepted, damaged >= quantity);
                        if accepted { damaged -= quantity; }
                        accepted
                    }
                    Command::Count(counted) => { item.check(counted); on_hand = counted; true }
                };
                if !accepted { prop_assert_eq!(item, before); }
                prop_assert_eq!((item.on_hand, item.reserved, item.damaged), (on_hand, reserved, damaged));
                prop_assert_eq!(item.available(), on_hand - reserved);
            }
        }
    }
}

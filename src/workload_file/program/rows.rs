//! Which row of its data a user has. Rows are dealt by arithmetic over the users of a plan, so that it is
//! the same on any number of cores, and nobody waits for anybody.

use crate::engine::Values;
use crate::plan::Plan;
use crate::workload_file::model::definitions::{Data, Order, Per, UsedUp};
use fastrand::Rng;

/// How the rows of one set of data are dealt to the users of a plan.
#[derive(Debug)]
pub struct Dealer {
    data: &'static Data,
    /// Users of each class in a round of users, and whether they have rows.
    round: Box<[(u64, bool)]>,
    /// Users of a round, and those of them that have rows.
    in_round: (u64, u64),
    /// Users of the plan that have rows.
    users: u64,
    /// After so many passes a user would come to the row that it had first; it takes the next one then.
    cycle: u64,
}

/// What a user is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dealt {
    /// A row, or what it had before.
    Row,
    /// There are no more.
    Nothing,
}

impl Dealer {
    /// Deals `data` to the users of those classes of `plan` that are `served`, by their positions.
    pub fn new(data: &'static Data, plan: &Plan, served: impl Fn(usize) -> bool) -> Self {
        let shares = plan.classes.iter().enumerate();
        let shares = shares.map(|(position, share)| (u64::from(share.weight), served(position)));
        let round: Box<[(u64, bool)]> = shares.collect();
        let all = round.iter().map(|(users, _)| users).sum();
        let with_rows = round.iter().filter(|(_, has_rows)| *has_rows);
        let in_round = (all, with_rows.map(|(users, _)| users).sum());
        let mut dealer = Self {
            data,
            round,
            in_round,
            users: 0,
            cycle: 1,
        };
        dealer.users = dealer.place(plan.max_users());
        let rows = data.table.rows() as u64;
        dealer.cycle = (rows / common_divisor(dealer.users.max(1), rows).max(1)).max(1);
        dealer
    }

    /// Why the plan cannot be carried out: every user is to have a row of its own.
    #[must_use]
    pub fn lack(&self) -> Option<String> {
        let data = self.data;
        let rows = data.table.rows() as u64;
        let needs_all =
            data.order == Order::Unique && data.per == Per::User && data.used_up.is_none();
        (needs_all && self.users > rows).then(|| {
            format!(
                "`{}` has {rows} rows, and {} users are to have one each; give it more, or say used_up = \
                 \"stop\" or \"again\"",
                data.name, self.users
            )
        })
    }

    /// The place of a user among those that have rows.
    #[inline]
    fn place(&self, user: u32) -> u64 {
        let (all, with_rows) = self.in_round;
        let (rounds, mut within) = (u64::from(user) / all.max(1), u64::from(user) % all.max(1));
        let mut place = rounds * with_rows;
        for &(users, has_rows) in &self.round {
            let passed = within.min(users);
            place += if has_rows { passed } else { 0 };
            within -= passed;
        }
        place
    }

    /// Gives a user the row of its next pass.
    #[inline]
    pub fn deal(&self, values: &mut Values, rng: &mut Rng) -> Dealt {
        let Some(&(first, _)) = self.data.columns.first() else {
            return Dealt::Row;
        };
        let turn = values.next_turn(first);
        let is_kept = self.data.per == Per::User && turn > 0;
        let rows = self.data.table.rows() as u64;
        let row = match (self.data.order, self.data.per) {
            _ if is_kept => return Dealt::Row,
            (Order::Random, _) => rng.u64(..rows),
            (_, Per::User) => self.place(values.user()),
            (_, Per::Pass) => match values.arrival() {
                Some(arrival) => arrival,
                None => {
                    let turn = u64::from(turn);
                    let shift = match self.data.order {
                        Order::Sequence => turn / self.cycle,
                        _ => 0,
                    };
                    self.place(values.user()) + turn * self.users.max(1) + shift
                }
            },
        };
        // A user beyond those of the plan has the rows of another one.
        let is_beyond = self.data.per == Per::Pass
            && values.arrival().is_none()
            && self.place(values.user()) >= self.users;
        let is_once = self.data.order == Order::Unique && self.data.used_up != Some(UsedUp::Again);
        if is_once && (row >= rows || is_beyond) {
            return Dealt::Nothing;
        }
        self.give((row % rows) as usize, values);
        Dealt::Row
    }

    #[inline]
    fn give(&self, row: usize, values: &mut Values) {
        for &(value, column) in &self.data.columns {
            let field = self.data.table.field(row, usize::from(column));
            values.set(value, field.text, field.is_bare);
        }
    }
}

fn common_divisor(one: u64, other: u64) -> u64 {
    match other {
        0 => one,
        other => common_divisor(other, one % other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ClassShare, Load, Stage};
    use crate::workload_file::model::table::{Field, Table};
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::time::Duration;

    fn data(rows: usize, order: Order, per: Per, used_up: Option<UsedUp>) -> &'static Data {
        let mut table = Table::new(vec!["n".to_owned()]).unwrap();
        for row in 0..rows {
            let text = row.to_string();
            let field = Field {
                text: text.as_bytes(),
                is_bare: true,
            };
            table.push(field).unwrap();
        }
        Box::leak(Box::new(Data {
            name: "rows".to_owned(),
            table: Arc::new(table),
            columns: vec![(0, 0)],
            order,
            per,
            used_up,
        }))
    }

    fn plan(users: u32) -> Plan {
        let run_time = Duration::from_secs(9);
        let stage = Stage {
            users,
            spawn_rate_per_s: 1.0,
            duration_us: 9_000_000,
        };
        let share = |class: &str, weight| ClassShare {
            class: class.to_owned(),
            weight,
        };
        Plan {
            classes: vec![share("Browser", 2), share("Buyer", 1), share("Seller", 2)],
            ..Plan::of_load(Load::closed(vec![stage], run_time).unwrap(), run_time)
        }
    }

    /// What user `user` has in its first passes.
    fn dealt(dealer: &Dealer, user: u32, passes: usize) -> Vec<Option<String>> {
        let mut values = Values::new(1).of_user(user);
        let mut rng = Rng::with_seed(u64::from(user));
        let pass = |_| match dealer.deal(&mut values, &mut rng) {
            Dealt::Row => Some(String::from_utf8_lossy(values.raw(0)).into_owned()),
            Dealt::Nothing => None,
        };
        (0..passes).map(pass).collect()
    }

    /// Users of the classes that have rows: all but the first.
    fn served(users: u32) -> Vec<u32> {
        let plan = plan(users);
        (0..users).filter(|user| plan.class_of(*user) > 0).collect()
    }

    #[test]
    fn unique_rows_are_dealt_once_and_all_of_them() {
        for users in [1, 3, 4, 5, 17, 100] {
            let data = data(120, Order::Unique, Per::Pass, None);
            let dealer = Dealer::new(data, &plan(users), |class| class > 0);
            let mut seen = BTreeSet::new();
            for user in served(users) {
                let dealt = dealt(&dealer, user, 121);
                let given: Vec<String> = dealt.into_iter().map_while(|row| row).collect();
                assert!(given.iter().all(|row| seen.insert(row.clone())), "{users}");
            }
            let all = if served(users).is_empty() { 0 } else { 120 };
            assert_eq!(seen.len(), all, "{users} users");
        }
    }

    #[test]
    fn a_sequence_goes_round_and_every_user_begins_with_its_own() {
        let data = data(7, Order::Sequence, Per::Pass, None);
        let dealer = Dealer::new(data, &plan(5), |class| class > 0);
        let firsts: Vec<_> = served(5)
            .into_iter()
            .map(|user| dealt(&dealer, user, 3))
            .collect();
        let numbers = |row: &[&str]| -> Vec<Option<String>> {
            row.iter().map(|it| Some((*it).to_owned())).collect()
        };
        assert_eq!(firsts[0], numbers(&["0", "3", "6"]));
        assert_eq!(firsts[1], numbers(&["1", "4", "0"]));
        assert_eq!(firsts[2], numbers(&["2", "5", "1"]));
    }

    /// However many there are of both: 12 users would have the same of 3 rows again and again.
    #[test]
    fn every_user_comes_to_every_row_of_a_sequence_equally_often() {
        for (users, rows) in [(12, 3), (9, 3), (4, 6), (5, 7), (6, 4), (1, 5)] {
            let data = data(rows, Order::Sequence, Per::Pass, None);
            let dealer = Dealer::new(data, &plan(users), |_| true);
            for user in 0..users {
                let mut times = std::collections::BTreeMap::new();
                for row in dealt(&dealer, user, rows * rows) {
                    *times.entry(row).or_insert(0) += 1;
                }
                assert_eq!(times.len(), rows, "user {user} of {users}, {rows} rows");
                assert!(times.values().all(|it| *it == rows), "{times:?}");
            }
        }
    }

    #[test]
    fn a_user_may_keep_its_row_for_ever() {
        for order in [Order::Sequence, Order::Random, Order::Unique] {
            let data = data(50, order, Per::User, None);
            let dealer = Dealer::new(data, &plan(5), |_| true);
            let rows = dealt(&dealer, 3, 20);
            assert!(
                rows.iter().all(|row| row.is_some() && *row == rows[0]),
                "{order:?}"
            );
        }
    }

    #[test]
    fn too_few_rows_are_told_unless_the_file_says_what_then() {
        let lack = |rows, used_up| {
            let data = data(rows, Order::Unique, Per::User, used_up);
            let dealer = Dealer::new(data, &plan(10), |class| class > 0);
            (dealer.lack(), dealt(&dealer, 9, 1)[0].clone())
        };
        let (said, _) = lack(5, None);
        assert!(said.unwrap().contains("has 5 rows, and 6 users"));
        assert_eq!(lack(6, None), (None, Some("5".to_owned())));
        assert_eq!(lack(5, Some(UsedUp::Stop)), (None, None));
        assert_eq!(lack(5, Some(UsedUp::Again)), (None, Some("0".to_owned())));
    }

    #[test]
    fn an_arrival_has_the_row_of_its_number() {
        let data = data(3, Order::Unique, Per::Pass, None);
        let dealer = Dealer::new(data, &plan(1), |_| true);
        let mut values = Values::new(1);
        let mut rng = Rng::with_seed(1);
        for (arrival, expected) in [(2, Dealt::Row), (0, Dealt::Row), (3, Dealt::Nothing)] {
            values.begin_arrival(Some(arrival));
            assert_eq!(dealer.deal(&mut values, &mut rng), expected, "{arrival}");
        }
        assert_eq!(values.raw(0), b"0");
    }
}

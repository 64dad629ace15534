//! What has to be called before what: which operation gives the id that others want, in which order.

use super::description::{Described, Giving};
use std::collections::{BTreeMap, BTreeSet};

/// What one operation needs and gives.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Values without which its path cannot be written.
    pub in_path: BTreeSet<String>,
    /// Values that its body and its query hold, by their names.
    pub in_body: BTreeSet<String>,
    /// What its replies give.
    pub gives: Vec<Giving>,
    /// Whether it may be called to get what it gives.
    pub is_usable: bool,
}

/// Who gives what.
#[derive(Clone, Debug, Default)]
pub struct Givers {
    /// The operation that gives each value, with the place in its reply, by the value's name.
    pub of: BTreeMap<String, (usize, String)>,
    /// Values that may stand in the requests of each giver: those that were there before.
    pub before: BTreeMap<usize, BTreeSet<String>>,
}

impl Givers {
    /// Finds for each value the likeliest operation that can be called before it is there.
    #[must_use]
    pub fn find(links: &[Link]) -> Self {
        let wanted: BTreeSet<&String> = links
            .iter()
            .flat_map(|link| link.in_path.iter().chain(&link.in_body))
            .collect();
        let mut givers = Self::default();
        loop {
            let there = givers.there();
            let is_feasible = |link: &Link, heeds_body: bool| {
                let has_body = !heeds_body || link.in_body.is_subset(&there);
                link.is_usable && link.in_path.is_subset(&there) && has_body
            };
            let candidates = |heeds_body: bool| {
                let links = links.iter().enumerate();
                let feasible = links.filter(move |(_, link)| is_feasible(link, heeds_body));
                let givings =
                    feasible.flat_map(|(at, link)| link.gives.iter().map(move |it| (at, it)));
                givings
                    .filter(|(_, giving)| {
                        wanted.contains(&giving.value) && !there.contains(&giving.value)
                    })
                    .min_by_key(|(at, giving)| (giving.rank, *at))
                    .map(|(at, giving)| (at, giving.clone()))
            };
            // Where each waits for the other, the body of one holds something made up.
            let Some((at, giving)) = candidates(true).or_else(|| candidates(false)) else {
                return givers;
            };
            givers.before.entry(at).or_insert_with(|| there.clone());
            givers.of.insert(giving.value, (at, giving.pointer));
        }
    }

    /// Names of all values that are given.
    #[must_use]
    pub fn there(&self) -> BTreeSet<String> {
        self.of.keys().cloned().collect()
    }

    /// Whether the operation at `place` gives a value.
    #[must_use]
    pub fn is_giver(&self, place: usize) -> bool {
        self.of.values().any(|(giver, _)| *giver == place)
    }

    /// The operations that have to be called for `values`, in order; `needs` are those of each operation.
    #[must_use]
    pub fn callers(&self, values: &BTreeSet<String>, needs: &[BTreeSet<String>]) -> Vec<usize> {
        let mut order = Vec::new();
        for value in values {
            self.add(value, needs, &mut order, 0);
        }
        order
    }

    fn add(&self, value: &str, needs: &[BTreeSet<String>], order: &mut Vec<usize>, depth: usize) {
        let Some((giver, _)) = self.of.get(value) else {
            return;
        };
        // Needs lead to what was there before, which has an end.
        if order.contains(giver) || depth > needs.len() {
            return;
        }
        for needed in &needs[*giver] {
            self.add(needed, needs, order, depth + 1);
        }
        if !order.contains(giver) {
            order.push(*giver);
        }
    }
}

/// A journey as it is planned: operations by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// What has to succeed, in order.
    pub first: Vec<usize>,
    /// What is done then, whether or not it succeeds.
    pub then: Vec<usize>,
}

/// The errands of users: one for each thing that is created and used, one for each resource else.
#[must_use]
pub fn errands(
    described: &[Described<'_>],
    needs: &[BTreeSet<String>],
    is_called: &[bool],
    givers: &Givers,
) -> Vec<Errand> {
    let mut groups: Vec<(String, Option<String>, Vec<usize>)> = Vec::new();
    let resource = |place: usize| {
        let segments = described[place].segments();
        // What all paths begin with tells nothing.
        let mut telling = segments.into_iter().filter(|it| !is_prefix(it));
        telling.next().unwrap_or("root").to_owned()
    };
    for (value, (giver, _)) in &givers.of {
        let name = value.strip_suffix("_id").unwrap_or(value).to_owned();
        let is_used = (0..described.len())
            .any(|at| is_called[at] && chain_of(&described[at], givers) == Some(value));
        if is_used {
            groups.push((name, Some(value.clone()), vec![*giver]));
        }
    }
    // In the order of the description.
    groups.sort_by_key(|(_, _, operations)| operations[0]);
    for place in (0..described.len()).filter(|place| is_called[*place] && !givers.is_giver(*place))
    {
        let chain = chain_of(&described[place], givers).cloned();
        let found = match &chain {
            Some(_) => groups.iter().position(|(_, value, _)| *value == chain),
            None => {
                let own = resource(place);
                let of_chain = |(_, _, operations): &(_, Option<String>, Vec<usize>)| {
                    resource(operations[0]) == own
                };
                groups.iter().position(of_chain)
            }
        };
        match found {
            Some(at) => groups[at].2.push(place),
            None => groups.push((resource(place), None, vec![place])),
        }
    }
    let mut errands: Vec<Errand> = Vec::new();
    for (name, value, operations) in groups {
        let mut values: BTreeSet<String> = value.iter().cloned().collect();
        let then = &operations[usize::from(value.is_some())..];
        values.extend(then.iter().flat_map(|place| needs[*place].iter().cloned()));
        let first = givers.callers(&values, needs);
        let mut then = then.to_vec();
        // What ends a thing comes last.
        then.sort_by_key(|place| (is_end(&described[*place]), *place));
        let name = free_name(&super::wording::snake(&name), &errands);
        let about = match &value {
            Some(value) => format!("what is done with {value}"),
            None => "calls that need nothing of each other".to_owned(),
        };
        errands.push(Errand {
            name,
            about,
            first,
            then,
        });
    }
    errands
}

/// The value whose chain an operation belongs to: the last of its path that is given.
fn chain_of<'g>(described: &Described<'_>, givers: &'g Givers) -> Option<&'g String> {
    let values = described.values();
    let mut last = values.iter().rev();
    last.find_map(|value| givers.of.get_key_value(*value).map(|(value, _)| value))
}

fn is_prefix(segment: &str) -> bool {
    let is_version = segment.len() < 5
        && segment.starts_with('v')
        && segment[1..]
            .chars()
            .all(|it| it.is_ascii_digit() || it == '.');
    matches!(segment, "api" | "rest") || is_version
}

/// Whether nothing is likely to be possible with a thing after this.
fn is_end(described: &Described<'_>) -> bool {
    const ENDS: [&str; 10] = [
        "close",
        "cancel",
        "archive",
        "abandon",
        "void",
        "remove",
        "delete",
        "discontinue",
        "deactivate",
        "checkout",
    ];
    let segments = described.segments();
    let last = segments.last().copied().unwrap_or_default();
    let ends_with_value = matches!(
        described.path.last(),
        Some(super::description::Piece::Parameter(..))
    );
    (described.method == "DELETE" && ends_with_value && described.values().len() == 1)
        || ENDS.contains(&last)
}

fn free_name(wanted: &str, errands: &[Errand]) -> String {
    let is_free = |name: &str| errands.iter().all(|errand| errand.name != name);
    let mut numbered = (2..).map(|number| format!("{wanted}_{number}"));
    match is_free(wanted) {
        true => wanted.to_owned(),
        false => numbered.find(|name| is_free(name)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(in_path: &[&str], in_body: &[&str], gives: &[(&str, u8)]) -> Link {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let giving = |(value, rank): &(&str, u8)| Giving {
            value: (*value).to_owned(),
            pointer: format!("/{value}"),
            rank: *rank,
        };
        Link {
            in_path: set(in_path),
            in_body: set(in_body),
            gives: gives.iter().map(giving).collect(),
            is_usable: true,
        }
    }

    #[test]
    fn the_likeliest_gives_what_others_want_and_nothing_waits_for_itself() {
        let links = [
            link(&["cart_id"], &[], &[("order_id", 1)]),
            link(&[], &["customer_id"], &[("order_id", 0)]),
            link(&[], &["customer_id"], &[("cart_id", 0)]),
            link(&[], &[], &[("customer_id", 0), ("unwanted_id", 0)]),
            link(&["order_id"], &[], &[]),
            // Each waits for the other.
            link(&[], &["b_id"], &[("a_id", 0)]),
            link(&[], &["a_id"], &[("b_id", 0)]),
        ];
        let givers = Givers::find(&links);
        let of: Vec<(&str, usize)> = givers
            .of
            .iter()
            .map(|(value, (at, _))| (value.as_str(), *at))
            .collect();
        assert_eq!(
            of,
            [
                ("a_id", 5),
                ("b_id", 6),
                ("cart_id", 2),
                ("customer_id", 3),
                ("order_id", 1)
            ]
        );
        let needs: Vec<BTreeSet<String>> = links
            .iter()
            .enumerate()
            .map(|(at, link)| {
                let all = link.in_path.union(&link.in_body);
                let before = givers.before.get(&at);
                all.filter(|it| before.is_none_or(|before| before.contains(*it)))
                    .cloned()
                    .collect()
            })
            .collect();
        let wanted = BTreeSet::from(["order_id".to_owned(), "b_id".to_owned()]);
        assert_eq!(givers.callers(&wanted, &needs), [5, 6, 3, 1]);
    }
}

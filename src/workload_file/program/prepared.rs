//! What is made before the clock starts: bodies of each kind, and what is made up for heads and by steps.

use super::body_text::{draft, draw_all, has_total_of, write};
use super::compiled::{LateSum, Program, SumOf};
use super::late_sums::LateSums;
use super::recipes::{MadeUp, Recipe};
use crate::engine::{Arena, ArenaBuilder, Values};
use crate::plan::{RunId, UniqueNumbers, fnv1a};
use crate::workload_file::model::definitions::{Body, BodyKind, DrawSet, Node};
use crate::workload_file::model::generated::Turn;
use crate::workload_file::model::texts::{Drawn, Part};
use fastrand::Rng;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bodies of a kind that has something made up: enough to look like a crowd, few enough that the kinds
/// of one journey stay in a core's cache.
const BODIES: usize = 2_048;
/// Bytes that all bodies of one kind have at most, about: longer ones are fewer.
const KIND_BYTES: usize = 4 << 20;
/// The same of all kinds together.
const ALL_BYTES: usize = 64 << 20;
/// Threads that make bodies, at most.
const MOST_THREADS: usize = 8;

/// What a plan's users send. Shared by all cores.
#[derive(Debug)]
pub struct Supplies {
    /// By the position of the body; `None` for what the plan never sends.
    bodies: Vec<Option<Arena>>,
    /// Sums that are made when a body is sent, by its position; `None` where it has none.
    body_sums: Vec<Option<LateSums>>,
    /// The same of heads.
    head_sums: LateSums,
    /// By the position of what is made up.
    made: Vec<MadeUp>,
    /// By the position of what steps make up: the value that takes it, and how.
    recipes: Vec<(u16, Recipe)>,
    /// By their position: the numbers that are drawn for bodies, and that journeys count.
    numbers: Vec<Box<[i32]>>,
}

/// What bodies are drawn from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Seed of the plan.
    pub seed: u64,
    /// What makes its unique values differ from those of every other run.
    pub run_id: &'a RunId,
    /// The options that the run has, by the bits of their positions.
    pub options: u32,
}

impl Supplies {
    /// Prepares what `program` sends, of bodies only those that are `needed`.
    pub fn new(program: &Program, needed: impl Fn(u16) -> bool, source: Source<'_>) -> Self {
        let sets = source.draw_sets(program);
        let kinds = (0..).zip(&program.bodies);
        let kinds: Vec<Kind<'_>> = kinds
            .filter(|(position, _)| needed(*position))
            .map(|(position, body)| {
                let sums = &program.body_sums[usize::from(position)][..];
                Kind::new((position, body, sums), &sets, source)
            })
            .collect();
        let estimates = kinds.iter().map(|kind| kind.one_bytes * kind.count);
        let room = match estimates.map(|bytes| bytes.min(KIND_BYTES)).sum::<usize>() {
            ..=ALL_BYTES => KIND_BYTES,
            _ => ALL_BYTES / kinds.len(),
        };
        let mut bodies: Vec<Option<Arena>> = program.bodies.iter().map(|_| None).collect();
        let mut body_sums: Vec<Option<LateSums>> = program.bodies.iter().map(|_| None).collect();
        let mut numbers: Vec<Vec<i32>> = program.numbers.iter().map(|_| Vec::new()).collect();
        let made = in_parallel(&kinds, |kind| {
            // Those that agree with each other are as many of each kind.
            let agree = kinds.iter().filter(|other| {
                other.position == kind.position
                    || kind.body.tied.is_some() && other.body.tied == kind.body.tied
            });
            let count = agree.map(|other| other.count_within(room)).min();
            kind.make(count.unwrap_or(1), program, (&sets, source))
        });
        for (kind, made) in kinds.iter().zip(made) {
            bodies[usize::from(kind.position)] = Some(made.arena);
            body_sums[usize::from(kind.position)] = (!kind.sums.is_empty()).then_some(made.late);
            for (place, of_kind) in made.numbers {
                numbers[place] = of_kind;
            }
        }
        let mut head_sums = LateSums::new(&program.head_sums);
        // A head is always the same.
        head_sums.push(&program.head_sums, &[], b"");
        Self {
            bodies,
            body_sums,
            head_sums,
            made: (0..)
                .zip(&program.made)
                .map(|(position, (_, generator))| {
                    let rng = &mut source.numbered_stream("head", position);
                    MadeUp::new(generator, source.run_id, rng)
                })
                .collect(),
            recipes: (0..)
                .zip(&program.recipes)
                .map(|(position, (value, parts))| {
                    let rng = &mut source.numbered_stream("step", position);
                    (*value, Recipe::new(parts, source.run_id, rng))
                })
                .collect(),
            numbers: numbers.into_iter().map(Vec::into_boxed_slice).collect(),
        }
    }

    /// The bodies at `position`.
    #[inline]
    #[must_use]
    pub fn body(&self, position: u16) -> Option<&Arena> {
        self.bodies[usize::from(position)].as_ref()
    }

    /// The sums that are made when a body at `position` is sent, if it has any.
    #[inline]
    #[must_use]
    pub fn body_sums(&self, position: u16) -> Option<&LateSums> {
        self.body_sums[usize::from(position)].as_ref()
    }

    /// The sums of all heads.
    #[inline]
    #[must_use]
    pub fn head_sums(&self) -> &LateSums {
        &self.head_sums
    }

    /// The numbers at `position`: one of each body of their kind.
    #[inline]
    #[must_use]
    pub fn numbers(&self, position: u16) -> &[i32] {
        &self.numbers[usize::from(position)]
    }

    /// Makes something up for the value `value`.
    #[inline]
    pub fn make(
        &self,
        position: usize,
        value: u16,
        drawn_from: (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        self.made[position].make(value, drawn_from, values);
    }

    /// Carries out the recipe at `position`.
    #[inline]
    pub fn prepare(
        &self,
        position: u16,
        drawn_from: (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        let (value, recipe) = &self.recipes[usize::from(position)];
        recipe.make(*value, drawn_from, values);
    }

    /// Memory that the bodies take, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let bodies = self.bodies.iter().flatten();
        let sums = self.body_sums.iter().flatten();
        let sums: usize = sums.map(LateSums::memory_bytes).sum();
        bodies.map(Arena::memory_bytes).sum::<usize>() + sums
    }
}

/// What several bodies share: for each of them, what is drawn.
type Sets = Vec<Vec<Vec<Drawn>>>;

impl<'a> Source<'a> {
    /// A random stream of its own for each kind, so that one more leaves the others as they were.
    fn stream(self, kind: &str) -> Rng {
        Rng::with_seed(self.seed ^ fnv1a(kind.as_bytes()))
    }

    fn numbered_stream(self, what: &str, position: u16) -> Rng {
        self.stream(&format!("{what} {position}"))
    }

    fn draw_sets(self, program: &Program) -> Sets {
        let drawn = program.draws.iter().map(|set| {
            let mut rng = self.stream(&set.name);
            let turn = |place| Turn {
                place,
                run_id: self.run_id,
            };
            (0..count_of(set))
                .map(|place| draw_all(&set.draws, Vec::new(), &mut rng, turn(place)))
                .collect()
        });
        drawn.collect()
    }
}

fn count_of(set: &DrawSet) -> usize {
    match set.count {
        Some(count) => count as usize,
        None => in_turn(set.draws.iter().flatten()).unwrap_or(BODIES),
    }
}

/// How many values the longest of those has that are taken in turn.
fn in_turn<'p>(parts: impl Iterator<Item = &'p Part>) -> Option<usize> {
    let turns = parts.filter_map(|part| match part {
        Part::Made(generator) => generator.turns(),
        _ => None,
    });
    turns.max()
}

/// Bodies of one kind that are to be made.
struct Kind<'a> {
    position: u16,
    body: &'a Body,
    /// What of it is added up when it is sent.
    sums: &'a [LateSum],
    /// How many there would be, if there were room.
    count: usize,
    /// Memory that one takes, about.
    one_bytes: usize,
}

impl<'a> Kind<'a> {
    fn new(
        (position, body, sums): (u16, &'a Body, &'a [LateSum]),
        sets: &Sets,
        source: Source<'_>,
    ) -> Self {
        let parts = body.parts();
        let count = match (body.tied, body.count) {
            (Some(set), _) => sets[set].len(),
            (None, Some(count)) => count as usize,
            (None, None) => match in_turn(parts.iter().copied()) {
                Some(turns) => turns,
                None if is_alike(body, &parts) => 1,
                None => BODIES,
            },
        };
        let mut kind = Self {
            position,
            body,
            sums,
            count,
            one_bytes: 0,
        };
        kind.one_bytes = kind
            .arena(1, (sets, source), |_, _| ())
            .memory_bytes()
            .max(1);
        kind
    }

    fn count_within(&self, room: usize) -> usize {
        self.count.min(room / self.one_bytes).max(1)
    }

    fn make(
        &self,
        count: usize,
        program: &Program,
        (sets, source): (&Sets, Source<'_>),
    ) -> MadeKind {
        let mut late = LateSums::new(self.sums);
        let of_kind = program.numbers.iter().enumerate();
        let of_kind = of_kind.filter(|(_, (body, _))| *body == self.position);
        let mut numbers: Vec<(usize, usize, Vec<i32>)> = of_kind
            .map(|(place, (_, draw))| (place, usize::from(*draw), Vec::new()))
            .collect();
        let arena = self.arena(count, (sets, source), |drawn, draft| {
            late.push(self.sums, drawn, draft);
            for (_, draw, numbers) in &mut numbers {
                numbers.push(drawn[*draw].0.parse().unwrap_or(0));
            }
        });
        let numbers = numbers.into_iter();
        MadeKind {
            arena,
            late,
            numbers: numbers
                .map(|(place, _, numbers)| (place, numbers))
                .collect(),
        }
    }

    fn arena(
        &self,
        count: usize,
        (sets, source): (&Sets, Source<'_>),
        mut see: impl FnMut(&[Drawn], &[u8]),
    ) -> Arena {
        let mut rng = match &self.body.name {
            Some(name) => source.stream(name),
            None => source.numbered_stream("body", self.position),
        };
        let is_list = |sum: &LateSum| matches!(sum.of, SumOf::List(_));
        let has_lists = has_total_of(self.body) || self.sums.iter().any(is_list);
        let mut place = 0;
        ArenaBuilder::build(count, |out| {
            let turn = Turn {
                place,
                run_id: source.run_id,
            };
            let shared = match self.body.tied {
                Some(set) => sets[set][place].clone(),
                None => Vec::new(),
            };
            let drawn = draw_all(&self.body.draws, shared, &mut rng, turn);
            let turn = (turn, source.options);
            let draft = match has_lists {
                true => draft(self.body, &drawn, turn, &rng),
                false => Vec::new(),
            };
            see(&drawn, &draft);
            write(self.body, (&drawn, draft), turn, &mut rng, out);
            place += 1;
        })
    }
}

/// What was made of a kind.
struct MadeKind {
    arena: Arena,
    late: LateSums,
    /// By their positions in the program.
    numbers: Vec<(usize, Vec<i32>)>,
}

/// What `make` makes of each of `kinds`, in their order, on as many threads as there are CPUs for: each kind has a
/// random stream of its own, so that it is the same whoever makes it.
fn in_parallel<'k, K: Sync, M: Send>(kinds: &'k [K], make: impl Fn(&'k K) -> M + Sync) -> Vec<M> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(MOST_THREADS).min(kinds.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| {
            let place = next.fetch_add(1, Ordering::Relaxed);
            kinds.get(place).map(|kind| (place, make(kind)))
        });
        mine.collect::<Vec<_>>()
    };
    let mut made = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut made = work();
        for other in others {
            match other.join() {
                Ok(theirs) => made.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        made
    });
    made.sort_unstable_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, made)| made).collect()
}

/// Whether all bodies are the same but for what is patched in.
fn is_alike(body: &Body, parts: &[&Part]) -> bool {
    let is_alike = |part: &&Part| match part {
        Part::Made(generator) => generator.is_alike(),
        _ => true,
    };
    parts.iter().all(is_alike) && !has_several(body)
}

fn has_several(body: &Body) -> bool {
    fn of(node: &Node) -> bool {
        match node {
            Node::Several { least, most, .. } | Node::Repeated { least, most, .. }
                if least != most =>
            {
                true
            }
            Node::Several { element, .. } | Node::Repeated { element, .. } => of(element),
            Node::Object(members) => members.iter().any(|(_, node)| of(node)),
            Node::Array(elements) => elements.iter().any(of),
            Node::Either { with, without, .. } => of(with) || of(without),
            Node::Text(_) | Node::Literal(_) => false,
        }
    }
    matches!(&body.kind, BodyKind::Json(node) if of(node))
}

//! How ready-made bodies are drawn.

use crate::engine::{Arena, ArenaBuilder, BodyWriter};
use crate::plan::{RunId, fnv1a};
use fastrand::Rng;

/// Bodies of each generated kind: enough to look like a crowd, few enough that the kinds of one
/// journey stay in a core's cache.
pub const BODIES: usize = 2_048;

/// Bodies of each kind whose bodies are longer than 512 bytes on average: so that it takes no more
/// of the cache than the others.
pub const LARGE_BODIES: usize = 512;

/// What bodies are made from.
#[derive(Clone, Copy)]
pub struct PayloadSource<'a> {
    pub seed: u64,
    pub run_id: &'a RunId,
    /// Whether nothing that the bodies are for is ever called: one of each kind will do.
    pub is_idle: bool,
}

impl PayloadSource<'_> {
    /// A random stream of `kind`'s own, so that a new kind of body leaves the others as they were.
    pub fn stream(self, kind: &str) -> Rng {
        Rng::with_seed(self.seed ^ fnv1a(kind.as_bytes()))
    }

    /// So many bodies of a kind are made that is to have `count`.
    pub fn count_of(self, count: usize) -> usize {
        if self.is_idle { 1 } else { count }
    }

    /// [`BODIES`] bodies.
    pub fn drawn(self, kind: &str, write: impl FnMut(&mut Rng, &mut BodyWriter<'_>)) -> Arena {
        self.generated(kind, BODIES, write)
    }

    /// [`LARGE_BODIES`] bodies.
    pub fn drawn_large(
        self,
        kind: &str,
        write: impl FnMut(&mut Rng, &mut BodyWriter<'_>),
    ) -> Arena {
        self.generated(kind, LARGE_BODIES, write)
    }

    fn generated(
        self,
        kind: &str,
        count: usize,
        mut write: impl FnMut(&mut Rng, &mut BodyWriter<'_>),
    ) -> Arena {
        let mut rng = self.stream(kind);
        ArenaBuilder::build(self.count_of(count), |body| write(&mut rng, body))
    }

    /// One body for each of `values`, in their order.
    pub fn drawn_for<T>(
        self,
        kind: &str,
        values: &[T],
        mut write: impl FnMut(&T, &mut Rng, &mut BodyWriter<'_>),
    ) -> Arena {
        let mut rng = self.stream(kind);
        each(values, |value, body| write(value, &mut rng, body))
    }
}

/// An arena of one body that is always the same, but for what is patched in.
pub fn fixed(write: impl FnMut(&mut BodyWriter<'_>)) -> Arena {
    ArenaBuilder::build(1, write)
}

/// One body for each of `values`, in their order.
pub fn each<T>(values: &[T], mut write: impl FnMut(&T, &mut BodyWriter<'_>)) -> Arena {
    let mut values = values.iter();
    ArenaBuilder::build(values.len(), |body| {
        let value = values.next().expect("there are as many bodies as values");
        write(value, body);
    })
}

//! Payload arenas: thousands of ready-made bodies in one block of memory, with the few places that
//! differ from request to request known beforehand.
//!
//! An arena is built once, before the clock starts, and then only read, by all cores.

use super::Id;
use super::values::{Form, Mark, Values};
use crate::plan::{UNIQUE_TEXT_BYTES, UniqueNumbers};
use bytes::Bytes;
use fastrand::Rng;

/// What goes into a patch point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patch {
    /// The next unique number of the user.
    Unique,
    /// The n-th id given with the call.
    Id(u8),
    /// The user's value at this position, as its place wants it.
    Value(u16, Form),
}

/// A patch point of a body: the patch goes in before the byte at `offset`.
#[derive(Clone, Copy, Debug)]
struct PatchPoint {
    offset: u32,
    patch: Patch,
}

#[derive(Clone, Copy, Debug)]
struct ArenaEntry {
    start: u32,
    end: u32,
    first_patch: u32,
    last_patch: u32,
}

/// Ready-made bodies of one kind. See the module's documentation.
#[derive(Debug)]
pub struct Arena {
    bytes: Bytes,
    patches: Box<[PatchPoint]>,
    entries: Box<[ArenaEntry]>,
    ids: u8,
}

impl Arena {
    /// How many bodies there are, at least 1.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Never: an arena has at least one body.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many ids every body needs.
    #[must_use]
    pub fn ids(&self) -> u8 {
        self.ids
    }

    /// Memory that the bodies and their patch points take, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.patches) + size_of_val(&*self.entries)
    }

    /// A body drawn by `rng`.
    #[inline]
    pub fn pick(&self, rng: &mut Rng) -> usize {
        rng.usize(..self.entries.len())
    }

    /// Length of body `index` once `ids` and `values` are patched in.
    #[inline]
    #[must_use]
    pub fn patched_len(&self, index: usize, ids: &[Id], values: &Values) -> usize {
        let entry = self.entries[index];
        let mut len = (entry.end - entry.start) as usize;
        for point in self.points(entry) {
            len += match point.patch {
                Patch::Unique => UNIQUE_TEXT_BYTES,
                Patch::Id(place) => ids[usize::from(place)].as_bytes().len(),
                Patch::Value(position, form) => values.length(position, form),
            };
        }
        len
    }

    /// Appends body `index` to `out`, patched. Allocates nothing while `out` has room.
    #[inline]
    pub fn append(
        &self,
        index: usize,
        (ids, values): (&[Id], &Values),
        unique: &mut UniqueNumbers,
        out: &mut Vec<u8>,
    ) {
        let entry = self.entries[index];
        let mut copied = entry.start as usize;
        for point in self.points(entry) {
            let offset = point.offset as usize;
            out.extend_from_slice(&self.bytes[copied..offset]);
            copied = offset;
            match point.patch {
                Patch::Unique => {
                    let mut text = [0; UNIQUE_TEXT_BYTES];
                    unique.write_next(&mut text);
                    out.extend_from_slice(&text);
                }
                Patch::Id(place) => out.extend_from_slice(ids[usize::from(place)].as_bytes()),
                Patch::Value(position, form) => values.append(position, form, out),
            }
        }
        out.extend_from_slice(&self.bytes[copied..entry.end as usize]);
    }

    /// Where body `index`, which begins at `start`, holds values of the user.
    pub fn mark(
        &self,
        index: usize,
        (ids, values): (&[Id], &Values),
        start: usize,
        mark: &mut impl FnMut(Mark),
    ) {
        let entry = self.entries[index];
        let mut at = start;
        let mut copied = entry.start as usize;
        for point in self.points(entry) {
            let offset = point.offset as usize;
            at += offset - copied;
            copied = offset;
            at += match point.patch {
                Patch::Unique => UNIQUE_TEXT_BYTES,
                Patch::Id(place) => ids[usize::from(place)].as_bytes().len(),
                Patch::Value(value, form) => {
                    let bytes = values.length(value, form);
                    mark(Mark {
                        at,
                        bytes,
                        value,
                        form,
                    });
                    bytes
                }
            };
        }
    }

    #[inline]
    fn points(&self, entry: ArenaEntry) -> &[PatchPoint] {
        &self.patches[entry.first_patch as usize..entry.last_patch as usize]
    }
}

/// Builds an [`Arena`] body by body.
#[derive(Debug, Default)]
pub struct ArenaBuilder {
    bytes: Vec<u8>,
    patches: Vec<PatchPoint>,
    entries: Vec<ArenaEntry>,
    ids: u8,
}

impl ArenaBuilder {
    /// An arena of `count` ≥ 1 bodies, each written by `write`.
    ///
    /// # Panics
    /// When `count` is 0 or the arena would pass 4 GiB: both are programming errors.
    #[must_use]
    pub fn build(count: usize, mut write: impl FnMut(&mut BodyWriter<'_>)) -> Arena {
        assert!(count > 0, "an arena needs at least one body");
        let mut builder = Self::default();
        for _ in 0..count {
            builder.add(&mut write);
        }
        Arena {
            bytes: Bytes::from(builder.bytes),
            patches: builder.patches.into_boxed_slice(),
            entries: builder.entries.into_boxed_slice(),
            ids: builder.ids,
        }
    }

    fn add(&mut self, write: &mut impl FnMut(&mut BodyWriter<'_>)) {
        let start = self.bytes.len() as u32;
        let first_patch = self.patches.len() as u32;
        write(&mut BodyWriter {
            arena: self,
            fields: 0,
        });
        let end = u32::try_from(self.bytes.len()).expect("an arena stays below 4 GiB");
        self.entries.push(ArenaEntry {
            start,
            end,
            first_patch,
            last_patch: self.patches.len() as u32,
        });
    }
}

/// Writes one JSON body into an arena. Objects and arrays are opened and closed by closures, so
/// that what is written is well-formed.
pub struct BodyWriter<'a> {
    arena: &'a mut ArenaBuilder,
    /// Members written in the innermost open object or array.
    fields: usize,
}

impl BodyWriter<'_> {
    /// An object, with its members written by `members`.
    pub fn object(&mut self, members: impl FnOnce(&mut BodyWriter<'_>)) {
        self.nested(b'{', b'}', members);
    }

    /// An array, with its elements written by `elements`.
    pub fn array(&mut self, elements: impl FnOnce(&mut BodyWriter<'_>)) {
        self.nested(b'[', b']', elements);
    }

    /// An element of an array that is an object.
    pub fn element(&mut self, members: impl FnOnce(&mut BodyWriter<'_>)) {
        self.comma();
        self.object(members);
    }

    /// A member that is an object.
    pub fn object_member(&mut self, name: &str, members: impl FnOnce(&mut BodyWriter<'_>)) {
        self.name(name);
        self.object(members);
    }

    /// A member that is an array.
    pub fn array_member(&mut self, name: &str, elements: impl FnOnce(&mut BodyWriter<'_>)) {
        self.name(name);
        self.array(elements);
    }

    /// A member with a value that serialises to JSON: text, number, boolean.
    pub fn member(&mut self, name: &str, value: impl serde::Serialize) {
        self.name(name);
        serde_json::to_writer(&mut self.arena.bytes, &value)
            .expect("writing plain values into memory does not fail");
    }

    /// A text member `prefix` + a unique number + `suffix`. For the whole to be unique over runs,
    /// one of the two must hold the run id.
    pub fn unique_member(&mut self, name: &str, prefix: &str, suffix: &str) {
        self.patched_member(name, prefix, suffix, Patch::Unique);
    }

    /// A text member that is the `place`-th id given with the call.
    pub fn id_member(&mut self, name: &str, place: u8) {
        self.arena.ids = self.arena.ids.max(place + 1);
        self.patched_member(name, "", "", Patch::Id(place));
    }

    /// Text as it is, which the caller has made well-formed.
    pub fn raw(&mut self, text: &str) {
        self.arena.bytes.extend_from_slice(text.as_bytes());
    }

    /// The user's value at `position`, as `form` says.
    pub fn raw_value(&mut self, position: u16, form: Form) {
        self.patch(Patch::Value(position, form));
    }

    /// The user's next unique number. For what it stands in to be unique over runs, that must hold the
    /// run id.
    pub fn raw_unique(&mut self) {
        self.patch(Patch::Unique);
    }

    /// Bytes that were written into the arena so far.
    #[must_use]
    pub fn written_bytes(&self) -> usize {
        self.arena.bytes.len()
    }

    fn patch(&mut self, patch: Patch) {
        self.arena.patches.push(PatchPoint {
            offset: self.arena.bytes.len() as u32,
            patch,
        });
    }

    fn patched_member(&mut self, name: &str, prefix: &str, suffix: &str, patch: Patch) {
        self.name(name);
        self.arena.bytes.push(b'"');
        self.escaped(prefix);
        self.patch(patch);
        self.escaped(suffix);
        self.arena.bytes.push(b'"');
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.arena.bytes.push(b'"');
        self.escaped(name);
        self.arena.bytes.extend_from_slice(b"\":");
    }

    fn comma(&mut self) {
        if self.fields > 0 {
            self.arena.bytes.push(b',');
        }
        self.fields += 1;
    }

    fn escaped(&mut self, text: &str) {
        let quoted = serde_json::to_string(text).expect("text serialises");
        self.arena
            .bytes
            .extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
    }

    fn nested(&mut self, open: u8, close: u8, write: impl FnOnce(&mut BodyWriter<'_>)) {
        self.arena.bytes.push(open);
        write(&mut BodyWriter {
            arena: self.arena,
            fields: 0,
        });
        self.arena.bytes.push(close);
    }
}

#[cfg(test)]
mod tests;

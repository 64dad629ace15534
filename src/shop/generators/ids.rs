//! Ids, SKUs and references in bodies.

use crate::engine::BodyWriter;
use crate::plan::RunId;
use fastrand::Rng;

/// Where an id in a body comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdSource {
    /// Made up: the prefix and 8 random hex digits. The shop does not check whether such a thing
    /// exists nor mind that others name it too, so it is part of the ready-made body and comes
    /// again with it; a patch would cost time in every request.
    MadeUp,
    /// The n-th id given with the call.
    Given(u8),
}

/// An id from `source`.
pub fn id_member(
    rng: &mut Rng,
    name: &str,
    prefix: &str,
    source: IdSource,
    body: &mut BodyWriter<'_>,
) {
    match source {
        IdSource::MadeUp => body.member(name, format!("{prefix}{:08x}", rng.u32(..))),
        IdSource::Given(place) => body.id_member(name, place),
    }
}

/// A text that no other request has, in this run or any other: the prefix, the run id and a unique
/// number, 28 characters of lower-case letters and digits.
///
/// As a SKU (3 to 50 letters, digits and hyphens, no hyphen at an end nor two in a row) the prefix
/// is the contract's, such as `PROD-`; where the original has upper-case hex digits, these are
/// lower-case letters and digits, which the shop takes just so.
pub fn unique_id_member(name: &str, prefix: &str, run_id: &RunId, body: &mut BodyWriter<'_>) {
    body.unique_member(name, &format!("{prefix}{run_id}"), "");
}

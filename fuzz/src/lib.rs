//! What must hold of every parser, whatever bytes it is given: the bodies of the fuzz targets.
//!
//! Each takes any bytes and panics when something does not hold. `tests/inprocess/fuzz_bodies.rs` compiles
//! this file too and runs the bodies over `fuzz/seeds` and made-up inputs, on the stable toolchain.

pub mod hunts;
pub mod locust;
pub mod page;
pub mod records;
pub mod replies;
pub mod requests;
pub mod shop;
pub mod typed;

/// A target's name and body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target; the files in `fuzz_targets` have the same names.
pub const TARGETS: &[Target] = &[
    ("form", page::form),
    ("hunt", hunts::hunt),
    ("id", replies::id),
    ("judge", shop::judge),
    ("locust_csv", locust::csv),
    ("metrics", typed::metrics),
    ("profile", typed::profile),
    ("reply", replies::reply),
    ("report", records::report),
    ("request", requests::request),
    ("target", typed::target),
    ("threshold", typed::threshold),
];

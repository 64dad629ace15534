//! See `hunts::hunt`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shopblast_fuzz::hunts::hunt(bytes));

//! See `typed::target`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shopblast_fuzz::typed::target(bytes));

//! See `typed::metrics`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shopblast_fuzz::typed::metrics(bytes));

//! See `locust::csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shopblast_fuzz::locust::csv(bytes));

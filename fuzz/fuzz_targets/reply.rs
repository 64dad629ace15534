//! See `replies::reply`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shopblast_fuzz::replies::reply(bytes));

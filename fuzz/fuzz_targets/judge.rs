//! See `shop::judge`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shopblast_fuzz::shop::judge(bytes));

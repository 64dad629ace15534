//! See `recorded::locust_csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shopblast_fuzz::recorded::locust_csv(bytes));

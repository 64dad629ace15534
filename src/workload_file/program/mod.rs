//! What a workload is compiled to, and how users carry it out: no text is interpreted while load is made.

pub mod beside;
pub mod body_text;
pub mod checks;
pub mod compile;
pub mod compile_operations;
pub mod compile_races;
pub mod compile_steps;
pub mod compiled;
pub mod contest;
pub mod late_sums;
pub mod pass;
pub mod pass_race;
pub mod prepared;
pub mod race_program;
pub mod reading;
pub mod recipes;
pub mod request_program;
pub mod rows;
pub mod shared;
pub mod told;

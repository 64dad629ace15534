//! How a workload file is read: its keys, what they may hold, and every mistake with its place.

pub mod data_file;
pub mod document;
pub mod flow;
pub mod key;
pub mod keys;
pub mod number_checks;
pub mod race_keys;
pub mod read;
pub mod read_bodies;
pub mod read_checks;
pub mod read_data;
pub mod read_journeys;
pub mod read_operations;
pub mod read_options;
pub mod read_races;
pub mod read_rules;
pub mod read_statuses;
pub mod read_steps;
mod read_tags;
pub mod read_tests;
pub mod schema;
pub mod sections;
pub mod sum_checks;
pub mod templates;
pub mod value_names;

//! The files of the repository: its rules, the tables and schemas that are made from the code, its
//! Makefile and its scripts.

mod files;
mod fleet_files;
mod rules;

mod compare_scaling;
mod compare_schema;
mod make_targets;
mod readme_tables;
mod record_schema;
mod setup;
mod target_dir;
mod tidy;

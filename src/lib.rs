//! shopblast: an honest, thread-per-core load generator for ShopStream.
//!
//! The crate is one house with rooms that import downward only, in this order:
//! `cli` → `doctor` / `draft` → `fleet` → `hunt` → `ui` → `run` → `compare` → `report` → `record` → `pieces` → `observe`
//! → `shop` / `sandbox` / `workload_file` → `engine` → `stats` → `plan` / `words`.

pub mod cli;
pub mod compare;
pub mod doctor;
pub mod draft;
pub mod engine;
pub mod fleet;
pub mod hunt;
pub mod observe;
pub mod pieces;
pub mod plan;
pub mod record;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod shop;
pub mod stats;
pub mod ui;
pub mod words;
pub mod workload_file;

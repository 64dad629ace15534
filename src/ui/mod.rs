//! Faces of a live run.

pub mod web;

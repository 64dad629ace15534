//! `shopblast compare`, end to end.

mod commands;
mod in_turns;
mod records;

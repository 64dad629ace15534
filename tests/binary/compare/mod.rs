//! `shopblast compare`, end to end.

mod in_turns;
mod records;

//! A run on the console: its live line, and the summary at its end, a section a file.

pub(crate) mod back_end_section;
mod bar_line;
mod error_section;
pub(crate) mod event_latency_section;
mod first_lines;
mod generator_lines;
mod live;
mod names_table;
mod progress;
pub(crate) mod race_sections;
mod recovery_section;
mod shards_section;
pub(crate) mod stored_events_section;
mod summary;
mod threshold_section;
pub(crate) mod witness_text;
mod work_done;

pub use live::{LiveFace, live_line};
pub use progress::{ProgressLine, Ticking};
pub use summary::{brief_text, detailed_text, summary_text};
pub use witness_text::{part_word, witness_text};

//! What reports are put together from: units, tables, and what pages have in common.

pub(crate) mod console_style;
mod figures;
mod page;
mod voice;

pub use console_style::{
    SummaryStyle, bold as bold_text, numbers_right, plain_table, terminal_width,
};
pub use figures::{counted, duration_text, percent_text, rate_text};
pub use page::{
    Compact, LOGO, PALETTE, SCRIPTS, STYLES, StaticText, json_for_html, moment_text, policy,
};
pub use voice::{Pictures, fall_silent, fall_silent_soon, print, print_whole, tell};

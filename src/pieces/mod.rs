//! What reports are put together from: units, tables, and what pages have in common.

pub(crate) mod console_style;
mod figures;
mod fitting;
mod page;
mod text_table;
mod voice;

pub use console_style::{SummaryStyle, bold as bold_text, terminal_width};
pub use figures::{
    amount_text, counted, duration_text, grouped, number_text, percent_text, rate_text,
    time_left_text,
};
pub use fitting::{columns_of, cut_apart, cut_in_middle, in_lines, joined_to_fit};
pub use page::{
    Compact, LOGO, PALETTE, SCRIPTS, STYLES, StaticText, json_for_html, moment_text, policy,
};
pub use text_table::{TextCell, TextColumn, TextTable};
pub use voice::{
    Pictures, fall_silent, fall_silent_soon, mark_drawn_line, print, print_whole, tell,
};

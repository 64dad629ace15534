//! Small drawings that need no script: bars of outcomes, and histograms.
//!
//! Sizes are attributes and not styles: the content security policy lets no inline style through.

use super::words::{duration_text, grouped, share_text};
use crate::record::latency_bands::{BANDS_A_DOUBLING, parse_bands};
use crate::stats::OutcomeCounts;

/// A piece of a bar, in hundredths of its width.
pub struct Piece {
    /// The outcome's word, which is its class, too.
    pub outcome: &'static str,
    pub start: String,
    pub width: String,
}

/// A bar of outcomes, and its words.
pub struct OutcomeBar {
    pub pieces: Vec<Piece>,
    pub title: String,
}

/// The outcomes that occurred, success first: each is seen, however rare.
#[must_use]
pub fn bar(counts: OutcomeCounts) -> OutcomeBar {
    const NARROWEST: f64 = 1.5;
    let all = counts.requests();
    let widths: Vec<(&str, u64, f64)> = counts
        .occurred()
        .map(|(outcome, count)| {
            let width = (count as f64 * 100.0 / all as f64).max(NARROWEST);
            (outcome.word(), count, width)
        })
        .collect();
    let sum: f64 = widths.iter().map(|(.., width)| width).sum();
    let mut start = 0.0;
    let mut bar = OutcomeBar {
        pieces: Vec::new(),
        title: String::new(),
    };
    for (word, count, width) in widths {
        let width = width * 100.0 / sum;
        bar.pieces.push(Piece {
            outcome: word,
            start: format!("{start:.2}"),
            width: format!("{width:.2}"),
        });
        start += width;
        let gap = if bar.title.is_empty() { "" } else { ", " };
        let share = share_text(count, all);
        bar.title += &format!("{gap}{word} {} ({share})", grouped(count));
    }
    bar
}

/// A histogram over latency bands, 100 wide for each hundredth of its range, 100 high.
pub struct Histogram {
    pub columns: Vec<SketchColumn>,
    pub from: String,
    pub to: String,
}

/// A column of a histogram.
pub struct SketchColumn {
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
    pub title: String,
}

/// The histogram of what [`crate::record::latency_bands::bands_text`] wrote; `None` of nothing.
#[must_use]
pub fn histogram(bands: &str) -> Option<Histogram> {
    let counts: Vec<(u32, u64)> = parse_bands(bands).into_iter().collect();
    let (first, last) = (counts.first()?.0, counts.last()?.0);
    let most = counts.iter().map(|(_, count)| *count).max()?.max(1);
    let all = counts
        .iter()
        .fold(0_u64, |all, (_, count)| all.saturating_add(*count));
    let width = 100.0 / f64::from(last - first + 1);
    let columns = counts.iter().map(|&(band, count)| {
        let height = (count as f64 * 100.0 / most as f64).max(1.0);
        SketchColumn {
            x: format!("{:.2}", f64::from(band - first) * width + width * 0.06),
            y: format!("{:.2}", 100.0 - height),
            width: format!("{:.2}", width * 0.88),
            height: format!("{height:.2}"),
            title: format!(
                "{} to {}: {} ({})",
                edge_text(band),
                edge_text(band + 1),
                grouped(count),
                share_text(count, all)
            ),
        }
    });
    Some(Histogram {
        columns: columns.collect(),
        from: edge_text(first),
        to: edge_text(last + 1),
    })
}

/// The lower edge of a band.
fn edge_text(band: u32) -> String {
    duration_text(
        (f64::from(band) / f64::from(BANDS_A_DOUBLING))
            .exp2()
            .round() as u64,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_is_seen_and_the_bar_is_full() {
        let bar = bar([1_000_000, 0, 0, 1, 0].into());
        assert_eq!(bar.pieces.len(), 2);
        let widths = bar
            .pieces
            .iter()
            .map(|piece| piece.width.parse::<f64>().unwrap());
        assert!((widths.sum::<f64>() - 100.0).abs() < 0.02);
        assert!(bar.pieces[1].width.parse::<f64>().unwrap() > 1.0);
        assert_eq!(bar.title, "success 1,000,000 (100.0 %), failed 1 (0.0 %)");
        assert!(super::bar(OutcomeCounts::default()).pieces.is_empty());
    }

    #[test]
    fn histograms_span_what_was_measured() {
        let histogram = histogram("40:1 42:4").unwrap();
        assert_eq!(
            (histogram.from.as_str(), histogram.to.as_str()),
            ("1.02 ms", "1.72 ms")
        );
        assert_eq!(histogram.columns[1].height, "100.00");
        assert!(super::histogram("").is_none());
    }
}

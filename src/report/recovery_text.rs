//! Recovery in words and cells, the same in every report.

use crate::pieces::{duration_text, number_text, rate_text};
use crate::record::{RecoveryFigure, RecoveryRecord};

/// Headings of the cells of a figure.
pub const COLUMNS: [&str; 8] = [
    "Figure",
    "Baseline",
    "Spike",
    "Limit",
    "Back",
    "At the end",
    "Change",
    "Remark",
];

/// The cells of each figure.
pub fn rows(record: &RecoveryRecord) -> Vec<[String; 8]> {
    record.figures.iter().map(row).collect()
}

fn row(figure: &RecoveryFigure) -> [String; 8] {
    let cell =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |it| value_text(figure, it));
    let measured = |value: Option<f64>| match figure.at_least {
        true if value.is_some() => format!("≥ {}", cell(value)),
        _ => cell(value),
    };
    [
        figure.title(),
        measured(figure.baseline),
        measured(figure.peak),
        cell(figure.limit),
        back_text(figure),
        measured(figure.last),
        figure
            .change_percent
            .map_or_else(|| "–".to_owned(), percent_text),
        remark(figure),
    ]
}

fn percent_text(percent: f64) -> String {
    match percent.round() {
        0.0 => "0 %".to_owned(),
        rounded => format!("{rounded:+} %"),
    }
}

fn value_text(figure: &RecoveryFigure, value: f64) -> String {
    match figure.unit.as_str() {
        "us" => duration_text(value.round() as u64),
        "share" => format!("{:.2} %", value * 100.0),
        "per_s" => format!("{}/s", rate_text(value)),
        _ if value.fract() == 0.0 => number_text(format_args!("{value:.0}")),
        _ => number_text(format_args!("{value:.1}")),
    }
}

/// When it was back.
fn back_text(figure: &RecoveryFigure) -> String {
    match figure.back_after_s {
        _ if figure.limit.is_none() => "–".to_owned(),
        Some(0.0) => "at once".to_owned(),
        Some(after_s) => format!("after {after_s:.1} s"),
        None if figure.watched_s <= 0.0 => "not watched".to_owned(),
        None => format!("not within {:.1} s", figure.watched_s),
    }
}

fn remark(figure: &RecoveryFigure) -> String {
    let mut parts: Vec<String> = figure.remark.iter().cloned().collect();
    if figure.out_again > 0 {
        let times = match figure.out_again {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let end = if figure.out_at_end {
            ", also at the end"
        } else {
            ""
        };
        parts.push(format!("outside again {times}{end}"));
    }
    parts.join("; ")
}

/// What the load did, whether everything is back, and whether it is as it was; a sentence each.
pub fn sentences(record: &RecoveryRecord) -> Vec<String> {
    let mut sentences = vec![load_sentence(record)];
    sentences.extend(findings(record));
    sentences
}

/// The same without what the load did.
pub fn findings(record: &RecoveryRecord) -> Vec<String> {
    let mut sentences = back_sentences(record);
    sentences.push(hysteresis_sentence(record));
    sentences
}

fn load_sentence(record: &RecoveryRecord) -> String {
    let peak = match (record.peak_start_s, record.peak_end_s) {
        (Some(start_s), Some(end_s)) => format!(" ({start_s:.0}–{end_s:.0} s)"),
        _ => String::new(),
    };
    format!(
        "{} users ({:.0}–{:.0} s), {}{peak}, and {} again from {:.1} s on, where recovery is counted from.",
        record.users,
        record.baseline_start_s,
        record.baseline_end_s,
        record.peak_users,
        record.users,
        record.load_back_s,
    )
}

fn back_sentences(record: &RecoveryRecord) -> Vec<String> {
    if record.watched_s <= 0.0 {
        let told = "The run ended before the load was back: nothing can be said of recovery.";
        return vec![told.to_owned()];
    }
    match record.back_after_s {
        Some(0.0) => return vec!["Everything was back within its limit at once.".to_owned()],
        Some(after_s) => {
            let is_last = |figure: &&RecoveryFigure| figure.back_after_s == Some(after_s);
            let last = record.figures.iter().filter(is_last);
            let names: Vec<String> = last.map(RecoveryFigure::title).collect();
            let names = names.join(", ");
            return vec![format!(
                "Everything was back within its limit after {after_s:.1} s, the last of it: {names}."
            )];
        }
        None => {}
    }
    let missing =
        |figure: &&RecoveryFigure| figure.limit.is_some() && figure.back_after_s.is_none();
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for figure in record.figures.iter().filter(missing) {
        let watched = format!("{:.1}", figure.watched_s);
        match told.iter_mut().find(|(known, _)| *known == watched) {
            Some((_, names)) => names.push(figure.title()),
            None => told.push((watched, vec![figure.title()])),
        }
    }
    told.into_iter()
        .map(|(watched, names)| {
            format!(
                "Not back within the {watched} s that were watched: {}.",
                names.join(", ")
            )
        })
        .collect()
}

fn hysteresis_sentence(record: &RecoveryRecord) -> String {
    let (Some(start_s), Some(end_s)) = (record.last_start_s, record.last_end_s) else {
        return "It was not watched for long enough to tell whether the shop came back to what it was."
            .to_owned();
    };
    let when = format!("In the last part ({start_s:.0}–{end_s:.0} s)");
    let changes = |is_asked: fn(&RecoveryFigure) -> bool| {
        let figures = record.figures.iter().filter(|figure| is_asked(figure));
        figures.map(change_text).collect::<Vec<String>>().join(", ")
    };
    let worse = changes(RecoveryFigure::is_worse);
    if !worse.is_empty() {
        return format!(
            "The shop did not come back to what it was before the spike. {when}: {worse}."
        );
    }
    let better = changes(|figure| figure.changed);
    if !better.is_empty() {
        return format!(
            "{when} the shop was better than before the spike: {better}. Either it was not warm yet in the \
             baseline, or something disturbed that, and the limits are too wide."
        );
    }
    format!(
        "{when} the shop was what it had been: no response time, rate or share of failures differs from the \
         baseline by more than 10 % and more than by chance."
    )
}

fn change_text(figure: &RecoveryFigure) -> String {
    match (figure.change_percent, figure.last) {
        (Some(percent), _) if percent < 0.0 => {
            format!("{} {:.0} % lower", figure.title(), -percent)
        }
        (Some(percent), _) => {
            format!("{} {percent:.0} % higher", figure.title())
        }
        (None, Some(last)) => format!(
            "{} {}, none before the spike",
            figure.title(),
            value_text(figure, last)
        ),
        (None, None) => format!("{} none at all", figure.title()),
    }
}

/// How the cells come about.
pub fn legend(record: &RecoveryRecord) -> String {
    format!(
        "Back: from then on every window of {:.0} s was within the limit for {:.0} s. The limit is 10 % worse \
         than the baseline, with a floor, or what the baseline's own windows reached.",
        record.window_s, record.held_s
    )
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A record with one figure of each kind.
    pub fn made_up() -> RecoveryRecord {
        let figure = |name: &str, unit: &str, baseline, peak, limit, back| RecoveryFigure {
            name: name.to_owned(),
            unit: unit.to_owned(),
            baseline: Some(baseline),
            peak: Some(peak),
            limit: Some(limit),
            back_after_s: back,
            watched_s: 89.0,
            last: Some(baseline),
            change_percent: (baseline > 0.0).then_some(0.0),
            ..RecoveryFigure::default()
        };
        RecoveryRecord {
            users: 20,
            peak_users: 200,
            baseline_start_s: 2.0,
            baseline_end_s: 60.0,
            peak_start_s: Some(62.0),
            peak_end_s: Some(90.0),
            load_back_s: 91.0,
            watched_s: 89.0,
            window_s: 3.0,
            held_s: 5.0,
            figures: vec![
                figure(
                    "response p50",
                    "us",
                    12_400.0,
                    340_000.0,
                    14_100.0,
                    Some(3.0),
                ),
                RecoveryFigure {
                    last: Some(25_300.0),
                    change_percent: Some(22.8),
                    changed: true,
                    out_again: 7,
                    out_at_end: true,
                    ..figure(
                        "response p99",
                        "us",
                        20_600.0,
                        810_000.0,
                        22_660.0,
                        Some(5.0),
                    )
                },
                figure("requests", "per_s", 11.5, 109.25, 10.3, Some(0.0)),
                figure("failures", "share", 0.0, 0.0125, 0.001, Some(0.0)),
                RecoveryFigure {
                    domain: "identity".to_owned(),
                    watched_s: 95.5,
                    at_least: true,
                    remark: Some(crate::record::recovery_record::too_short(3.0)),
                    ..figure("backlog", "count", 1.5, 412.0, 11.5, None)
                },
            ],
            back_after_s: None,
            last_start_s: Some(136.0),
            last_end_s: Some(180.0),
            came_back: Some(false),
        }
    }

    #[test]
    fn what_is_not_back_is_named_with_the_time_it_was_watched() {
        let record = made_up();
        let told = sentences(&record);
        assert_eq!(
            told[1],
            "Not back within the 95.5 s that were watched: backlog of identity."
        );
        assert_eq!(
            told[2],
            "The shop did not come back to what it was before the spike. In the last part (136–180 s): response p99 23 % \
             higher."
        );
    }

    #[test]
    fn what_is_back_is_told_with_the_last_of_it() {
        let mut record = made_up();
        record.figures[4].back_after_s = Some(34.0);
        record.figures[1].changed = false;
        record.conclude();
        let told = sentences(&record);
        assert_eq!(
            told[1],
            "Everything was back within its limit after 34.0 s, the last of it: backlog of identity."
        );
        assert!(told[2].contains("was what it had been"), "{}", told[2]);
        assert_eq!(record.came_back, Some(true));
    }

    #[test]
    fn a_baseline_that_was_worse_than_the_end_is_doubted() {
        let mut record = made_up();
        let p99 = &mut record.figures[1];
        (p99.last, p99.change_percent) = (Some(2_060.0), Some(-90.0));
        record.conclude();
        assert_eq!(record.came_back, Some(true));
        assert!(record.figures[1].changed);
        let told = sentences(&record);
        let better = "better than before the spike: response p99 90 % lower. Either";
        assert!(told[2].contains(better), "{}", told[2]);
        let requests = &mut record.figures[2];
        (requests.last, requests.changed) = (Some(3.0), true);
        (requests.change_percent, record.figures[1].changed) = (Some(-73.9), false);
        record.conclude();
        assert_eq!(record.came_back, Some(false), "fewer requests are worse");
    }

    #[test]
    fn a_run_that_ended_in_its_spike_says_nothing() {
        let mut record = made_up();
        (record.watched_s, record.last_start_s) = (0.0, None);
        let told = sentences(&record);
        assert!(told[1].contains("ended before the load was back"));
        assert!(told[2].contains("not watched for long enough"));
        record.figures[0].back_after_s = None;
        record.figures[0].watched_s = 0.0;
        assert_eq!(back_text(&record.figures[0]), "not watched");
    }
}

//! Locust's `PREFIX_stats.csv` and `PREFIX_stats_history.csv` (Locust 2.43) as a run.
//!
//! What Locust does not measure is absent, and not 0: service time, send lag, unknown requests,
//! refusals, conflicts, the plan. Its percentiles are rounded: to 1 ms below 100 ms, then to two
//! digits. Its clock starts when a request is sent, so that a stalled shop hides waiting users.

use super::comparison_record::Source;
use super::evidence::{MeasuredValue, MeasuredValues, RunEvidence, Unusable, is_enough_for, share};
use super::quantity::{ComparedQuantity, Percentile, Time};
use crate::plan::shown_start;
use csv::StringRecord;
use std::collections::BTreeMap;

/// Longest response time: ten days. No timeout is longer.
const LONGEST_MS: f64 = 864e6;
/// Where counts end that are told exactly.
const LARGEST: f64 = 9_007_199_254_740_992.0;
/// Characters of a cell that are repeated in a message.
const MOST_CHARACTERS: usize = 40;
/// Name of the row over all names.
const AGGREGATED: &str = "Aggregated";

/// Why a file is not one of Locust's.
#[derive(Debug, thiserror::Error)]
pub enum LocustFileError {
    /// The file is no CSV.
    #[error("line {line}: {why}")]
    Csv {
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A figure that cannot be.
    #[error("line {line}, column `{column}`: `{figure}` cannot be")]
    Figure {
        /// Line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What stands there.
        figure: String,
    },
    /// A column is missing.
    #[error("there is no column `{0}`: is this one of Locust's statistics files?")]
    Column(&'static str),
    /// The sum over all names is missing.
    #[error("there is no row `Aggregated`: the file is not whole")]
    NoSum,
}

/// Which of the files it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocustFile {
    /// `PREFIX_stats.csv`: totals.
    Stats,
    /// `PREFIX_stats_history.csv`: a row a second, of which the last has the totals so far.
    History,
}

/// How long a run took by its history, and when it began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocustSpan {
    /// First timestamp, in seconds since 1970.
    pub start_s: f64,
    /// From the first to the last timestamp, in seconds.
    pub length_s: f64,
}

/// Reads one of the files; `path` and the span of a history beside it are the caller's to add.
///
/// # Errors
/// When it is not one of Locust's files.
pub fn read(bytes: &[u8], file: LocustFile) -> Result<RunEvidence, LocustFileError> {
    let table = LocustTable::parse(bytes, file)?;
    let span = table.span();
    let length_s = span
        .map(|span| span.length_s)
        .filter(|_| file == LocustFile::History);
    let last = table.last_rows();
    let sum = last
        .get(&(String::new(), AGGREGATED.to_owned()))
        .ok_or(LocustFileError::NoSum)?;
    let requests = table.requests(sum);
    let names = last.iter().filter(|((_, name), _)| name != AGGREGATED);
    Ok(RunEvidence {
        source: Source::Locust,
        profile: "Locust".to_owned(),
        made_with: "Locust".to_owned(),
        measured_s: length_s,
        requests,
        whole: table.overall(sum, length_s),
        names: names
            .map(|(name, row)| (name.clone(), table.by_name(row)))
            .collect(),
        unusable: (requests == 0).then_some(Unusable::Incomplete("it has no request")),
        ..RunEvidence::default()
    })
}

/// The span of a history; `None` when it has no row.
///
/// # Errors
/// When it is no history of Locust's.
pub fn span(bytes: &[u8]) -> Result<Option<LocustSpan>, LocustFileError> {
    Ok(LocustTable::parse(bytes, LocustFile::History)?.span())
}

struct LocustTable {
    file: LocustFile,
    header: StringRecord,
    rows: Vec<StringRecord>,
}

impl LocustTable {
    fn parse(bytes: &[u8], file: LocustFile) -> Result<Self, LocustFileError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let wrong = |error: csv::Error| LocustFileError::Csv {
            line: error.position().map_or(1, csv::Position::line),
            why: error.to_string(),
        };
        let header = reader.headers().map_err(wrong)?.clone();
        let rows = reader.records().collect::<Result<Vec<_>, _>>();
        let table = Self {
            file,
            header,
            rows: rows.map_err(wrong)?,
        };
        for column in table.needed() {
            if !table.header.iter().any(|found| found == column) {
                return Err(LocustFileError::Column(column));
            }
        }
        // The header is line 1, and no row of Locust's has a line end in a cell.
        let mut rows = table.rows.iter().zip(2..);
        rows.try_for_each(|(row, line)| table.check(row, line))?;
        Ok(table)
    }

    /// Refuses figures that nobody can have measured. What is no figure at all, like `N/A`, is none.
    fn check(&self, row: &StringRecord, line: u64) -> Result<(), LocustFileError> {
        let is_figure = |(column, _): &(&str, &str)| !["Type", "Name"].contains(column);
        for (column, cell) in self.header.iter().zip(row).filter(is_figure) {
            let is_time = column.ends_with('%') || column.contains("Response Time");
            let largest = if is_time { LONGEST_MS } else { LARGEST };
            if let Ok(figure) = cell.parse::<f64>()
                && !(0.0..=largest).contains(&figure)
            {
                return Err(LocustFileError::Figure {
                    line,
                    column: shown_start(column, MOST_CHARACTERS).into_owned(),
                    figure: shown_start(cell, MOST_CHARACTERS).into_owned(),
                });
            }
        }
        Ok(())
    }

    fn needed(&self) -> [&'static str; 6] {
        match self.file {
            LocustFile::Stats => {
                let [requests, failures, median] = self.totals();
                ["Type", "Name", requests, failures, median, "Requests/s"]
            }
            LocustFile::History => {
                let [requests, failures, median] = self.totals();
                ["Type", "Name", requests, failures, median, "Timestamp"]
            }
        }
    }

    /// Columns of requests, failures and median.
    fn totals(&self) -> [&'static str; 3] {
        match self.file {
            LocustFile::Stats => ["Request Count", "Failure Count", "50%"],
            LocustFile::History => [
                "Total Request Count",
                "Total Failure Count",
                "Total Median Response Time",
            ],
        }
    }

    fn cell<'a>(&self, row: &'a StringRecord, column: &str) -> &'a str {
        let place = self.header.iter().position(|found| found == column);
        place.and_then(|place| row.get(place)).unwrap_or_default()
    }

    /// A number that is not negative; `None` for `N/A` and anything else.
    fn number(&self, row: &StringRecord, column: &str) -> Option<f64> {
        let number: f64 = self.cell(row, column).parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number)
    }

    fn requests(&self, row: &StringRecord) -> u64 {
        let [requests, ..] = self.totals();
        self.cell(row, requests).parse().unwrap_or_default()
    }

    /// The last row of each name.
    fn last_rows(&self) -> BTreeMap<(String, String), &StringRecord> {
        let key = |row| {
            let method = self.cell(row, "Type").to_owned();
            (method, self.cell(row, "Name").to_owned())
        };
        self.rows.iter().map(|row| (key(row), row)).collect()
    }

    fn span(&self) -> Option<LocustSpan> {
        let times = self
            .rows
            .iter()
            .filter_map(|row| self.number(row, "Timestamp"));
        let (start_s, end_s) = times.fold((f64::INFINITY, 0.0_f64), |(start, end), time| {
            (start.min(time), end.max(time))
        });
        (start_s <= end_s).then_some(LocustSpan {
            start_s,
            length_s: end_s - start_s,
        })
    }

    fn overall(&self, row: &StringRecord, length_s: Option<f64>) -> MeasuredValues {
        let mut values = MeasuredValues::new();
        let [_, failures, _] = self.totals();
        let requests = self.requests(row);
        let per_s = match self.file {
            LocustFile::Stats => self.number(row, "Requests/s"),
            LocustFile::History => length_s
                .filter(|length_s| *length_s > 0.0)
                .map(|length_s| requests as f64 / length_s),
        };
        if let Some(per_s) = per_s {
            values.insert(ComparedQuantity::Throughput, MeasuredValue::exact(per_s));
        }
        let failures = self.cell(row, failures).parse::<u64>().ok();
        if let Some(failures) = failures.filter(|failures| *failures <= requests) {
            let share = MeasuredValue::exact(share(failures, requests));
            values.insert(ComparedQuantity::Share("failures"), share);
        }
        self.insert_latencies(&mut values, row, |_| true);
        values
    }

    fn by_name(&self, row: &StringRecord) -> MeasuredValues {
        let requests = self.requests(row);
        let mut values = MeasuredValues::new();
        self.insert_latencies(&mut values, row, |percentile| {
            percentile != Percentile::P95 && is_enough_for(percentile, requests)
        });
        values
    }

    fn insert_latencies(
        &self,
        values: &mut MeasuredValues,
        row: &StringRecord,
        wanted: impl Fn(Percentile) -> bool,
    ) {
        let [.., median] = self.totals();
        let mut columns = vec![(Percentile::P50, median)];
        // The percentiles of a history are those of its last ten seconds.
        if self.file == LocustFile::Stats {
            columns.extend([(Percentile::P95, "95%"), (Percentile::P99, "99%")]);
        }
        for (percentile, column) in columns {
            let value = self.number(row, column).filter(|_| wanted(percentile));
            if let Some(ms) = value {
                let quantity = ComparedQuantity::Latency(Time::Response, percentile);
                values.insert(quantity, rounded(ms));
            }
        }
    }
}

/// A percentile as Locust rounds it (`stats.py`, `RequestStats.log`): whole milliseconds below 100,
/// tens below 1,000, hundreds below 10,000, then thousands.
fn rounded(ms: f64) -> MeasuredValue {
    let step_ms = match ms {
        ..100.0 => 1.0,
        ..1_000.0 => 10.0,
        ..10_000.0 => 100.0,
        _ => 1_000.0,
    };
    MeasuredValue {
        value: ms * 1e3,
        half_step: step_ms * 1e3 / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATS: &str = "Type,Name,Request Count,Failure Count,Median Response Time,\
        Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,\
        Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n\
        POST,POST /customers,300,3,12,13.5,4.1,250.2,180.0,30.5,0.3,12,13,14,15,20,31,90,120,250,250,250\r\n\
        GET,\"GET /odd, name\",10,0,5,5.0,4.0,6.0,99.0,1.0,0.0,5,5,5,5,6,6,6,6,6,6,6\r\n\
        ,Aggregated,310,3,12,13.2,4.0,250.2,177.0,31.5,0.3,12,13,14,15,20,30,90,120,250,250,250\r\n";
    const HISTORY: &str = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,\
        95%,98%,99%,99.9%,99.99%,100%,Total Request Count,Total Failure Count,Total Median Response \
        Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,Total \
        Average Content Size\r\n\
        1790000000,0,,Aggregated,0.000000,0.000000,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,0,0,0,0.0,0,0,0\r\n\
        1790000010,5,,Aggregated,31.0,0.3,12,13,14,15,20,30,90,120,250,250,250,310,3,12,13.2,4.0,250.2,177.0\r\n";

    fn latency(percentile: Percentile) -> ComparedQuantity {
        ComparedQuantity::Latency(Time::Response, percentile)
    }

    #[test]
    fn totals_are_read_with_their_rounding_and_nothing_is_made_up() {
        let run = read(STATS.as_bytes(), LocustFile::Stats).expect("read");
        assert_eq!((run.requests, run.names.len()), (310, 2));
        assert_eq!(
            run.whole[&ComparedQuantity::Throughput],
            MeasuredValue::exact(31.5)
        );
        assert_eq!(
            run.whole[&ComparedQuantity::Share("failures")],
            MeasuredValue::exact(3.0 / 310.0)
        );
        assert_eq!(run.whole[&latency(Percentile::P99)].value, 120_000.0);
        assert_eq!(run.whole[&latency(Percentile::P99)].half_step, 5_000.0);
        assert_eq!(run.whole[&latency(Percentile::P50)].half_step, 500.0);
        let absent = [
            ComparedQuantity::Share("unknown"),
            ComparedQuantity::Share("conflict"),
            ComparedQuantity::Latency(Time::Service, Percentile::P50),
        ];
        assert!(
            absent
                .iter()
                .all(|quantity| !run.whole.contains_key(quantity))
        );
        assert_eq!(run.plan_hash, None);
        // Ten requests have no percentile worth comparing.
        assert!(run.names[&("GET".to_owned(), "GET /odd, name".to_owned())].is_empty());
    }

    #[test]
    fn a_history_gives_totals_and_the_median_only() {
        let run = read(HISTORY.as_bytes(), LocustFile::History).expect("read");
        assert_eq!(run.requests, 310);
        assert_eq!(run.measured_s, Some(10.0));
        assert_eq!(
            run.whole[&ComparedQuantity::Throughput],
            MeasuredValue::exact(31.0)
        );
        assert_eq!(run.whole[&latency(Percentile::P50)].value, 12_000.0);
        assert!(!run.whole.contains_key(&latency(Percentile::P99)));
        let span = span(HISTORY.as_bytes()).expect("a history").expect("rows");
        assert_eq!((span.start_s, span.length_s), (1_790_000_000.0, 10.0));
    }

    #[test]
    fn a_figure_that_cannot_be_is_refused_with_its_place() {
        for (figure, column) in [
            ("1e308", "99%"),
            ("-1", "99%"),
            ("inf", "99%"),
            ("NaN", "99%"),
            ("1e10", "99%"),
            ("1e308", "Requests/s"),
            ("-0.5", "Requests/s"),
            ("1e17", "Request Count"),
            ("-3", "Failure Count"),
        ] {
            let mut lines: Vec<String> = STATS.lines().map(str::to_owned).collect();
            let place = lines[0].split(',').position(|it| it == column);
            let last = lines.len() - 1;
            let mut cells: Vec<&str> = lines[last].split(',').collect();
            cells[place.expect("the column")] = figure;
            lines[last] = cells.join(",");
            let text = lines.join("\r\n");
            let error = read(text.as_bytes(), LocustFile::Stats).expect_err(figure);
            let says = format!("line {}, column `{column}`: `{figure}` cannot be", last + 1);
            assert_eq!(error.to_string(), says);
        }
    }

    #[test]
    fn other_files_are_refused_with_a_reason() {
        for (text, says) in [
            ("", "no column `Type`"),
            ("Count,Message\r\n1,x\r\n", "no column `Type`"),
            (HISTORY, "no column `Request Count`"),
            (&STATS[..STATS.len() - 95], "no row `Aggregated`"),
        ] {
            let error = read(text.as_bytes(), LocustFile::Stats).expect_err(text);
            assert!(error.to_string().contains(says), "{error}");
        }
        let empty = STATS
            .split_inclusive('\n')
            .next()
            .expect("a header")
            .to_owned()
            + ",Aggregated,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\r\n";
        let run = read(empty.as_bytes(), LocustFile::Stats).expect("read");
        assert!(run.unusable.is_some());
    }
}

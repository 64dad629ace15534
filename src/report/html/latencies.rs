//! The distribution of latencies by statistic name: percentiles, histogram, and how it changed.

use crate::record::distribution_csv::PERCENTILES;
use crate::record::latency_bands::{add_to_band, parse_bands};
use crate::record::{Recorded, tag_text};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Columns of a heat map at most.
const MOST_COLUMNS: usize = 180;
/// A shorter last second has no column of its own.
const SHORTEST_S: f64 = 0.5;

/// The latencies of one name, or of all together.
#[derive(Default, Serialize)]
pub struct NameLatencies {
    name: String,
    /// Latency at each of the page's percentiles.
    response: Vec<u64>,
    service: Vec<u64>,
    lag: Vec<u64>,
    /// Requests that each kind is made of.
    counts: [u64; 3],
    /// Band and count of the response times, in turn.
    histogram: Vec<u64>,
    /// The same for each column of the heat map.
    heat: Vec<Vec<u64>>,
    /// Seconds a column.
    heat_step_s: usize,
}

impl NameLatencies {
    pub fn has_any(&self) -> bool {
        !self.response.is_empty()
    }
}

/// Seconds by column of the heat map; see [`super::over_time`] about the last one.
struct Columns {
    step: usize,
    count: usize,
}

impl Columns {
    fn of(recorded: &Recorded) -> Self {
        let seconds = recorded.bands.len();
        let step = seconds.div_ceil(MOST_COLUMNS).max(1);
        let last_s = recorded.series.numbers("length_s").last().copied();
        let is_short = seconds % step == 1 % step && last_s.is_some_and(|s| s < SHORTEST_S);
        let count = seconds.div_ceil(step);
        Self {
            step,
            count: if is_short && count > 1 {
                count - 1
            } else {
                count
            },
        }
    }
}

/// All names together, then each name of the table in its order.
pub fn of(recorded: &Recorded) -> Vec<NameLatencies> {
    let mut distributions = distributions(recorded);
    let mut named: Vec<NameLatencies> = vec![distributions.remove(&("", "")).unwrap_or_default()];
    named[0].name = "All names".to_owned();
    let columns = Columns::of(recorded);
    let mut all = vec![BTreeMap::new(); columns.count];
    for record in &recorded.run.names {
        let key = (record.method.as_str(), record.name.as_str());
        let mut latencies = distributions.remove(&key).unwrap_or_default();
        latencies.name.clone_from(&record.name);
        let heat = heat(recorded, &tag_text(&record.method, &record.name), &columns);
        for (sum, column) in all.iter_mut().zip(&heat) {
            column
                .iter()
                .for_each(|(band, count)| add_to_band(sum, *band, *count));
        }
        latencies.heat = heat.into_iter().map(flat).collect();
        latencies.heat_step_s = columns.step;
        named.push(latencies);
    }
    named[0].heat = all.into_iter().map(flat).collect();
    named[0].heat_step_s = columns.step;
    named
}

type Bands = BTreeMap<u32, u64>;

fn flat(bands: Bands) -> Vec<u64> {
    let pairs = bands.into_iter();
    pairs
        .flat_map(|(band, count)| [u64::from(band), count])
        .collect()
}

fn heat(recorded: &Recorded, tag: &str, columns: &Columns) -> Vec<Bands> {
    let mut heat = vec![Bands::new(); columns.count];
    for (second, cell) in recorded.bands.texts(tag).enumerate() {
        let column = &mut heat[(second / columns.step).min(columns.count - 1)];
        parse_bands(cell)
            .into_iter()
            .for_each(|(band, count)| add_to_band(column, band, count));
    }
    heat
}

/// The rows of `distribution.csv` by method and name.
fn distributions(recorded: &Recorded) -> HashMap<(&str, &str), NameLatencies> {
    let table = &recorded.distribution;
    let percentiles = PERCENTILES.map(|percentile| table.numbers(&format!("p{percentile}")));
    let counts = table.numbers("count");
    let keys = table.texts("method").zip(table.texts("name"));
    let cells = table.texts("kind").zip(table.texts("bands")).zip(keys);
    let mut found: HashMap<(&str, &str), NameLatencies> = HashMap::new();
    for (row, ((kind, bands), key)) in cells.enumerate() {
        let columns = percentiles.iter();
        let values = columns.map(|column| column.get(row).map_or(0, |us| *us as u64));
        let latencies = found.entry(key).or_default();
        let (place, kept) = match kind {
            "response" => (0, &mut latencies.response),
            "service" => (1, &mut latencies.service),
            "lag" => (2, &mut latencies.lag),
            _ => continue,
        };
        *kept = values.collect();
        latencies.counts[place] = counts.get(row).map_or(0, |count| *count as u64);
        if place == 0 {
            latencies.histogram = flat(parse_bands(bands));
        }
    }
    found
}

//! The promises of the test, kept in simulated comparisons with fixed seeds.

use super::{Design, MaxT, Sample};

/// Rows of a table that depend on each other, as throughput and percentiles of one run do.
const ROWS: usize = 7;
const CONFIDENCE: f64 = 0.95;

/// How a run's noise is distributed, with a standard deviation of about 1.
#[derive(Clone, Copy, Debug)]
enum Noise {
    Normal,
    /// Most runs are quiet, one in ten is held up by something.
    HeldUp,
    /// The machine has two states.
    TwoStates,
}

fn normal(rng: &mut fastrand::Rng) -> f64 {
    // Box and Muller (1958).
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

fn draw(noise: Noise, rng: &mut fastrand::Rng) -> f64 {
    match noise {
        Noise::Normal => normal(rng),
        Noise::HeldUp if rng.f64() < 0.1 => 0.4 * normal(rng) + 3.0,
        Noise::HeldUp => 0.4 * normal(rng),
        Noise::TwoStates if rng.bool() => 0.2 * normal(rng) + 1.0,
        Noise::TwoStates => 0.2 * normal(rng) - 1.0,
    }
}

/// A run's rows: half of each row's noise is the run's own, half the row's.
fn run(noise: Noise, sd: f64, rng: &mut fastrand::Rng) -> [f64; ROWS] {
    let shared = draw(noise, rng);
    std::array::from_fn(|_| sd * (0.5_f64.sqrt() * shared + 0.5_f64.sqrt() * draw(noise, rng)))
}

struct Setting {
    noise: Noise,
    sd: [f64; 2],
    difference: f64,
    runs: usize,
    design: Design,
}

fn table(setting: &Setting, rng: &mut fastrand::Rng) -> Vec<Sample> {
    let mut samples = vec![
        Sample {
            baseline: Vec::new(),
            candidate: Vec::new(),
            rounding_variance: 0.0,
        };
        ROWS
    ];
    for _ in 0..setting.runs {
        let baseline = run(setting.noise, setting.sd[0], rng);
        let candidate = run(setting.noise, setting.sd[1], rng);
        for (row, sample) in samples.iter_mut().enumerate() {
            sample.baseline.push(baseline[row]);
            sample.candidate.push(candidate[row] + setting.difference);
        }
    }
    samples
}

/// Shares of comparisons in which a row was claimed to differ, and in which all intervals held.
fn shares(setting: &Setting, comparisons: u64) -> (f64, f64) {
    let (mut claimed, mut held) = (0_u32, 0_u32);
    for seed in 0..comparisons {
        let mut rng = fastrand::Rng::with_seed(seed);
        let test = MaxT::of(&table(setting, &mut rng), setting.design, CONFIDENCE, seed);
        let claims =
            |row: &super::TestedRow| row.p <= 1.0 - CONFIDENCE && (row.low > 0.0 || row.high < 0.0);
        let holds = |row: &super::TestedRow| {
            row.low <= setting.difference && setting.difference <= row.high
        };
        claimed += u32::from(test.rows.iter().any(claims));
        held += u32::from(test.rows.iter().all(holds));
    }
    let share = |count: u32| f64::from(count) / comparisons as f64;
    (share(claimed), share(held))
}

#[test]
fn equal_sides_are_claimed_to_differ_in_five_percent_at_most() {
    for noise in [Noise::Normal, Noise::HeldUp, Noise::TwoStates] {
        for (design, runs) in [
            (Design::Independent, 4),
            (Design::Independent, 6),
            (Design::Paired, 6),
            (Design::Paired, 8),
        ] {
            let setting = Setting {
                noise,
                sd: [0.02; 2],
                difference: 0.0,
                runs,
                design,
            };
            let (claimed, _) = shares(&setting, 300);
            // 5 %, and three standard errors of a share of 300.
            assert!(
                claimed <= 0.05 + 0.038,
                "{noise:?} {design:?} {runs}: {claimed}"
            );
        }
    }
}

#[test]
fn all_intervals_of_a_table_hold_together() {
    for (sd, difference, design, runs) in [
        ([0.02, 0.02], 0.0, Design::Independent, 5),
        ([0.02, 0.02], 0.5, Design::Independent, 5),
        ([0.02, 0.05], 0.05, Design::Independent, 6),
        ([0.02, 0.02], 0.05, Design::Paired, 8),
    ] {
        let setting = Setting {
            noise: Noise::Normal,
            sd,
            difference,
            runs,
            design,
        };
        let (_, held) = shares(&setting, 300);
        assert!(
            held >= 0.95 - 0.038,
            "{sd:?} {difference} {design:?} {runs}: {held}"
        );
    }
}

#[test]
fn five_percent_are_found_with_ten_runs_a_side() {
    for design in [Design::Independent, Design::Paired] {
        let setting = Setting {
            noise: Noise::Normal,
            sd: [0.02; 2],
            difference: 1.05_f64.ln(),
            runs: 10,
            design,
        };
        let (claimed, held) = shares(&setting, 60);
        assert!(claimed >= 0.9, "{design:?}: {claimed}");
        assert!(held >= 0.86, "{design:?}: {held}");
    }
}

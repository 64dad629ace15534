//! What the start form offers, and what it holds at first.

use serde::Serialize;

/// What the start form offers, and what it holds at first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Offer {
    /// The user classes.
    pub classes: Vec<OfferedClass>,
    /// The profiles.
    pub profiles: Vec<OfferedProfile>,
    /// Options of the workload.
    pub options: Vec<OfferedOption>,
    /// What the command line said.
    pub defaults: FormDefaults,
}

/// A user class of the form.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OfferedClass {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub summary: String,
    /// How its users wait, in words: `waits 1–3 s`.
    pub wait: String,
    /// Its journeys and their shares of the passes, 0 to 1.
    pub journeys: Vec<(String, f64)>,
}

/// An option of the form.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OfferedOption {
    /// The word for it.
    pub name: String,
    /// What it changes, in one line.
    pub about: String,
}

/// A profile of the form.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OfferedProfile {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub description: String,
    /// Its user classes and their weights.
    pub classes: Vec<(String, u32)>,
    /// Its users; none when it has stages or arrivals.
    pub users: Option<u32>,
    /// Its spawn rate; none when it has stages or arrivals.
    pub spawn_rate: Option<f64>,
    /// Its length, as `--run-time` takes it.
    pub run_time: Option<String>,
    /// Its pacing.
    pub pacing: Option<String>,
    /// How its load goes, when it is more than a number of users.
    pub load: Option<String>,
}

/// What the form holds at first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FormDefaults {
    /// How the load goes that was typed, when it is more than a number of users.
    pub load: Option<String>,
    /// Name of the profile.
    pub profile: Option<String>,
    /// User classes and their weights.
    pub classes: Vec<(String, u32)>,
    /// Users.
    pub users: Option<u32>,
    /// Spawn rate.
    pub spawn_rate: Option<f64>,
    /// Address of the shop; none for the embedded one.
    pub host: Option<String>,
    /// Length of the run.
    pub run_time: Option<String>,
    /// Pacing.
    pub pacing: Option<String>,
    /// Options, by their words.
    pub with: Vec<String>,
    /// Whether runs bring their own shop.
    pub sandbox: bool,
}

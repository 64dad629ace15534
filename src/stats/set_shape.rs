//! How many things a set of figures has room for.

/// How much there is to count in a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetShape {
    /// Statistic names.
    pub names: usize,
    /// Kinds of journeys.
    pub journeys: usize,
    /// Kinds of races.
    pub races: usize,
    /// Rules that are checked.
    pub rules: usize,
}

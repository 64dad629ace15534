//! When a figure is back at what it was: how far it may be from it, and for how long it must stay.

/// How long a figure must stay within its limit to be back, in seconds.
pub const HELD_S: f64 = 5.0;
/// How far from its baseline a figure may be, as a share of that.
pub const TOLERANCE: f64 = 0.1;

/// The limit that a figure has to keep to be back. Better than the baseline is back, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// The limit, in the unit of the figure.
    pub limit: f64,
    /// Whether the figure may not be above it; else not below.
    pub is_ceiling: bool,
}

impl Tolerance {
    /// For what is worse when it is more: [`TOLERANCE`] above `baseline`, at least `floor` above it,
    /// and never less than the `worst` that was seen in the baseline itself.
    #[must_use]
    pub fn ceiling(baseline: f64, worst: f64, floor: f64) -> Self {
        Self {
            limit: (baseline + (baseline * TOLERANCE).max(floor)).max(worst),
            is_ceiling: true,
        }
    }

    /// For what is worse when it is less.
    #[must_use]
    pub fn bottom(baseline: f64, worst: f64, floor: f64) -> Self {
        let lowest = baseline - (baseline * TOLERANCE).max(floor);
        Self {
            limit: lowest.max(0.0).min(worst),
            is_ceiling: false,
        }
    }

    /// Whether `value` keeps the limit.
    #[must_use]
    pub fn admits(self, value: f64) -> bool {
        match self.is_ceiling {
            true => value <= self.limit,
            false => value >= self.limit,
        }
    }
}

/// Follows one figure from the moment on at which the load is back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settling {
    /// Its first moment, in seconds from the start of the run.
    first_s: Option<f64>,
    latest_s: f64,
    /// Since when it has been within its limit without a break.
    since_s: Option<f64>,
    back_s: Option<f64>,
    out_again: u64,
}

impl Settling {
    /// The figure at `at_s`, in seconds from the start of the run, is within its limit or is not.
    /// Moments must come in order.
    pub fn observe(&mut self, at_s: f64, is_within: bool) {
        self.first_s.get_or_insert(at_s);
        self.latest_s = at_s;
        if !is_within {
            self.out_again += u64::from(self.back_s.is_some());
            self.since_s = None;
            return;
        }
        let since_s = *self.since_s.get_or_insert(at_s);
        if self.back_s.is_none() && at_s - since_s >= HELD_S {
            self.back_s = Some(since_s);
        }
    }

    /// The same once there is no load any more: what is within its limit then is back at once.
    pub fn observe_without_load(&mut self, at_s: f64, is_within: bool) {
        self.observe(at_s, is_within);
        if self.back_s.is_none() {
            self.back_s = self.since_s;
        }
    }

    /// Whether anything was observed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_s.is_none()
    }

    /// When it was back, in seconds after `load_back_s`: since then it was within its limit for
    /// [`HELD_S`], or the load was over. 0 when it was so from the first look on; `None` when that
    /// was not seen.
    #[must_use]
    pub fn back_after_s(&self, load_back_s: f64) -> Option<f64> {
        let back_s = self.back_s?;
        Some(match Some(back_s) == self.first_s {
            true => 0.0,
            false => (back_s - load_back_s).max(0.0),
        })
    }

    /// When it was back, in seconds from the start of the run.
    #[must_use]
    pub fn back_s(&self) -> Option<f64> {
        self.back_s
    }

    /// How often it was outside its limit after it had been back.
    #[must_use]
    pub fn out_again(&self) -> u64 {
        self.out_again
    }

    /// Whether it was outside its limit when it was looked at last.
    #[must_use]
    pub fn is_out_at_end(&self) -> bool {
        !self.is_empty() && self.since_s.is_none()
    }

    /// For how many seconds it had been within its limit at the end, when that was too short to call
    /// it back.
    #[must_use]
    pub fn too_short_s(&self) -> Option<f64> {
        let since_s = self.since_s.filter(|_| self.back_s.is_none())?;
        Some(self.latest_s - since_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settled(within: &[bool]) -> Settling {
        let mut settling = Settling::default();
        for (second, is_within) in (10..).zip(within) {
            settling.observe(f64::from(second), *is_within);
        }
        settling
    }

    #[test]
    fn back_is_the_first_second_of_those_that_hold() {
        let mut within = [false; 30];
        within[12..].fill(true);
        within[4..8].fill(true);
        let settling = settled(&within);
        assert_eq!(settling.back_after_s(9.5), Some(12.5), "4 s were too short");
        assert_eq!((settling.out_again(), settling.is_out_at_end()), (0, false));
        assert_eq!(settled(&[true; 6]).back_after_s(9.5), Some(0.0));
    }

    #[test]
    fn what_does_not_hold_is_not_back() {
        assert_eq!(settled(&[false; 30]).back_after_s(9.5), None);
        let mut late = [false; 30];
        late[26..].fill(true);
        let settling = settled(&late);
        assert_eq!(settling.back_after_s(9.5), None);
        assert_eq!(settling.too_short_s(), Some(3.0));
        let nothing = settled(&[]);
        assert!(nothing.is_empty() && !nothing.is_out_at_end());
    }

    #[test]
    fn a_relapse_is_told() {
        let mut within = [true; 30];
        within[..2].fill(false);
        within[20..24].fill(false);
        let settling = settled(&within);
        assert_eq!(settling.back_after_s(10.0), Some(2.0));
        assert_eq!((settling.out_again(), settling.is_out_at_end()), (4, false));
        within[24..].fill(false);
        let settling = settled(&within);
        assert_eq!((settling.out_again(), settling.is_out_at_end()), (10, true));
    }

    #[test]
    fn without_load_nothing_has_to_hold() {
        let mut settling = settled(&[false; 5]);
        settling.observe_without_load(15.0, false);
        settling.observe_without_load(16.0, true);
        assert_eq!(settling.back_after_s(10.0), Some(6.0));
    }

    #[test]
    fn limits_have_floors_and_know_the_baselines_own_worst() {
        let limit = |tolerance: Tolerance| tolerance.limit;
        assert_eq!(limit(Tolerance::ceiling(1_000.0, 900.0, 10.0)), 1_100.0);
        assert_eq!(limit(Tolerance::ceiling(50.0, 50.0, 10.0)), 60.0);
        assert_eq!(limit(Tolerance::ceiling(0.0, 0.0, 10.0)), 10.0);
        assert_eq!(limit(Tolerance::ceiling(1_000.0, 1_500.0, 10.0)), 1_500.0);
        assert_eq!(limit(Tolerance::bottom(100.0, 100.0, 1.0)), 90.0);
        assert_eq!(limit(Tolerance::bottom(100.0, 70.0, 1.0)), 70.0);
        assert_eq!(limit(Tolerance::bottom(0.5, 0.5, 1.0)), 0.0);
        let ceiling = Tolerance::ceiling(100.0, 0.0, 0.0);
        assert!(ceiling.admits(110.0) && ceiling.admits(0.0) && !ceiling.admits(110.1));
        let bottom = Tolerance::bottom(100.0, 100.0, 0.0);
        assert!(bottom.admits(90.0) && bottom.admits(900.0) && !bottom.admits(89.9));
    }

    proptest! {
        #[test]
        fn whoever_is_back_stayed_so(within in prop::collection::vec(any::<bool>(), 0..60)) {
            let settling = settled(&within);
            let longest = within.split(|is_within| !is_within).map(<[bool]>::len).max();
            let holds = longest.unwrap_or(0) > HELD_S as usize;
            prop_assert_eq!(settling.back_s().is_some(), holds);
            if let Some(back_s) = settling.back_s() {
                let from = back_s as usize - 10;
                prop_assert!(within[from..].iter().take(HELD_S as usize + 1).all(|it| *it));
                let out = within[from..].iter().filter(|it| !**it).count();
                prop_assert_eq!(settling.out_again(), out as u64);
            }
        }
    }
}

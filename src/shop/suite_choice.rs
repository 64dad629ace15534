//! Which load-test suite of ShopStream is run: a version of the shop has one of its own.

use super::Generation;

/// A load-test suite of ShopStream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// That of the shop of five contexts: 24 journeys, 12 classes.
    Five,
    /// That of today's shop: 46 journeys, 20 classes, other weights.
    Today,
}

impl Suite {
    /// Both, the older one first.
    pub const ALL: [Self; 2] = [Self::Five, Self::Today];

    /// The suite that the shop of `generation` comes with.
    #[must_use]
    pub const fn of(generation: Generation) -> Self {
        match generation {
            Generation::Five => Self::Five,
            Generation::Today => Self::Today,
        }
    }

    /// The shop that it comes with.
    #[must_use]
    pub const fn generation(self) -> Generation {
        match self {
            Self::Five => Generation::Five,
            Self::Today => Generation::Today,
        }
    }

    /// The word for it in flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.generation().name()
    }

    /// The words for it among the options of a plan.
    #[must_use]
    pub const fn plan_word(self) -> &'static str {
        match self {
            Self::Five => "suite five",
            Self::Today => "suite today",
        }
    }

    /// The suite that a word of a plan names.
    #[must_use]
    pub fn of_plan_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.plan_word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suite_is_that_of_its_generation_and_is_read_again() {
        for suite in Suite::ALL {
            assert_eq!(Suite::of(suite.generation()), suite);
            assert_eq!(Suite::of_plan_word(suite.plan_word()), Some(suite));
            assert_eq!(Suite::of_plan_word(suite.name()), None);
        }
    }
}

//! What stands out in the charts of a load test: where somebody stepped in, a ramp began, or something
//! broke.

use serde::Serialize;

/// Marks that are kept, the first of them.
const MOST_MARKS: usize = 200;

/// What a mark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// Somebody changed the users.
    Edit,
    /// Somebody let the figures start again.
    Reset,
    /// A stage began, or all users were there.
    Ramp,
    /// A rule was violated, or a threshold crossed.
    Broken,
    /// The generator was at its limit.
    Limit,
    /// A machine of a fleet was lost.
    Lost,
}

/// A moment that charts show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// What it is about.
    pub kind: MarkKind,
    /// When, in seconds from the start of the run.
    pub at_s: f64,
    /// In words.
    pub text: String,
}

impl Mark {
    /// That `text` happened.
    #[must_use]
    pub fn new(kind: MarkKind, at_s: f64, text: &str) -> Self {
        Self {
            kind,
            at_s,
            text: text.to_owned(),
        }
    }
}

/// The begin of a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// When, in seconds from the start of the run.
    pub at_s: f64,
    /// Users that it goes to.
    pub users: u32,
}

/// The marks of a load test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    passed: Vec<Mark>,
    expected: Vec<Mark>,
}

impl Marks {
    /// Adds a mark, while there is room.
    pub fn add(&mut self, mark: Mark) {
        if self.passed.len() < MOST_MARKS {
            self.passed.push(mark);
        }
    }

    /// Remembers the stages that will begin.
    pub fn expect(&mut self, ramps: &[Ramp]) {
        let numbered = ramps.iter().zip(2..);
        let marks = numbered.map(|(ramp, number)| {
            let text = format!("Stage {number}: to {} users", ramp.users);
            Mark::new(MarkKind::Ramp, ramp.at_s, &text)
        });
        self.expected = marks.collect();
    }

    /// Marks the stages that began up to `at_s`.
    pub fn pass(&mut self, at_s: f64) {
        let (begun, later) = std::mem::take(&mut self.expected)
            .into_iter()
            .partition(|mark: &Mark| mark.at_s <= at_s);
        self.expected = later;
        let begun: Vec<Mark> = begun;
        begun.into_iter().for_each(|mark| self.add(mark));
    }

    /// All that happened so far.
    #[must_use]
    pub fn all(&self) -> Vec<Mark> {
        self.passed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many() {
        let mut marks = Marks::default();
        for at in 0..2 * MOST_MARKS {
            marks.add(Mark::new(MarkKind::Edit, at as f64, "x"));
        }
        assert_eq!(marks.all().len(), MOST_MARKS);
        assert_eq!(marks.all()[0].at_s, 0.0);
    }
}

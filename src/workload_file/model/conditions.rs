//! What steps depend on.

use super::definitions::{Step, Tested};

/// What `steps` depend on.
pub fn tests(steps: &[Step]) -> Vec<&Tested> {
    let mut found = Vec::new();
    for step in steps {
        match step {
            Step::Rest { .. } | Step::Set(_) | Step::Tally { .. } | Step::Race { .. } => {}
            Step::Call(call) => found.extend(tests(call.on_failure.steps())),
            Step::Repeat { steps, .. } | Step::Chance { steps, .. } => found.extend(tests(steps)),
            Step::When { test, steps } => {
                found.push(&test.of);
                found.extend(tests(steps));
            }
        }
    }
    found
}

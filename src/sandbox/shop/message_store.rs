//! What the real shop's message store refuses: every command is written to it as JSON before it
//! is handled, and JSON has no infinite numbers and none that is not a number.

use crate::sandbox::refusal::Refusal;

/// Checks that a command's numbers can be stored. It comes after the command's limits and before
/// any thing is looked for.
///
/// # Errors
/// When one is infinite or not a number. (Measured for one command; the store is the same for
/// all.)
pub fn check_storable(numbers: &[f64]) -> Result<(), Refusal> {
    if numbers.iter().all(|number| number.is_finite()) {
        return Ok(());
    }
    Err(Refusal::Value(
        "22P02-ERROR: invalid input syntax for type json".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_can_be_stored() {
        assert_eq!(check_storable(&[]), Ok(()));
        assert_eq!(check_storable(&[0.0, -1.5, f64::MAX]), Ok(()));
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(check_storable(&[1.0, number]).is_err(), "{number}");
        }
    }
}

//! Exit codes: what happened, in one number.

/// How shopblast ends. A run may have found several of these; see [`ExitCode::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Ran; everything expected.
    Ok,
    /// Some requests failed; the number is `--exit-code-on-error`, where 0 means not to tell.
    RequestsFailed(u8),
    /// 95: the generator was at its limit: the figures are invalid.
    GeneratorSaturated,
    /// 95: a shard of the run is missing: the figures are of a part.
    PartialRecord,
    /// 96: an invariant was violated.
    InvariantViolated,
    /// 99: a threshold was crossed.
    ThresholdCrossed,
    /// 104: the command, profile or plan is wrong; nothing was sent.
    BadPlan,
    /// 106: the record or an output of the run is lost, or a part of it.
    RecordLost,
    /// 105: interrupted by the user: what was measured is saved and reported.
    Interrupted,
    /// 102: the run measured nothing: no request ended.
    NothingMeasured,
    /// 107: the target could not be reached at all.
    Unreachable,
}

impl ExitCode {
    /// The number that the process exits with.
    #[must_use]
    pub fn value(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::RequestsFailed(value) => value,
            Self::GeneratorSaturated | Self::PartialRecord => 95,
            Self::InvariantViolated => 96,
            Self::ThresholdCrossed => 99,
            Self::NothingMeasured => 102,
            Self::BadPlan => 104,
            Self::Interrupted => 105,
            Self::RecordLost => 106,
            Self::Unreachable => 107,
        }
    }

    /// The code that another process of this program ended with; one of no meaning here is kept as it is.
    #[must_use]
    pub fn told(code: i32) -> Self {
        let known = [
            Self::Ok,
            Self::GeneratorSaturated,
            Self::InvariantViolated,
            Self::ThresholdCrossed,
            Self::NothingMeasured,
            Self::BadPlan,
            Self::Interrupted,
            Self::RecordLost,
            Self::Unreachable,
        ];
        let value = u8::try_from(code).unwrap_or(u8::MAX);
        let meant = known.into_iter().find(|known| known.value() == value);
        meant.unwrap_or(Self::RequestsFailed(value))
    }

    /// The one code for everything that was found: the first of 104, 107, 96, 95, 99, 106, 105,
    /// 102 and failed requests; [`ExitCode::Ok`] when nothing was.
    #[must_use]
    pub fn settle(findings: impl IntoIterator<Item = Self>) -> Self {
        findings
            .into_iter()
            .min_by_key(|finding| finding.rank())
            .unwrap_or(Self::Ok)
    }

    fn rank(self) -> u8 {
        match self {
            Self::BadPlan => 0,
            Self::Unreachable => 1,
            Self::InvariantViolated => 2,
            Self::GeneratorSaturated | Self::PartialRecord => 3,
            Self::ThresholdCrossed => 4,
            Self::RecordLost => 5,
            Self::Interrupted => 6,
            Self::NothingMeasured => 7,
            Self::RequestsFailed(_) => 8,
            Self::Ok => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_PRECEDENCE: [ExitCode; 10] = [
        ExitCode::BadPlan,
        ExitCode::Unreachable,
        ExitCode::InvariantViolated,
        ExitCode::GeneratorSaturated,
        ExitCode::ThresholdCrossed,
        ExitCode::RecordLost,
        ExitCode::Interrupted,
        ExitCode::NothingMeasured,
        ExitCode::RequestsFailed(1),
        ExitCode::Ok,
    ];

    #[test]
    fn values_are_the_documented_ones() {
        let values = BY_PRECEDENCE.map(ExitCode::value);
        assert_eq!(values, [104, 107, 96, 95, 99, 106, 105, 102, 1, 0]);
        assert_eq!(ExitCode::RequestsFailed(42).value(), 42);
    }

    #[test]
    fn the_first_finding_by_precedence_wins_in_any_order() {
        for (place, first) in BY_PRECEDENCE.iter().enumerate() {
            let findings = BY_PRECEDENCE[place..].iter().copied();
            assert_eq!(ExitCode::settle(findings.clone()), *first);
            assert_eq!(ExitCode::settle(findings.rev()), *first);
        }
        assert_eq!(ExitCode::settle([]), ExitCode::Ok);
    }
}

//! Which requests count as failures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which outcomes count as failures: in the failure columns, the verdict and the exit code. What
/// each request came to is shown in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailureRule {
    /// Failed and unknown requests. That a race is lost, or stock gone, is the business's answer.
    #[default]
    Default,
    /// Refused and conflicting requests, too.
    Strict,
    /// As the Locust suite's race steps judge: 400, 409 and 422 are fine, a 500 is a failure
    /// (and counts as failed), unknown requests are failures.
    Locust,
}

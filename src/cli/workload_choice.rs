//! What is run at the embedded shop when nobody says what.

use super::options::RunOptions;
use crate::plan::Plan;

/// The profile that looks at everything and takes a minute.
const SANDBOX_PROFILE: &str = "smoke";

/// Chooses the profile of a run at the embedded shop that names neither a profile nor user classes.
/// Whether it did.
pub(super) fn choose(options: &mut RunOptions) -> bool {
    let workload = &mut options.workload;
    let is_named = workload.profile.is_some()
        || !workload.classes.is_empty()
        || workload.url.is_some()
        || workload.workload.is_some();
    if !options.target.sandbox || is_named {
        return false;
    }
    workload.profile = Some(SANDBOX_PROFILE.to_owned());
    true
}

/// What was chosen.
pub(super) fn remark(plan: &Plan) -> String {
    format!(
        "no profile and no user class was named: profile {}, {} users at most, {} s (`shopblast list` \
         shows what else there is)",
        plan.profile,
        plan.max_users(),
        plan.run_time.as_secs_f64()
    )
}

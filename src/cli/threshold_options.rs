//! The flags that say what must hold of a run.

use super::CliError;
use crate::engine::{Description, Subject};
use crate::plan::{Load, Plan, Producible, Threshold};
use crate::shop::Profile;
use clap::Args;

/// The flags as typed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ThresholdFlags {
    /// Exit with 99 unless it holds, like 'response: p(99) < 300ms'
    ///
    /// May be repeated, and adds to the profile's.
    ///
    /// METRIC{TAG="value"}: MEASURE OPERATOR VALUE [over WINDOW] [abort [after DELAY]]
    ///
    /// response, service, lag and race_spread have p(N), avg, med, min, max; success, refused,
    /// conflict, failed, unknown and failures have rate (their share) and count; requests, journeys,
    /// shed and races have rate (a second) and count; journeys have aborted, races overlapped and
    /// together. Tags are name, method, tag (of workload files) and phase (spawning, steady); =~ takes a regular expression.
    /// With `over 10s` it must hold of every window of 10 s. With `abort` the run ends once it is
    /// crossed. Figures of the back end: 'observed(outbox_pending{domain="ordering"}) < 1000';
    /// how long events took until they were published, handled or done:
    /// 'event(OrderCreated).done: p(99) < 2s', 'events.published: p(95) < 1s'.
    #[arg(long, value_name = "EXPR", help_heading = "Output", value_parser = Threshold::parse)]
    pub threshold: Vec<Threshold>,

    /// Leave the profile's thresholds out
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub no_thresholds: bool,
}

impl ThresholdFlags {
    /// The thresholds of a workload's file and of its profile, and those that were typed.
    pub(super) fn chosen(
        &self,
        of_file: &[Threshold],
        profile: Option<&Profile>,
    ) -> Vec<Threshold> {
        let of_file = of_file.iter().filter(|_| !self.no_thresholds);
        let of_profile = profile.filter(|_| !self.no_thresholds);
        let of_profile = of_profile
            .into_iter()
            .flat_map(|profile| &profile.thresholds);
        let of_workload = of_file.chain(of_profile);
        of_workload.chain(&self.threshold).cloned().collect()
    }
}

/// Refuses thresholds that the plan can never judge.
pub(super) fn check(plan: &Plan, subject: &Subject) -> Result<(), CliError> {
    if plan.thresholds.is_empty() {
        return Ok(());
    }
    // Classes were checked before; one that there is not has nothing to check.
    let Ok(script) = subject.presumed().prepare(plan) else {
        return Ok(());
    };
    let described = &script.described;
    let names = described.names.iter();
    let domains = subject.domains();
    let producible = Producible {
        requests: names.map(|name| (name.method, name.name)).collect(),
        tags: described.tags.clone(),
        journeys: described.journeys.clone(),
        races: described.races.iter().map(|race| race.name).collect(),
        events: events_of(described),
        domains: domains.iter().map(|domain| domain.name).collect(),
        open_model: matches!(plan.load, Load::Open { .. }),
    };
    for threshold in &plan.thresholds {
        producible.check(threshold)?;
    }
    Ok(())
}
/// Names of the events that requests raise.
fn events_of(described: &Description) -> Vec<&'static str> {
    let raised = described.raises.iter().flatten();
    let mut names: Vec<&str> = raised.map(|event| event.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

//! The director: starts sandbox, workers, collector and faces for one run, stops them, and settles
//! the verdict.

mod agreement;
mod carriers;
mod control;
mod control_groups;
mod descriptors;
mod embedded;
mod error;
mod face;
mod kernel_file;
mod line;
mod lookup;
mod machine;
#[cfg(test)]
pub(crate) mod made_up;
mod memory;
mod observers;
mod outputs;
mod partition;
mod patience;
mod preflight;
mod quota;
mod reach;
mod reach_http2;
mod recognition;
mod replay;
mod replay_attempt;
mod replay_client;
mod replay_contest;
mod replay_http2;
mod replay_line;
mod replay_text;
mod replay_values;
mod request;
mod resources;
mod set_up_file;
mod settle;
mod settled_outputs;
mod signals;
mod stages;
mod stillness;
mod target_addresses;
mod tls_look;
mod tls_refusal;
mod topology;
mod worker_setup;
mod worker_threads;
mod workforce;

pub use agreement::{agreed as agreed_http, tell_of_agreement};
pub use carriers::{
    Carriers, Fleet, FleetEnd, FleetOrder, MemberEnd, PreparedMember, PreparedPart, StartAgreement,
};
pub use control::{RunControl, RunState};
pub use embedded::{Embedded, at_address as address_target, serve};
pub use error::RunError;
pub use face::{Face, Follower, LiveRun};
pub use lookup::{Resolver, accepting_first, resolve};
pub use machine::{allowed_cpus, new_run_id, step_aside, topology};
pub use memory::left_here as memory_left;
#[doc(hidden)]
pub use partition::{Deal, Partition};
pub use preflight::meet;
pub use reach::{ReachError, ask as ask_target, not_answered, preflight};
pub use recognition::{Questioning, RecognitionError};
pub use replay::{ReplayError, ReplayRequest, replay};
#[doc(hidden)]
pub use replay_text::witness_requests;
pub use request::{CollectorUrl, GithubActions, MetricsTargets, Output, RunRequest, SharedSetUp};
pub use resources::{Resources, raise_locked_memory, resources_of, room_for};
pub use set_up_file::SetUpFile;
pub use settle::{Closing, Finished};
pub use signals::{Listening, before_exit, exit_at_once, listen};
pub use tls_look::look as look_at_tls;
#[doc(hidden)]
pub use topology::read as topology_below;

use lookup::NameLookup;
use patience::unless_called_off;
use stages::RunInputs;

/// Carries a run out, from the first look at the target to the last file. `control` is the run's
/// own, made for `request`; `faces` show it. May be called again and again in one process, for one
/// run at a time.
///
/// # Errors
/// When nothing could be sent. Everything that happens later is part of the record, the console's
/// summary and the exit code.
pub fn carry_out(
    request: &RunRequest,
    command: String,
    control: &RunControl,
    faces: &mut [Box<dyn Face>],
) -> Result<Finished, RunError> {
    let outcome = with_target(request, command, control, faces);
    control.end();
    outcome
}

fn with_target(
    request: &RunRequest,
    command: String,
    control: &RunControl,
    faces: &mut [Box<dyn Face>],
) -> Result<Finished, RunError> {
    outputs::try_outputs(&request.output)?;
    let heard = control.clone();
    let _listening = signals::listen(move || heard.interrupt());
    let of_faces = faces.iter().map(|face| face.descriptors()).sum();
    let resources = resources::expected(request, control, of_faces);
    let is_led = request.carriers.fleet().is_some();
    if !is_led {
        resources.suffice()?;
        step_aside(&request.plan.placement);
    }
    let sandbox = request
        .sandbox
        .as_ref()
        .map(|own| Embedded::start(&request.plan, &**own))
        .transpose()?;
    let interruption = control.interruption();
    let muted = request.output.is_muted();
    let plan = match &sandbox {
        Some(sandbox) => request.plan.clone().with_target(sandbox.target()),
        None => request.plan.clone(),
    };
    let asked = request.clone();
    let wanted = plan.clone();
    let addresses =
        unless_called_off(interruption, ("looking the target up", muted), move || {
            let mut addresses = asked.resolver.resolve(&wanted.target, &asked.addresses)?;
            if asked.preflight {
                accepting_first(&mut addresses, wanted.request_timeout);
            }
            Ok::<_, ReachError>(addresses)
        })??;
    let looked_at = (request.clone(), plan.clone(), addresses.clone());
    let (plan, script) = unless_called_off(
        interruption,
        ("asking what the target is", muted),
        move || {
            let (request, plan, addresses) = looked_at;
            let plan = preflight::agreed_plan(&request, plan, &addresses)?;
            let script = preflight::run_preflight(&request, &plan, &addresses)?;
            Ok::<_, RunError>((plan, script))
        },
    )??;
    if !is_led {
        let resources = resources.with_script(script.size(resources.users_of_each()));
        let need = resources.suffice()?;
        resources.tell(&need, request.output.is_muted());
    }
    let observed = match &sandbox {
        Some(sandbox) => sandbox.observers(&request.observers),
        None => request.observers.clone(),
    };
    let lookup = NameLookup {
        resolver: request.resolver.clone(),
        target: plan.target.clone(),
        policy: request.addresses.clone(),
    };
    let addresses = lookup.keep_up(&addresses, plan.addresses);
    let observed = observers::of_target(observed, &script.target, request.output.silent);
    let inputs = RunInputs {
        request,
        plan: &plan,
        addresses: &addresses,
        observed: &observed,
        control,
    };
    let outcome = stages::record(&inputs, &script, command, faces);
    if let Some(sandbox) = sandbox {
        sandbox.stop();
    }
    outcome
}

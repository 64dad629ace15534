//! A target that is no ShopStream: whether it answers as the file wants it, and whether what the file calls
//! is in its own description.

use super::{DoctorFinding, addresses, tls};
use crate::engine::Subject;
use crate::engine::inquiry::Inquiry;
use crate::pieces::counted;
use crate::plan::{Route, Target, shown_start};
use crate::run::{Questioning, ReachError, agreed_http, preflight};
use crate::shop::OPENAPI_PATH;
use crate::workload_file::{Description, MOST_DESCRIPTION_BYTES, Model};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Characters of the server's name, and operations, that are printed.
const MOST_CHARACTERS: usize = 80;
const SHOWN: usize = 20;

/// Asks once. Gives the target as it is to be spoken to.
///
/// # Errors
/// When there is no answer in HTTP.
pub fn reach(model: &Model, target: &Target, known: &[Route]) -> Result<Target, ReachError> {
    let target = agreed_http(target, known, &model.health, TIMEOUT)?;
    preflight(&target, known, &model.health, TIMEOUT)?;
    Ok(target)
}

/// Looks at the target of `model`, which is carried out by `subject`.
pub fn look_at(
    model: &Model,
    subject: &Subject,
    target: &Target,
    known: &[Route],
) -> Vec<DoctorFinding> {
    let mut findings: Vec<DoctorFinding> = addresses::look_at(target, known)
        .into_iter()
        .chain(tls::look_at(target, known, TIMEOUT))
        .collect();
    let questioning = Questioning {
        target,
        addresses: known,
        timeout: TIMEOUT,
    };
    findings.push(health(model, subject, &questioning));
    findings.push(DoctorFinding::ok(format!(
        "workload: {} is sound: {}, {}",
        model.name,
        counted(model.operations.len() as u64, "operation"),
        counted(model.journeys.len() as u64, "journey"),
    )));
    findings.extend(description(model, &questioning));
    findings
}

/// What a run would find before it starts, by the same way.
fn health(model: &Model, subject: &Subject, questioning: &Questioning<'_>) -> DoctorFinding {
    let asked = Instant::now();
    let recognised = questioning.recognise(subject);
    let took = asked.elapsed();
    let path = &model.health;
    match recognised {
        Err(error) => DoctorFinding::problem(format!("health: {error}")),
        Ok(_) => {
            let reply = questioning.ask(questioning.target, path, MOST_DESCRIPTION_BYTES);
            let (status, server) =
                reply.map_or((0, String::new()), |reply| (reply.status, reply.server));
            let says = format!(
                "health: {} answers GET {path} with {status} ({}{:.1} ms)",
                questioning.target.url(),
                match server.is_empty() {
                    true => String::new(),
                    false => format!("{}, ", shown_start(&server, MOST_CHARACTERS)),
                },
                took.as_secs_f64() * 1e3
            );
            match status {
                200..400 => DoctorFinding::ok(says),
                _ => DoctorFinding::hint(format!(
                    "{says}; name a read that succeeds with `health` in the file"
                )),
            }
        }
    }
}

/// Whether the target describes what the file calls, where it describes anything.
fn description(model: &Model, questioning: &Questioning<'_>) -> Vec<DoctorFinding> {
    let path = model.described_at.as_deref().unwrap_or(OPENAPI_PATH);
    let reply = questioning.ask(questioning.target, path, MOST_DESCRIPTION_BYTES);
    let text = reply.ok().filter(|reply| reply.status == 200);
    let text = text.and_then(|reply| String::from_utf8(reply.body).ok());
    let Some(description) = text.and_then(|text| Description::parse(&text).ok()) else {
        return vec![DoctorFinding::hint(format!(
            "description: there is none at {path}, so that it cannot be told whether the target has \
             what is called"
        ))];
    };
    let base_path = &questioning.target.base_path;
    let missing = model.operations.iter();
    let missing = missing.filter(|operation| !description.has(operation, base_path));
    let missing: Vec<&str> = missing.map(|operation| operation.label.as_str()).collect();
    if missing.is_empty() {
        return vec![DoctorFinding::ok(
            "description: all that is called is in the target's own description",
        )];
    }
    let mut findings: Vec<DoctorFinding> = missing
        .iter()
        .take(SHOWN)
        .map(|request| {
            DoctorFinding::hint(format!(
                "description: `{request}` is not in it; a run may meet 404 there"
            ))
        })
        .collect();
    if missing.len() > SHOWN {
        let more = missing.len() - SHOWN;
        findings.push(DoctorFinding::hint(format!("description: {more} more")));
    }
    findings
}

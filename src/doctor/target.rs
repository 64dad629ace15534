//! What a target says of itself: whether it answers, is ShopStream, is the one that journeys were
//! written for, and works on several requests at once.

use super::shop_look::ShopLook;
use super::{DoctorFinding, addresses, concurrency, tls};
use crate::engine::Workload;
use crate::engine::inquiry::Inquiry;
use crate::observe::{FigureSource, METRICS_PATH, ObservatorySource};
use crate::pieces::counted;
use crate::plan::{Route, Target, shown_start};
use crate::run::{Questioning, ReachError, agreed_http, preflight};
use crate::shop::{HEALTH_PATH, JourneyFitness, Recognised, ShopStream};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Characters of the server's name that are printed.
const MOST_CHARACTERS: usize = 80;
/// Largest answer to the question how the shop is.
const MOST_HEALTH_BYTES: usize = 1 << 20;
/// Differences that are printed.
const SHOWN: usize = 20;

/// Asks once. Gives the target as it is to be spoken to.
///
/// # Errors
/// When there is no answer in HTTP.
pub fn reach(target: &Target, known: &[Route]) -> Result<Target, ReachError> {
    let target = agreed_http(target, known, HEALTH_PATH, TIMEOUT)?;
    preflight(&target, known, HEALTH_PATH, TIMEOUT)?;
    Ok(target)
}

/// Looks at the shop.
pub fn look_at(shop: &ShopLook<'_>, known: &[Route]) -> Vec<DoctorFinding> {
    let mut findings: Vec<DoctorFinding> = addresses::look_at(shop.target, known)
        .into_iter()
        .chain(tls::look_at(shop.target, known, TIMEOUT))
        .chain(recognition(shop.target, known))
        .collect();
    findings.push(concurrency::look_at(shop.target, known));
    findings
}

/// What a run would find before it starts, by the same way.
fn recognition(target: &Target, known: &[Route]) -> Vec<DoctorFinding> {
    let questioning = Questioning {
        target,
        addresses: known,
        timeout: TIMEOUT,
    };
    let recognition = match ShopStream::default().recognise(&questioning) {
        Ok(recognition) => recognition,
        Err(why) => {
            let error = questioning.error(why);
            return vec![DoctorFinding::problem(format!("health: {error}"))];
        }
    };
    let recognised = &recognition.target;
    let mut findings = vec![
        health(&questioning, recognised),
        DoctorFinding::ok(format!("generation: {recognised}")),
    ];
    match recognition.caveat {
        Some(caveat) => findings.push(DoctorFinding::hint(format!(
            "operations: no description, so that it cannot be told whether the journeys fit: {caveat}"
        ))),
        None => findings.extend(operations(recognised)),
    }
    findings
}

fn health(questioning: &Questioning<'_>, recognised: &Recognised) -> DoctorFinding {
    let target = questioning.target;
    let url = target.url();
    let contexts = recognised.generation().contexts();
    let missing: Vec<&str> = contexts
        .iter()
        .map(|context| context.name)
        .filter(|name| !recognised.contexts.iter().any(|there| there == name))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return DoctorFinding::problem(format!("health: the shop lacks the domains {missing}"));
    }
    let asked = Instant::now();
    let reply = questioning.ask(target, HEALTH_PATH, MOST_HEALTH_BYTES);
    let took = asked.elapsed();
    let server = reply.map_or_else(
        |_| String::new(),
        |reply| {
            format!(
                " ({}, {:.1} ms)",
                shown_start(&reply.server, MOST_CHARACTERS),
                took.as_secs_f64() * 1e3
            )
        },
    );
    DoctorFinding::ok(format!(
        "health: {url} is a ShopStream \"{}\" with all {} contexts{server}",
        recognised.generation().name(),
        contexts.len()
    ))
}

/// Whether all journeys can be carried out.
fn operations(recognised: &Recognised) -> Vec<DoctorFinding> {
    let fitness = JourneyFitness::of_all(recognised);
    let mut findings = Vec::new();
    if fitness.hindrances.is_empty() {
        findings.push(DoctorFinding::ok(
            "operations: all that journeys use are there, with the fields and limits they need",
        ));
    }
    let shown = fitness.hindrances.iter().take(SHOWN);
    findings.extend(shown.map(|drift| DoctorFinding::problem(format!("operations: {drift}"))));
    let hidden = fitness.hindrances.len().saturating_sub(SHOWN);
    if hidden > 0 {
        findings.push(DoctorFinding::problem(format!("operations: {hidden} more")));
    }
    let adapted = fitness.adapted.iter();
    findings.extend(
        adapted
            .map(|drift| DoctorFinding::ok(format!("operations: {drift}; bodies are written so"))),
    );
    if fitness.unfelt > 0 {
        let count = counted(fitness.unfelt as u64, "difference");
        findings.push(DoctorFinding::hint(format!(
            "operations: {count} from the generation that no journey feels"
        )));
    }
    findings
}

/// Looks for the Observatory, and at what it shows.
pub fn look_for_observatory(shop: &ShopLook<'_>) -> Vec<DoctorFinding> {
    let observatory = shop.observatory;
    let url = observatory.url();
    match ObservatorySource::new(observatory.clone(), shop.policy.clone()).read() {
        Ok(readout) => {
            let found = DoctorFinding::ok(format!(
                "observatory: {url}{METRICS_PATH}, {} figures",
                readout.figures.len()
            ));
            let caveats = readout.caveats.into_iter();
            let caveats =
                caveats.map(|caveat| DoctorFinding::hint(format!("observatory: {caveat}")));
            std::iter::once(found).chain(caveats).collect()
        }
        Err(problem) => vec![DoctorFinding::hint(format!(
            "observatory: {problem} Start it, or name it with --observatory, to see the pipeline"
        ))],
    }
}

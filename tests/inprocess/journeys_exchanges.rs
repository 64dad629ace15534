//! Every journey sends exactly what the contract says: in order, under its statistic names, with
//! these bodies and headers, at these moments, whatever step fails.

use crate::carried_journey::{Carried, FLASH_ITEM, LATENCY_NS, WAIT_NS, down, kind, script_with};
use crate::journey_contract::{Contract, Ids, contracts};
use crate::simulated_shop::{Request, journeys_of_five};
use shopblast::shop::{JourneyKind, JourneyOptions, ShopScript, TakenStep};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static SCRIPT: LazyLock<&ShopScript> = LazyLock::new(|| script_with(JourneyOptions::default()));

/// Carries `journey` out once, by the user with `seed`; the `failing`-th request fails.
fn carry(journey: JourneyKind, seed: u64, failing: Option<usize>) -> Carried {
    crate::carried_journey::carry(&SCRIPT, journey, seed, move |at, _| {
        (failing == Some(at)).then(down)
    })
}

/// The statistic names of these lines of a contract.
fn names_of<'a>(contract: &'a Contract, lines: &[usize]) -> Vec<&'a str> {
    lines
        .iter()
        .map(|&line| contract.lines[line].name.as_str())
        .collect()
}

/// A seed with which the journey takes the branch of the contract when all goes well.
fn seed_of(contract: &Contract) -> u64 {
    let (lines, _) = contract.sent(None);
    let wanted = names_of(contract, &lines);
    let journey = kind(&contract.journey);
    let takes_branch = |seed: &u64| {
        let seen = carry(journey, *seed, None).seen;
        seen.iter().map(|seen| seen.name).eq(wanted.iter().copied())
    };
    let found = (0..40).find(takes_branch);
    found.unwrap_or_else(|| panic!("{} never sends {wanted:?}", contract.journey))
}

/// Checks what was seen against `lines` of the contract.
fn check(contract: &Contract, lines: &[usize], carried: &Carried, failing: Option<usize>) {
    let about = format!("{} with failure {failing:?}", contract.journey);
    let seen: Vec<&str> = carried.seen.iter().map(|seen| seen.name).collect();
    assert_eq!(seen, names_of(contract, lines), "{about}");
    let mut ids = Ids::from([("flash".to_owned(), FLASH_ITEM.to_owned())]);
    for (at, (seen, &line)) in carried.seen.iter().zip(lines).enumerate() {
        let line = &contract.lines[line];
        assert_eq!(seen.request.method, line.method, "{about}");
        assert_eq!(
            Some(&seen.request.path),
            line.resolved_path(&ids).as_ref(),
            "{about}"
        );
        line.check_body(&seen.request.body, &mut ids);
        check_headers(&seen.request, line.signed);
        if failing == Some(at) {
            continue;
        }
        assert_eq!(seen.status, line.status, "{about}: {}", line.name);
        if let Some(var) = line.gives.strip_prefix('!') {
            ids.insert(var.to_owned(), String::new());
        } else if !line.gives.is_empty() {
            ids.insert(line.gives.clone(), seen.id.clone().unwrap());
        }
    }
}

fn check_headers(request: &Request, signed: bool) {
    let names: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let mut expected = vec!["host"];
    if signed {
        expected.push("x-gateway-signature");
        assert_eq!(request.headers[1].1, "test-signature");
    }
    if !request.body.is_empty() {
        expected.push("content-type");
    }
    expected.push("content-length");
    assert_eq!(names, expected, "{}", request.path);
    let length = &request.headers.last().unwrap().1;
    assert_eq!(*length, request.body.len().to_string());
}

#[test]
fn every_journey_has_a_contract() {
    let contracts = contracts();
    assert_eq!(
        contracts.len(),
        24 + 1 + 8 + 1 + 5 + 11,
        "the saga is there twice"
    );
    for journey in journeys_of_five() {
        let of_journey = |contract: &&Contract| contract.journey == journey.name();
        assert!(
            contracts.iter().any(|c| of_journey(&c)),
            "{}",
            journey.name()
        );
    }
}

/// Only declared steps have rows: an undeclared one would have nowhere to be counted.
#[test]
fn journeys_declare_the_steps_that_they_take() {
    for journey in journeys_of_five() {
        let contracts = contracts();
        let own = contracts
            .iter()
            .filter(|contract| contract.journey == journey.name());
        let taken: BTreeSet<&str> = own
            .flat_map(|contract| &contract.lines)
            .map(|line| line.name.as_str())
            .collect();
        let in_passes = |step: &&TakenStep| step.option.is_none() && step.requests > 0.0;
        let declared = journey
            .steps()
            .iter()
            .filter(in_passes)
            .map(|taken| taken.step.name);
        assert_eq!(taken, declared.collect(), "{}", journey.name());
    }
}

#[test]
fn a_pass_that_goes_well_is_what_the_contract_says() {
    for contract in contracts() {
        let carried = carry(kind(&contract.journey), seed_of(&contract), None);
        let (lines, _) = contract.sent(None);
        check(&contract, &lines, &carried, None);
        assert_eq!(
            (carried.ended, carried.failed),
            (Ok(()), 0),
            "{}",
            contract.journey
        );
    }
}

#[test]
fn a_pass_raises_the_events_that_the_contract_says() {
    let domains = ["Identity", "Catalogue", "Ordering", "Inventory", "Payments"];
    for contract in contracts() {
        let carried = carry(kind(&contract.journey), seed_of(&contract), None);
        let events = domains.map(|domain| carried.events.get(domain).copied().unwrap_or(0));
        assert_eq!(events.to_vec(), contract.events, "{}", contract.journey);
        assert_eq!(carried.outbox, contract.outbox, "{}", contract.journey);
    }
}

#[test]
fn every_failure_of_a_step_is_followed_by_what_the_contract_says() {
    for contract in contracts() {
        let (journey, seed) = (kind(&contract.journey), seed_of(&contract));
        for failing in 0..contract.sent(None).0.len() {
            let (lines, aborted) = contract.sent(Some(failing));
            let carried = carry(journey, seed, Some(failing));
            check(&contract, &lines, &carried, Some(failing));
            let about = format!("{} with failure {failing}", contract.journey);
            assert_eq!(carried.ended.is_err(), aborted, "{about}");
            assert_eq!(carried.failed, 1, "{about}: the failed request counts once");
        }
    }
}

/// One wait after every step, none between requests of one step.
#[test]
fn users_wait_after_steps_and_not_within_them() {
    for contract in contracts() {
        let (journey, seed) = (kind(&contract.journey), seed_of(&contract));
        for failing in [None, Some(0), Some(1)] {
            let (lines, _) = contract.sent(failing);
            let seen = carry(journey, seed, failing).seen;
            for (at, pair) in seen.windows(2).enumerate() {
                let line = &contract.lines[lines[at + 1]];
                let wait_ns = if line.at_once { 0 } else { WAIT_NS };
                let between_ns = pair[1].sent_ns - pair[0].sent_ns;
                assert_eq!(
                    between_ns,
                    LATENCY_NS + wait_ns,
                    "{}: before {}",
                    contract.journey,
                    line.name
                );
            }
        }
    }
}

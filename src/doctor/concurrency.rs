//! Whether a shop answers one request after the other, or several at once.

use super::DoctorFinding;
use crate::engine::tls::{OFFERS_HTTP1, TlsClient};
use crate::engine::{LONGEST_SURVEY, Processes, Questions, Survey, Surveyor};
use crate::plan::{Route, Target};
use crate::record::ProcessesRecord;
use crate::shop::{HEALTH_PATH, OPENAPI_PATH};

/// Surveys the shop, which costs it some dozen reads and changes nothing.
pub fn look_at(target: &Target, addresses: &[Route]) -> DoctorFinding {
    if target.http2 {
        return DoctorFinding::hint(
            "workers: not looked for over HTTP/2, whose streams a proxy deals out as it likes; \
             with --http2=never they are, where the shop speaks HTTP/1.1, too",
        );
    }
    let tls = target.tls.as_ref();
    let tls = tls.and_then(|tls| TlsClient::of(tls, &target.host, OFFERS_HTTP1).ok());
    let questions = Questions::of(target, OPENAPI_PATH, HEALTH_PATH).over_tls(tls);
    let mut surveyor = Surveyor::new(addresses, &questions, LONGEST_SURVEY, None);
    surveyor.look();
    told(&surveyor.survey())
}

/// What a survey means for races.
fn told(survey: &Survey) -> DoctorFinding {
    let record = ProcessesRecord::of(survey);
    let tried = record.tried();
    match survey.processes {
        Processes::Unknown => DoctorFinding::hint(format!(
            "workers: the shop did not answer enough questions in time; nothing can be told ({tried})"
        )),
        Processes::TooFast(alone_us) => DoctorFinding::ok(format!(
            "workers: the shop answers too fast to tell whether it is serial ({alone_us} µs a request)"
        )),
        Processes::Seen(1) => DoctorFinding::ok(format!(
            "workers: the shop looks serial (one API process; {tried}): version conflicts cannot happen, races show refusals only"
        )),
        Processes::Seen(count) => DoctorFinding::ok(format!(
            "workers: the shop has {count} API processes ({tried}): version conflicts can happen"
        )),
        Processes::PerRequest(at_once) => DoctorFinding::ok(format!(
            "workers: the shop answers at least {at_once} requests at once, whichever connection they come on (a proxy, or threads; {tried}): version conflicts can happen"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_says_what_was_tried_and_what_it_means_for_races() {
        let says = |processes| {
            told(&Survey {
                processes,
                connections: 12,
                requests: 60,
                took_us: 110_000,
            })
            .says
        };
        assert_eq!(
            says(Processes::Seen(4)),
            "workers: the shop has 4 API processes (tried 12 connections with 60 requests in 110 ms): version conflicts can happen"
        );
        assert!(says(Processes::Seen(1)).contains("looks serial"));
        assert!(says(Processes::PerRequest(2)).contains("answers at least 2 requests at once"));
        assert!(says(Processes::TooFast(31)).contains("31 µs"));
        assert!(says(Processes::Unknown).contains("nothing can be told"));
    }
}

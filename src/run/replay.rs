//! Fires a witness again: what makes the contended thing in sequence, the racers together, and what
//! was asked after them.

use super::agreement::{agreed, tell_of_agreement};
use super::embedded::at_address;
use super::line::offers_of;
use super::lookup::resolve;
use super::reach::ReachError;
use super::replay_attempt::{Attempted, Firing, Way};
use super::replay_client::{ReplayPlace, ReplayReply, Starter};
use super::replay_contest::FiredContest;
use super::replay_text::is_one_request;
use super::tls_refusal::told_of_broken;
use crate::engine::tls::{TlsClient, TlsError};
use crate::engine::{NotStarted, OwnTarget, Questions, Standing};
use crate::pieces::{print, tell};
use crate::plan::{
    AddressPolicy, ConnectTo, Driver, ExitCode, HeaderField, HttpChoice, Interfaces, RaceOver,
    RequestHeaders, Route, RunId, Target, TargetError, TlsSettings, shown_lines,
};
use crate::record::{ProcessesRecord, Recorded, RunRecord, UnreadableRecord, WitnessRecord};
use crate::stats::{Part, WitnessExchange};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Makes a target of the words that a record keeps of the one that its run brought along.
pub type MadeAgain = fn(&[String]) -> Result<Arc<dyn OwnTarget>, String>;

/// Longest wait for each step of a handshake that tells which HTTP is spoken.
const AGREEMENT_LIMIT: Duration = Duration::from_secs(10);

/// What to fire again.
#[derive(Clone, Debug)]
pub struct ReplayRequest {
    /// A record's directory, or its `run.json`.
    pub record: PathBuf,
    /// Number of the witness, from 1.
    pub witness: u64,
    /// Where to; `None` is the run's own target, or one like it where the run brought it along.
    pub target: Option<Target>,
    /// What every request carries beside what those of the witness did.
    pub headers: RequestHeaders,
    /// Where connections go instead.
    pub connect_to: Option<ConnectTo>,
    /// Where connections come from instead.
    pub interfaces: Interfaces,
    /// How TLS is spoken with an `https` target, where that was said.
    pub tls: Option<TlsSettings>,
    /// Which HTTP it is asked in, where that was said; else as the run did, at its own target.
    pub http: Option<HttpChoice>,
    /// What racers share over HTTP/2, where that was said; else as in the run.
    pub over: Option<RaceOver>,
    /// Makes a target like that.
    pub made_again: MadeAgain,
    /// Decides about the addresses that its name resolves to.
    pub addresses: AddressPolicy,
    /// Paths of two reads that change nothing: one that takes a process of the target long, one that
    /// takes it a moment.
    pub questions: (&'static str, &'static str),
    /// Whether every racer is sent, and not only those that show the violation.
    pub all: bool,
    /// How often at most, while it does not happen again; at least 1.
    pub times: u32,
    /// Makes unique values new.
    pub run_id: RunId,
}

/// Why nothing was fired.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] UnreadableRecord),
    /// There is no such witness.
    #[error("the record has {count} witnesses, and none is number {number}")]
    Witness {
        /// The number asked for.
        number: u64,
        /// Those there are.
        count: usize,
    },
    /// It has no requests.
    #[error(
        "witness {number} was found in a store and has no requests to fire; its sentence in the record names what was found"
    )]
    NoRequests {
        /// The number asked for.
        number: u64,
    },
    /// What it would send is something else than its requests.
    #[error(
        "witness {number} has something in a method, path or header that is no part of one request: the record was changed by somebody, and nothing of it is fired"
    )]
    NoRequest {
        /// The number asked for.
        number: u64,
    },
    /// The record's target is none.
    #[error("{0}; name the shop with --host")]
    Target(#[from] TargetError),
    /// A record whose words make no target.
    #[error("the record does not tell how its shop was made: {0}; name a shop with --host")]
    Unmade(String),
    /// The target that the run brought along does not stand again.
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
    /// Something about TLS, of a target without it.
    #[error(
        "{url} is not spoken to in TLS, which flags were given for; name an address that begins with https with --host"
    )]
    WithoutTls {
        /// The target.
        url: String,
    },
    /// TLS cannot be spoken at all.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The target cannot be reached, or may not be.
    #[error(transparent)]
    Reach(#[from] ReachError),
}

impl ReplayError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Reach(error) => error.exit_code(),
            _ => ExitCode::BadPlan,
        }
    }
}

/// The addresses that racers go round; nothing when there is but one.
fn listed(addresses: &[Route]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    match texts.len() {
        0 | 1 => String::new(),
        _ => format!(" (its racers in turn at {})", texts.join(", ")),
    }
}

/// Fires the witness until it happens again, and says on standard output what came of it: 96 when
/// it happened again, 0 when not.
///
/// # Errors
/// When nothing could be sent.
pub fn replay(request: &ReplayRequest) -> Result<ExitCode, ReplayError> {
    let record = Recorded::read(&request.record)?.run;
    let kept = record
        .witnesses
        .iter()
        .find(|witness| witness.number == request.witness)
        .ok_or(ReplayError::Witness {
            number: request.witness,
            count: record.witnesses.len(),
        })?;
    if kept.violation.exchanges.is_empty() {
        return Err(ReplayError::NoRequests {
            number: request.witness,
        });
    }
    if !kept.violation.exchanges.iter().all(is_one_request) {
        return Err(ReplayError::NoRequest {
            number: request.witness,
        });
    }
    let own = match &request.target {
        Some(_) => None,
        None => brought_again(request, &record)?,
    };
    let target = match (&request.target, &own) {
        (Some(target), _) => target.clone(),
        (None, Some(own)) => at_address(own.standing.address()),
        (None, None) => {
            let connect_to = record.connected_to();
            Target {
                connect_to,
                interfaces: record.came_from(),
                ..Target::parse(&record.target_url())?
            }
        }
    };
    let target = carrying(request, &record, target);
    let target = trusting(request, &record, target)?;
    let as_then = match request.target {
        None if record.is_http2() => HttpChoice::Http2,
        _ => HttpChoice::Http1,
    };
    let target = target.asked_in(request.http.unwrap_or(as_then));
    let addresses = resolve(&target, &request.addresses)?;
    let target = agreed(&target, &addresses, request.questions.1, AGREEMENT_LIMIT)?;
    tell_of_agreement(&target);
    let like = own.as_ref().map(|OwnAgain { words, .. }| {
        format!(
            ", a shop like the run's: shopblast sandbox {}",
            words.join(" ")
        )
    });
    print(format!(
        "{}: {}\nfired again at {}{}{}{}\n",
        kept.violation.rule,
        kept.violation.why,
        target.url(),
        if target.http2 { " in HTTP/2" } else { "" },
        listed(&addresses),
        shown_lines(&like.unwrap_or_default()),
    ));
    let outcome = fire(request, &record, kept, &target, &addresses);
    if let Some(own) = own {
        own.standing.stop();
    }
    outcome
}

/// A target that was brought along, made again.
struct OwnAgain {
    standing: Box<dyn Standing>,
    /// The words that make it.
    words: Vec<String>,
}

/// The target that the run of `record` brought along, made again; `None` when its target was another.
fn brought_again(
    request: &ReplayRequest,
    record: &RunRecord,
) -> Result<Option<OwnAgain>, ReplayError> {
    let target = record.target.as_ref();
    let Some(words) = target.and_then(|target| target.sandbox.clone()) else {
        return Ok(None);
    };
    let own = (request.made_again)(&words).map_err(ReplayError::Unmade)?;
    let driver = match record.host.driver.as_str() {
        "epoll" => Driver::Epoll,
        "plain-uring" => Driver::PlainUring,
        _ => Driver::Uring,
    };
    let standing = own.start(None, driver)?;
    Ok(Some(OwnAgain { standing, words }))
}

/// Fires what shows the violation until it happens again.
fn fire(
    request: &ReplayRequest,
    record: &RunRecord,
    kept: &WitnessRecord,
    target: &Target,
    addresses: &[Route],
) -> Result<ExitCode, ReplayError> {
    let exchanges = chosen(&kept.violation.exchanges, request.all);
    let (slow, quick) = request.questions;
    let tls = target.tls.as_ref();
    let tls = tls.map(|tls| TlsClient::of(tls, &target.host, offers_of(target)));
    let tls = tls.transpose()?;
    let questions = Questions::of(target, slow, quick).over_tls(tls.clone());
    let place = ReplayPlace {
        addresses,
        tls: tls.as_ref(),
    };
    let over = request.over.unwrap_or_else(|| record.race_over());
    let mut way = match target.http2 {
        true => Way::Http2(over),
        false => Way::Http1(Box::new(Starter::new(place, &questions))),
    };
    if let (Way::Http2(over), 2..) = (&way, racers(&exchanges)) {
        print(match over {
            RaceOver::OneConnection => {
                "racers: on one connection, their last frames in one send (--race-over connections gives each its own)\n"
            }
            RaceOver::Connections => "racers: each on a connection of its own\n",
        });
    }
    // Of a workload file's target nobody knows what it could be asked.
    if let (Way::Http1(starter), 2.., true) =
        (&mut way, racers(&exchanges), kept.violation.check.is_none())
    {
        let processes = ProcessesRecord::of(&starter.look());
        print(format!(
            "processes of the target: {} ({})\n",
            processes.found(),
            processes.tried()
        ));
    }
    let mut is_fired = false;
    for attempt in 1..=request.times {
        let mut firing =
            Firing::new(target, place, &record.run_id, request.run_id, attempt).reading(&exchanges);
        let Attempted { told, lack } = firing
            .carry_out(&exchanges, &mut way)
            .map_err(|error| ReplayError::Reach(broken_off(target, &error)))?;
        if let Some(lack) = lack {
            print(format!("\nattempt {attempt}:\n{told}\n{lack}\n"));
            continue;
        }
        is_fired = true;
        let again = is_broken_again(kept, &exchanges, &firing)
            .unwrap_or_else(|| happened_again(&exchanges, &firing.answers));
        if again || attempt == request.times {
            print(format!("\nattempt {attempt}:\n{told}\n"));
            print(format!(
                "{}\n",
                match again {
                    true if kept.violation.check.is_some() =>
                        "It happened again: the rule is broken by these answers, too.",
                    true => "It happened again: the answers are those of the witness.",
                    false => "It did not happen again.",
                }
            ));
            return Ok(match again {
                true => ExitCode::InvariantViolated,
                false => ExitCode::Ok,
            });
        }
    }
    // The last attempt came to nothing: those before it, if there were any, broke nothing.
    if is_fired {
        print("It did not happen again.\n");
        return Ok(ExitCode::Ok);
    }
    print("It could not be fired: what its requests hold could not be had.\n");
    Ok(ExitCode::Unreachable)
}

/// Why nothing more could be sent.
fn broken_off(target: &Target, error: &io::Error) -> ReachError {
    let url = target.url();
    match told_of_broken(target, error) {
        Some(why) => ReachError::Tls { url, why },
        None => ReachError::Unreachable {
            url,
            error: error.to_string(),
        },
    }
}

/// `target` with what its requests carry: that of the run, where it is the run's own and as far as its
/// record keeps it, and what was asked for.
fn carrying(request: &ReplayRequest, record: &RunRecord, mut target: Target) -> Target {
    let mut missing = Vec::new();
    if request.target.is_none() {
        let sent = record.target_headers();
        for field in sent.iter().filter_map(|text| HeaderField::parse(text).ok()) {
            if field.is_secret() {
                missing.push(field.name().to_owned());
            } else {
                // As many as a plan had.
                let _ = target.headers.add(field);
            }
        }
    }
    for field in request.headers.iter() {
        missing.retain(|name| name != field.name());
        // As many as the flags hold.
        let _ = target.headers.add(field.clone());
    }
    if let Some(place) = &request.connect_to {
        target.connect_to = Some(place.clone());
    }
    if !request.interfaces.is_empty() {
        target.interfaces = request.interfaces.clone();
    }
    if !missing.is_empty() {
        tell(format!(
            "warning: the run sent {}, whose values no record keeps: give them again with --header or --bearer-from",
            missing.join(", ")
        ));
    }
    target
}

/// `target` with whom it trusts, and as whom it asks: as was asked for. What a run trusted is not taken
/// from its record, which somebody else may have written.
fn trusting(
    request: &ReplayRequest,
    record: &RunRecord,
    mut target: Target,
) -> Result<Target, ReplayError> {
    match (&mut target.tls, &request.tls) {
        (Some(tls), Some(asked)) => tls.clone_from(asked),
        (None, Some(_)) => return Err(ReplayError::WithoutTls { url: target.url() }),
        (Some(_), None) if request.target.is_none() => {
            let flags = record.target_tls_flags().into_iter();
            let flags: Vec<String> = flags
                .map(|(flag, file)| {
                    file.map_or_else(|| flag.to_owned(), |it| format!("{flag} {it}"))
                })
                .collect();
            if !flags.is_empty() {
                tell(format!(
                    "warning: the run was made with {}, which is not taken from its record: give it again where it is needed",
                    flags.join(" ")
                ));
            }
        }
        (_, None) => {}
    }
    Ok(target)
}

/// What makes the thing, the racers, what came after: in this order, each in that of the witness.
fn chosen(exchanges: &[WitnessExchange], all: bool) -> Vec<&WitnessExchange> {
    let wanted =
        |exchange: &&WitnessExchange| exchange.part == Part::Before || exchange.shows || all;
    let place = |exchange: &&WitnessExchange| match exchange.part {
        Part::Before => 0,
        Part::Racer => 1,
        Part::After | Part::Probe => 2,
    };
    let mut chosen: Vec<_> = exchanges.iter().filter(wanted).collect();
    chosen.sort_by_key(place);
    chosen
}

fn racers(exchanges: &[&WitnessExchange]) -> usize {
    let of_race = |exchange: &&&WitnessExchange| exchange.part == Part::Racer;
    exchanges.iter().filter(of_race).count()
}

/// Whether the rule is broken again, where the record has what it says.
fn is_broken_again(
    kept: &WitnessRecord,
    exchanges: &[&WitnessExchange],
    firing: &Firing<'_>,
) -> Option<bool> {
    let fired = FiredContest {
        check: kept.violation.check.as_ref()?,
        exchanges,
        sent: &firing.sent,
        answers: &firing.answers,
        values: &firing.values,
    };
    fired.is_broken()
}

/// Whether the answers are those of the witness: the same statuses, of racers in any order, and
/// the same words of probes.
fn happened_again(exchanges: &[&WitnessExchange], answers: &[ReplayReply]) -> bool {
    let pairs = || exchanges.iter().zip(answers);
    let (mut then, mut now): (Vec<_>, Vec<_>) = pairs()
        .filter(|(exchange, _)| exchange.part == Part::Racer)
        .map(|(exchange, answer)| (exchange.status, answer.status))
        .unzip();
    then.sort_unstable();
    now.sort_unstable();
    let others = pairs().filter(|(exchange, _)| exchange.part != Part::Racer);
    let alike = |(exchange, answer): (&&WitnessExchange, &ReplayReply)| {
        exchange.status == answer.status
            && (exchange.part != Part::Probe || exchange.reply == answer.text)
    };
    then == now && answers.len() == exchanges.len() && others.into_iter().all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Outcome;

    fn exchange(part: Part, status: u16, shows: bool) -> WitnessExchange {
        WitnessExchange {
            part,
            shows,
            name: String::new(),
            method: "POST".into(),
            path: "/".into(),
            headers: Vec::new(),
            body: String::new(),
            due_us: 0,
            sent_us: Some(0),
            done_us: 1,
            status: Some(status),
            outcome: Outcome::Success,
            reply: "told".into(),
            gave: None,
            side: None,
            reads: Vec::new(),
            holds: Vec::new(),
        }
    }

    fn answer(status: u16, text: &str) -> ReplayReply {
        ReplayReply {
            status: Some(status),
            head: String::new(),
            text: text.into(),
            took: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn only_what_shows_it_is_sent_unless_all_is_asked_for() {
        let exchanges = [
            exchange(Part::Racer, 200, true),
            exchange(Part::Probe, 400, true),
            exchange(Part::Racer, 400, false),
            exchange(Part::Before, 201, false),
        ];
        let parts = |all| -> Vec<Part> {
            let chosen = chosen(&exchanges, all);
            chosen.iter().map(|exchange| exchange.part).collect()
        };
        assert_eq!(parts(false), [Part::Before, Part::Racer, Part::Probe]);
        assert_eq!(parts(true).len(), 4);
    }

    #[test]
    fn racers_may_change_places_and_probes_may_not_change_words() {
        let exchanges = [
            exchange(Part::Racer, 200, true),
            exchange(Part::Racer, 500, true),
            exchange(Part::Probe, 400, true),
        ];
        let exchanges: Vec<_> = exchanges.iter().collect();
        let again = |answers: [ReplayReply; 3]| happened_again(&exchanges, &answers);
        assert!(again([
            answer(500, ""),
            answer(200, ""),
            answer(400, "told")
        ]));
        assert!(!again([
            answer(200, ""),
            answer(200, ""),
            answer(400, "told")
        ]));
        assert!(!again([
            answer(500, ""),
            answer(200, ""),
            answer(400, "else")
        ]));
    }
}

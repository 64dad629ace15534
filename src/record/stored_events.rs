//! Events told and events stored, by domain and type: what accepted requests must have made the shop
//! raise, beside what its stores hold of the time of the run.

use super::csv_text::text_cell;
use super::run_record::RunRecord;
use super::stored_events_record::{StoredEventRecord, StoredEventsRecord};
use crate::engine::DomainName;
use crate::observe::{Account, Observation, SourceAccount, StoredEvents};
use std::io;
use std::path::Path;

/// The source that has every event and knows who caused it.
const MESSAGE_STORE: &str = "message-db";
/// What the names of outboxes begin with.
const OUTBOX: &str = "outbox:";

/// The record of what the sources of `observation` counted, of these `domains` and others; `None` when
/// none of them did, or tried.
pub fn stored_events_record(
    observation: &Observation,
    record: &RunRecord,
    domains: &[DomainName],
) -> Option<StoredEventsRecord> {
    let accounts = &observation.accounts;
    let store = accounts.iter().find(|kept| &*kept.source == MESSAGE_STORE);
    let store_counted = store.and_then(counted);
    let counted: Vec<(&SourceAccount, &Account)> = match store.zip(store_counted) {
        Some(store) => vec![store],
        None => {
            let all = accounts.iter();
            all.filter_map(|kept| Some((kept, counted(kept)?)))
                .collect()
        }
    };
    let troubles = accounts.iter().filter_map(trouble);
    let mut remarks: Vec<String> = troubles.collect();
    if counted.is_empty() && remarks.is_empty() {
        return None;
    }
    let is_of_store = store_counted.is_some();
    let is_seen = |domain: &str| {
        let is_of = |(kept, _): &(&SourceAccount, &Account)| {
            let own = kept.source.strip_prefix(OUTBOX);
            own.is_some_and(|own| own.eq_ignore_ascii_case(domain))
        };
        is_of_store || counted.iter().any(is_of)
    };
    let stored: Vec<&StoredEvents> = counted
        .iter()
        .flat_map(|(_, account)| &account.events)
        .collect();
    let mut events: Vec<StoredEventRecord> = Vec::new();
    for told in &record.events {
        if !is_seen(&told.domain) || !(is_of_store || told.outbox) {
            continue;
        }
        let found = stored
            .iter()
            .find(|stored| is_same(stored, &told.domain, &told.name));
        let (by_requests, by_engines) =
            found.map_or((0, 0), |found| (found.by_requests, found.by_engines));
        let range = [
            told.at_least.unwrap_or(told.count),
            told.count,
            told.at_most.unwrap_or(told.count),
        ];
        events.push(row(
            &told.domain,
            &told.name,
            range,
            by_requests,
            by_engines,
        ));
    }
    for stored in stored {
        let is_told = |event: &StoredEventRecord| is_same(stored, &event.domain, &event.name);
        if !events.iter().any(is_told) {
            let domain = title_of(&stored.domain, domains);
            events.push(row(
                &domain,
                &stored.name,
                [0; 3],
                stored.by_requests,
                stored.by_engines,
            ));
        }
    }
    events.retain(|event| event.at_most + event.stored + event.by_engines > 0);
    let engines_told = counted.iter().all(|(_, account)| account.engines_told);
    remarks.extend(remark(&events, engines_told, record));
    let sources: Vec<&str> = counted.iter().map(|(kept, _)| &*kept.source).collect();
    Some(StoredEventsRecord {
        source: sources.join(", "),
        engines_told,
        events,
        remarks,
    })
}

fn counted(kept: &SourceAccount) -> Option<&Account> {
    kept.account.as_ref().ok()
}

fn trouble(kept: &SourceAccount) -> Option<String> {
    let problem = kept.account.as_ref().err()?;
    Some(format!(
        "{} kept no account of the run: {problem}",
        kept.source
    ))
}

fn is_same(stored: &StoredEvents, domain: &str, name: &str) -> bool {
    stored.domain.eq_ignore_ascii_case(domain) && &*stored.name == name
}

/// A domain as types of events spell it.
fn title_of(domain: &str, domains: &[DomainName]) -> String {
    let known = domains.iter().find(|known| known.name == domain);
    known.map_or_else(|| domain.to_owned(), |known| known.title.to_owned())
}

/// `told` is at least, as far as replies tell, and at most.
fn row(
    domain: &str,
    name: &str,
    [at_least, told, at_most]: [u64; 3],
    stored: u64,
    by_engines: u64,
) -> StoredEventRecord {
    StoredEventRecord {
        domain: domain.to_owned(),
        name: name.to_owned(),
        told,
        at_least,
        at_most,
        stored,
        difference: stored as i64 - stored.clamp(at_least, at_most) as i64,
        by_engines,
    }
}

/// What may be behind a difference.
fn remark(events: &[StoredEventRecord], engines_told: bool, record: &RunRecord) -> Option<String> {
    let more: i64 = events.iter().map(|event| event.difference.max(0)).sum();
    if more == 0 {
        return None;
    }
    let mut causes = Vec::new();
    if !engines_told {
        causes.push("engines (an outbox does not tell all of theirs apart; --message-db does)");
    }
    if record.totals.unknown > 0 {
        causes.push("requests whose outcome is unknown");
    }
    causes.push("whoever else uses the shop");
    Some(format!(
        "what is stored and was not told may also be of {}",
        causes.join(", or of ")
    ))
}

/// Writes `stored_events.csv` to `path`, a row a type.
///
/// # Errors
/// When the file cannot be written.
pub fn write_stored_events(path: &Path, record: &StoredEventsRecord) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_path(path)?;
    writer.write_record([
        "Domain",
        "Event",
        "Told",
        "At Least",
        "At Most",
        "Stored",
        "Difference",
        "By Engines",
    ])?;
    for event in &record.events {
        writer.write_record([
            text_cell(&event.domain).into_owned(),
            text_cell(&event.name).into_owned(),
            event.told.to_string(),
            event.at_least.to_string(),
            event.at_most.to_string(),
            event.stored.to_string(),
            event.difference.to_string(),
            event.by_engines.to_string(),
        ])?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{EventRecord, made_up};

    const DOMAINS: [DomainName; 2] = [
        DomainName {
            name: "identity",
            title: "Identity",
        },
        DomainName {
            name: "notifications",
            title: "Notifications",
        },
    ];

    fn record(told: &[(&str, &str, bool, u64)]) -> RunRecord {
        let events = told
            .iter()
            .map(|&(domain, name, outbox, count)| EventRecord {
                domain: domain.to_owned(),
                name: name.to_owned(),
                outbox,
                count,
                at_least: None,
                at_most: None,
                per_s: 0.0,
            });
        let mut record = made_up::record();
        record.totals.unknown = 0;
        record.events = events.collect();
        record
    }

    fn account(source: &str, engines_told: bool, rows: &[(&str, &str, u64, u64)]) -> SourceAccount {
        let events = rows
            .iter()
            .map(|&(domain, name, by_requests, by_engines)| StoredEvents {
                domain: domain.into(),
                name: name.into(),
                by_requests,
                by_engines,
            });
        SourceAccount {
            source: source.into(),
            account: Ok(Account {
                events: events.collect(),
                engines_told,
                outbox: None,
            }),
        }
    }

    fn rows(record: &StoredEventsRecord) -> Vec<(&str, &str, u64, u64, i64, u64)> {
        let events = record.events.iter();
        events
            .map(|row| {
                let (domain, name) = (row.domain.as_str(), row.name.as_str());
                (
                    domain,
                    name,
                    row.told,
                    row.stored,
                    row.difference,
                    row.by_engines,
                )
            })
            .collect()
    }

    const TOLD: &[(&str, &str, bool, u64)] = &[
        ("Identity", "CustomerRegistered", true, 13),
        ("Ordering", "OrderCreated", false, 19),
        ("Ordering", "OrderPaid", false, 0),
    ];

    #[test]
    fn a_message_store_is_compared_with_everything_and_engines_stand_apart() {
        let observation = Observation {
            accounts: vec![
                account(
                    "outbox:identity",
                    false,
                    &[("identity", "CustomerRegistered", 999, 0)],
                ),
                account(
                    "message-db",
                    true,
                    &[
                        ("identity", "CustomerRegistered", 13, 0),
                        ("ordering", "OrderCreated", 33, 0),
                        ("ordering", "OrderPaid", 0, 2),
                        ("notifications", "NotificationSent", 0, 26),
                    ],
                ),
            ],
            ..Observation::default()
        };
        let found = stored_events_record(&observation, &record(TOLD), &DOMAINS).unwrap();
        assert_eq!(
            (found.source.as_str(), found.engines_told),
            ("message-db", true)
        );
        assert_eq!(
            rows(&found),
            [
                ("Identity", "CustomerRegistered", 13, 13, 0, 0),
                ("Ordering", "OrderCreated", 19, 33, 14, 0),
                ("Ordering", "OrderPaid", 0, 0, 0, 2),
                ("Notifications", "NotificationSent", 0, 0, 0, 26),
            ]
        );
        assert_eq!(
            found.remarks,
            ["what is stored and was not told may also be of whoever else uses the shop"]
        );
    }

    #[test]
    fn an_outbox_tells_of_its_own_domain_and_of_what_goes_through_it() {
        let lost = SourceAccount {
            source: "message-db".into(),
            account: Err("it is gone".to_owned()),
        };
        let observation = Observation {
            accounts: vec![
                account(
                    "outbox:identity",
                    false,
                    &[("identity", "CustomerRegistered", 12, 1)],
                ),
                account("outbox:ordering", false, &[]),
                lost,
            ],
            ..Observation::default()
        };
        let found = stored_events_record(&observation, &record(TOLD), &DOMAINS).unwrap();
        assert_eq!(
            rows(&found),
            [("Identity", "CustomerRegistered", 13, 12, -1, 1)]
        );
        assert_eq!(found.source, "outbox:identity, outbox:ordering");
        assert_eq!(
            found.remarks,
            ["message-db kept no account of the run: it is gone"]
        );
    }

    #[test]
    fn what_lies_within_the_range_that_was_told_is_no_difference() {
        for (stored, difference) in [(18, -1), (19, 0), (21, 0), (22, 1)] {
            let kept = account(
                "message-db",
                true,
                &[("ordering", "OrderCreated", stored, 0)],
            );
            let observation = Observation {
                accounts: vec![kept],
                ..Observation::default()
            };
            let mut record = record(&TOLD[1..2]);
            record.events[0].at_least = Some(19);
            record.events[0].at_most = Some(21);
            let found = stored_events_record(&observation, &record, &DOMAINS).unwrap();
            assert_eq!(found.events[0].difference, difference, "{stored} stored");
        }
    }

    #[test]
    fn without_an_account_there_is_nothing_to_compare() {
        let found = stored_events_record(&Observation::default(), &record(TOLD), &DOMAINS);
        assert_eq!(found, None);
    }

    #[test]
    fn the_file_has_a_row_a_type() {
        let observation = Observation {
            accounts: vec![account(
                "message-db",
                true,
                &[("ordering", "OrderCreated", 20, 3)],
            )],
            ..Observation::default()
        };
        let found = stored_events_record(&observation, &record(&TOLD[1..2]), &DOMAINS).unwrap();
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("stored_events.csv");
        write_stored_events(&path, &found).expect("written");
        assert_eq!(
            std::fs::read_to_string(&path).expect("read"),
            "Domain,Event,Told,At Least,At Most,Stored,Difference,By Engines\r\n\
             Ordering,OrderCreated,19,19,19,20,1,3\r\n"
        );
    }
}

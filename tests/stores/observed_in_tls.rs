//! A real PostgreSQL and a real Redis that speak TLS, with certificates that are made here: what is
//! checked is checked, what goes wrong is told by its kind with what to do, and no password is told.

use crate::certificates::Authority;
use crate::invocation::{Ended, run};
use crate::servers::{PASSWORD, Postgres, Redis, Tls};
use shopblast::observe::{
    FigureSource, OutboxSource, PostgresAddress, Readout, RedisAddress, RedisStreams,
};
use shopblast::plan::{AddressPolicy, ObservedMetric, TlsIdentity, TlsRoots, TlsSettings};
use shopblast::stats::Amount;
use std::path::Path;

const OUTBOX: &str = "CREATE TABLE outbox (
    id serial PRIMARY KEY, status varchar(20) NOT NULL, stream_name varchar(255), type varchar(255),
    message_id varchar NOT NULL DEFAULT gen_random_uuid()::text,
    created_at timestamp DEFAULT (now() AT TIME ZONE 'UTC'));
    INSERT INTO outbox (status) SELECT 'pending' FROM generate_series(1, 7);";
const STREAMS: &str = "XADD identity::customer 1-1 data a
    XADD identity::customer 1-2 data a";
/// How often a store is asked that is late: the machine may be busy.
const ATTEMPTS: usize = 3;
const RUN: &str = "SpikeUser -u 1 --pacing class --sandbox --seed 1 -t 1s --details";

/// Who trusts `authority` and nobody else.
fn trusting(authority: &Authority) -> TlsSettings {
    TlsSettings {
        roots: TlsRoots::Pem(authority.pem().as_bytes().to_vec()),
        ..TlsSettings::default()
    }
}

/// The same, with a certificate of ours.
fn certified(authority: &Authority, of: &Authority) -> TlsSettings {
    let own = of.issue(&["shopblast"]);
    TlsSettings {
        identity: Some(TlsIdentity {
            chain_pem: own.chain_pem.into_bytes(),
            key_pem: own.key_pem.into_bytes(),
        }),
        ..trusting(authority)
    }
}

/// What a Redis tells, or why not.
fn redis(url: &str, tls: &TlsSettings) -> Result<Readout, String> {
    let address = RedisAddress::parse(url).map_err(|error| error.to_string())?;
    let mut source = RedisStreams::new(address, AddressPolicy::default(), tls.clone());
    told(&mut source)
}

/// What an outbox tells, or why not.
fn outbox(url: &str, tls: &TlsSettings) -> Result<Readout, String> {
    let address = PostgresAddress::parse(url).map_err(|error| error.to_string())?;
    let policy = AddressPolicy::default();
    let mut source = OutboxSource::new("identity", address, policy, tls.clone());
    told(&mut source)
}

fn told(source: &mut dyn FigureSource) -> Result<Readout, String> {
    let is_late = |says: &String| says.contains("has not answered") || says.contains("was given");
    for _ in 0..ATTEMPTS {
        match read_once(source) {
            Err(says) if is_late(&says) => {}
            done => return done,
        }
    }
    read_once(source)
}

fn read_once(source: &mut dyn FigureSource) -> Result<Readout, String> {
    source.read().map_err(|problem| {
        assert!(!problem.text().contains(PASSWORD), "{problem}");
        problem.text().to_owned()
    })
}

#[track_caller]
fn refused(readout: Result<Readout, String>, parts: &[&str]) {
    let says = readout.expect_err("it must not be read");
    for part in parts {
        assert!(says.contains(part), "{part}: {says}");
    }
}

#[track_caller]
fn read(readout: Result<Readout, String>, metric: ObservedMetric, expected: f64) {
    let readout = readout.unwrap_or_else(|says| panic!("{says}"));
    let found = readout.amount(metric, "identity");
    assert_eq!(found, Some(Amount::exact(expected)));
}

#[test]
fn redis_in_tls_is_checked_as_its_address_says() {
    const METRIC: ObservedMetric = ObservedMetric::StreamMessages;
    let (authority, stranger) = (Authority::new(), Authority::new());
    let shown = authority.issue(&["localhost"]);
    let server = Redis::start_in_tls(&Tls {
        shown: &shown,
        clients_of: &authority,
        clients_must: false,
    });
    server.does(STREAMS);
    let trust = trusting(&authority);
    let good = format!("rediss://{}", server.place_at("localhost"));
    read(redis(&good, &trust), METRIC, 2.0);
    refused(
        redis(&good, &trusting(&stranger)),
        &[
            "nobody who is trusted vouches",
            "--observer-ca FILE",
            "#insecure",
        ],
    );
    read(
        redis(&format!("{good}#insecure"), &trusting(&stranger)),
        METRIC,
        2.0,
    );
    let insecure = TlsSettings {
        is_insecure: true,
        ..TlsSettings::default()
    };
    read(redis(&good, &insecure), METRIC, 2.0);
    let by_number = server.place_at("127.0.0.1");
    refused(
        redis(&format!("rediss://{by_number}"), &trust),
        &["its certificate is of localhost only", "write that name"],
    );
    refused(
        redis(&format!("redis://{by_number}"), &trust),
        &["127.0.0.1", "rediss://"],
    );
    let plain = Redis::start();
    refused(
        redis(&format!("rediss://{}", plain.place_at("localhost")), &trust),
        &["rediss://localhost", "begins with redis://"],
    );
}

#[test]
fn redis_that_wants_a_certificate_is_shown_one() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let shown = authority.issue(&["localhost"]);
    let server = Redis::start_in_tls(&Tls {
        shown: &shown,
        clients_of: &authority,
        clients_must: true,
    });
    server.does(STREAMS);
    let url = format!("rediss://{}", server.place_at("localhost"));
    let remedy = "--observer-cert FILE and --observer-key FILE";
    refused(
        redis(&url, &trusting(&authority)),
        &["wants to be shown a certificate", remedy],
    );
    refused(
        redis(&url, &certified(&authority, &stranger)),
        &["does not take the certificate", remedy],
    );
    read(
        redis(&url, &certified(&authority, &authority)),
        ObservedMetric::StreamMessages,
        2.0,
    );
}

#[test]
fn certificates_past_their_time_are_told() {
    let authority = Authority::new();
    let shown = authority.issue_expired(&["localhost"]);
    let server = Redis::start_in_tls(&Tls {
        shown: &shown,
        clients_of: &authority,
        clients_must: false,
    });
    let url = format!("rediss://{}", server.place_at("localhost"));
    refused(
        redis(&url, &trusting(&authority)),
        &["has expired", "have it renewed"],
    );
}

#[test]
fn postgresql_in_tls_is_checked_as_sslmode_says() {
    const METRIC: ObservedMetric = ObservedMetric::OutboxPending;
    let (authority, stranger) = (Authority::new(), Authority::new());
    let shown = authority.issue(&["localhost"]);
    let server = Postgres::start_in_tls(&Tls {
        shown: &shown,
        clients_of: &authority,
        clients_must: false,
    });
    for database in ["identity_local", "certified"] {
        server.database(database, OUTBOX);
    }
    let directory = tempfile::tempdir().unwrap();
    let root_of = |authority: &Authority, name: &str| {
        let place = directory.path().join(name);
        std::fs::create_dir_all(&place).unwrap();
        authority.write(&place).display().to_string()
    };
    let (root, other_root) = (root_of(&authority, "ours"), root_of(&stranger, "others"));
    let url = |host: &str, query: &str| server.url_at(host, "identity_local", query);
    let at = |host: &str, query: &str| outbox(&url(host, query), &TlsSettings::default());
    // What is checked, and by whom.
    let full = format!("sslmode=verify-full&sslrootcert={root}");
    read(at("localhost", &full), METRIC, 7.0);
    read(
        at("localhost", &format!("{full}&channel_binding=require")),
        METRIC,
        7.0,
    );
    let trust = trusting(&authority);
    read(
        outbox(&url("localhost", "sslmode=verify-full"), &trust),
        METRIC,
        7.0,
    );
    refused(
        at("127.0.0.1", &full),
        &["is of localhost only", "sslmode=verify-ca"],
    );
    // The name counts, wherever it leads.
    read(
        at("localhost", &format!("{full}&hostaddr=127.0.0.1")),
        METRIC,
        7.0,
    );
    read(
        at(
            "127.0.0.1",
            &format!("sslmode=verify-ca&sslrootcert={root}"),
        ),
        METRIC,
        7.0,
    );
    for mode in ["verify-ca", "verify-full", "require"] {
        refused(
            at(
                "localhost",
                &format!("sslmode={mode}&sslrootcert={other_root}"),
            ),
            &["nobody who is trusted vouches", "sslrootcert=FILE"],
        );
    }
    // What asks for no check, and for nothing.
    for query in ["sslmode=require", "sslmode=prefer", "sslmode=allow", ""] {
        read(at("127.0.0.1", query), METRIC, 7.0);
    }
    refused(
        at("127.0.0.1", "sslmode=disable"),
        &["no encryption", "sslmode=require"],
    );
    // As whom one comes.
    let wanted = |tls: &TlsSettings| {
        outbox(
            &server.url_at("localhost", "certified", "sslmode=verify-full"),
            tls,
        )
    };
    refused(
        wanted(&trust),
        &["requires a valid client certificate", "sslcert=FILE"],
    );
    read(wanted(&certified(&authority, &authority)), METRIC, 7.0);
    let own = authority.issue(&["shop"]);
    let (cert, key) = own.write(directory.path(), "own");
    let query = format!("{full}&sslcert={}&sslkey={}", cert.display(), key.display());
    let named = server.url_at("localhost", "certified", &query);
    read(outbox(&named, &TlsSettings::default()), METRIC, 7.0);
}

#[test]
fn postgresql_without_tls_is_told_where_that_is_wanted() {
    let server = Postgres::start();
    server.database("identity_local", OUTBOX);
    let at = |query: &str| {
        let url = server.url_at("localhost", "identity_local", query);
        outbox(&url, &TlsSettings::default())
    };
    refused(
        at("sslmode=require"),
        &["the server does not speak TLS", "sslmode=disable"],
    );
    read(at("sslmode=prefer"), ObservedMetric::OutboxPending, 7.0);
}

fn keeps_the_secret(ended: &Ended) {
    for said in [&ended.out, &ended.err] {
        assert!(!said.contains(PASSWORD), "{said}");
    }
    for name in ended.record_files() {
        assert!(!ended.record_file(&name).contains(PASSWORD), "{name}");
    }
}

fn observed(record: &serde_json::Value, source: &str, metric: &str) -> f64 {
    let figures = record["observed"]["figures"].as_array().expect("figures");
    let mut found = figures
        .iter()
        .filter(|figure| figure["source"] == source && figure["metric"] == metric);
    let figure = found.next().unwrap_or_else(|| panic!("no {metric}"));
    figure["last"]["value"].as_f64().expect("a number")
}

#[test]
fn a_run_observes_stores_in_tls_and_keeps_their_passwords() {
    let authority = Authority::new();
    let shown = authority.issue(&["localhost"]);
    let tls = Tls {
        shown: &shown,
        clients_of: &authority,
        clients_must: false,
    };
    let (postgres, server) = (Postgres::start_in_tls(&tls), Redis::start_in_tls(&tls));
    postgres.database("identity_local", OUTBOX);
    postgres.database("ordering_local", OUTBOX);
    server.does(STREAMS);
    let directory = tempfile::tempdir().unwrap();
    let root = authority.write(directory.path());
    let line = |root: &Path| {
        format!(
            "{RUN} --observer-ca {} --redis rediss://{} --outbox identity={} --outbox ordering={}",
            root.display(),
            server.place_at("localhost"),
            postgres.url_at("localhost", "identity_local", "sslmode=verify-full"),
            postgres.url_at("127.0.0.1", "ordering_local", "sslmode=verify-full"),
        )
    };
    let ended = run(&line(&root));
    assert_eq!(ended.code, 0, "{}", ended.told());
    keeps_the_secret(&ended);
    let record = ended.record();
    assert_eq!(observed(&record, "outbox:identity", "outbox_pending"), 7.0);
    assert_eq!(observed(&record, "redis", "stream_messages"), 2.0);
    let told = "warning: outbox:ordering was not read: postgres://shop@127.0.0.1";
    assert!(ended.err.contains(told), "{}", ended.err);
    assert!(ended.err.contains("is of localhost only"), "{}", ended.err);
    // Whoever is named alone is believed alone.
    let stranger = Authority::new().write(directory.path());
    let ended = run(&line(&stranger));
    assert_eq!(ended.code, 0, "{}", ended.told());
    keeps_the_secret(&ended);
    let told = "warning: redis was not read: rediss://localhost";
    assert!(ended.err.contains(told), "{}", ended.err);
    assert!(ended.err.contains("--observer-ca FILE"), "{}", ended.err);
}

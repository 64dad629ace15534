//! Variables: their place between flags and profile, and their mistakes.

use super::*;
use crate::plan::Arrivals;
use clap::CommandFactory;

#[test]
fn flags_win_over_own_over_locusts_variables_over_the_profile() {
    let both = [("LOCUST_USERS", "3"), ("SHOPBLAST_USERS", "4")];
    let users =
        |line, environment: &[(&str, &str)]| request_with(line, environment).plan.max_users();
    assert_eq!(users("--profile spike -u 5", &both), 5);
    assert_eq!(users("--profile spike", &both), 4);
    assert_eq!(users("--profile spike", &both[..1]), 3);
    assert_eq!(users("--profile spike", &[]), 100);
}

#[test]
fn every_locust_variable_of_a_flag_is_read() {
    let request = request_with(
        "SpikeUser",
        &[
            ("LOCUST_HOST", "http://10.0.0.7:9000"),
            ("LOCUST_USERS", "20"),
            ("LOCUST_SPAWN_RATE", "5"),
            ("LOCUST_RUN_TIME", "1h20m"),
            ("LOCUST_HEADLESS", "true"),
            ("LOCUST_ONLY_SUMMARY", "1"),
            ("LOCUST_CSV", "some where/x"),
            ("LOCUST_CSV_FULL_HISTORY", "on"),
            ("LOCUST_STOP_TIMEOUT", "7"),
            ("LOCUST_EXIT_CODE_ON_ERROR", "3"),
        ],
    );
    assert_eq!(request.plan.target.url(), "http://10.0.0.7:9000");
    assert_eq!(request.plan.load, level(20, 5.0, 4_800));
    assert_eq!(request.plan.stop_timeout, Duration::from_secs(7));
    assert_eq!(
        request.output.csv_prefix,
        Some(PathBuf::from("some where/x"))
    );
    assert!(request.output.csv_full_history && request.output.only_summary);
    assert_eq!(request.exit_code_on_error, 3);
}

#[test]
fn every_flag_has_a_variable() {
    // A value that no flag of its kind takes: each must be read, and named in the message. Flags
    // that take any text are the exception, and those that may hold passwords: see the test below.
    let takes_any_text = [
        "profile",
        "results",
        "workload",
        "html",
        "csv",
        "html",
        "allow-host",
        "header",
        "bearer-from",
        "redis",
        "outbox",
        "message-db",
        "otlp",
        "ca",
        "client-cert",
        "client-key",
        "observer-ca",
        "observer-cert",
        "observer-key",
        "web-cert",
        "web-key",
        "html",
        "web-host",
        "web-token",
        "json-file",
        "summary-export",
        "junit",
        "set-up-file",
    ];
    for argument in Arguments::command().get_arguments() {
        let Some(long) = argument
            .get_long()
            .filter(|long| !takes_any_text.contains(long))
        else {
            continue;
        };
        let name = format!("SHOPBLAST_{}", long.to_uppercase().replace('-', "_"));
        let message = message_with("SpikeUser", &[(&name, "?/ ?")]);
        assert!(
            message.starts_with(&format!("the variable {name} is wrong: ")),
            "{message}"
        );
        assert!(message.contains(&format!("--{long}")), "{message}");
    }
}

#[test]
fn variables_of_stores_are_read_and_never_repeated() {
    for (name, flag) in [
        ("SHOPBLAST_REDIS", "--redis: "),
        ("SHOPBLAST_OUTBOX", "--outbox: "),
        ("SHOPBLAST_MESSAGE_DB", "--message-db: "),
        ("SHOPBLAST_OTLP", "--otlp: "),
    ] {
        let message = message_with("SpikeUser", &[(name, "s3cret")]);
        assert!(message.starts_with(flag), "{message}");
        assert!(
            message.ends_with(&format!("(variables in use: {name})")),
            "{message}"
        );
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn variables_of_files_in_pem_are_read() {
    for flag in [
        "ca",
        "client-cert",
        "observer-ca",
        "observer-cert",
        "web-cert",
    ] {
        let name = format!("SHOPBLAST_{}", flag.to_uppercase().replace('-', "_"));
        let message = message_with("SpikeUser -H https://shop.test", &[(&name, "none.pem")]);
        assert!(
            message.starts_with(&format!("--{flag} none.pem: ")),
            "{message}"
        );
        assert!(message.contains(&name), "{message}");
    }
    // One is no use without the other, and no mistake beside it.
    for (cert, key) in [
        ("client-cert", "client-key"),
        ("observer-cert", "observer-key"),
        ("web-cert", "web-key"),
    ] {
        let name = |flag: &str| format!("SHOPBLAST_{}", flag.to_uppercase().replace('-', "_"));
        let (of_cert, of_key) = (name(cert), name(key));
        let line = "SpikeUser -H https://shop.test";
        let alone = message_with(line, &[(&of_key, "none.pem")]);
        assert!(alone.contains(&format!("add --{cert} <FILE>")), "{alone}");
        let both = message_with(line, &[(&of_cert, "none.pem"), (&of_key, "none.pem")]);
        assert!(both.starts_with(&format!("--{cert} none.pem: ")), "{both}");
    }
}

#[test]
fn switches_can_be_switched_off_and_empty_variables_are_not_set() {
    let off = request_with(
        "SpikeUser",
        &[("SHOPBLAST_QUIET", "0"), ("LOCUST_QUIET", "1")],
    );
    assert!(!off.output.quiet);
    let empty = request_with(
        "SpikeUser",
        &[("SHOPBLAST_USERS", ""), ("LOCUST_USERS", "8")],
    );
    assert_eq!(empty.plan.max_users(), 8);
}

#[test]
fn a_flag_drops_the_variables_that_it_excludes() {
    let closed = [("LOCUST_USERS", "3"), ("LOCUST_SPAWN_RATE", "3")];
    let open = Load::Open {
        rate_per_s: 5.0,
        arrivals: Arrivals::Constant,
        max_users: 50,
    };
    assert_eq!(request_with("SpikeUser --rate 5", &closed).plan.load, open);
    let rate = [("SHOPBLAST_RATE", "5"), ("SHOPBLAST_MAX_USERS", "9")];
    assert_eq!(
        request_with("SpikeUser -u 2", &rate).plan.load,
        level(2, 1.0, 60)
    );
    let stronger = [closed[0], ("SHOPBLAST_RATE", "5")];
    assert_eq!(request_with("SpikeUser", &stronger).plan.load, open);
    assert!(
        request_with("SpikeUser --sandbox", &[("LOCUST_HOST", "http://10.0.0.7")])
            .sandbox
            .is_some()
    );
    assert!(
        request_with(
            "SpikeUser -H http://10.0.0.7",
            &[("SHOPBLAST_SANDBOX", "1")]
        )
        .sandbox
        .is_none()
    );
}

#[test]
fn variables_that_exclude_each_other_are_named() {
    let message = message_with(
        "SpikeUser",
        &[("SHOPBLAST_RATE", "5"), ("SHOPBLAST_USERS", "2")],
    );
    assert!(message.contains("cannot be used with"), "{message}");
    assert!(
        message.contains("SHOPBLAST_RATE, SHOPBLAST_USERS"),
        "{message}"
    );
}

#[test]
fn a_wrong_variable_is_named() {
    let time = message_with("SpikeUser", &[("LOCUST_RUN_TIME", "abc")]);
    assert!(
        time.starts_with("the variable LOCUST_RUN_TIME is wrong: "),
        "{time}"
    );
    assert!(
        time.contains("`abc` is not a length of time") && !time.contains("Usage"),
        "{time}"
    );
    let profile = message_with("", &[("SHOPBLAST_PROFILE", "spikee")]);
    assert!(profile.contains("did you mean `spike`?"), "{profile}");
    assert!(profile.contains("SHOPBLAST_PROFILE"), "{profile}");
    let typed = message_with("SpikeUser -t abc", &[("LOCUST_USERS", "3")]);
    assert!(!typed.contains("LOCUST"), "{typed}");
}

#[test]
fn unknown_variables_of_locust_are_ignored_and_own_ones_are_errors() {
    request_with(
        "SpikeUser",
        &[
            ("LOCUST_WEB_PORT", "8089"),
            ("SHOPBLASTER", "x"),
            ("USERS", "x"),
        ],
    );
    let unknown = message_with("SpikeUser", &[("SHOPBLAST_USRES", "5")]);
    assert!(
        unknown.contains("SHOPBLAST_USRES belongs to no flag")
            && unknown.ends_with("; did you mean `SHOPBLAST_USERS`?"),
        "{unknown}"
    );
    let far = message_with("SpikeUser", &[("SHOPBLAST_QQQ", "")]);
    assert!(
        far.contains("SHOPBLAST_QQQ") && !far.contains("did you mean"),
        "{far}"
    );
}

/// What Kubernetes sets in a pod beside a Service of the program's name.
const OF_A_SERVICE: &[(&str, &str)] = &[
    ("SHOPBLAST_SERVICE_HOST", "10.96.0.7"),
    ("SHOPBLAST_SERVICE_PORT", "8089"),
    ("SHOPBLAST_SERVICE_PORT_WEB", "8089"),
    ("SHOPBLAST_PORT", "tcp://10.96.0.7:8089"),
    ("SHOPBLAST_PORT_8089_TCP", "tcp://10.96.0.7:8089"),
    ("SHOPBLAST_PORT_8089_TCP_PROTO", "tcp"),
    ("SHOPBLAST_PORT_8089_TCP_PORT", "8089"),
    ("SHOPBLAST_PORT_8089_TCP_ADDR", "10.96.0.7"),
    ("SHOPBLAST_WEB_PORT", "tcp://10.96.0.8:8089"),
    ("LOCUST_PORT", "tcp://10.96.0.9:8089"),
];

#[test]
fn what_a_cluster_sets_for_a_service_is_nobodys_flag() {
    for line in [
        "SpikeUser --sandbox",
        "--web --sandbox",
        "sandbox",
        "list",
        "doctor",
        "hunt --profile stress",
    ] {
        let without = parse_with(line, &[]);
        let with = parse_with(line, OF_A_SERVICE);
        assert_eq!(format!("{with:?}"), format!("{without:?}"), "{line}");
    }
    // The variable of the same name that is meant is read.
    match parse_with("sandbox", &[("SHOPBLAST_PORT", "9000")]) {
        Ok(CliCommand::Sandbox(options)) => assert_eq!(options.port, 9_000),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_sandbox_has_variables_of_its_own() {
    let environment = [
        ("SHOPBLAST_PORT", "9000"),
        ("SHOPBLAST_CORES", "0-0"),
        ("SHOPBLAST_USERS", "many"),
        ("LOCUST_HOST", "http://10.0.0.7"),
    ];
    match parse_with("sandbox --fixed", &environment) {
        Ok(CliCommand::Sandbox(options)) => {
            assert_eq!(
                (options.port, options.cores, options.fixed),
                (9_000, vec![0], true)
            );
        }
        other => panic!("{other:?}"),
    }
    let without = [
        ("SHOPBLAST_NO_OBSERVATORY", "1"),
        ("SHOPBLAST_ENGINES", "0"),
    ];
    match parse_with("sandbox --observatory-port 9001", &without) {
        Ok(CliCommand::Sandbox(options)) => {
            assert_eq!(options.shop.observatory.unwrap().address.port(), 9_001);
            assert_eq!(options.shop.pipeline.engines, [0; 8]);
        }
        other => panic!("{other:?}"),
    }
    let wrong = message_with("sandbox", &[("SHOPBLAST_BIND", "here")]);
    assert!(
        wrong.starts_with("the variable SHOPBLAST_BIND is wrong: "),
        "{wrong}"
    );
    // Beside a run, a sandbox variable is known and has no effect.
    request_with("SpikeUser", &[("SHOPBLAST_PORT", "9000")]);
    let shop = [("SHOPBLAST_API_WORKERS", "3")];
    assert_eq!(shop_of(&request_with("SpikeUser", &shop)), None);
    let with_sandbox = request_with("SpikeUser --sandbox", &shop);
    let workers = shop_of(&with_sandbox).map(|shop| shop.api_workers);
    assert_eq!(workers, Some(3));
}

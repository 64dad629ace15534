//! Every wrong input is one clear message, and nothing panics.

use super::*;
use proptest::prelude::*;

#[test]
fn a_bare_command_shows_what_could_be_run() {
    let message = message("");
    assert!(
        message.contains("shopblast --profile spike --sandbox"),
        "{message}"
    );
    assert!(message.contains("shopblast SpikeUser -u 50"), "{message}");
    assert!(
        message.contains("Profiles: smoke, load, cross-domain"),
        "{message}"
    );
    assert!(self::message("-u 5").contains("say what to run"));
}

#[test]
fn the_program_is_called_by_its_name_however_it_was_started() {
    let args = ["/some/where/else", "--frobnicate"].map(OsString::from);
    let machine = Machine {
        topology: Topology::flat(&[0]),
    };
    let error = parse(args, [], &machine, entropy()).unwrap_err();
    assert!(error.to_string().contains("Usage: shopblast"), "{error}");
}

#[test]
fn the_commands_that_are_shown_work() {
    request("--profile spike --sandbox");
    request("SpikeUser -u 50 -r 10 -t 1m --host http://localhost:8000");
    request("IdentityUser=3 SpikeUser --rate 200 --arrivals poisson -t 2m");
    request("--profile smoke --host http://localhost:8000");
}

#[test]
fn wrong_values_are_named_with_what_would_be_right() {
    for (line, expected) in [
        (
            "SpikeUser -t abc",
            "`abc` is not a length of time; write it like 20 (seconds), 20s",
        ),
        ("SpikeUser -t 0", "must be longer than 0"),
        ("SpikeUser -t -5", "`-5` is not a length of time"),
        (
            "SpikeUser -u -5",
            "invalid value '-5' for '--users <N>': give a whole number from 1",
        ),
        ("SpikeUser -u 0", "give a whole number from 1"),
        ("SpikeUser -u many", "give a whole number from 1"),
        ("SpikeUser -r 0", "give a number of users a second above 0"),
        (
            "SpikeUser -r nan",
            "give a number of users a second above 0",
        ),
        (
            "SpikeUser -r inf",
            "give a number of users a second above 0",
        ),
        (
            "SpikeUser --rate -1",
            "give a number of journeys a second above 0",
        ),
        (
            "SpikeUser --rate NaN",
            "give a number of journeys a second above 0",
        ),
        (
            "SpikeUser --rate inf",
            "give a number of journeys a second above 0",
        ),
        (
            "SpikeUser --rate 5 -u 3",
            "'--rate <N>' cannot be used with '--users <N>'",
        ),
        ("SpikeUser --sandbox -H http://x", "cannot be used with"),
        (
            "SpikeUser -H localhost:8000",
            "write it like http://localhost:8000",
        ),
        (
            "SpikeUser -H ftp://shop",
            "only http:// and https:// are supported",
        ),
        ("SpikeUser --insecure", "--insecure is about TLS"),
        (
            "SpikeUser -H https://shop --client-key k.pem",
            "--client-cert <FILE>",
        ),
        ("SpikeUser --pacing fast", "[possible values: class, max]"),
        (
            "SpikeUser --driver kqueue",
            "[possible values: uring, plain-uring, epoll]",
        ),
        (
            "SpikeUser --cores 9",
            "this process may use only 4: CPU 0-3",
        ),
        (
            "SpikeUser --cores 7,",
            "CPU 7 was asked for, but this process may use only 4",
        ),
        ("SpikeUser --cores 1,1", "CPU 1 is named twice"),
        ("SpikeUser --cores -1", "is no choice of cores"),
        (
            "SpikeUser --connections 2",
            "2 connections are more than the 1 users",
        ),
        (
            "--profile spike --cores 3 --connections 2",
            "2 connections are too few for 3 cores",
        ),
        ("SpikeUser --max-body 0", "give a number of bytes from 1"),
        ("SpikeUser --seed -1", "invalid value '-1' for '--seed <N>'"),
        ("SpikeUser --run-id x", "a run id has 16 characters"),
        ("SpikeUser --exit-code-on-error 300", "invalid value '300'"),
        (
            "SpikeUser --allow-host http://x",
            "without http:// and port",
        ),
        ("SpikeUser=0", "the weight must be a whole number from 1"),
        ("SpikeUser SpikeUser", "SpikeUser is named twice"),
        (
            "Spikeuser",
            "no user class `Spikeuser`; did you mean `SpikeUser`? (user classes: IdentityUser, CatalogueUser",
        ),
        (
            "--profile spik",
            "no profile `spik`; did you mean `spike`? (profiles: smoke, load,",
        ),
        (
            "SpikeUser --with stict",
            "there is no option `stict`; did you mean `strict`?",
        ),
        ("list --profile spik", "did you mean `spike`?"),
        ("list --class SpikUser", "did you mean `SpikeUser`?"),
        (
            "list --journey FlashSale",
            "did you mean `FlashSaleStampede`?",
        ),
        (
            "list --class SpikeUser --profile spike",
            "cannot be used with",
        ),
        ("--profile zzz", "no profile `zzz` (profiles: smoke, load,"),
        (
            "--profile ./no-such-file.toml",
            "the profile ./no-such-file.toml cannot be read",
        ),
        ("SpikeUser --user 5", "a similar argument exists: '--users'"),
        (
            "SpikeUser --frobnicate",
            "unexpected argument '--frobnicate'",
        ),
        (
            "-u 5 sandbox",
            "`sandbox` is a command of its own and must come first",
        ),
        ("sandbox --port 70000", "invalid value '70000'"),
        ("sandbox --retain 0", "give a whole number of at least 1"),
        (
            "sandbox --falls-over-at 0",
            "give a whole number of at least 1",
        ),
        (
            "sandbox --back-after 2s",
            "--back-after needs a shop that falls over; add --falls-over-at",
        ),
        (
            "SpikeUser --falls-over-at 9",
            "--falls-over-at says how the embedded shop behaves; add --sandbox",
        ),
        ("sandbox --cores 5", "this process may use only 4"),
        (
            "sandbox --engines identiy=3",
            "there is no domain `identiy`; did you mean `identity`?",
        ),
        (
            "sandbox --drain-rate fast",
            "give a number of events a second",
        ),
        ("sandbox --observatory-names new", "'newer'"),
        (
            "sandbox --observatory-port 1 --no-observatory",
            "cannot be used with",
        ),
    ] {
        let message = message(line);
        assert!(
            message.contains(expected),
            "{line}\n  {message}\n  {expected}"
        );
        assert!(!message.starts_with("error"), "{message}");
    }
}

/// Where an address of the shop or of its Observatory is given, `{}` being the address.
const ADDRESSES: &[(&str, &[(&str, &str)])] = &[
    ("SpikeUser -H {}", &[]),
    ("SpikeUser --observatory {}", &[]),
    ("--profile smoke --web -H {}", &[]),
    ("hunt --profile stress -H {}", &[]),
    ("doctor -H {}", &[]),
    ("doctor --observatory {}", &[]),
    ("replay results/x -H {}", &[]),
    ("{}", &[]),
    ("doctor {}", &[]),
    ("SpikeUser", &[("SHOPBLAST_HOST", "{}")]),
    ("SpikeUser", &[("LOCUST_HOST", "{}")]),
    ("doctor", &[("SHOPBLAST_HOST", "{}")]),
];

#[test]
fn an_address_with_a_port_that_is_none_is_refused_wherever_it_is_given() {
    for port in ["99999", "80x", "-1", "0", ""] {
        let address = format!("http://127.0.0.1:{port}");
        for (line, environment) in ADDRESSES {
            let line = line.replace("{}", &address);
            let values: Vec<(&str, String)> = environment
                .iter()
                .map(|(name, value)| (*name, value.replace("{}", &address)))
                .collect();
            let environment: Vec<(&str, &str)> = values
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            // That is 104: see `message_with`.
            let message = message_with(&line, &environment);
            assert!(message.contains(&address), "{line}: {message}");
        }
    }
}

/// What leads on from a mistake: the words that were typed, and what is offered, which works as it stands.
const OFFERED: &[(&str, &str)] = &[
    ("", "shopblast --profile spike --sandbox"),
    (
        "http://localhost:9",
        "shopblast --profile smoke -H http://localhost:9",
    ),
    (
        "localhost:8000",
        "shopblast --profile smoke -H http://localhost:8000",
    ),
    ("run", "shopblast --profile smoke --sandbox"),
    ("web", "shopblast --web --sandbox"),
    ("demo", "shopblast --sandbox"),
    ("profiles", "shopblast list"),
    ("locustfile.py", "shopblast list"),
    ("-f locustfile.py", "shopblast list"),
    ("man zzz", "shopblast help"),
    ("-u 5 sandbox", "shopblast sandbox"),
];

#[test]
fn what_is_offered_instead_of_a_mistake_works_as_it_stands() {
    for (line, offered) in OFFERED {
        let message = message(line);
        assert!(message.contains(offered), "{line}: {message}");
        let words = offered.trim_start_matches("shopblast").trim();
        let result = parse_with(words, &[]);
        assert!(result.is_ok(), "{offered}: {result:?}");
    }
}

/// Words that people bring from elsewhere, behind any command that takes a load, and what is told.
const BROUGHT: &[(&str, &str)] = &[
    ("-f locustfile.py", "-f of Locust is --profile here"),
    ("--vus 5", "--vus of k6 is --users here"),
    ("-c 64", "-c of wrk is --users here"),
    ("-z 10s", "-z of oha and hey is --run-time here"),
    ("-d 10s", "-d of wrk and k6 is --run-time here"),
    ("-v", "-v of wrk is --version here"),
];

#[test]
fn flags_of_other_tools_are_answered_with_ours() {
    for (words, told) in BROUGHT {
        for before in ["", "SpikeUser ", "--sandbox ", "hunt "] {
            let line = format!("{before}{words}");
            let message = message(&line);
            assert!(message.contains(told), "{line}: {message}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_profile_is_told_with_its_place() {
    let (_directory, path) = profile_file("classes = [\"SpikeUser\"]\nuser = 3\n");
    let message = message(&format!("--profile {path}"));
    let expected = format!("{path}:4:1: unknown key `user`; did you mean `users`?");
    assert!(message.starts_with(&expected), "{message}");
    let (_directory, path) = profile_file("classes = [\"SpikeUser\", \"Spiker\"]\n");
    let message = self::message(&format!("--profile {path}"));
    let expected =
        format!("{path}:3:25: there is no user class `Spiker`; did you mean `SpikeUser`?");
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_machine_without_cpus_is_told() {
    let machine = Machine {
        topology: Topology::default(),
    };
    for line in [["shopblast", "SpikeUser"], ["shopblast", "sandbox"]] {
        let result = parse(line.map(OsString::from), [], &machine, entropy());
        assert!(matches!(result, Err(CliError::Cores(_))), "{line:?}");
    }
}

#[test]
fn no_arguments_at_all_are_as_none_after_the_name() {
    let machine = Machine {
        topology: Topology::flat(&[0]),
    };
    let result = parse([], [], &machine, entropy());
    assert!(matches!(result, Err(CliError::NothingToRun { .. })));
    let variable = [(OsString::from("LOCUST_USERS"), OsString::from("3"))];
    let result = parse([], variable, &machine, entropy());
    assert!(matches!(result, Err(CliError::WithVariables { .. })));
}

proptest! {
    #[test]
    fn no_arguments_make_it_panic(
        words in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "-u", "-r", "-t", "--rate", "--cores", "--profile", "spike", "sandbox", "SpikeUser", "--connections", "--max-users", "--host", "-s",
                ]).prop_map(str::to_owned),
                "\\PC{0,8}",
                "[-0-9.,=smk]{1,6}",
            ],
            0..8,
        ),
        value in "\\PC{0,8}",
    ) {
        let args = std::iter::once("shopblast".to_owned()).chain(words).map(OsString::from);
        let environment = [(OsString::from("LOCUST_USERS"), OsString::from(value))];
        let machine = Machine { topology: Topology::flat(&[0, 1]) };
        if let Ok(CliCommand::Run(request)) = parse(args, environment, &machine, entropy()) {
            prop_assert!(request.plan.max_users() >= 1);
            prop_assert!(!request.plan.classes.is_empty());
            prop_assert!((1..=request.plan.max_users() as usize).contains(&request.plan.cores.len()));
            prop_assert!(!request.plan.run_time.is_zero());
        }
    }
}

//! A workload whose users log in: cookies are kept per user and sent with later requests, over real
//! sockets, to a server that knows whom it gave which.

use crate::alone;
use crate::whole_request::is_complete;
use shopblast::engine::inquiry::{Inquiry, NotRecognised, Recognition};
use shopblast::engine::{
    Arena, ArenaBuilder, CookieRoom, Described, Journey, Link, Method, Operation, Racer, Script,
    Session, Step, Subject, TargetFacts, Unprepared, Workload,
};
use shopblast::plan::{ClassShare, Driver, ExitCode, Load, Plan, RunId, Stage, Target};
use shopblast::run::{self, Output, RunControl, RunRequest};
use shopblast::stats::{Outcome, Race, Reason, Rule, RuleFinding};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

static LOG_IN: Operation = operation("/members/session", 201);
static BUY: Operation = operation("/members/basket/items", 200);
static LOG_OUT: Operation = operation("/members/session/end", 200);
static BROWSE: Operation = operation("/", 200);

const fn operation(path: &'static str, success: u16) -> Operation {
    Operation {
        method: Method::Post,
        path,
        success,
        id_field: None,
        headers: &[],
        template: None,
        reading: None,
        visible: None,
        judge: |status, body| {
            let reason = format!("{status}: {}", String::from_utf8_lossy(body));
            (Outcome::Failed, Reason::new(&reason))
        },
    }
}

const fn step(index: u16, operation: &'static Operation, name: &'static str) -> Step {
    Step {
        index,
        operation,
        name,
        raises: &[],
        stays: 0,
    }
}

static STEPS: [Step; 4] = [
    step(0, &LOG_IN, "log in"),
    step(1, &BUY, "buy"),
    step(2, &LOG_OUT, "log out"),
    step(3, &BROWSE, "browse"),
];

static RACES: [Race; 1] = [Race {
    index: 0,
    name: "buy-twice",
    sides: &["buy"],
}];

static RULES: [Rule; 1] = [Rule {
    index: 0,
    name: "one-basket",
    text: "a member buys once at a time",
    enforced: true,
}];

/// Logs in, buys, buys twice at once, logs out, and looks round as anybody may.
struct Members {
    logins: Arena,
    items: Arena,
    room: Option<CookieRoom>,
}

impl Script for Members {
    fn steps(&self) -> &'static [Step] {
        &STEPS
    }

    fn race_connections(&self, users: usize) -> usize {
        2 * users
    }

    fn cookies(&self) -> Option<CookieRoom> {
        self.room
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        let [log_in, buy, log_out, browse] = &STEPS;
        user.begin_journey(0);
        user.begin_log();
        user.call(log_in).body(&self.logins).or_abort().await?;
        for _ in 0..3 {
            user.call(buy).body(&self.items).or_continue().await?;
        }
        let racer = Racer::of(buy).body(&self.items).times(2);
        let racers = user.race(&RACES[0], &[racer]).await?;
        let taken = racers.filter(|&at| user.log().entries()[at].outcome == Outcome::Success);
        let taken: Vec<usize> = taken.collect();
        let finding = match taken.len() {
            2 => RuleFinding::broken(format_args!("both were taken"), taken),
            _ => RuleFinding::Held,
        };
        user.settle(&RULES[0], finding);
        user.call(log_out).or_continue().await?;
        assert!(!user.has_cookie("member"));
        user.call(browse).or_continue().await?;
        Ok(())
    }
}

impl Described for Members {
    fn journeys(&self) -> Vec<&'static str> {
        vec!["Member"]
    }

    fn race_table(&self) -> &'static [Race] {
        &RACES
    }

    fn rules(&self) -> &'static [Rule] {
        &RULES
    }
}

#[derive(Debug)]
struct MemberShop;

impl Workload for MemberShop {
    type Script = Members;
    type Target = &'static str;

    fn health_path(&self) -> &'static str {
        "/"
    }

    fn recognise(&self, _: &dyn Inquiry) -> Result<Recognition<&'static str>, NotRecognised> {
        Ok(Recognition {
            target: "a shop with members",
            caveat: None,
        })
    }

    fn presumed(&self) -> &'static str {
        "a shop with members"
    }

    fn script(&self, _: &Plan, _: &&'static str) -> Result<Members, Unprepared> {
        Ok(Members {
            logins: ArenaBuilder::build(1, |body| {
                body.object(|body| body.unique_member("name", "member-", ""));
            }),
            items: ArenaBuilder::build(1, |body| body.object(|body| body.member("item", "i-1"))),
            room: Some(CookieRoom::default()),
        })
    }

    fn facts(&self, _: &Members, target: &&'static str) -> TargetFacts {
        TargetFacts {
            says: (*target).to_owned(),
            ..TargetFacts::default()
        }
    }
}

/// What the server knows.
#[derive(Default)]
struct Book {
    logins: AtomicU64,
    /// Items of those who are logged in.
    baskets: Mutex<HashMap<String, u64>>,
    wrong: Mutex<Vec<String>>,
}

impl Book {
    fn serve(&self, mut stream: TcpStream) {
        let (mut came, mut piece) = (Vec::new(), [0; 4_096]);
        while let Ok(read @ 1..) = stream.read(&mut piece) {
            came.extend_from_slice(&piece[..read]);
            if is_complete(&came) {
                let reply = self.answer(&String::from_utf8_lossy(&came));
                came.clear();
                if stream.write_all(reply.as_bytes()).is_err() {
                    return;
                }
            }
        }
    }

    fn answer(&self, request: &str) -> String {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let cookie = request
            .lines()
            .find_map(|line| line.strip_prefix("cookie: "));
        let cookie = cookie.unwrap_or_default();
        let member = cookie.split("; ").find_map(|it| it.strip_prefix("member="));
        let mut baskets = self.baskets.lock().expect("a lock");
        let basket = member.and_then(|member| baskets.get_mut(member));
        let (status, set) = match (path, basket) {
            ("/members/session", None) if cookie.is_empty() => {
                let number = self.logins.fetch_add(1, Ordering::Relaxed);
                baskets.insert(format!("geheim-{number}"), 0);
                let set = format!(
                    "Set-Cookie: member=geheim-{number}; Path=/members; HttpOnly\r\n\
                     Set-Cookie: basket=0; Path=/members/basket; Max-Age=60\r\n\
                     Set-Cookie: safe=geheim; Secure\r\n\
                     Set-Cookie: other=geheim; Domain=elsewhere.test\r\n"
                );
                (201, set)
            }
            ("/members/basket/items", Some(items)) => {
                *items += 1;
                // What belongs to the longer path comes first.
                let is_right = cookie.starts_with("basket=") && cookie.contains("; member=");
                let status = if is_right { 200 } else { 400 };
                (
                    status,
                    format!("set-cookie: basket={items}; Path=/members/basket\r\n"),
                )
            }
            ("/members/session/end", Some(items)) => {
                let is_right = *items == 5 && !cookie.contains("basket=");
                let gone = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
                let set = format!(
                    "Set-Cookie: member=; Path=/members; {gone}\r\n\
                     Set-Cookie: basket=; Path=/members/basket; Max-Age=0\r\n"
                );
                (if is_right { 200 } else { 400 }, set)
            }
            ("/", None) if cookie.is_empty() => (200, String::new()),
            _ => (401, String::new()),
        };
        if status >= 400 {
            self.wrong.lock().expect("a lock").push(request.to_owned());
        }
        format!("HTTP/1.1 {status} X\r\n{set}content-length: 0\r\n\r\n")
    }
}

fn start() -> (Arc<Book>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let book = Arc::<Book>::default();
    let shared = Arc::clone(&book);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let book = Arc::clone(&shared);
            thread::spawn(move || book.serve(stream));
        }
    });
    (book, address)
}

fn request(server: SocketAddr, results: &Path, driver: Driver, number: u64) -> RunRequest {
    let run_time = Duration::from_secs(3);
    let stage = Stage {
        users: 6,
        spawn_rate_per_s: f64::INFINITY,
        duration_us: run_time.as_micros() as u64,
    };
    let plan = Plan {
        profile: "members".to_owned(),
        classes: vec![ClassShare {
            class: "Member".to_owned(),
            weight: 1,
        }],
        target: Target::parse(&format!("http://{server}")).expect("a target"),
        cores: run::allowed_cpus().into_iter().take(1).collect(),
        run_id: RunId::new(number, 7, 7),
        driver,
        ..Plan::of_load(
            Load::closed(vec![stage], run_time).expect("a load"),
            run_time,
        )
    };
    RunRequest {
        output: Output {
            results: results.to_owned(),
            quiet: true,
            ..Output::default()
        },
        ..RunRequest::of_plan(plan, Subject::new(MemberShop))
    }
}

#[test]
fn each_user_is_the_member_that_it_logged_in_as_and_no_record_has_its_cookies() {
    let _alone = alone();
    for (number, driver) in [(1, Driver::Uring), (2, Driver::Epoll)] {
        let (book, address) = start();
        let results = tempfile::tempdir().expect("a directory");
        let request = request(address, results.path(), driver, number);
        let control = RunControl::new(&request);
        let finished = run::carry_out(&request, "test".to_owned(), &control, &mut []);
        let finished = finished.expect("a run");
        let wrong = book.wrong.lock().expect("a lock");
        assert!(wrong.is_empty(), "{}", wrong[0]);
        let record = &finished.record;
        assert_eq!(
            finished.exit_code,
            ExitCode::InvariantViolated,
            "{}",
            record.verdict
        );
        assert!(book.logins.load(Ordering::Relaxed) > 20);
        assert!(!record.witnesses.is_empty());
        for entry in std::fs::read_dir(&finished.directory).expect("a record") {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a file");
            let has = |text: &str| memchr::memmem::find(&bytes, text.as_bytes()).is_some();
            assert!(!has("geheim") && !has("basket="), "{}", path.display());
        }
    }
}

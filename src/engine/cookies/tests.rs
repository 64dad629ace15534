//! Which cookies are kept, which go with which request, and what room they take.

use super::*;

const SECOND_NS: u64 = 1_000_000_000;

/// A user at the target at this address.
struct User {
    host: CookieHost,
    jar: CookieJar,
    now_ns: u64,
}

fn user_of(target: &str, room: CookieRoom) -> User {
    User {
        host: CookieHost::of(&Target::parse(target).unwrap()),
        jar: CookieJar::new(room),
        now_ns: SECOND_NS,
    }
}

fn user() -> User {
    user_of("http://shop.example.test:8000", CookieRoom::default())
}

impl User {
    /// Asks for `path`; gives the cookies that were sent.
    fn ask(&mut self, path: &str) -> String {
        let mut out = b"before".to_vec();
        let head = out.len();
        let plain = format!("GET {path} HTTP/1.1\r\nhost: shop\r\ncontent-length: 0\r\n\r\n");
        out.extend_from_slice(plain.as_bytes());
        self.jar.append(&self.host, self.now_ns, &mut out, head);
        let text = String::from_utf8(out).unwrap();
        let head = text.strip_prefix("before").unwrap();
        let start = plain.strip_suffix("\r\n").unwrap();
        let rest = head.strip_prefix(start).unwrap();
        match rest.strip_prefix("cookie: ") {
            Some(cookies) => cookies.strip_suffix("\r\n\r\n").unwrap().to_owned(),
            None => {
                assert_eq!(rest, "\r\n");
                String::new()
            }
        }
    }

    /// The reply to the last request sets these.
    fn set(&mut self, texts: &[&str]) {
        self.answered("", texts);
    }

    fn answered(&mut self, line: &str, texts: &[&str]) {
        let lines = texts.iter().map(|text| format!("Set-Cookie: {text}\r\n"));
        let lines: String = lines.collect();
        let head = format!("HTTP/1.1 200 OK\r\n{line}{lines}content-length: 0\r\n\r\n");
        self.jar.note(&self.host, head.as_bytes(), self.now_ns);
    }
}

#[test]
fn what_a_reply_sets_goes_with_the_next_requests() {
    let mut user = user();
    assert_eq!(user.ask("/login"), "");
    user.set(&[
        "session=s-1; HttpOnly; SameSite=Lax",
        " theme = dark blue ;x",
        "q=\"a=b\"",
    ]);
    let all = "session=s-1; theme=dark blue; q=\"a=b\"";
    assert_eq!(user.ask("/cart?x=1"), all);
    user.set(&["theme=light", "nothing", "=empty", "bad=a\x01b"]);
    assert_eq!(user.ask("/"), "session=s-1; theme=light; q=\"a=b\"");
    assert!(user.jar.has("session", user.now_ns) && !user.jar.has("nothing", user.now_ns));
    assert_eq!(format!("{:?}", user.jar), r#"["session", "theme", "q"]"#);
    user.jar.clear();
    assert_eq!(user.ask("/"), "");
}

#[test]
fn a_cookie_belongs_to_its_path_and_those_of_longer_ones_come_first() {
    let mut user = user();
    user.ask("/shop/cart/items");
    user.set(&[
        "own=1",
        "all=2; Path=/",
        "cart=3; path=/shop/cart/",
        "odd=4; Path=shop",
        "a=5; Path=/",
    ]);
    for (path, sent) in [
        ("/shop/cart/items", "cart=3; own=1; odd=4; all=2; a=5"),
        ("/shop/cart", "own=1; odd=4; all=2; a=5"),
        ("/shop/cartoons", "all=2; a=5"),
        ("/", "all=2; a=5"),
    ] {
        assert_eq!(user.ask(path), sent, "{path}");
    }
    // The same name at another path is another cookie.
    user.set(&["all=6; Path=/shop"]);
    assert_eq!(user.ask("/shop"), "all=6; all=2; a=5");
    user.ask("/login");
    user.set(&["root=7"]);
    assert_eq!(user.ask("/x"), "all=2; a=5; root=7");
}

#[test]
fn a_cookie_ends_when_it_is_told_to() {
    let mut user = user();
    let gmt = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let date = "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
    let soon = "Expires=Wed, 21 Oct 2015 07:28:09 GMT";
    user.ask("/");
    let set = ["a=1", "b=2; Max-Age=5", "c=3; max-age=99; Max-Age=x", "d=4"];
    user.answered(
        date,
        &[
            &set[..],
            &[&format!("e=5; {soon}"), &format!("f=6; {soon}; Max-Age=1")],
        ]
        .concat(),
    );
    assert_eq!(user.ask("/"), "a=1; b=2; c=3; d=4; e=5; f=6");
    user.set(&[
        "a=; Max-Age=0",
        &format!("d=gone; {gmt}"),
        "g=7; Max-Age=-1",
        "h=8; Expires=never",
    ]);
    assert_eq!(user.ask("/"), "b=2; c=3; e=5; f=6; h=8");
    for (after_s, sent) in [
        (1, "b=2; c=3; e=5; h=8"),
        (5, "c=3; e=5; h=8"),
        (9, "c=3; h=8"),
        (99, "h=8"),
    ] {
        user.now_ns = (1 + after_s) * SECOND_NS;
        assert_eq!(user.ask("/"), sent, "{after_s}");
    }
    // Past by the server's own clock, and unknown without it.
    user.set(&[&format!("i=9; {soon}")]);
    user.answered(
        "date: Wed, 21 Oct 2015 08:00:00 GMT\r\n",
        &[&format!("j=1; {soon}")],
    );
    user.set(&["k=2; Max-Age=99999999999999999999"]);
    assert_eq!(user.ask("/"), "h=8; i=9; k=2");
}

#[test]
fn cookies_of_others_and_secure_ones_without_tls_are_not_kept() {
    let texts = [
        "a=1; Domain=example.test",
        "b=2; Domain=.Example.Test",
        "c=3; Domain=shop.example.test",
        "d=4; Domain=op.example.test",
        "e=5; Domain=other.test",
        "f=6; Secure",
        "g=7; Domain=",
    ];
    let sent_at = |target: &str| {
        let mut user = user_of(target, CookieRoom::default());
        user.ask("/");
        user.set(&texts);
        user.ask("/")
    };
    assert_eq!(sent_at("http://shop.example.test"), "a=1; b=2; c=3; g=7");
    assert_eq!(
        sent_at("https://shop.example.test"),
        "a=1; b=2; c=3; f=6; g=7"
    );
    assert_eq!(sent_at("unix:/run/shop.sock"), "g=7");
    let mut user = user_of("http://127.0.0.1:8000", CookieRoom::default());
    user.set(&["a=1; Domain=0.0.1", "b=2; Domain=127.0.0.1"]);
    assert_eq!(user.ask("/"), "b=2");
    let mut user = user_of("http://[::1]:8000", CookieRoom::default());
    user.set(&["a=1; Domain=::1"]);
    assert_eq!(user.ask("/"), "a=1");
}

#[test]
fn a_header_of_the_user_of_the_program_takes_the_place_of_cookies() {
    let mut target = Target::parse("http://gateway.test").unwrap();
    for (name, value) in [("host", "shop.test"), ("cookie", "own=1")] {
        let field = crate::plan::HeaderField::new(name, value).unwrap();
        target.headers.add(field).unwrap();
    }
    let mut user = user();
    user.host = CookieHost::of(&target);
    user.set(&["a=1; Domain=shop.test", "b=2; Domain=gateway.test"]);
    assert_eq!(user.ask("/"), "", "the head has a line of them already");
    assert!(user.jar.has("a", 0) && !user.jar.has("b", 0));
}

#[test]
fn the_room_is_fixed_and_the_oldest_make_way() {
    let room = CookieRoom { most: 3, bytes: 40 };
    let mut user = user_of("http://shop.test", room);
    let places = |jar: &CookieJar| (jar.text.as_ptr(), jar.cookies.as_ptr(), jar.path.as_ptr());
    let before = places(&user.jar);
    user.ask("/");
    user.set(&["a=1", "b=2; Max-Age=1", "c=3", "a=4"]);
    assert_eq!(user.ask("/"), "a=4; b=2; c=3");
    user.now_ns += 2 * SECOND_NS;
    user.set(&["d=5"]);
    assert_eq!(
        user.ask("/"),
        "a=4; c=3; d=5",
        "what has expired goes first"
    );
    user.set(&["e=6"]);
    assert_eq!(user.ask("/"), "c=3; d=5; e=6");
    let long = format!("f={}", "x".repeat(30));
    user.set(&[&long]);
    assert_eq!(user.ask("/"), format!("e=6; {long}"));
    let longer = format!("e={}", "x".repeat(40));
    user.set(&[&longer]);
    assert_eq!(
        user.ask("/"),
        long,
        "it does not fit, and what it replaces is over"
    );
    for round in 0..1_000 {
        user.ask(&format!("/{}/x", round % 7));
        user.set(&[&format!("n{}=v{round}; Path=/{}", round % 5, round % 3)]);
    }
    assert_eq!(places(&user.jar), before, "nothing was moved");
    assert!(user.jar.text.len() <= 40 && user.jar.cookies.len() <= 3);
    let huge = format!("h={}", "x".repeat(MOST_PAIR_BYTES));
    let mut user = user_of(
        "http://shop.test",
        CookieRoom {
            most: 1,
            bytes: 1 << 20,
        },
    );
    user.set(&[&huge]);
    assert_eq!(user.ask("/"), "");
    let mut none = user_of("http://shop.test", CookieRoom { most: 0, bytes: 0 });
    none.set(&["a=1"]);
    assert_eq!(none.ask("/"), "");
}

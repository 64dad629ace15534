//! A small shop that is no ShopStream: users, sessions with bearer tokens, items, carts at addresses that
//! it gives, checkouts; a rate limit with `retry-after`. Strict about what it takes. For workload files.

#![allow(dead_code, reason = "each binary uses its part")]

mod contended;
mod orders;

pub use contended::Fault;
pub use orders::{OrderBooks, description};

use contended::Contended;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How the shop behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// Every so many reads of items are refused with 429; 0 never.
    pub refuses_every: u64,
    /// What `retry-after` says then, in seconds.
    pub retry_after_s: u64,
    /// How long it takes over an offer of a campaign, before it looks whether that is open.
    pub offers_take: Duration,
}

/// What the shop knows, and what it was asked.
#[derive(Debug, Default)]
struct Books {
    emails: HashSet<String>,
    tokens: HashSet<String>,
    carts: HashMap<String, u64>,
    keys: HashSet<String>,
    references: HashSet<String>,
    reads: u64,
    orders: OrderBooks,
    /// How often each kind of request came.
    asked: HashMap<String, u64>,
    /// Requests that a client of this shop never sends.
    wrong: Vec<String>,
}

/// A shop of this process. Its threads end with it.
#[derive(Clone, Debug)]
pub struct OtherShop {
    address: SocketAddr,
    books: Arc<Mutex<Books>>,
    contended: Arc<Contended>,
    manners: Manners,
    fault: Fault,
}

/// A request that came in full.
struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Option<Value> {
        (self.header("content-type") == Some("application/json"))
            .then(|| serde_json::from_slice(&self.body).ok())
            .flatten()
    }
}

/// Status, further header lines, body.
type Answer = (u16, String, Value);

impl OtherShop {
    /// Listens on a free port of 127.0.0.1.
    pub fn start(manners: Manners) -> Self {
        Self::with(manners, Fault::None)
    }

    /// The same with this fault.
    pub fn with(manners: Manners, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let shop = Self {
            address: listener.local_addr().expect("an address"),
            books: Arc::default(),
            contended: Arc::default(),
            manners,
            fault,
        };
        let serving = shop.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shop = serving.clone();
                thread::spawn(move || shop.serve(stream));
            }
        });
        shop
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often each kind of request came, like `POST /carts/{cart}/lines`.
    pub fn asked(&self, what: &str) -> u64 {
        let books = self.books.lock().expect("a lock");
        books.asked.get(what).copied().unwrap_or(0)
    }

    /// What the shop knows of accounts, orders and campaigns.
    pub fn look<T>(&self, look: impl FnOnce(&OrderBooks) -> T) -> T {
        look(&self.books.lock().expect("a lock").orders)
    }

    /// What came that should not.
    pub fn wrong(&self) -> Vec<String> {
        self.books.lock().expect("a lock").wrong.clone()
    }

    fn serve(&self, mut stream: TcpStream) {
        let (mut came, mut piece) = (Vec::new(), [0; 16_384]);
        while let Ok(read @ 1..) = stream.read(&mut piece) {
            came.extend_from_slice(&piece[..read]);
            while let Some((asked, length)) = complete(&came) {
                came.drain(..length);
                let (status, headers, body) = self.answer(&asked);
                // Null is no body at all.
                let body = if body.is_null() {
                    String::new()
                } else {
                    body.to_string()
                };
                let length = body.len();
                let reply = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: \
                     {length}\r\n\r\n{body}"
                );
                if stream.write_all(reply.as_bytes()).is_err() {
                    return;
                }
            }
        }
    }

    /// Answers what several may want at once, without holding anything else up.
    fn answer_offer(&self, asked: &Asked) -> Answer {
        let bearer = asked.header("authorization");
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let books = || self.books.lock().expect("a lock");
        let is_known = bearer.is_some_and(|token| books().tokens.contains(token));
        let answer = match is_known {
            true => self.contended.answer(asked, self.fault),
            false => Err("nobody logged in".to_owned()),
        };
        answer.unwrap_or_else(|why| {
            let said = format!("{} {}: {why}", asked.method, asked.path);
            books().wrong.push(said);
            (400, String::new(), json!({"error": why}))
        })
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if asked.path.starts_with("/offers") {
            return self.answer_offer(asked);
        }
        if asked.path.starts_with("/campaigns/") && asked.method == "GET" {
            thread::sleep(self.manners.offers_take);
        }
        let mut books = self.books.lock().expect("a lock");
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let bearer = asked.header("authorization");
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let is_known = bearer.is_some_and(|token| books.tokens.contains(token));
        let kind = match parts[..] {
            ["items", _] => "/items/{item}".to_owned(),
            ["products", _] => "/products/{sku}".to_owned(),
            ["campaigns", _] => "/campaigns/{id}".to_owned(),
            ["campaigns", _, last] => format!("/campaigns/{{id}}/{last}"),
            ["carts", _, last] => format!("/carts/{{cart}}/{last}"),
            _ => path.to_owned(),
        };
        let kind = format!("{} {kind}", asked.method);
        *books.asked.entry(kind.clone()).or_default() += 1;
        let known = orders::answer(&mut books, asked, path);
        let answer = match (asked.method.as_str(), &parts[..]) {
            _ if known.is_some() => known.unwrap_or_else(|| Err(String::new())),
            ("GET", ["health"]) => Ok((200, String::new(), json!({"up": true}))),
            // It says nothing of itself.
            ("GET", ["openapi.json"]) => Ok((404, String::new(), json!({}))),
            ("POST", ["users"]) => sign_up(&mut books, asked),
            ("POST", ["sessions"]) => log_in(&mut books, asked),
            _ if !is_known => Err("nobody logged in".to_owned()),
            ("GET", ["items"]) => self.limited(&mut books).map_or_else(
                || match query {
                    "page=1" | "page=2" | "page=3" => {
                        let page: u64 = query[5..].parse().unwrap_or(0);
                        let item = |at| json!({"id": format!("item {page}/{at}"), "price": 9.5});
                        let items: Vec<Value> = (0..4).map(item).collect();
                        Ok((200, String::new(), json!({"page": page, "items": items})))
                    }
                    query => Err(format!("the query {query}")),
                },
                Ok,
            ),
            ("GET", ["items", item]) => self.limited(&mut books).map_or_else(
                || match item.starts_with("item%20") && item.contains("%2F") {
                    true => Ok((200, String::new(), json!({"name": item}))),
                    false => Err(format!("the item {item}")),
                },
                Ok,
            ),
            ("POST", ["carts"]) => create_cart(&mut books, asked),
            ("POST", ["carts", cart, "lines"]) => add_line(&mut books, asked, cart),
            ("POST", ["carts", cart, "checkout"]) => check_out(&mut books, asked, cart),
            _ => Err("no such page".to_owned()),
        };
        answer.unwrap_or_else(|why| {
            let said = format!("{kind}: {why} ({})", String::from_utf8_lossy(&asked.body));
            books.wrong.push(said);
            (400, String::new(), json!({"error": why}))
        })
    }

    fn limited(&self, books: &mut Books) -> Option<Answer> {
        books.reads += 1;
        let every = self.manners.refuses_every;
        (every > 0 && books.reads.is_multiple_of(every)).then(|| {
            let seconds = self.manners.retry_after_s;
            (
                429,
                format!("Retry-After: {seconds}\r\n"),
                json!({"error": "slow down"}),
            )
        })
    }
}

fn sign_up(books: &mut Books, asked: &Asked) -> Result<Answer, String> {
    let body = asked.json().ok_or("no JSON")?;
    let email = body["email"].as_str().unwrap_or_default();
    let has_name = body["name"].as_str().is_some_and(|name| name.contains(' '));
    if !email.contains('@') || !has_name || !books.emails.insert(email.to_owned()) {
        return Err("no new user".to_owned());
    }
    let user = format!("user&{}", books.emails.len());
    Ok((201, String::new(), json!({"id": user})))
}

fn log_in(books: &mut Books, asked: &Asked) -> Result<Answer, String> {
    let form = String::from_utf8_lossy(&asked.body).into_owned();
    let is_form = asked.header("content-type") == Some("application/x-www-form-urlencoded");
    if !is_form || !form.starts_with("user=user%26") || !form.ends_with("&password=open%20sesame") {
        return Err("no login".to_owned());
    }
    // As long as such tokens are.
    let token = format!("{}.{}", "t".repeat(600), books.tokens.len());
    books.tokens.insert(token.clone());
    Ok((
        200,
        String::new(),
        json!({"token": token, "kind": "Bearer"}),
    ))
}

fn create_cart(books: &mut Books, asked: &Asked) -> Result<Answer, String> {
    let body = asked.json().ok_or("no JSON")?;
    let key = asked.header("idempotency-key").unwrap_or_default();
    let is_currency = matches!(body["currency"].as_str(), Some("EUR" | "USD"));
    if !is_currency || body["gift"] != false || !books.keys.insert(key.to_owned()) {
        return Err("no new cart".to_owned());
    }
    let cart = format!("c-{}", books.keys.len());
    books.carts.insert(cart.clone(), 0);
    Ok((201, format!("Location: /carts/{cart}\r\n"), json!({})))
}

fn add_line(books: &mut Books, asked: &Asked, cart: &str) -> Result<Answer, String> {
    let body = asked.json().ok_or("no JSON")?;
    let is_quantity = matches!(body["quantity"].as_u64(), Some(1..=3));
    let note = body["note"].as_str().unwrap_or_default();
    let label = body["label"].as_str().unwrap_or_default();
    let is_item = body["item"]
        .as_str()
        .is_some_and(|item| item.starts_with("item "));
    if !is_quantity || note.is_empty() || !label.ends_with(note) || !is_item {
        return Err("no line".to_owned());
    }
    let lines = books.carts.get_mut(cart).ok_or("no such cart")?;
    *lines += 1;
    let status = if *lines == 1 { 201 } else { 200 };
    Ok((status, String::new(), json!({"lines": lines})))
}

fn check_out(books: &mut Books, asked: &Asked, cart: &str) -> Result<Answer, String> {
    let body = asked.json().ok_or("no JSON")?;
    let reference = body["reference"].as_str().unwrap_or_default();
    if !books.references.insert(reference.to_owned()) {
        return Err("the reference came before".to_owned());
    }
    match books.carts.remove(cart) {
        Some(1..) => Ok((201, String::new(), json!({"order": reference}))),
        _ => Err("nothing to check out".to_owned()),
    }
}

/// The first request of `came` that is there in full, and its length in bytes.
fn complete(came: &[u8]) -> Option<(Asked, usize)> {
    let head_bytes = came.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&came[..head_bytes]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
    let whole = head_bytes + length;
    let body = came.get(head_bytes..whole)?.to_vec();
    let asked = Asked {
        method,
        path,
        headers,
        body,
    };
    Some((asked, whole))
}

//! What the target is: a ShopStream, of which generation, or something else that no load is meant
//! for. Asked once, before anything else is sent.

use super::{
    Contract, Generation, HEALTH_PATH, OPENAPI_PATH, Recognised, contexts_of_health, recognise,
};
use crate::engine::inquiry::{Answer, Inquiry, NoAnswer, NotRecognised, Recognition};
use crate::plan::{Target, is_harmful};

/// Largest answer of `/health` that is read.
const HEALTH_BYTES: usize = 64 << 10;
/// Largest description that is read; today's has 135 kB.
const DESCRIPTION_BYTES: usize = 4 << 20;
/// Other paths that are tried when the shop is not where it was said to be.
const OTHER_PATHS: usize = 3;
/// Characters of an answer that are shown.
const SHOWN_CHARACTERS: usize = 80;

/// Looks at the target's `/health` and description, with at most five questions. It is compared with
/// `expected`, or with the generation that it is most like.
///
/// # Errors
/// When it cannot be reached, is not ready, or is no ShopStream.
pub fn inspect(
    inquiry: &dyn Inquiry,
    expected: Option<Generation>,
) -> Result<Recognition<Recognised>, NotRecognised> {
    Inspection(inquiry).inspect(expected)
}

/// How a target is asked.
struct Inspection<'a>(&'a dyn Inquiry);

impl Inspection<'_> {
    fn inspect(
        &self,
        expected: Option<Generation>,
    ) -> Result<Recognition<Recognised>, NotRecognised> {
        let contexts = self.contexts()?;
        Ok(match self.contract() {
            Ok(contract) => Recognition {
                target: recognise(contract, contexts, expected),
                caveat: None,
            },
            Err(why) => Recognition {
                target: Recognised::by_contexts(contexts, expected),
                caveat: Some(format!("GET {}: {why}", self.path(OPENAPI_PATH))),
            },
        })
    }

    /// The contexts that the shop has.
    fn contexts(&self) -> Result<Vec<String>, NotRecognised> {
        let answer = match self.ask(HEALTH_PATH, HEALTH_BYTES) {
            Ok(answer) => answer,
            Err(NoAnswer::TooLarge) => {
                let came = format!("more than {} KiB", HEALTH_BYTES >> 10);
                return Err(self.no_shop(&came, ""));
            }
            Err(why) => {
                let path = HEALTH_PATH;
                return Err(NotRecognised::NoAnswer { path, why });
            }
        };
        match contexts_in(&answer) {
            Some(contexts) => Ok(contexts),
            None if matches!(answer.status, 429 | 502 | 503 | 504) => {
                Err(self.not_ready(&shown(&answer)))
            }
            None => Err(self.no_shop(&shown(&answer), &answer.location)),
        }
    }

    /// What the shop takes and answers, or why that is not known.
    fn contract(&self) -> Result<Contract, String> {
        let answer = match self.ask(OPENAPI_PATH, DESCRIPTION_BYTES) {
            Ok(answer) => answer,
            Err(NoAnswer::TooLarge) => {
                let mebibytes = DESCRIPTION_BYTES >> 20;
                return Err(format!("the description is larger than {mebibytes} MiB"));
            }
            Err(NoAnswer::Unreachable(error)) => return Err(error.to_string()),
            Err(NoAnswer::Unreadable(why) | NoAnswer::Tls(why)) => return Err(why),
        };
        if answer.status != 200 {
            return Err(format!("answered with {}", shown(&answer)));
        }
        if !answer.encoding.is_empty() && !answer.encoding.eq_ignore_ascii_case("identity") {
            let encoding = plain(&answer.encoding);
            return Err(format!("packed as `{encoding}`, which was not asked for"));
        }
        let text = std::str::from_utf8(&answer.body).map_err(|_| "it is no text".to_owned())?;
        Contract::read(text, &self.target().base_path).map_err(|error| {
            match answer.media_type.contains("json") {
                true => error.to_string(),
                false => format!("{error}, but {}", shown(&answer)),
            }
        })
    }

    fn no_shop(&self, came: &str, location: &str) -> NotRecognised {
        let (url, path) = (self.target().url(), self.path(HEALTH_PATH));
        let hint = self.hint(location);
        NotRecognised::Other(format!(
            "{url} is no ShopStream: GET {path} was answered with {came}, and not with the shop's domains; {hint} (nothing else was sent; `--no-preflight` insists)"
        ))
    }

    fn not_ready(&self, came: &str) -> NotRecognised {
        let (url, path) = (self.target().url(), self.path(HEALTH_PATH));
        NotRecognised::NotReady(format!(
            "{url} is not ready: GET {path} was answered with {came}; wait until the shop has started, and its stores (`--no-preflight` insists)"
        ))
    }

    /// What may be right.
    fn hint(&self, location: &str) -> String {
        if let Some(address) = location.strip_suffix(HEALTH_PATH)
            && address.contains("://")
        {
            return match Target::parse(address) {
                Ok(target) => format!("name the address that it points to: -H {}", target.url()),
                Err(error) => error.to_string(),
            };
        }
        if let Some(shop) = self.nearby() {
            return format!("{} is a ShopStream: use -H {}", shop.url(), shop.url());
        }
        match self.target().base_path.is_empty() {
            true => {
                "is this the shop's port, and is there a path before it, as in -H http://host/api?"
                    .to_owned()
            }
            false => "is this the shop's port and path?".to_owned(),
        }
    }

    /// A ShopStream at a shorter path of the same server.
    fn nearby(&self) -> Option<Target> {
        let mut path = self.target().base_path.as_str();
        for _ in 0..OTHER_PATHS {
            path = &path[..path.rfind('/')?];
            let target = Target {
                base_path: path.to_owned(),
                ..self.target().clone()
            };
            let answer = self.0.ask(&target, HEALTH_PATH, HEALTH_BYTES).ok();
            if answer.is_some_and(|answer| contexts_in(&answer).is_some()) {
                return Some(target);
            }
        }
        None
    }

    fn target(&self) -> &Target {
        self.0.target()
    }

    fn ask(&self, path: &str, most_bytes: usize) -> Result<Answer, NoAnswer> {
        self.0.ask(self.target(), path, most_bytes)
    }

    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.target().base_path)
    }
}

/// The contexts that an answer of `/health` names.
fn contexts_in(answer: &Answer) -> Option<Vec<String>> {
    let body = std::str::from_utf8(&answer.body).ok()?;
    contexts_of_health(body).filter(|_| answer.status == 200)
}

/// An answer in a few words: `404 (application/json): {"detail":"Not Found"}`.
fn shown(answer: &Answer) -> String {
    let mut text = answer.status.to_string();
    if !answer.location.is_empty() {
        text.push_str(&format!(", which points to {}", plain(&answer.location)));
        return text;
    }
    if !answer.media_type.is_empty() {
        let media_type = answer.media_type.split(';').next().unwrap_or_default();
        text.push_str(&format!(" ({})", plain(media_type)));
    }
    let body = plain(&String::from_utf8_lossy(&answer.body));
    if !body.is_empty() && answer.encoding.is_empty() {
        text.push_str(&format!(": {body}"));
    }
    text
}

/// The first characters, in one line: a target's words are not to move a cursor.
fn plain(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || is_harmful(letter));
    let words: Vec<&str> = words
        .filter(|word| !word.is_empty())
        .take(SHOWN_CHARACTERS)
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

//! The command line as the record keeps it: addresses in it without their passwords, headers without their
//! secrets.

use crate::plan::HeaderField;

/// What stands in a password's place.
const HIDDEN: &str = "***";

/// The arguments as one text. Whatever follows the user's name of an address, up to its host, and
/// every `password=` of its query is hidden.
#[must_use]
pub fn without_passwords(arguments: impl IntoIterator<Item = String>) -> String {
    let shown: Vec<String> = arguments.into_iter().map(|text| shown(&text)).collect();
    shown.join(" ")
}

/// Arguments of a record, as far as they can be used again.
pub(super) struct Kept {
    /// Those without a hidden password.
    pub words: Vec<String>,
    /// The flags whose values held one.
    pub hidden: Vec<String>,
}

/// Takes the arguments out that held a password, with their flags.
pub(super) fn without_hidden(arguments: &[String]) -> Kept {
    let mut kept = Kept {
        words: Vec::new(),
        hidden: Vec::new(),
    };
    for argument in arguments {
        if !argument.contains(HIDDEN) {
            kept.words.push(argument.clone());
            continue;
        }
        let flag = match argument.split_once('=') {
            Some((flag, _)) if flag.starts_with("--") => Some(flag.to_owned()),
            _ => kept.words.pop(),
        };
        kept.hidden.extend(flag);
    }
    kept
}

/// One argument without its password or secret.
pub(super) fn shown(argument: &str) -> String {
    let (flag, value) = match argument.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => (format!("{flag}="), value),
        _ => (String::new(), argument),
    };
    if let Some(field) = HeaderField::parse(value)
        .ok()
        .filter(HeaderField::is_secret)
    {
        return format!("{flag}{}", field.shown());
    }
    let Some((scheme, rest)) = argument.split_once("://") else {
        return argument.to_owned();
    };
    // The last @: a password may hold one that was not written as %40.
    let rest = match rest.rsplit_once('@') {
        Some((login, place)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{place}"),
            None => format!("{login}@{place}"),
        },
        None => rest.to_owned(),
    };
    format!("{scheme}://{}", without_query_passwords(&rest))
}

fn without_query_passwords(text: &str) -> String {
    let Some((place, query)) = text.split_once('?') else {
        return text.to_owned();
    };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.contains("password") => format!("{name}={HIDDEN}"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{place}?{}", pairs.join("&"))
}

/// The command as the user typed it, for the record; without passwords.
#[must_use]
pub fn typed_command() -> String {
    let arguments = std::env::args_os();
    without_passwords(arguments.map(|word| word.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passwords_are_hidden_and_nothing_else() {
        for (typed, kept) in [
            (
                "--outbox=identity=postgres://u:pw@h:5432/d",
                "--outbox=identity=postgres://u:***@h:5432/d",
            ),
            ("redis://:p@w@h", "redis://:***@h"),
            (
                "postgres://u@h/d?password=pw&x=1",
                "postgres://u@h/d?password=***&x=1",
            ),
            ("http://localhost:8000", "http://localhost:8000"),
            ("-u", "-u"),
            ("a@b:c", "a@b:c"),
            ("Authorization: Bearer pw", "authorization: ***"),
            ("--header=x-api-key:pw", "--header=x-api-key: ***"),
            ("--header=x-tenant: blue", "--header=x-tenant: blue"),
        ] {
            assert_eq!(without_passwords([typed.to_owned()]), kept);
        }
        let words = ["shopblast", "--redis", "redis://:pw@h"].map(str::to_owned);
        assert_eq!(without_passwords(words), "shopblast --redis redis://:***@h");
    }

    proptest! {
        #[test]
        fn no_password_stays(password in "[A-Z:/@?&=#%]{1,12}[A-Z]{6}") {
            let shown = without_passwords([format!("identity=postgres://u:{password}@h/d")]);
            let end = &password[password.len() - 6..];
            prop_assert!(!shown.contains(end), "{}", shown);
        }
    }
}

//! Workload files that come with the program, to be listed and shown.

use crate::plan::Suggestion;
use crate::workload_file::BUILT_IN;

/// The file that somebody begins with who has neither a description nor a recording.
pub const STARTER: &str = include_str!("starter.toml");

/// A file that comes with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// What it is called: the workload's name, with that of the file where that is not its first one.
    pub name: String,
    /// The file.
    pub text: &'static str,
}

impl Shipped {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (workload, files) in BUILT_IN {
            for (place, (file, text)) in files.iter().enumerate() {
                let name = match place {
                    0 => (*workload).to_owned(),
                    _ => format!("{workload}/{file}"),
                };
                all.push(Self { name, text });
            }
        }
        all
    }

    /// The one called `name`.
    ///
    /// # Errors
    /// When there is none: a sentence.
    pub fn find(name: &str) -> Result<Self, String> {
        let all = Self::all();
        let found = all.iter().find(|it| it.name == name).cloned();
        found.ok_or_else(|| {
            let names = all.iter().map(|it| it.name.as_str());
            let suggestion = Suggestion::for_word(name, names.clone());
            let names: Vec<&str> = names.collect();
            format!(
                "there is no built-in workload `{name}`{suggestion} (there are {})",
                names.join(", ")
            )
        })
    }

    /// What it is for: as the file says it, or else its first comment.
    #[must_use]
    pub fn about(&self) -> &'static str {
        let mut lines = self.text.lines();
        let about = lines.find_map(|line| line.strip_prefix("about = \"")?.strip_suffix('"'));
        let first = self
            .text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "));
        about.or(first).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload_file::read;

    #[test]
    fn what_comes_with_the_program_says_what_it_is_for() {
        let all = Shipped::all();
        for name in [
            "shopstream",
            "shopstream/identity.toml",
            "other-shop",
            "single-url",
        ] {
            assert!(all.iter().any(|it| it.name == name), "{name}");
        }
        assert!(all.iter().all(|it| !it.about().is_empty()));
        let model = read(STARTER, "the starter").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(model.name, "my-shop");
    }

    #[test]
    fn a_name_with_a_typo_gets_the_nearest() {
        assert_eq!(Shipped::find("other-shop").unwrap().name, "other-shop");
        let said = Shipped::find("other-shp").unwrap_err();
        assert!(said.contains("did you mean `other-shop`?"), "{said}");
    }
}

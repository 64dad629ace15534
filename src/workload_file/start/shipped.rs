//! Workload files that come with the program.

use crate::plan::Suggestion;

/// A workload that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// What it is called.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

/// All of them; another one is another line.
pub const SHIPPED: &[Shipped] = &[
    shipped(
        "other-shop",
        include_str!("../../../workloads/other-shop.toml"),
    ),
    shipped(
        "single-url",
        include_str!("../../../workloads/single-url.toml"),
    ),
];

/// The file that somebody begins with who has neither a description nor a recording.
pub const STARTER: &str = include_str!("starter.toml");

const fn shipped(name: &'static str, text: &'static str) -> Shipped {
    Shipped { name, text }
}

impl Shipped {
    /// The one called `name`.
    ///
    /// # Errors
    /// When there is none: a sentence.
    pub fn find(name: &str) -> Result<Self, String> {
        let names = SHIPPED.iter().map(|it| it.name);
        let found = SHIPPED.iter().find(|it| it.name == name).copied();
        found.ok_or_else(|| {
            let suggestion = Suggestion::for_word(name, names.clone());
            let names: Vec<&str> = names.collect();
            format!(
                "there is no built-in workload `{name}`{suggestion} (there are {})",
                names.join(", ")
            )
        })
    }

    /// What it is for, as the file says it.
    #[must_use]
    pub fn about(&self) -> String {
        crate::workload_file::read(self.text, self.name)
            .map_or_else(|_| String::new(), |model| model.about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload_file::read;

    #[test]
    fn what_comes_with_the_program_is_sound_and_says_what_it_is_for() {
        for Shipped { name, text } in SHIPPED {
            let model = read(text, name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(&model.name, name);
            assert!(!model.about.is_empty(), "{name}");
        }
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

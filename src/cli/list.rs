//! `--list`: the user classes and profiles there are.

use crate::plan::Profile;
use crate::shop::USER_CLASSES;
use std::fmt::Write;

/// User classes and profiles, one a line, with what they are for.
#[must_use]
pub fn list_text() -> String {
    let mut text = String::new();
    let classes = USER_CLASSES
        .iter()
        .map(|class| (class.name.to_owned(), class.summary.to_owned()));
    write_section(&mut text, "User classes", classes.collect());
    text.push('\n');
    let profiles = Profile::built_in().map(|profile| {
        let names: Vec<&str> = profile.names().collect();
        (names.join(", "), profile.description.clone())
    });
    write_section(&mut text, "Profiles", profiles.collect());
    text
}

fn write_section(text: &mut String, title: &str, rows: Vec<(String, String)>) {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let _ = writeln!(text, "{title}:");
    for (name, summary) in rows {
        let _ = writeln!(text, "  {name:width$}  {summary}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_and_profile_is_listed_with_its_summary() {
        let text = list_text();
        for class in USER_CLASSES {
            assert!(text.contains(class.name) && text.contains(class.summary));
        }
        for profile in Profile::built_in() {
            let name = format!("\n  {}", profile.name);
            assert!(text.contains(&name) && text.contains(&profile.description));
        }
    }
}

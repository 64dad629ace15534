//! What a workload file has: in one line each, or one of them at length.

use super::super::tested::Written;
use super::super::{CliError, check_options};
use super::asked::ListFlags;
use super::description::{self, write_section};
use crate::plan::Suggestion;
use crate::workload_file::{self, Model};

/// The option that every workload has.
const STRICT: (&str, &str) = ("strict", "every failed step ends its journey");

/// What the flags ask for of the workload at `path`.
///
/// # Errors
/// When it cannot be read, or has no such profile, user class or journey.
pub fn text(path: &str, flags: &ListFlags) -> Result<String, CliError> {
    let written = Written::read(path)?;
    let model = written.model();
    if let Some(name) = &flags.profile {
        let profile = written.profile(name)?;
        let mut text = description::of_profile(&profile);
        for class in &profile.classes {
            text.push('\n');
            text += &of_class(model, &class.share.class)?;
        }
        return Ok(text);
    }
    if let Some(name) = &flags.class {
        return of_class(model, name);
    }
    if let Some(name) = &flags.journey {
        let known = || model.journeys.iter().map(|journey| journey.name.as_str());
        let position = known().position(|known| known == name);
        return match position {
            Some(position) => Ok(workload_file::outline(model, position)),
            None => Err(CliError::UnknownJourney {
                journey: name.clone(),
                suggestion: Suggestion::for_word(name, known()),
            }),
        };
    }
    Ok(overview(&written))
}

fn of_class(model: &Model, name: &str) -> Result<String, CliError> {
    let found = model.classes.iter().find(|class| class.name == name);
    let class = found.ok_or_else(|| Written::unknown_class(model, name))?;
    let mut text = format!("{}\n  {}\n\n", class.name, class.about);
    text += &check_options::class_lines(model, class);
    text += &format!("wait: {}\n", description::wait(class.wait));
    Ok(text)
}

/// Everything in one line each.
fn overview(written: &Written) -> String {
    let model = written.model();
    let mut text = match model.about.is_empty() {
        true => format!("{}\n\n", model.name),
        false => format!("{}: {}\n\n", model.name, model.about),
    };
    let classes = model.classes.iter();
    let classes = classes.map(|class| (class.name.clone(), class.about.as_str()));
    let profiles = written.profiles().iter();
    let profiles = profiles.map(|profile| {
        let names: Vec<&str> = profile.names().collect();
        (names.join(", "), profile.description.as_str())
    });
    let journeys = model.journeys.iter();
    let journeys = journeys.map(|journey| (journey.name.clone(), journey.about.as_str()));
    let options = model.options.iter();
    let options = options.map(|option| (option.name.clone(), option.about.as_str()));
    let strict = (STRICT.0.to_owned(), STRICT.1);
    let mut section = |title: &str, rows: Vec<(String, &str)>| {
        if !rows.is_empty() {
            write_section(&mut text, title, rows);
            text.push('\n');
        }
    };
    section("User classes", classes.collect());
    section("Profiles", profiles.collect());
    section("Journeys", journeys.collect());
    section(
        "Options of journeys (--with)",
        options.chain([strict]).collect(),
    );
    text.push_str(
        "At length: shopblast list --workload FILE with --profile NAME, --class NAME or --journey NAME.\n",
    );
    text
}

//! `--list` and `shopblast list`: the user classes, profiles, journeys and options there are, or one
//! of them at length.

mod asked;
mod description;
mod of_file;

use super::tested::Tested;
use super::{CliError, class_choice, profile_source};
use crate::plan::Suggestion;
use crate::shop::{
    JOURNEYS, JourneyKind, JourneyOption, JourneyOptions, Profile, Suite, USER_CLASSES, journey,
};
use description::write_section;

pub(super) use asked::ListFlags;

/// Whose journeys and weights are listed where no suite is named: the target is not asked.
pub(super) const USUAL_SUITE: Suite = Suite::Today;

/// What the flags ask for.
///
/// # Errors
/// When there is no such profile, user class or journey, or the profile's file is wrong.
pub(super) fn text(flags: &ListFlags) -> Result<String, CliError> {
    if let Some(path) = &flags.workload {
        return of_file::text(path, flags);
    }
    let suite = flags.suite.unwrap_or(USUAL_SUITE);
    if let Some(name) = &flags.profile {
        return profile_text(&profile_source::find(name)?, suite);
    }
    let options = JourneyOptions::default().in_suite(suite);
    if let Some(name) = &flags.class {
        let class = class_choice::find(name)?;
        return Ok(description::of_class(class, options));
    }
    if let Some(name) = &flags.journey {
        return Ok(description::of_journey(find_journey(name)?, options));
    }
    Ok(overview(suite))
}

fn profile_text(profile: &Profile, suite: Suite) -> Result<String, CliError> {
    let shares = class_choice::choose(&[], Some(profile), &Tested::default())?;
    let mut text = description::of_profile(profile);
    for share in &shares {
        text.push('\n');
        let options = profile.options.in_suite(suite);
        text += &description::of_class(class_choice::find(&share.class)?, options);
    }
    Ok(text)
}

fn find_journey(name: &str) -> Result<JourneyKind, CliError> {
    journey(name).ok_or_else(|| CliError::UnknownJourney {
        journey: name.to_owned(),
        suggestion: Suggestion::for_word(name, JOURNEYS.iter().map(|kind| kind.name())),
    })
}

/// User classes of `suite` and profiles, one a line, with what they are for.
#[must_use]
pub fn list_text(suite: Suite) -> String {
    let mut text = String::new();
    let classes = USER_CLASSES
        .iter()
        .filter(|class| class.is_in(suite))
        .map(|class| (class.name.to_owned(), class.summary));
    write_section(&mut text, "User classes", classes.collect());
    text.push('\n');
    let profiles: Vec<Profile> = Profile::built_in().collect();
    let rows = profiles.iter().map(|profile| {
        let names: Vec<&str> = profile.names().collect();
        (names.join(", "), profile.description.as_str())
    });
    write_section(&mut text, "Profiles", rows.collect());
    text
}

/// [`list_text`], of the workload at `path` when there is one.
///
/// # Errors
/// When that cannot be read.
pub(super) fn text_of(path: Option<String>, suite: Option<Suite>) -> Result<String, CliError> {
    let Some(path) = path else {
        return Ok(list_text(suite.unwrap_or(USUAL_SUITE)));
    };
    of_file::text(&path, &ListFlags::default())
}

/// [`list_text`] with the journeys and options.
fn overview(suite: Suite) -> String {
    let mut text = list_text(suite);
    text.push('\n');
    let journeys = JOURNEYS
        .iter()
        .filter(|journey| journey.is_in(suite))
        .map(|journey| (journey.name().to_owned(), journey.summary()));
    write_section(&mut text, "Journeys", journeys.collect());
    text.push('\n');
    let options = JourneyOption::ALL.map(|option| (option.word().to_owned(), option.summary()));
    write_section(&mut text, "Options of journeys (--with)", options.to_vec());
    text.push_str("\nAt length: shopblast list --profile NAME, --class NAME or --journey NAME.\n");
    text
}

#[cfg(test)]
mod tests;

//! What is tested, as the command line names it: ShopStream, one URL, or the workload of a file.

use super::options::RunOptions;
use super::subject::subject;
use super::{CliError, profile_source};
use crate::engine::Subject;
use crate::plan::{ClassShare, Suggestion, Target};
use crate::record::read_text_bounded;
use crate::shop::{
    Generation, JourneyOption, JourneyOptions, Profile, SUITE_NAME, Suite, USER_CLASSES, user_class,
};
use crate::workload_file::{self, FileWorkload, Model, Parts};
use std::path::Path;

/// Name of a plan of user classes without a profile.
const NO_PROFILE: &str = "custom";

/// What is tested.
#[derive(Clone, Debug)]
pub(super) enum Tested {
    /// ShopStream: compared with this generation, or with the one that it is most like; and the suite that
    /// was named.
    Shop(Option<Generation>, Option<Suite>),
    /// What somebody wrote down.
    Written(Box<Written>),
}

/// A workload that somebody wrote down.
#[derive(Clone, Debug)]
pub(super) struct Written {
    model: Model,
    profiles: Vec<Profile>,
    workload: FileWorkload,
}

impl Tested {
    /// What `options` name. A URL says where the load goes, too.
    ///
    /// # Errors
    /// When it is nothing that can be tested.
    pub(super) fn of(options: &mut RunOptions) -> Result<Self, CliError> {
        if let Some(path) = &options.workload.workload {
            // What it says is what runs when nothing is named.
            if path == SUITE_NAME {
                return Ok(Self::shop(options));
            }
            return Ok(Self::Written(Box::new(Written::read(path)?)));
        }
        let Some(url) = &options.workload.url else {
            return Ok(Self::shop(options));
        };
        // A form may have named another place.
        if options.target.host.is_none() {
            options.target.host = Some(Target::parse(&url.origin)?);
        }
        let expect = options.workload.expected();
        let model = url.model(expect.clone());
        let workload = FileWorkload::expecting(&model, expect);
        let profiles = Vec::new();
        Ok(Self::Written(Box::new(Written {
            model,
            profiles,
            workload,
        })))
    }

    fn shop(options: &RunOptions) -> Self {
        Self::Shop(options.shop.generation, options.workload.suite)
    }

    /// The suite as far as it is known before the target is: the one that was named, that of the
    /// generation that was named, or today's.
    pub(super) fn suite_before_target(&self) -> Suite {
        match self {
            Self::Shop(_, Some(suite)) => *suite,
            Self::Shop(generation, None) => Suite::of(generation.unwrap_or_default()),
            Self::Written(_) => Suite::Today,
        }
    }

    /// The name of a plan without a profile.
    pub(super) fn name(&self) -> &str {
        self.model().map_or(NO_PROFILE, |model| &model.name)
    }

    /// The workload.
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Shop(expected, _) => subject(*expected),
            Self::Written(written) => Subject::new(written.workload.clone()),
        }
    }

    /// What somebody wrote down; `None` for ShopStream.
    pub(super) fn model(&self) -> Option<&Model> {
        match self {
            Self::Shop(..) => None,
            Self::Written(written) => Some(&written.model),
        }
    }

    /// What stands for it and its options in plans, with the options `typed`; `None` for ShopStream, whose
    /// plans are what they were.
    ///
    /// # Errors
    /// When one of them is no option of it.
    pub(super) fn plan_words(
        &self,
        typed: &[String],
    ) -> Result<Option<Vec<&'static str>>, CliError> {
        let Self::Written(written) = self else {
            return Ok(None);
        };
        let words = written.workload.plan_words(typed);
        words.map(Some).map_err(CliError::Arguments)
    }

    /// Options of ShopStream's journeys: the profile's, and those that were `typed`.
    ///
    /// # Errors
    /// When one of them is none.
    pub(super) fn journey_options(
        &self,
        profile: Option<&Profile>,
        typed: &[String],
    ) -> Result<JourneyOptions, CliError> {
        if self.model().is_some() {
            return Ok(JourneyOptions::default());
        }
        let of_profile = profile.map(|profile| profile.options).unwrap_or_default();
        let typed = typed.iter().map(|word| JourneyOption::parse(word));
        let all = of_profile.iter().map(Ok).chain(typed);
        let all: Result<JourneyOptions, _> = all.collect();
        all.map_err(|unknown| CliError::Arguments(format!("--with: {unknown}")))
    }

    /// The profile that is called `name`.
    ///
    /// # Errors
    /// When there is none, or it is wrong.
    pub(super) fn profile(&self, name: &str) -> Result<Profile, CliError> {
        match self {
            Self::Shop(..) => profile_source::find(name),
            Self::Written(written) => written.profile(name),
        }
    }

    /// The profiles that are its own; none of ShopStream, whose are built in.
    pub(super) fn profiles(&self) -> &[Profile] {
        match self {
            Self::Shop(..) => &[],
            Self::Written(written) => &written.profiles,
        }
    }

    /// The classes of a run that names neither classes nor a profile.
    ///
    /// # Errors
    /// When nothing is run unless it is named.
    pub(super) fn usual_classes(&self) -> Result<Vec<ClassShare>, CliError> {
        let Some(model) = self.model() else {
            return Err(CliError::NothingToRun {
                profiles: profile_source::names(),
            });
        };
        Ok(shares(model))
    }

    /// Whether there is a class called `name`.
    pub(super) fn has_class(&self, name: &str) -> bool {
        match self.model() {
            None => user_class(name).is_some(),
            Some(model) => model.class(name).is_some(),
        }
    }

    /// There is no class called `name`, which stands at `place`.
    pub(super) fn unknown_class(&self, name: &str, place: String) -> CliError {
        if let Some(model) = self.model() {
            return unknown(model, name, place);
        }
        let known: Vec<&str> = USER_CLASSES.iter().map(|class| class.name).collect();
        CliError::UnknownClass {
            place,
            class: name.to_owned(),
            suggestion: Suggestion::for_word(name, known.iter().copied()),
            known: known.join(", "),
        }
    }
}

/// The workload that is called so, or that is in the file of this path.
fn parts(path: &str) -> Result<Parts, CliError> {
    let named = workload_file::built_in(path).filter(|_| !profile_source::is_path(path));
    if let Some(parts) = named {
        return Ok(parts?);
    }
    let most = workload_file::MOST_FILE_BYTES as u64;
    let text = read_text_bounded(Path::new(path), most);
    let text = text.map_err(|source| CliError::WorkloadFile {
        path: path.to_owned(),
        source,
    })?;
    let beside = |name: &str| {
        let beside = Path::new(path).with_file_name(name);
        read_text_bounded(&beside, most).map_err(|why| why.to_string())
    };
    Ok(Parts::read(text, path, beside)?)
}

/// The classes of `model`, each with its usual share.
fn shares(model: &Model) -> Vec<ClassShare> {
    let shares = model.classes.iter().map(|class| ClassShare {
        class: class.name.clone(),
        weight: class.weight,
    });
    shares.collect()
}

impl Written {
    /// The workload in the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or anything in it is wrong.
    pub(super) fn read(path: &str) -> Result<Self, CliError> {
        let parts = parts(path)?;
        let model = parts.model_within(Path::new(path).parent())?;
        let profiles = Profile::parse_within(parts.text(), path, &shares(&model))?;
        for profile in &profiles {
            let mut classes = profile.classes.iter();
            if let Some(class) = classes.find(|it| model.class(&it.share.class).is_none()) {
                let place = format!("{path}:{}: ", class.position);
                return Err(unknown(&model, &class.share.class, place));
            }
        }
        let workload = FileWorkload::new(&model);
        Ok(Self {
            model,
            profiles,
            workload,
        })
    }

    /// What is in the file.
    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// The profiles in the file.
    pub(super) fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The workload as it is carried out.
    pub(super) fn workload(&self) -> &FileWorkload {
        &self.workload
    }

    /// The profile that is called `name`, or that is in the file of this path.
    ///
    /// # Errors
    /// When there is none, or it is wrong.
    pub(super) fn profile(&self, name: &str) -> Result<Profile, CliError> {
        let mut own = self.profiles.iter();
        let found = own.find(|profile| profile.names().any(|known| known == name));
        match found {
            Some(profile) => Ok(profile.clone()),
            None if profile_source::is_path(name) => profile_source::find(name),
            None => Err(self.unknown_profile(name)),
        }
    }

    /// There is no class called `name` in `model`.
    pub(super) fn unknown_class(model: &Model, name: &str) -> CliError {
        unknown(model, name, String::new())
    }

    fn unknown_profile(&self, name: &str) -> CliError {
        let known: Vec<&str> = self.profiles.iter().map(|it| it.name.as_str()).collect();
        CliError::UnknownProfile {
            name: name.to_owned(),
            suggestion: Suggestion::for_word(name, known.iter().copied()),
            profiles: match known.is_empty() {
                true => format!("none in {}", self.model.name),
                false => known.join(", "),
            },
        }
    }
}

/// There is no class called `name`, which stands at `place`, in `model`.
fn unknown(model: &Model, name: &str, place: String) -> CliError {
    let known: Vec<&str> = model.classes.iter().map(|it| it.name.as_str()).collect();
    CliError::UnknownClass {
        place,
        class: name.to_owned(),
        suggestion: Suggestion::for_word(name, known.iter().copied()),
        known: known.join(", "),
    }
}

impl Default for Tested {
    fn default() -> Self {
        Self::Shop(None, None)
    }
}

/// The JSON schema of workload files, with the keys of profiles, as text with a final line end.
#[must_use]
pub fn workload_schema_text() -> String {
    let profile = serde_json::from_str(&Profile::schema_text());
    workload_file::schema_text(profile.unwrap_or_default())
}

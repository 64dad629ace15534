//! Where a profile comes from: compiled in by name, or a file by path.

use super::CliError;
use crate::plan::Suggestion;
use crate::record::read_text_bounded;
use crate::shop::Profile;
use std::path::Path;

/// Largest profile: those that are compiled in have some KiB.
const MOST_PROFILE_BYTES: u64 = 1 << 20;

/// The profile that `--profile` names. A value with a `/` or the ending `.toml` is the path of a
/// file; every other is the name or alias of a profile that is compiled in.
pub(super) fn find(value: &str) -> Result<Profile, CliError> {
    if is_path(value) {
        return read_file(value);
    }
    Profile::find_built_in(value).ok_or_else(|| unknown(value))
}

/// Whether `value` is the path of a file, rather than a name.
pub(super) fn is_path(value: &str) -> bool {
    value.contains('/') || value.ends_with(".toml")
}

/// Names of the profiles that are compiled in.
pub(super) fn names() -> String {
    let names: Vec<String> = Profile::built_in().map(|profile| profile.name).collect();
    names.join(", ")
}

fn read_file(path: &str) -> Result<Profile, CliError> {
    let text = read_text_bounded(Path::new(path), MOST_PROFILE_BYTES).map_err(|source| {
        CliError::ProfileFile {
            path: path.to_owned(),
            source,
        }
    })?;
    Ok(Profile::parse(&text, path)?)
}

/// There is no profile called `name`.
pub(super) fn unknown(name: &str) -> CliError {
    let known: Vec<String> = Profile::built_in()
        .flat_map(|profile| profile.names().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    CliError::UnknownProfile {
        name: name.to_owned(),
        suggestion: Suggestion::for_word(name, known.iter().map(String::as_str)),
        profiles: names(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_larger_than_any_is_refused_with_the_limit() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("large.toml");
        let text = "# x\n".repeat(1 << 19);
        std::fs::write(&path, text).expect("written");
        let said = find(path.to_str().expect("text")).expect_err("too large");
        assert!(said.to_string().contains("more than the 1 MiB"), "{said}");
        assert_eq!(said.exit_code(), crate::plan::ExitCode::BadPlan);
    }
}

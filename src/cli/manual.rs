//! `shopblast man`: manual pages, made of what `--help` says.

use super::CliError;
use crate::plan::Unwritable;
use crate::record::replace;
use clap::Args;
use clap_mangen::Man;
use std::io;
use std::path::{Path, PathBuf};

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct ManualFlags {
    /// Command whose page is printed, for `shopblast man hunt | man -l -` [default: the program's]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Option<String>,

    /// Write the pages of the program and of each command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// A page.
#[derive(Debug)]
struct ManualPage {
    file_name: String,
    text: Vec<u8>,
}

/// What is done with pages.
pub(super) enum Manual {
    /// One is printed.
    Printed(String),
    /// All are written.
    Written(ManualPages),
}

/// Every page, and where they go.
#[derive(Debug)]
pub struct ManualPages {
    directory: PathBuf,
    pages: Vec<ManualPage>,
}

/// A directory or page that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}", Unwritable { flag: "--dir", path, error })]
pub struct UnwrittenPage {
    path: PathBuf,
    error: io::Error,
}

impl ManualPages {
    /// Writes them; makes the directory where there is none.
    ///
    /// # Errors
    /// When the directory, or a page in it, cannot be written.
    pub fn write(&self) -> Result<(), UnwrittenPage> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| UnwrittenPage { path, error }
        };
        std::fs::create_dir_all(&self.directory).map_err(failed(&self.directory))?;
        for page in &self.pages {
            let path = self.directory.join(&page.file_name);
            let written = replace(&path, &page.text);
            written.map_err(|not_written| failed(&path)(not_written.error))?;
        }
        Ok(())
    }
}

/// What the flags ask for of the pages of `command`, which end with `examples`.
///
/// # Errors
/// When there is no such command.
pub(super) fn resolve(
    flags: ManualFlags,
    command: clap::Command,
    examples: String,
) -> Result<Manual, CliError> {
    let program = command.get_name().to_owned();
    let pages = pages(command, examples)?;
    if let Some(directory) = flags.dir {
        return Ok(Manual::Written(ManualPages { directory, pages }));
    }
    let file_name = match &flags.command {
        Some(command) => format!("{program}-{command}.1"),
        None => format!("{program}.1"),
    };
    let mut pages = pages.into_iter();
    match pages.find(|page| page.file_name == file_name) {
        Some(page) => {
            let text = String::from_utf8_lossy(&page.text).into_owned();
            Ok(Manual::Printed(text))
        }
        None => Err(CliError::NoPage {
            command: flags.command.unwrap_or_default(),
        }),
    }
}

/// The program's page first.
fn pages(command: clap::Command, examples: String) -> Result<Vec<ManualPage>, CliError> {
    let version = env!("CARGO_PKG_VERSION");
    let mut command = command
        .disable_help_subcommand(true)
        .version(version)
        .long_version(version)
        .after_long_help(examples);
    command.build();
    let program = command.get_name();
    let commands = command.get_subcommands().filter(|each| !each.is_hide_set());
    let all = std::iter::once(&command).chain(commands);
    all.map(|command| {
        let page = Man::new(command.clone()).source(format!("{program} {version}"));
        let mut text = Vec::new();
        // A vector takes all that is written to it.
        render(&page, command, &mut text)
            .map_err(|error| CliError::Arguments(error.to_string()))?;
        Ok(ManualPage {
            file_name: page.get_filename(),
            text,
        })
    })
    .collect()
}

/// The whole page; its synopsis is that of the usage, where all flags are one word.
fn render(page: &Man, command: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    page.render_title(text)?;
    page.render_name_section(text)?;
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").replace('-', "\\-");
    text.extend_from_slice(b".SH SYNOPSIS\n.nf\n");
    for line in usage.lines() {
        text.extend_from_slice(line.trim().as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b".fi\n");
    page.render_description_section(text)?;
    page.render_options_section(text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(text)?;
    }
    if command.get_after_long_help().is_some() {
        page.render_extra_section(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;

    fn all() -> Vec<ManualPage> {
        pages(definition::command(), definition::with_examples()).unwrap()
    }

    #[test]
    fn every_command_has_a_page_with_its_flags() {
        let pages = all();
        let command = definition::command();
        assert_eq!(pages.len(), 1 + command.get_subcommands().count());
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            let text = String::from_utf8_lossy(&pages[0].text).into_owned();
            assert!(text.contains(&flag.replace('-', "\\-")), "{flag}");
        }
        for command in command.get_subcommands() {
            let file_name = format!("shopblast-{}.1", command.get_name());
            let page = pages.iter().find(|page| page.file_name == file_name);
            assert!(
                page.is_some_and(|page| !page.text.is_empty()),
                "{file_name}"
            );
        }
    }

    #[test]
    fn pages_are_those_of_the_version_and_not_of_the_commit() {
        for page in all() {
            let text = String::from_utf8_lossy(&page.text).into_owned();
            assert!(
                text.contains(env!("CARGO_PKG_VERSION")),
                "{}",
                page.file_name
            );
            assert!(!text.contains(env!("BUILD_TARGET")), "{}", page.file_name);
        }
    }
}

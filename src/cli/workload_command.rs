//! `shopblast workload`: a new file, or one that comes with the program.

use super::request_options::RequestFlags;
use super::{CliCommand, CliError, first_word, values};
use crate::draft::{DraftRequest, DraftSource};
use crate::plan::{AddressPolicy, Target};
use crate::record::read_text_bounded;
use crate::shop::OPENAPI_PATH;
use crate::workload_file::{
    MOST_DESCRIPTION_BYTES, MOST_RECORDING_BYTES, STARTER, Shipped, SingleUrl,
};
use clap::{Args, ValueEnum};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Make a file: from a description, from a recording, or one to begin with.
    Init,
    /// Print a file that comes with the program; without a name they are listed.
    Show,
}

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct WorkloadCommandFlags {
    /// Make a file, or print one that comes with the program
    #[arg(value_name = "init|show", hide_possible_values = true)]
    action: Action,

    /// With show: name of the workload; without it they are listed
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// With init: make it from a description (OpenAPI 3 or Swagger 2, as JSON or YAML)
    ///
    /// Operations, bodies that meet the schemas, ids of replies that go into later requests, a journey
    /// for each thing that is created and used. Of a URL without a path _/openapi.json_ is read, by one
    /// GET.
    #[arg(long, value_name = "URL|FILE", conflicts_with = "from_har")]
    from_openapi: Option<String>,

    /// With init: make it from what a browser recorded (HAR 1.2)
    ///
    /// Requests to one origin in their order, without pictures and scripts; values of replies that come
    /// again later are read and put in; passwords and tokens are not written down.
    #[arg(long, value_name = "FILE")]
    from_har: Option<String>,

    /// With --from-har: the origin that is tested [default: that of most requests]
    #[arg(long, value_name = "URL", requires = "from_har")]
    origin: Option<String>,

    /// With init: write it into this file, which must not be there [default: print it]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Allow to ask this host although its address is public; may be repeated
    #[arg(long, value_name = "HOST", value_parser = values::parse_host, value_delimiter = ',')]
    allow_host: Vec<String>,

    #[command(flatten)]
    requests: RequestFlags,
}

/// What is to be done.
///
/// # Errors
/// When the flags do not go together, or what they name cannot be read.
pub(super) fn resolve(flags: WorkloadCommandFlags) -> Result<CliCommand, CliError> {
    let wrong = |says: &str| Err(CliError::Arguments(says.to_owned()));
    let is_from = flags.from_openapi.is_some() || flags.from_har.is_some();
    match (flags.action, &flags.name) {
        (Action::Show, _) if is_from || flags.out.is_some() => wrong(
            "show prints a workload that comes with the program; --from-openapi, --from-har and --out go \
             with init",
        ),
        (Action::Show, None) => Ok(CliCommand::Print(list())),
        (Action::Show, Some(name)) => {
            let shipped = Shipped::find(name).map_err(CliError::Arguments)?;
            Ok(CliCommand::Print(shipped.text.to_owned()))
        }
        (Action::Init, Some(_)) => wrong(
            "init takes no name: the file is named with --out, and what it is made of with --from-openapi \
             or --from-har",
        ),
        (Action::Init, None) => {
            let source = source(&flags)?;
            let out = flags.out;
            Ok(CliCommand::Draft(Box::new(DraftRequest { source, out })))
        }
    }
}

/// The workloads that come with the program, a line each.
fn list() -> String {
    let all = Shipped::all();
    let widest = all.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for shipped in all {
        // Writing into memory does not fail.
        let _ = writeln!(out, "{:widest$}  {}", shipped.name, shipped.about());
    }
    out + "\n`shopblast workload show NAME` prints one; `--workload NAME` runs those without a `/`.\n"
}

fn source(flags: &WorkloadCommandFlags) -> Result<DraftSource, CliError> {
    let text_at = |path: &str, most: usize| {
        let text = read_text_bounded(Path::new(path), most as u64);
        text.map_err(|error| {
            CliError::Arguments(format!("{path} cannot be read: {error}; check the path"))
        })
    };
    if let Some(path) = &flags.from_har {
        let text = text_at(path, MOST_RECORDING_BYTES)?;
        return Ok(DraftSource::Recording(
            text,
            path.clone(),
            flags.origin.clone(),
        ));
    }
    let Some(from) = &flags.from_openapi else {
        return Ok(DraftSource::Text(STARTER));
    };
    let is_file = Path::new(from).exists();
    let Some(address) = first_word::address(from).filter(|_| !is_file) else {
        let text = text_at(from, MOST_DESCRIPTION_BYTES)?;
        return Ok(DraftSource::Description(text, from.clone()));
    };
    let wrong = |why: String| CliError::Arguments(format!("--from-openapi: {why}"));
    let url = SingleUrl::parse(&address).map_err(|error| wrong(error.to_string()))?;
    let target = flags.requests.applied_to(Target::parse(&url.origin)?)?;
    let policy = AddressPolicy::new(&flags.allow_host);
    policy.check_literal(target.place().0)?;
    let path = match url.path.as_str() {
        "/" => OPENAPI_PATH.to_owned(),
        path => path.to_owned(),
    };
    Ok(DraftSource::Target(Box::new(target), path, policy))
}

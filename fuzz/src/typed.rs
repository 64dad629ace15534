//! What people write: profiles, and values of flags.

use shopblast::observe::parse_prometheus;
use shopblast::plan::{
    AddressPolicy, ClassShare, CoreChoice, LONGEST_DURATION, RunId, Target, Threshold, Topology,
    parse_duration,
};
use shopblast::shop::Profile;
use std::fmt::Display;

const ORIGIN: &str = "some-profile.toml";
const CPUS: &[usize] = &[0, 1, 2, 3, 6];

/// A profile is sound when it is accepted; when not, the message names the file, and a place in it.
pub fn profile(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Profile::parse(text, ORIGIN) {
        Ok(profile) => {
            assert!(!profile.name.is_empty() && !profile.classes.is_empty());
            assert!(profile.classes.iter().all(|class| class.share.weight > 0));
            assert!(profile.length().is_none_or(|length| !length.is_zero()));
            assert_eq!(Profile::parse(text, ORIGIN), Ok(profile));
        }
        Err(error) => {
            assert!(error.to_string().starts_with(ORIGIN), "{error}");
            if let Some(position) = error.position {
                assert!((1..=text.matches('\n').count() + 1).contains(&position.line));
                assert!(position.column >= 1);
            }
        }
    }
}

/// What a flag accepts is within its bounds, and what shows itself as text is read back from it.
pub fn target(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Target::parse(text) {
        Ok(target) => {
            assert!(!target.host.is_empty());
            // It goes into a request head.
            assert!(!target.authority.contains(char::is_whitespace));
            assert!(!target.base_path.contains(char::is_whitespace));
            let again = Target::parse(&target.url());
            assert_eq!(again.as_ref(), Ok(&target), "{text:?}");
            let _ = AddressPolicy::new(&[text.to_owned()]).check_literal(&target.host);
        }
        Err(error) => must_speak(&error),
    }
    match parse_duration(text) {
        Ok(duration) => assert!(duration <= LONGEST_DURATION),
        Err(error) => must_speak(&error),
    }
    match ClassShare::parse(text) {
        Ok(share) => assert!(!share.class.is_empty() && share.weight > 0),
        Err(error) => must_speak(&error),
    }
    match CoreChoice::parse(text).and_then(|choice| choice.choose(&Topology::flat(CPUS))) {
        Ok(cores) => {
            assert!(!cores.is_empty());
            assert!(cores.iter().all(|cpu| CPUS.contains(cpu)));
        }
        Err(error) => must_speak(&error),
    }
    if let Some(run_id) = RunId::parse(text) {
        assert_eq!(run_id.as_str(), text);
    }
}

/// A threshold is sound when it is accepted, and is read back from its text; when not, the message
/// points into the text.
pub fn threshold(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Threshold::parse(text) {
        Ok(threshold) => {
            assert!(threshold.limit.is_finite() && threshold.limit >= 0.0);
            assert!(threshold.window_s.is_none_or(|seconds| seconds > 0));
            assert!(!threshold.text().contains(char::is_control));
            assert_eq!(Threshold::parse(threshold.text()), Ok(threshold));
        }
        Err(error) => {
            assert!(error.at <= error.text.len());
            assert_eq!(error.to_string().lines().count(), 3, "{error}");
        }
    }
}

fn must_speak(error: &impl Display) {
    assert!(!error.to_string().is_empty());
}

/// What is accepted has names and whole labels; what is not is told with its line.
pub fn metrics(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse_prometheus(text) {
        Ok(samples) => {
            assert!(samples.len() <= text.lines().count());
            for sample in samples {
                assert!(!sample.name.is_empty() && text.contains(&sample.name));
                for (label, value) in &sample.labels {
                    assert!(!label.is_empty());
                    assert_eq!(sample.label(label), Some(value.as_str()));
                }
            }
        }
        Err(error) => assert!((1..=text.lines().count()).contains(&error.line), "{error}"),
    }
}

//! Workload files.

use shopblast::workload_file::{StartError, Statuses, from_description, from_recording, read};

const ORIGIN: &str = "some-workload.toml";

/// A workload that is accepted refers to what there is; when it is not, every mistake has its place.
pub fn workload(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(statuses) = Statuses::parse(text) {
        let shown = statuses.to_string();
        assert_eq!(Statuses::parse(&shown).as_ref(), Ok(&statuses), "{shown}");
    }
    match read(text, ORIGIN) {
        Ok(model) => {
            assert!(!model.name.is_empty() && model.health.starts_with('/'));
            for class in &model.classes {
                assert!(class.weight > 0);
                let mut journeys = class
                    .journeys
                    .iter()
                    .map(|(place, _)| *place)
                    .chain(class.first);
                assert!(journeys.all(|place| place < model.journeys.len()));
            }
            for operation in &model.operations {
                let body = operation.body.map(usize::from);
                assert!(body.is_none_or(|body| body < model.bodies.len()));
                let mut reads = operation.reads.iter();
                assert!(reads.all(|read| usize::from(read.value) < model.values.len()));
            }
        }
        Err(error) => {
            assert!(error.to_string().starts_with(ORIGIN), "{error}");
            let lines = text.matches('\n').count() + 1;
            for mistake in &error.mistakes {
                assert!((1..=lines).contains(&mistake.position.line), "{error}");
                assert!(mistake.position.column >= 1 && !mistake.says.is_empty());
            }
        }
    }
}

/// What is made of a description, or of a recording, is a sound file, whatever they hold.
pub fn starts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for made in [
        from_description(text, ORIGIN),
        from_recording(text, ORIGIN, None),
    ] {
        match made {
            Err(StartError::NotSound(error)) => panic!("{error}"),
            Err(error) => assert!(error.to_string().starts_with(ORIGIN), "{error}"),
            Ok(start) => assert!(!start.errands.is_empty()),
        }
    }
}

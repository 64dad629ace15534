//! The lists, against golden files.

use super::*;
use std::path::Path;

/// Fails when `actual` is not what the golden file `name` holds; `BLESS_GOLDEN=1` writes it anew.
fn assert_golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(expected, actual, "{name} differs");
}

fn flags(profile: Option<&str>, class: Option<&str>, journey: Option<&str>) -> ListFlags {
    ListFlags {
        profile: profile.map(str::to_owned),
        class: class.map(str::to_owned),
        journey: journey.map(str::to_owned),
        suite: None,
        workload: None,
    }
}

#[test]
fn every_class_and_profile_is_listed_with_its_summary() {
    let text = list_text(Suite::Today);
    for class in USER_CLASSES.iter() {
        assert!(text.contains(class.name) && text.contains(class.summary));
    }
    for profile in Profile::built_in() {
        let name = format!("\n  {}", profile.name);
        assert!(text.contains(&name) && text.contains(&profile.description));
    }
}

#[test]
fn the_overview_is_as_it_was() {
    let text = text(&flags(None, None, None)).unwrap();
    assert!(text.starts_with(&list_text(Suite::Today)));
    assert_golden("list.txt", &text);
}

#[test]
fn the_suite_of_five_lists_what_a_shop_of_five_contexts_has() {
    let of_five = ListFlags {
        suite: Some(Suite::Five),
        ..flags(None, None, None)
    };
    let text = text(&of_five).unwrap();
    assert!(text.contains("\n  MixedWorkloadUser ") && text.contains("\n  OrderingSagaUser "));
    for missing in ["FulfillmentUser", "FullShopUser", "ReviewVotingJourney"] {
        assert!(!text.contains(missing), "{missing}");
    }
    let mixed = |suite| {
        let flags = ListFlags {
            suite: Some(suite),
            ..flags(None, Some("MixedWorkloadUser"), None)
        };
        super::text(&flags).unwrap()
    };
    assert!(mixed(Suite::Five).contains("NewCustomerJourney (weight 8 of 62, 12.9 %)"));
    assert!(mixed(Suite::Today).contains("NewCustomerJourney (weight 5 of 65, 7.7 %)"));
}

#[test]
fn every_profile_is_described_as_it_was() {
    let mut all = String::new();
    for profile in Profile::built_in() {
        let described = text(&flags(Some(&profile.name), None, None)).unwrap();
        for class in &profile.classes {
            assert!(described.contains(&format!("\n{}\n", class.share.class)));
        }
        for alias in profile.names() {
            assert_eq!(text(&flags(Some(alias), None, None)).unwrap(), described);
        }
        all += &described;
        all.push('\n');
    }
    assert_golden("list-profiles.txt", &all);
}

#[test]
fn every_journey_is_described_as_it_was() {
    let mut all = String::new();
    for journey in JOURNEYS.iter() {
        all += &text(&flags(None, None, Some(journey.name()))).unwrap();
        all.push('\n');
    }
    assert_golden("list-journeys.txt", &all);
}

#[test]
fn classes_are_described_by_name() {
    let described = text(&flags(None, Some("PaymentsUser"), None)).unwrap();
    assert!(described.contains("2.8 requests, 2.8 events, 0.4 of them"));
    assert!(described.contains("PaymentSuccessJourney (weight 8 of 20, 40.0 %)"));
}

#[test]
fn options_of_a_profile_change_its_description() {
    let toml = "name = \"x\"\ndescription = \"d\"\nclasses = [\"CrossDomainFloodUser\"]\n\
                with = [\"by-request\"]\n";
    let profile = Profile::parse(toml, "x.toml").unwrap();
    let described = profile_text(&profile, Suite::Today).unwrap();
    assert!(described.contains("With     by-request"));
    assert!(described.contains("(weight 8 of 24, 33.3 %)"));
}

#[test]
fn a_wrong_name_gets_a_suggestion() {
    let message = |flags: ListFlags| text(&flags).unwrap_err().to_string();
    assert!(message(flags(Some("smok"), None, None)).contains("did you mean `smoke`?"));
    assert!(message(flags(None, Some("spikeuser"), None)).contains("did you mean `SpikeUser`?"));
    let journey = message(flags(None, None, Some("InvoiceJorney")));
    assert_eq!(
        journey,
        "there is no journey `InvoiceJorney`; did you mean `InvoiceJourney`? (`shopblast list` shows them)"
    );
}

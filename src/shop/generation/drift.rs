//! What a shop does differently from a generation, operation by operation.

use super::contract::{Contract, OperationContract};
use super::dialect::FORM_FIELDS;
use super::shape::{BOUNDS, ValueShape};
use crate::plan::shown_start;
use std::fmt;

/// Media type of the bodies that journeys send.
const JSON: &str = "application/json";

/// One difference of a shop from a generation that could make a request be refused. What a shop
/// has more, or takes more of, is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// HTTP method.
    pub method: String,
    /// Path, as the generation writes it.
    pub path: String,
    /// The field of the body, with the objects and lists around it: `items[].quantity`. Empty for
    /// the operation as a whole.
    pub field: String,
    /// What differs.
    pub change: DriftChange,
}

/// What differs.
#[derive(Clone, Debug, PartialEq)]
pub enum DriftChange {
    /// There is no such operation.
    Gone,
    /// Success is told by other statuses.
    Successes {
        /// The shop's.
        theirs: Vec<String>,
        /// The generation's.
        ours: Vec<String>,
    },
    /// A parameter beside the path that has to be given, like `query page`.
    Parameter(String),
    /// No JSON body is taken.
    NoJson,
    /// The field is not known.
    FieldGone,
    /// The field has to be given.
    FieldRequired,
    /// Other JSON types.
    Types {
        /// The shop's.
        theirs: Box<ValueShape>,
        /// The generation's, in words.
        ours: String,
        /// Whether bodies are written in the shop's form.
        is_adapted: bool,
    },
    /// A bound that is tighter, or new.
    Bound {
        /// Its name in JSON Schema.
        name: &'static str,
        /// The shop's.
        theirs: f64,
        /// The generation's, if it has one.
        ours: Option<f64>,
    },
    /// A regular expression that the generation does not have.
    Pattern(String),
    /// Only these values, as JSON text.
    Values(Vec<String>),
}

/// Characters of a difference that are told: fields and values are named by the target.
const MOST_CHARACTERS: usize = 400;

impl Drift {
    /// Whether bodies are written so that the difference does not matter.
    #[must_use]
    pub fn is_adapted(&self) -> bool {
        matches!(
            self.change,
            DriftChange::Types {
                is_adapted: true,
                ..
            }
        )
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text)?;
        out.write_str(&shown_start(&text, MOST_CHARACTERS))
    }
}

impl Drift {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "{} {}", self.method, self.path)?;
        let field = &self.field;
        match &self.change {
            DriftChange::Gone => write!(out, " is gone"),
            DriftChange::Successes { theirs, ours } => {
                let theirs = match theirs.is_empty() {
                    true => "no status of success".to_owned(),
                    false => theirs.join(", "),
                };
                write!(out, " answers {theirs} instead of {}", ours.join(", "))
            }
            DriftChange::Parameter(name) => write!(out, ": the parameter `{name}` is now required"),
            DriftChange::NoJson => write!(out, " takes no JSON body any more"),
            DriftChange::FieldGone => write!(out, ": the field `{field}` is gone"),
            DriftChange::FieldRequired => write!(out, ": the field `{field}` is now required"),
            DriftChange::Types { theirs, ours, .. } => {
                write!(
                    out,
                    ": `{field}` is now {} instead of {ours}",
                    theirs.types_text()
                )
            }
            DriftChange::Bound { name, theirs, ours } => {
                let ours = ours.map_or_else(|| "none".to_owned(), |was| was.to_string());
                write!(out, ": `{field}`: {name} is now {theirs} instead of {ours}")
            }
            DriftChange::Pattern(pattern) => {
                write!(out, ": `{field}` has to match `{pattern}` now")
            }
            DriftChange::Values(values) => {
                write!(out, ": `{field}` takes only {} now", values.join(", "))
            }
        }
    }
}

/// Everything that `theirs` does differently from `ours`, by operation.
#[must_use]
pub fn drifts(ours: &Contract, theirs: &Contract) -> Vec<Drift> {
    let mut found = Vec::new();
    for ((method, _), operation) in ours.operations() {
        let mut comparison = Comparison {
            method,
            path: &operation.path,
            found: &mut found,
        };
        match theirs.operation(method, &operation.path) {
            Some(other) => comparison.operations(operation, other),
            None => comparison.add("", DriftChange::Gone),
        }
    }
    found
}

/// Compares one operation.
struct Comparison<'a> {
    method: &'a str,
    path: &'a str,
    found: &'a mut Vec<Drift>,
}

impl Comparison<'_> {
    fn add(&mut self, field: &str, change: DriftChange) {
        self.found.push(Drift {
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            field: field.to_owned(),
            change,
        });
    }

    fn operations(&mut self, ours: &OperationContract, theirs: &OperationContract) {
        if !ours.successes.is_subset(&theirs.successes) {
            let listed =
                |operation: &OperationContract| Vec::from_iter(operation.successes.clone());
            let change = DriftChange::Successes {
                theirs: listed(theirs),
                ours: listed(ours),
            };
            self.add("", change);
        }
        for parameter in theirs.parameters.difference(&ours.parameters) {
            self.add("", DriftChange::Parameter(parameter.clone()));
        }
        // Without JSON in ours no journey sends a body.
        let empty = ValueShape::default();
        match (&ours.body, &theirs.body) {
            (Some(_), None) if !theirs.media_types.contains(JSON) => {
                self.add("", DriftChange::NoJson)
            }
            (our_body, Some(their_body)) => {
                self.objects("", our_body.as_ref().unwrap_or(&empty), their_body);
            }
            (_, None) => {}
        }
    }

    fn objects(&mut self, place: &str, ours: &ValueShape, theirs: &ValueShape) {
        let named = |name: &str| match place.is_empty() {
            true => name.to_owned(),
            false => format!("{place}.{name}"),
        };
        for (name, field) in &ours.fields {
            match theirs.fields.get(name) {
                Some(other) => self.fields(&named(name), &field.shape, &other.shape),
                // A shop that takes any members takes this one.
                None if theirs.fields.is_empty() && !theirs.is_closed => {}
                None => self.add(&named(name), DriftChange::FieldGone),
            }
        }
        for (name, field) in &theirs.fields {
            let was_required = ours.fields.get(name).is_some_and(|field| field.is_required);
            if field.is_required && !was_required {
                self.add(&named(name), DriftChange::FieldRequired);
            }
        }
    }

    fn fields(&mut self, place: &str, ours: &ValueShape, theirs: &ValueShape) {
        let ours_any = ours.types.is_empty() && !theirs.types.is_empty();
        if ours_any || ours.types.iter().any(|word| !theirs.takes(word)) {
            let is_form = FORM_FIELDS.iter().any(|(_, method, path, name)| {
                *method == self.method && *path == self.path && *name == place
            });
            let change = DriftChange::Types {
                theirs: Box::new(theirs.clone()),
                ours: ours.types_text(),
                is_adapted: is_form && (theirs.takes("string") || theirs.takes("object")),
            };
            self.add(place, change);
            return;
        }
        for (name, larger_is_tighter) in BOUNDS {
            let (was, is) = (ours.bounds.get(name), theirs.bounds.get(name));
            let Some(&is) = is else { continue };
            if was.is_none_or(|&was| {
                if larger_is_tighter {
                    is > was
                } else {
                    is < was
                }
            }) {
                let change = DriftChange::Bound {
                    name,
                    theirs: is,
                    ours: was.copied(),
                };
                self.add(place, change);
            }
        }
        if let Some(pattern) = theirs
            .pattern
            .as_ref()
            .filter(|_| theirs.pattern != ours.pattern)
        {
            self.add(place, DriftChange::Pattern(pattern.clone()));
        }
        let takes_all = theirs.values.is_empty()
            || (!ours.values.is_empty() && ours.values.is_subset(&theirs.values));
        if !takes_all {
            self.add(
                place,
                DriftChange::Values(Vec::from_iter(theirs.values.clone())),
            );
        }
        self.objects(place, ours, theirs);
        if let (Some(ours), Some(theirs)) = (&ours.items, &theirs.items) {
            self.fields(&format!("{place}[]"), ours, theirs);
        }
    }
}

/// How much `theirs` has more than `ours`: operations, and fields that may be absent.
#[must_use]
pub fn additions(ours: &Contract, theirs: &Contract) -> usize {
    let known = |method: &str, path: &str| ours.operation(method, path);
    let mut count = 0;
    for ((method, _), operation) in theirs.operations() {
        match known(method, &operation.path) {
            None => count += 1,
            Some(our_operation) => {
                let fields = |operation: &OperationContract| {
                    operation.body.as_ref().map_or(0, |body| body.fields.len())
                };
                count += fields(operation).saturating_sub(fields(our_operation));
            }
        }
    }
    count
}

//! Bodies and parameters for schemas: what every one of them meets, made up anew for each request.

use super::patterns;
use super::toml_text::{key, literal, quoted};
use super::wording::{candidates, id_name, is_id, snake};
use crate::workload_file::described::ordered::Json;
use crate::workload_file::described::schemas::{Schemas, Shape, Unmet};
use std::collections::BTreeSet;

/// Values of one body, at most.
const MOST_NODES: usize = 2_000;
/// Deepest nesting of a body.
const DEEPEST: usize = 16;
/// Nesting from which on only what must be there is.
const DEEPEST_OPTIONAL: usize = 4;
/// Elements of an array, and characters of a text, at most.
const MOST_ELEMENTS: usize = 50;
const LONGEST_TEXT: usize = 20_000;
/// Choices that are written down.
const MOST_CHOICES: usize = 20;
/// What one generator makes at most, in characters.
const GENERATED: usize = 1_000;

/// A value as a file has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// A text with what is made up in it.
    Template(String),
    /// A number or a boolean, the same in every request.
    Literal(String),
    /// Elements.
    Array(Vec<Sample>),
    /// Members.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Sample,
    /// What its schema says of it, in a few words.
    pub note: String,
    /// Whether it need not be there, and nothing tells what it may hold: only a word would be made up.
    pub is_unclear: bool,
}

impl Sample {
    /// As it is written within a line of TOML.
    #[must_use]
    pub fn inline(&self) -> String {
        match self {
            Self::Template(text) => quoted(text),
            Self::Literal(text) => text.clone(),
            Self::Array(elements) => {
                let elements: Vec<String> = elements.iter().map(Self::inline).collect();
                format!("[{}]", elements.join(", "))
            }
            Self::Object(members) if members.is_empty() => "{}".to_owned(),
            Self::Object(members) => {
                let members = members
                    .iter()
                    .filter(|member| !member.is_unclear)
                    .map(|member| format!("{} = {}", key(&member.name), member.value.inline()));
                let members: Vec<String> = members.collect();
                format!("{{ {} }}", members.join(", "))
            }
        }
    }

    /// As a text of a form, a query or a path, where it is none of several.
    #[must_use]
    pub fn plain(&self) -> Option<String> {
        match self {
            Self::Template(text) | Self::Literal(text) => Some(text.clone()),
            Self::Array(elements) => match &elements[..] {
                [only] => only.plain(),
                _ => None,
            },
            Self::Object(_) => None,
        }
    }
}

/// Makes samples of one operation.
pub struct Sampler<'a> {
    /// Where references lead.
    pub schemas: Schemas<'a>,
    /// Names of values that replies give.
    pub known: BTreeSet<String>,
    /// Values that are there in any case, so that what need not be there may hold them, too.
    pub there: BTreeSet<String>,
    /// Whether what need not be there is written.
    pub has_optional: bool,
    /// Values that were used.
    pub needs: BTreeSet<String>,
    nodes: usize,
}

impl<'a> Sampler<'a> {
    /// Samples with values of these names, all of which replies give.
    #[must_use]
    pub fn new(schemas: Schemas<'a>, known: BTreeSet<String>) -> Self {
        Self {
            schemas,
            known,
            there: BTreeSet::new(),
            has_optional: true,
            needs: BTreeSet::new(),
            nodes: 0,
        }
    }

    /// What meets `schema`, of the field `name`, like `example` where one is shown.
    ///
    /// # Errors
    /// When nothing does, as far as can be told.
    pub fn sample(
        &mut self,
        schema: &'a Json,
        name: &str,
        example: Option<&'a Json>,
    ) -> Result<Sample, Unmet> {
        let field = Field {
            name,
            example,
            must: true,
            depth: 0,
        };
        self.of(schema, &[], field)
    }

    /// Values that were made.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    fn of(
        &mut self,
        schema: &'a Json,
        way: &[&'a str],
        field: Field<'_, 'a>,
    ) -> Result<Sample, Unmet> {
        self.nodes += 1;
        if self.nodes > MOST_NODES || field.depth > DEEPEST {
            return Err(Unmet::Endless);
        }
        let shape = self.schemas.shape(schema, way)?;
        self.of_shape(&shape, field)
    }

    fn of_shape(&mut self, shape: &Shape<'a>, field: Field<'_, 'a>) -> Result<Sample, Unmet> {
        let example = shape.example().or(field.example);
        let field = Field { example, ..field };
        if let Some(value) = shape.get("const") {
            return as_it_is(value).ok_or_else(|| Unmet::Nothing("it is null".to_owned()));
        }
        if let Some(Json::Array(choices)) = shape.get("enum") {
            return choice(choices, field.example);
        }
        match shape.kind() {
            "object" => self.object(shape, field),
            "array" => self.array(shape, field),
            "integer" => self
                .referred(field.name)
                .map_or_else(|| integer(shape, &field), Ok),
            "number" => number(shape, &field),
            "boolean" => Ok(match field.example {
                Some(Json::Switch(switch)) => Sample::Literal(switch.to_string()),
                _ => Sample::Template("{$bool}".to_owned()),
            }),
            _ => self.text(shape, field),
        }
    }

    /// The value of this name that a reply gives.
    fn referred(&mut self, name: &str) -> Option<Sample> {
        let value = id_name(name, "");
        if !self.known.contains(&value) {
            return None;
        }
        self.needs.insert(value.clone());
        Some(Sample::Template(format!("{{{value}}}")))
    }

    fn object(&mut self, shape: &Shape<'a>, field: Field<'_, 'a>) -> Result<Sample, Unmet> {
        let mut members = Vec::new();
        let depth = field.depth;
        for (name, schema, must) in shape.members() {
            let example = field.example.and_then(|example| example.get(name));
            let inner = Field {
                name,
                example,
                must,
                depth: depth + 1,
            };
            let wanted = self.is_wanted(schema, &shape.way, &inner);
            if !must && !wanted {
                continue;
            }
            let before = self.needs.clone();
            match self.of(schema, &shape.way, inner) {
                Ok(value) => {
                    let is_unclear = !must && value == Sample::Template("{$word}".to_owned());
                    // Within a line there is no room for a comment.
                    if !is_unclear || depth == 0 {
                        members.push(Member {
                            name: name.to_owned(),
                            value,
                            note: self.note(schema, &shape.way, must),
                            is_unclear,
                        });
                    }
                }
                Err(why) if must => return Err(why),
                // What need not be there is left out.
                Err(_) => self.needs = before,
            }
        }
        for name in shape.required() {
            if members.iter().all(|member| member.name != name) {
                let example = field.example.and_then(|example| example.get(name));
                let value = example.and_then(as_it_is);
                members.push(Member {
                    name: name.to_owned(),
                    value: value.unwrap_or_else(|| Sample::Template("{$word}".to_owned())),
                    note: "required, but not described".to_owned(),
                    is_unclear: false,
                });
            }
        }
        if members.is_empty()
            && let Some(Sample::Object(shown)) = field.example.and_then(as_it_is)
        {
            return Ok(Sample::Object(shown));
        }
        let least = shape.largest("minProperties").unwrap_or(0.0) as usize;
        for number in members.len()..least.min(MOST_ELEMENTS) {
            let value = match shape.get("additionalProperties") {
                Some(schema @ Json::Object(_)) => {
                    let inner = Field {
                        name: "value",
                        example: None,
                        must: true,
                        depth: depth + 1,
                    };
                    self.of(schema, &shape.way, inner)?
                }
                _ => Sample::Template("{$word}".to_owned()),
            };
            members.push(Member {
                name: format!("key{number}"),
                value,
                note: String::new(),
                is_unclear: false,
            });
        }
        Ok(Sample::Object(members))
    }

    /// Whether a member that need not be there is written.
    fn is_wanted(&self, schema: &'a Json, way: &[&'a str], field: &Field<'_, 'a>) -> bool {
        if field.must {
            return true;
        }
        let Ok(shape) = self.schemas.shape(schema, way) else {
            return false;
        };
        // An id that nobody gives would be of nothing that there is.
        let is_there = !is_id(field.name) || self.there.contains(&id_name(field.name, ""));
        self.has_optional
            && is_there
            && field.depth <= DEEPEST_OPTIONAL
            && !shape.is("readOnly")
            && !shape.is("deprecated")
            && shape.text("format") != Some("binary")
    }

    /// What is said beside a member.
    fn note(&self, schema: &'a Json, way: &[&'a str], must: bool) -> String {
        let Ok(shape) = self.schemas.shape(schema, way) else {
            return String::new();
        };
        let mut note = Vec::new();
        if !must {
            note.push("optional".to_owned());
        }
        let count = |keyword| shape.smallest(keyword).map(|it| it as u64);
        match (count("minLength"), count("maxLength")) {
            (None | Some(0), Some(most)) => note.push(format!("up to {most} characters")),
            (Some(least), None) => note.push(format!("{least} characters or more")),
            (Some(least), Some(most)) => note.push(format!("{least} to {most} characters")),
            (None, None) => {}
        }
        if let Some(pattern) = shape.text("pattern") {
            note.push(format!("pattern {pattern}"));
        }
        if let Some(Json::Array(choices)) = shape.get("enum")
            && choices.len() > MOST_CHOICES
        {
            note.push(format!("{} choices in all", choices.len()));
        }
        note.join(", ")
    }

    fn array(&mut self, shape: &Shape<'a>, field: Field<'_, 'a>) -> Result<Sample, Unmet> {
        let least = shape.largest("minItems").unwrap_or(0.0);
        let most = shape.smallest("maxItems").unwrap_or(f64::MAX);
        if least > MOST_ELEMENTS as f64 || most < least {
            return Err(Unmet::Nothing(format!("{least} elements are too many")));
        }
        let wanted = (least as usize).max(1).min(most as usize);
        let example = match field.example {
            Some(Json::Array(elements)) => elements.first(),
            _ => None,
        };
        let Some(schema) = shape
            .get("items")
            .filter(|items| **items != Json::Switch(true))
        else {
            let element = Sample::Template("{$word}".to_owned());
            return Ok(Sample::Array(vec![element; wanted]));
        };
        let mut elements: Vec<Sample> = Vec::new();
        for _ in 0..wanted {
            let inner = Field {
                example,
                must: true,
                depth: field.depth + 1,
                ..field
            };
            match self.of(schema, &shape.way, inner) {
                Ok(element) => elements.push(element),
                Err(_) if least == 0.0 => return Ok(Sample::Array(Vec::new())),
                Err(why) => return Err(why),
            }
        }
        if shape.is("uniqueItems") && elements.len() > 1 {
            self.tell_apart(schema, &shape.way, &mut elements)?;
        }
        Ok(Sample::Array(elements))
    }

    /// Elements of which no two are the same.
    fn tell_apart(
        &self,
        schema: &'a Json,
        way: &[&'a str],
        elements: &mut [Sample],
    ) -> Result<(), Unmet> {
        let shape = self.schemas.shape(schema, way)?;
        if let Some(Json::Array(choices)) = shape.get("enum") {
            let choices: Vec<Sample> = choices.iter().filter_map(as_it_is).collect();
            for (at, element) in elements.iter_mut().enumerate() {
                let other = choices.get(at).cloned();
                *element = other.ok_or_else(|| Unmet::Nothing("too few choices".to_owned()))?;
            }
        } else if matches!(shape.kind(), "integer" | "number") {
            let least = shape.largest("minimum").unwrap_or(1.0) as i64;
            for (at, element) in elements.iter_mut().enumerate() {
                *element = Sample::Literal((least + at as i64).to_string());
            }
        } else if shape.kind() == "string" {
            let most = shape.smallest("maxLength").unwrap_or(f64::MAX);
            for (at, element) in elements.iter_mut().enumerate() {
                if let (Sample::Template(text), true) = (&mut *element, most > 40.0) {
                    *text = format!("{at}-{text}");
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, shape: &Shape<'a>, field: Field<'_, 'a>) -> Result<Sample, Unmet> {
        if let Some(sample) = self.referred(field.name) {
            return Ok(sample);
        }
        let least = shape.largest("minLength").unwrap_or(0.0);
        let most = shape.smallest("maxLength").unwrap_or(LONGEST_TEXT as f64);
        if least > LONGEST_TEXT as f64 || most < least {
            return Err(Unmet::Nothing(format!(
                "a text of {least} characters is too long"
            )));
        }
        let (least, most) = (least as usize, most as usize);
        let shown = field.example.and_then(Json::as_text);
        let fits = |text: &str| (least..=most).contains(&text.chars().count());
        if let Some(pattern) = shape.text("pattern") {
            if let Some((template, sample)) = patterns::template(pattern).filter(|(_, it)| fits(it))
            {
                debug_assert!(fits(&sample));
                return Ok(Sample::Template(template));
            }
            let shown =
                shown.filter(|text| patterns::meets(pattern, text) != Some(false) && fits(text));
            return match shown {
                Some(text) => Ok(Sample::Template(literal(text))),
                None => Err(Unmet::Nothing(format!("the pattern {pattern}"))),
            };
        }
        let format = shape.text("format").unwrap_or_default();
        let made = candidates(field.name, format);
        let made = made
            .iter()
            .find(|(_, from, to)| *from >= least && *to <= most);
        // What only words would be made of is better as the description shows it.
        let is_plain = made.is_none_or(|(template, ..)| *template == "{$word}");
        match (shown.filter(|text| fits(text) && !text.is_empty()), made) {
            (Some(shown), _) if is_plain => Ok(Sample::Template(literal(shown))),
            (_, Some((template, ..))) => Ok(Sample::Template((*template).to_owned())),
            _ => Ok(Sample::Template(letters(least.max(8).min(most).max(least)))),
        }
    }
}

/// A field whose value is made.
#[derive(Clone, Copy)]
struct Field<'n, 'a> {
    name: &'n str,
    example: Option<&'a Json>,
    must: bool,
    depth: usize,
}

/// So many letters.
fn letters(count: usize) -> String {
    let mut out = String::new();
    let mut left = count;
    while left > 0 {
        let now = left.min(GENERATED);
        out += &format!("{{$letters {now}}}");
        left -= now;
    }
    out
}

/// `value` as it stands; `None` for what a file cannot say.
fn as_it_is(value: &Json) -> Option<Sample> {
    Some(match value {
        Json::Null => return None,
        Json::Switch(switch) => Sample::Literal(switch.to_string()),
        Json::Number(number) => Sample::Literal(numeral(number.as_f64()?, number.is_f64())),
        Json::Text(text) => Sample::Template(literal(text)),
        Json::Array(elements) => Sample::Array(elements.iter().filter_map(as_it_is).collect()),
        Json::Object(members) => {
            let members = members.iter().filter_map(|(name, value)| {
                Some(Member {
                    name: name.clone(),
                    value: as_it_is(value)?,
                    note: String::new(),
                    is_unclear: false,
                })
            });
            Sample::Object(members.collect())
        }
    })
}

/// A number as TOML has it.
fn numeral(number: f64, has_point: bool) -> String {
    match !has_point && number.fract() == 0.0 && number.abs() < 9e15 {
        true => format!("{}", number as i64),
        false => format!("{number:?}"),
    }
}

fn choice(choices: &[Json], example: Option<&Json>) -> Result<Sample, Unmet> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.trim() == text && !text.contains(['|', '=', '{', '}'])
    };
    let texts: Vec<&str> = choices
        .iter()
        .filter_map(Json::as_text)
        .take(MOST_CHOICES)
        .collect();
    if texts.len() > 1 && texts.iter().all(|text| is_plain(text)) {
        return Ok(Sample::Template(format!("{{$choice {}}}", texts.join("|"))));
    }
    let shown = example.filter(|example| choices.contains(example));
    let first = shown.into_iter().chain(choices).find_map(as_it_is);
    first.ok_or_else(|| Unmet::Nothing("no choice but null".to_owned()))
}

/// The least and the most that `shape` allows; `step` is what lies between two numbers.
fn limits(shape: &Shape<'_>, step: f64) -> (Option<f64>, Option<f64>) {
    let mut least = shape.largest("minimum");
    let mut most = shape.smallest("maximum");
    if let Some(above) = shape.largest("exclusiveMinimum") {
        least = Some(least.map_or(above + step, |least| least.max(above + step)));
    } else if shape.is("exclusiveMinimum") {
        least = least.map(|least| least + step);
    }
    if let Some(below) = shape.smallest("exclusiveMaximum") {
        most = Some(most.map_or(below - step, |most| most.min(below - step)));
    } else if shape.is("exclusiveMaximum") {
        most = most.map(|most| most - step);
    }
    (least, most)
}

/// The first multiple of `of` from `least` on.
fn multiple(of: f64, least: f64, most: f64) -> Result<f64, Unmet> {
    let number = (least / of).ceil() * of;
    match number.is_finite() && number <= most {
        true => Ok(number),
        false => Err(Unmet::Nothing(format!("no multiple of {of} is allowed"))),
    }
}

/// What is asked for where no limit says how many.
fn usual(name: &str) -> (f64, f64) {
    match snake(name).as_str() {
        "quantity" | "qty" | "count" | "page" => (1.0, 5.0),
        "year" => (2_020.0, 2_029.0),
        "offset" | "skip" => (0.0, 20.0),
        _ => (1.0, 100.0),
    }
}

fn range(shape: &Shape<'_>, name: &str, step: f64) -> Result<(f64, f64), Unmet> {
    let (from, to) = usual(name);
    let (least, most) = match limits(shape, step) {
        (None, None) => (from, to),
        (Some(least), None) => (
            least.max(if least <= from { from } else { least }),
            least.max(to),
        ),
        (None, Some(most)) => (most.min(from), most.min(to)),
        (Some(least), Some(most)) => (least, most.min(least.max(0.0) + 1e6).max(least.min(most))),
    };
    let is_sound = least <= most && least.abs() < 9e11 && most.abs() < 9e11;
    is_sound
        .then_some((least, most))
        .ok_or_else(|| Unmet::Nothing(format!("no number from {least} to {most}")))
}

fn integer(shape: &Shape<'_>, field: &Field<'_, '_>) -> Result<Sample, Unmet> {
    let (least, most) = range(shape, field.name, 1.0)?;
    if let Some(of) = shape
        .largest("multipleOf")
        .filter(|of| *of > 0.0 && *of != 1.0)
    {
        return Ok(Sample::Literal(numeral(multiple(of, least, most)?, false)));
    }
    let (least, most) = (least.ceil() as i64, most.floor() as i64);
    match least.cmp(&most) {
        std::cmp::Ordering::Less => Ok(Sample::Template(format!("{{$int {least}..{most}}}"))),
        std::cmp::Ordering::Equal => Ok(Sample::Literal(least.to_string())),
        std::cmp::Ordering::Greater => Err(Unmet::Nothing("no whole number is allowed".to_owned())),
    }
}

fn number(shape: &Shape<'_>, field: &Field<'_, '_>) -> Result<Sample, Unmet> {
    let (least, most) = range(shape, field.name, 0.01)?;
    let multiple_of = shape.largest("multipleOf").filter(|of| *of > 0.0);
    if let Some(of) = multiple_of.filter(|of| *of != 0.01) {
        return Ok(Sample::Literal(numeral(multiple(of, least, most)?, true)));
    }
    let (from, to) = (
        (least * 100.0).ceil() / 100.0,
        (most * 100.0).floor() / 100.0,
    );
    match from < to {
        true => Ok(Sample::Template(format!("{{$decimal {from:.2}..{to:.2}}}"))),
        false => Ok(Sample::Literal(numeral((least + most) / 2.0, true))),
    }
}

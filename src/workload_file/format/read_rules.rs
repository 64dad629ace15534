//! Rules as files have them: which kind each is follows from its keys.

use super::document::{At, Document, Table};
use super::race_keys::RULE_KEYS;
use super::read_races::{find_operation, find_race};
use super::sections::section;
use crate::plan::Suggestion;
use crate::stats::{CheckKind, Decimal, RuleCheck};
use crate::workload_file::model::bounds::MOST_PROBES;
use crate::workload_file::model::definitions::{BodyKind, Model, Node};
use crate::workload_file::model::json_pointer::JsonPointer;
use crate::workload_file::model::race_model::{
    Bound, Probe, Race, RaceRule, RaceSide, RulePlace, RulePlaces,
};
use toml::de::DeValue;

/// Reads rules into `model`.
pub fn rules(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) {
    for (name, offset, value) in section(document, file, "rules") {
        let what = format!("the rule `{name}`");
        if let Some(table) = document.table(value, &what, RULE_KEYS) {
            let mut reader = RuleReader {
                document,
                table,
                model,
            };
            let rule = reader.read(name, offset);
            model.rules.extend(rule);
        }
    }
}

struct RuleReader<'r, 'd, 'a, 't> {
    document: &'r mut Document<'t>,
    table: Table<'d, 'a>,
    model: &'r mut Model,
}

/// Kinds of rules by a key that only they have, and the keys that go with it.
const KINDS: &[(&str, CheckKind, &[&str])] = &[
    (
        "value",
        CheckKind::Within,
        &["probe", "value", "equals", "between", "names", "sum"],
    ),
    ("after", CheckKind::Excludes, &["after", "probe"]),
    ("key", CheckKind::OneId, &["key", "id"]),
    ("sum", CheckKind::SumAtMost, &["sum", "at_most"]),
    ("at_most", CheckKind::AtMost, &["at_most"]),
];
/// The keys that every rule may have.
const EVERY: [&str; 4] = ["about", "race", "of", "promised"];

impl<'d, 'a> RuleReader<'_, 'd, 'a, '_> {
    fn read(&mut self, name: &str, offset: usize) -> Option<RaceRule> {
        let Some(value) = self.table.get("race") else {
            let says = format!("`{name}` lacks its race; add a line like race = \"last_item\"");
            self.document.mistake(offset, says);
            return None;
        };
        let race = self.document.text(value, "race", "\"last_item\"")?;
        let race = find_race(self.document, race, value.span().start, self.model)?;
        let mut kinds = KINDS.iter();
        let Some(&(own, kind, keys)) = kinds.find(|(own, ..)| self.table.get(own).is_some()) else {
            let says = format!(
                "`{name}` says nothing; give it `at_most`, `sum` with `at_most`, `after`, `key` with `id`, \
                 or `probe` with `value` and `equals`, `between` or `names`"
            );
            self.document.mistake(offset, says);
            return None;
        };
        for key in RULE_KEYS {
            let goes = EVERY.contains(&key.name) || keys.contains(&key.name);
            if !goes && self.table.get(key.name).is_some() {
                let says = format!("`{}` does not go with `{own}`", key.name);
                self.document.mistake(self.table.offset_of(key.name), says);
            }
        }
        let after = self.side("after", race);
        let of = self.sides(race, after);
        let mut rule = RaceRule {
            name: name.to_owned(),
            text: String::new(),
            race,
            check: RuleCheck {
                after,
                ..RuleCheck::of(kind, of)
            },
            is_promised: self.is_promised(),
            probe: None,
            places: RulePlaces::default(),
        };
        match kind {
            CheckKind::AtMost => rule.check.most = Some(self.count()?),
            CheckKind::SumAtMost => {
                self.sum(&mut rule);
                let high = self.needed("at_most", "a most, like at_most = 3")?;
                self.bound(high, "at_most", true, Side::High, &mut rule)?;
            }
            CheckKind::Excludes => {
                if self.table.get("probe").is_some() {
                    rule.probe = self.probe(race, after);
                    rule.check.value = Some("status".to_owned());
                }
            }
            CheckKind::OneId => {
                self.needed("id", "where replies name what was made, like id = \"/id\"")?;
                rule.places.key = self.told("key", &rule);
                rule.check.key = self.written("key");
                rule.places.id = self.pointer("id").map(RulePlace::Reply);
                rule.check.id = self.written("id");
            }
            CheckKind::Within | CheckKind::Names => self.read_probe(&mut rule)?,
        }
        let about = self.table.get("about");
        let about = about.and_then(|about| self.document.line(about, "about"));
        rule.text = about.unwrap_or_else(|| sentence(&rule, &self.model.races[race]));
        Some(rule)
    }

    fn is_promised(&mut self) -> bool {
        let value = self.table.get("promised");
        let said = value.and_then(|value| self.document.switch(value, "promised"));
        said.unwrap_or(true)
    }

    /// What a rule is judged by that asks afterwards.
    fn read_probe(&mut self, rule: &mut RaceRule) -> Option<()> {
        self.needed(
            "probe",
            "an operation that tells it, like probe = \"stock\"",
        )?;
        rule.probe = self.probe(rule.race, None);
        rule.places.value = self.pointer("value").map(RulePlace::Reply);
        rule.check.value = self.written("value");
        let ways: Vec<&str> = ["equals", "between", "names"]
            .into_iter()
            .filter(|key| self.table.get(key).is_some())
            .collect();
        let &[way] = &ways[..] else {
            let says =
                "give it one of `equals`, `between` and `names`: what is read has to be something";
            self.document.mistake(self.table.offset_of("value"), says);
            return None;
        };
        let has_sum = self.table.get("sum").is_some();
        if has_sum {
            self.sum(rule);
        }
        let value = self.table.get(way)?;
        match way {
            "names" => {
                if has_sum {
                    let says = "`sum` does not go with `names`";
                    self.document.mistake(self.table.offset_of("sum"), says);
                }
                rule.check.kind = CheckKind::Names;
                rule.places.names = self.told("names", rule);
                rule.check.names = self.written("names");
            }
            "equals" => {
                self.bound(value, way, has_sum, Side::Low, rule)?;
                self.bound(value, way, has_sum, Side::High, rule)?;
            }
            _ => {
                let ends: Vec<&At<'_>> = match value.get_ref() {
                    DeValue::Array(ends) => ends.iter().collect(),
                    _ => Vec::new(),
                };
                let &[low, high] = &ends[..] else {
                    let says = "`between` has two ends, like [0, \"{stock}\"]";
                    self.document.mistake(value.span().start, says);
                    return None;
                };
                self.bound(low, way, true, Side::Low, rule)?;
                self.bound(high, way, true, Side::High, rule)?;
            }
        }
        Some(())
    }

    fn needed(&mut self, key: &str, what: &str) -> Option<&'d At<'a>> {
        let value = self.table.get(key);
        if value.is_none() {
            self.document
                .mistake(self.table.start, format!("this rule lacks {what}"));
        }
        value
    }

    fn written(&self, key: &str) -> Option<String> {
        let value = self.table.get(key)?;
        value.get_ref().as_str().map(str::to_owned)
    }

    /// The side that `key` names.
    fn side(&mut self, key: &str, race: usize) -> Option<u8> {
        let value = self.table.get(key)?;
        let name = self.document.text(value, key, "\"buy\"")?;
        self.find_side(name, value.span().start, race)
    }

    fn find_side(&mut self, name: &str, at: usize, race: usize) -> Option<u8> {
        let race = &self.model.races[race];
        let found = race.sides.iter().position(|side| side.name == name);
        if found.is_none() {
            let known = race.sides.iter().map(|side| side.name.as_str());
            let suggestion = Suggestion::for_word(name, known);
            let says = format!("the race `{}` has no side `{name}`{suggestion}", race.name);
            self.document.mistake(at, says);
        }
        found.map(|side| side as u8)
    }

    /// The sides that the rule is about: those that it names, or all but the one that excludes them.
    fn sides(&mut self, race: usize, after: Option<u8>) -> Vec<u8> {
        let sides = 0..self.model.races[race].sides.len() as u8;
        let Some(value) = self.table.get("of") else {
            let is_only = sides.len() == 1;
            return sides
                .filter(|side| is_only || Some(*side) != after)
                .collect();
        };
        let names: Vec<&At<'_>> = match value.get_ref() {
            DeValue::Array(names) => names.iter().collect(),
            _ => Vec::new(),
        };
        if names.is_empty() {
            let says = "`of` is a list of sides of the race, like [\"buy\"]";
            self.document.mistake(value.span().start, says);
        }
        let mut of = Vec::new();
        for name in names {
            let at = name.span().start;
            let text = self.document.text(name, "of", "[\"buy\"]");
            let side = text.and_then(|text| self.find_side(text, at, race));
            of.extend(side);
        }
        of.sort_unstable();
        of.dedup();
        of
    }

    fn count(&mut self) -> Option<u32> {
        let value = self.table.get("at_most")?;
        self.document.count(value, "at_most", 0..1_000)
    }

    fn sum(&mut self, rule: &mut RaceRule) {
        rule.places.sum = self.told("sum", rule);
        rule.check.sum = self.written("sum");
    }

    /// The position of the probe among those of the race.
    fn probe(&mut self, race: usize, after: Option<u8>) -> Option<usize> {
        let value = self.table.get("probe")?;
        let at = value.span().start;
        let name = self.document.text(value, "probe", "\"stock\"")?;
        let operation = find_operation(self.document, name, at, self.model)?;
        let probe = Probe { operation, after };
        let probes = &mut self.model.races[race].probes;
        if let Some(known) = probes.iter().position(|known| *known == probe) {
            return Some(known);
        }
        if probes.len() == MOST_PROBES {
            let says = format!("after one race at most {MOST_PROBES} things are asked");
            self.document.mistake(at, says);
            return None;
        }
        probes.push(probe);
        Some(probes.len() - 1)
    }

    fn pointer(&mut self, key: &str) -> Option<JsonPointer> {
        let value = self.table.get(key)?;
        let text = self.document.text(value, key, "\"/id\"")?;
        let pointer = pointer(text, key);
        self.document.noting(value.span().start, pointer)
    }

    /// A place in a request or a reply.
    fn told(&mut self, key: &str, rule: &RaceRule) -> Option<RulePlace> {
        let value = self.table.get(key)?;
        let at = value.span().start;
        let text = self.document.text(value, key, "\"request /quantity\"")?;
        let place = match text.split_once(' ').map(|(from, rest)| (from, rest.trim())) {
            Some(("request", rest)) => match rest.strip_prefix("header ").map(str::trim) {
                Some(name) => Ok(RulePlace::RequestHeader(name.to_owned())),
                None => pointer(rest, key).map(RulePlace::Request),
            },
            Some(("reply", rest)) => pointer(rest, key).map(RulePlace::Reply),
            _ => Err(format!(
                "`{key}` is a place in a request or a reply, like \"request /quantity\", \"request header \
                 idempotency-key\" or \"reply /id\""
            )),
        };
        let place = self.document.noting(at, place)?;
        for &side in &rule.check.of {
            let side = &self.model.races[rule.race].sides[usize::from(side)];
            if !is_sent(&place, side, self.model) {
                let operation = &self.model.operations[side.operation].key;
                let says = format!("`{operation}` sends nothing there: `{text}`");
                self.document.mistake(at, says);
            }
        }
        Some(place)
    }

    /// What something is compared with: a number, a value in braces, or a text unless it has to be a
    /// number.
    fn bound(
        &mut self,
        value: &At<'_>,
        key: &str,
        is_number: bool,
        side: Side,
        rule: &mut RaceRule,
    ) -> Option<()> {
        let start = value.span().start;
        let constant = |text: &str, is_text| Bound::Constant {
            text: text.to_owned(),
            is_text,
        };
        let bound = match value.get_ref() {
            DeValue::Integer(number) => constant(&number.as_str().replace('_', ""), false),
            DeValue::Float(number) => constant(&number.as_str().replace('_', ""), false),
            DeValue::Boolean(switch) if !is_number => constant(&switch.to_string(), false),
            DeValue::String(text) => {
                let name = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
                match name.map(str::trim) {
                    None => constant(text, true),
                    Some(name) => {
                        let known = self.model.values.iter();
                        let found = known.clone().position(|known| known == name);
                        let Some(position) = found else {
                            let suggestion = Suggestion::for_word(name, known.map(String::as_str));
                            let says = format!("there is no value `{name}`{suggestion}");
                            self.document.mistake(start, says);
                            return None;
                        };
                        Bound::Value(position as u16)
                    }
                }
            }
            _ => constant("", true),
        };
        let is_fit = match &bound {
            Bound::Value(_) => true,
            Bound::Constant { text, is_text } => {
                let is_readable = Decimal::parse(text.as_bytes()).is_some();
                let is_other = matches!(value.get_ref(), DeValue::String(_) | DeValue::Boolean(_));
                is_readable && !is_text || is_other && !is_number
            }
        };
        if !is_fit {
            let or_text = if is_number { "" } else { ", or a text" };
            let says = format!(
                "`{key}` is a number of at most 18 digits and 9 behind the point, or a value like \
                 \"{{stock}}\"{or_text}"
            );
            self.document.mistake(start, says);
            return None;
        }
        let written = match &bound {
            Bound::Constant { text, .. } => text.clone(),
            Bound::Value(position) => format!("{{{}}}", self.model.values[usize::from(*position)]),
        };
        let (bounds, told) = match side {
            Side::Low => (&mut rule.places.low, &mut rule.check.low),
            Side::High => (&mut rule.places.high, &mut rule.check.high),
        };
        (*bounds, *told) = (Some(bound), Some(written));
        Some(())
    }
}

/// Which bound is meant.
#[derive(Clone, Copy)]
enum Side {
    Low,
    High,
}

fn pointer(text: &str, key: &str) -> Result<JsonPointer, String> {
    let is_clear = text.split('/').all(|token| token != "*");
    match JsonPointer::parse(text) {
        Ok(pointer) if is_clear && !text.is_empty() => Ok(pointer),
        _ => Err(format!(
            "`{text}` is no place that `{key}` can be read at: write a JSON pointer like \"/id\", without `*`"
        )),
    }
}

/// Whether requests of `side` may have something at `place`.
fn is_sent(place: &RulePlace, side: &RaceSide, model: &Model) -> bool {
    let operation = &model.operations[side.operation];
    match place {
        RulePlace::Reply(_) => true,
        RulePlace::RequestHeader(name) => {
            let mut headers = operation.headers.iter();
            headers.any(|(known, _)| known.eq_ignore_ascii_case(name))
        }
        RulePlace::Request(pointer) => {
            let body = side.body.or(operation.body).map(usize::from);
            match body.and_then(|at| model.bodies.get(at)).map(|it| &it.kind) {
                Some(BodyKind::Json(node)) => {
                    let tokens: Vec<String> = pointer
                        .as_str()
                        .split('/')
                        .skip(1)
                        .map(|token| token.replace("~1", "/").replace("~0", "~"))
                        .collect();
                    is_in(node, &tokens)
                }
                _ => false,
            }
        }
    }
}

fn is_in(node: &Node, tokens: &[String]) -> bool {
    let Some((first, rest)) = tokens.split_first() else {
        return match node {
            Node::Text(_) | Node::Literal(_) => true,
            Node::Either { with, without, .. } => is_in(with, tokens) || is_in(without, tokens),
            Node::Repeated { element, .. } => is_in(element, tokens),
            Node::Object(_) | Node::Array(_) | Node::Several { .. } => false,
        };
    };
    match node {
        Node::Either { with, without, .. } => is_in(with, tokens) || is_in(without, tokens),
        Node::Repeated { element, .. } => is_in(element, tokens),
        Node::Several { most, element, .. } => {
            let at = first.parse::<u32>().ok();
            at.is_some_and(|at| at < *most) && is_in(element, rest)
        }
        Node::Object(members) => {
            let mut members = members.iter();
            members.any(|(name, node)| name == first && is_in(node, rest))
        }
        Node::Array(elements) if elements.iter().any(is_repeated) => {
            // Where each of them is depends on how many are drawn.
            let mut elements = elements.iter();
            first.parse::<usize>().is_ok() && elements.any(|node| is_in(node, rest))
        }
        Node::Array(elements) => {
            let at = first.parse::<usize>().ok();
            at.and_then(|at| elements.get(at))
                .is_some_and(|node| is_in(node, rest))
        }
        Node::Text(_) | Node::Literal(_) => false,
    }
}

fn is_repeated(node: &Node) -> bool {
    matches!(node, Node::Repeated { .. })
}

/// What the rule says, for reports.
fn sentence(rule: &RaceRule, race: &Race) -> String {
    let check = &rule.check;
    let names = check.of.iter();
    let names = names.map(|&side| race.sides[usize::from(side)].name.as_str());
    let of = names.collect::<Vec<_>>().join(", ");
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match check.kind {
        CheckKind::AtMost => format!("of {of} at most {} succeed", check.most.unwrap_or(1)),
        CheckKind::SumAtMost => format!(
            "{} of {of} is at most {} in all",
            text(&check.sum),
            text(&check.high)
        ),
        CheckKind::Excludes => {
            let after = check
                .after
                .map(usize::from)
                .and_then(|at| race.sides.get(at));
            let after = after.map_or("", |side| side.name.as_str());
            format!("nothing of {of} succeeds after {after}")
        }
        CheckKind::OneId => format!("one {} makes one {}", text(&check.key), text(&check.id)),
        CheckKind::Within => {
            let with = check
                .sum
                .as_ref()
                .map_or_else(String::new, |sum| format!(" with {sum} of {of}"));
            match check.low == check.high {
                true => format!("{}{with} is {}", text(&check.value), text(&check.low)),
                false => format!(
                    "{}{with} is from {} to {}",
                    text(&check.value),
                    text(&check.low),
                    text(&check.high)
                ),
            }
        }
        CheckKind::Names => format!(
            "{} is {} of a success of {of}",
            text(&check.value),
            text(&check.names)
        ),
    }
}

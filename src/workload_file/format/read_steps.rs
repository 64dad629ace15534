//! Steps of journeys as files have them.

use super::document::{At, Document, Table};
use super::keys::{NOT_RAISED_KEYS, STEP_KEYS};
use super::read_checks::checks;
use super::read_operations::{body_of_step, raised, reads};
use super::read_races::{find_operation, find_race};
use super::read_statuses::{refusals, statuses};
use super::read_tags::tags_of_name;
use super::read_tests::test;
use super::sections::texts;
use super::templates::{self, Names};
use crate::plan::Suggestion;
use crate::workload_file::model::bounds::{DEEPEST_REPEAT, MOST_TALLIES};
use crate::workload_file::model::definitions::{AtOnce, Call, Model, OnFailure, Step};
use crate::workload_file::model::replies::{NotRaised, Raised};
use crate::workload_file::model::texts::Part;
use toml::de::DeValue;

/// Instructions of all journeys together, at most.
const MOST_STEPS: usize = 10_000;
/// Keys that only a call has.
const OF_CALLS: [&str; 16] = [
    "name",
    "tags",
    "body",
    "expect",
    "refused",
    "conflict",
    "read",
    "may_read",
    "check",
    "raises",
    "otherwise",
    "at_once",
    "adds",
    "not_raised",
    "picks",
    "on_failure",
];
/// How often something is repeated, at most.
const MOST_TIMES: u32 = 10_000;

/// What was counted so far over all journeys: steps, names that steps have of their own with the
/// operation of each, and what journeys count.
pub type Counted = (usize, Vec<(String, usize)>, Vec<String>);

/// Reads the steps of one journey.
pub struct StepReader<'m> {
    model: &'m Model,
    /// Where the calls stand, in their order.
    places: Vec<usize>,
    steps: usize,
    /// Names that steps have of their own, each with its operation.
    labels: Vec<(String, usize)>,
    tallies: Vec<String>,
    /// Repetitions around what is being read.
    repeats: usize,
}

impl<'m> StepReader<'m> {
    /// For a journey of `model`, after others.
    pub fn new(model: &'m Model, (steps, labels, tallies): Counted) -> Self {
        Self {
            model,
            places: Vec::new(),
            steps,
            labels,
            tallies,
            repeats: 0,
        }
    }

    /// Where the calls stand, and what was counted.
    pub fn finish(self) -> (Vec<usize>, Counted) {
        (self.places, (self.steps, self.labels, self.tallies))
    }

    /// Reads a list of steps.
    pub fn steps(
        &mut self,
        document: &mut Document<'_>,
        value: &At<'_>,
        depth: usize,
    ) -> Vec<Step> {
        let DeValue::Array(elements) = value.get_ref() else {
            let says = "`steps` is a list, like [\"home\", { call = \"item\", repeat = 3 }]";
            document.mistake(value.span().start, says);
            return Vec::new();
        };
        if elements.is_empty() {
            document.mistake(
                value.span().start,
                "`steps` is empty: a journey does something",
            );
        }
        if depth > DEEPEST_REPEAT {
            let says = format!("steps nest at most {DEEPEST_REPEAT} deep");
            document.mistake(value.span().start, says);
            return Vec::new();
        }
        let mut steps = Vec::new();
        for element in elements {
            self.steps += 4;
            if self.steps > MOST_STEPS * 4 {
                let says = format!("a workload has at most {MOST_STEPS} steps");
                document.mistake(element.span().start, says);
                return steps;
            }
            steps.extend(self.step(document, element, depth));
        }
        steps
    }

    fn step(&mut self, document: &mut Document<'_>, value: &At<'_>, depth: usize) -> Vec<Step> {
        if let DeValue::String(name) = value.get_ref() {
            let called = self.operation(document, name, value.span().start);
            let call = called.map(|operation| Step::Call(Box::new(Call::of(operation))));
            return call.into_iter().collect();
        }
        let what = "a step is the name of an operation, or a table: a step";
        let Some(table) = document.table(value, what, STEP_KEYS) else {
            return Vec::new();
        };
        let is_repeated = table.get("repeat").is_some();
        self.repeats += usize::from(is_repeated);
        let mut steps = self.before(document, table);
        steps.extend(self.inner(document, table, value.span().start, depth));
        self.repeats -= usize::from(is_repeated);
        self.around(document, table, steps, depth)
    }

    /// What a step does before it calls anything.
    fn before(&mut self, document: &mut Document<'_>, table: Table<'_, '_>) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(value) = table.get("tally") {
            for (name, offset, value) in document.named(value, "`tally`") {
                let number = match value.get_ref() {
                    DeValue::Integer(number) => {
                        number.as_str().replace('_', "").parse::<i32>().ok()
                    }
                    _ => None,
                };
                let Some(number) = number else {
                    let says = "a count begins with a whole number, like tally = { pieces = 100 }";
                    document.mistake(value.span().start, says);
                    continue;
                };
                let tally = self.tallies.iter().position(|known| known == name);
                let tally = tally.unwrap_or_else(|| {
                    self.tallies.push(name.to_owned());
                    self.tallies.len() - 1
                });
                if tally >= MOST_TALLIES {
                    let says = format!("a workload has at most {MOST_TALLIES} counts");
                    document.mistake(offset, says);
                    continue;
                }
                steps.push(Step::Tally {
                    tally: tally as u16,
                    start: i64::from(number),
                });
            }
        }
        let set = self.values(document, table, "set");
        if !set.is_empty() {
            steps.push(Step::Set(set));
        }
        steps
    }

    /// What texts of steps may use.
    fn names(&self) -> Names<'m> {
        Names {
            values: &self.model.values,
            draws: &[],
            has_users: true,
            is_body: false,
            may_sum: false,
        }
    }

    /// Values that `table` makes up under `key`.
    fn values(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        key: &str,
    ) -> Vec<(u16, Vec<Part>)> {
        let Some(value) = table.get(key) else {
            return Vec::new();
        };
        let names = self.names();
        let mut values = Vec::new();
        for (name, offset, value, text) in texts(document, value, key) {
            if !super::document::is_name(name) {
                document.mistake(offset, format!("`{name}` is no name of a value"));
            }
            let parts = templates::parts(document, &text, value.span(), names);
            templates::refuse_sums(document, &parts, value.span().start);
            let position = self.model.values.iter().position(|known| known == name);
            values.extend(position.map(|position| (position as u16, parts)));
        }
        values
    }

    /// What a step does in the first place.
    fn inner(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        start: usize,
        depth: usize,
    ) -> Vec<Step> {
        match (table.get("call"), table.get("steps")) {
            (None, None) if table.get("race").is_some() => {
                self.race(document, table).into_iter().collect()
            }
            _ if table.get("race").is_some() => {
                let says = "`race` does not go with `call` or `steps`; keep one of them";
                document.mistake(table.offset_of("race"), says);
                Vec::new()
            }
            (Some(call), None) => {
                let call = self.call(document, table, call, depth);
                call.map(|call| Step::Call(Box::new(call)))
                    .into_iter()
                    .collect()
            }
            (None, inner) => {
                for key in OF_CALLS {
                    if table.get(key).is_some() {
                        let says = match inner {
                            Some(_) => {
                                format!("`{key}` is of a call, and does not go with `steps`")
                            }
                            None => format!("`{key}` is of a call: add `call`"),
                        };
                        document.mistake(table.offset_of(key), says);
                    }
                }
                let does = ["think", "sleep", "set", "tally"];
                match inner {
                    Some(inner) => self.steps(document, inner, depth + 1),
                    None if does.iter().any(|key| table.get(key).is_some()) => Vec::new(),
                    None => {
                        let says = "this step does nothing; give it `call`, `race`, `steps`, `set` or `think`";
                        document.mistake(start, says);
                        Vec::new()
                    }
                }
            }
            (Some(_), Some(_)) => {
                let says = "`steps` does not go with `call`; keep one of the two";
                document.mistake(table.offset_of("steps"), says);
                Vec::new()
            }
        }
    }

    fn race(&mut self, document: &mut Document<'_>, table: Table<'_, '_>) -> Option<Step> {
        for key in OF_CALLS {
            if table.get(key).is_some() {
                let says = format!("`{key}` is of a call, and does not go with `race`");
                document.mistake(table.offset_of(key), says);
            }
        }
        let value = table.get("race")?;
        let name = document.text(value, "race", "\"last_item\"")?;
        let race = find_race(document, name, value.span().start, self.model)?;
        self.places.push(value.span().start);
        // Its requests are steps, too.
        self.steps += self.model.races[race].sides.len();
        Some(Step::Race { race })
    }

    /// What is around a step: thinking, repetition, chance, what it depends on.
    fn around(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        mut steps: Vec<Step>,
        depth: usize,
    ) -> Vec<Step> {
        for (key, is_always) in [("think", false), ("sleep", true)] {
            if let Some(rest) = table.get(key)
                && let Some((least, most)) = document.times(rest, key)
            {
                steps.push(Step::Rest {
                    least_ns: least.as_nanos() as u64,
                    most_ns: most.as_nanos() as u64,
                    is_always,
                });
            }
        }
        if let Some(repeat) = table.get("repeat")
            && let Some((least, most)) = document.numbers(repeat, "repeat", MOST_TIMES)
        {
            if depth >= DEEPEST_REPEAT {
                let says = format!("repetitions nest at most {DEEPEST_REPEAT} deep");
                document.mistake(repeat.span().start, says);
            }
            steps = vec![Step::Repeat { least, most, steps }];
        }
        if let Some(chance) = table.get("chance")
            && let Some(share) = share(document, chance)
        {
            steps = vec![Step::Chance { share, steps }];
        }
        if let Some(when) = table.get("when")
            && let Some(test) = test(document, when, self.model)
        {
            steps = vec![Step::When { test, steps }];
        }
        steps
    }

    fn call(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        call: &At<'_>,
        depth: usize,
    ) -> Option<Call> {
        let model = self.model;
        let name = document.text(call, "call", "\"home\"")?;
        let operation = self.operation(document, name, call.span().start)?;
        let called = &model.operations[operation];
        let label = table.get("name");
        let label = label.and_then(|value| document.line(value, "name"));
        if let Some(label) = &label {
            self.check_label(document, table, label, operation);
        }
        let tags = tags_of_name(document, table, "the step");
        let body = body_of_step(document, table, model, operation);
        let expect = table.get("expect");
        let expect = expect.and_then(|value| statuses(document, value, "expect"));
        let is_judged = ["refused", "conflict"]
            .iter()
            .any(|key| table.get(key).is_some());
        let of = expect.clone().unwrap_or_else(|| called.expect.clone());
        let judged = (self.names(), called.method);
        let refusals = is_judged.then(|| refusals(document, table, &of, judged));
        let read = ["read", "may_read"];
        let read = read.iter().any(|key| table.get(key).is_some());
        let reads = read.then(|| reads(document, table, model, called.method));
        let checked = table.get("check").is_some();
        let checks = checked.then(|| checks(document, table, self.names(), called.method));
        let raises = table.get("raises").is_some();
        let raises = raises.then(|| raised(document, table));
        let sent = body.or(called.body);
        let not_raised = table.get("not_raised");
        let of = raises.as_ref().unwrap_or(&called.raises);
        let not_raised = not_raised.and_then(|value| self.not_raised(document, value, of));
        Some(Call {
            operation,
            label,
            tags,
            body,
            expect,
            refusals,
            reads,
            checks,
            raises,
            otherwise: self.values(document, table, "otherwise"),
            at_once: self.at_once(document, table),
            adds: self.counted(document, table, "adds", sent),
            not_raised,
            picks: self
                .counted(document, table, "picks", sent)
                .first()
                .copied(),
            on_failure: self.on_failure(document, table, depth)?,
        })
    }

    fn at_once(&self, document: &mut Document<'_>, table: Table<'_, '_>) -> AtOnce {
        let Some(value) = table.get("at_once") else {
            return AtOnce::No;
        };
        match value.get_ref() {
            DeValue::Boolean(true) => AtOnce::Yes,
            DeValue::Boolean(false) => AtOnce::No,
            DeValue::String(text) if text == "again" && self.repeats > 0 => AtOnce::Again,
            DeValue::String(text) if text == "again" => {
                let says = "nothing is repeated here; write at_once = true, or add `repeat`";
                document.mistake(value.span().start, says);
                AtOnce::No
            }
            _ => {
                let says = "`at_once` is true, false or \"again\"";
                document.mistake(value.span().start, says);
                AtOnce::No
            }
        }
    }

    /// The names under `adds` (counts, each with a draw) or `picks` (the draw, the count), by position.
    fn counted(
        &self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        key: &str,
        body: Option<u16>,
    ) -> Vec<(u16, u16)> {
        let Some(value) = table.get(key) else {
            return Vec::new();
        };
        let start = value.span().start;
        let pairs = document.named(value, &format!("`{key}`"));
        let most = if key == "adds" { MOST_TALLIES } else { 1 };
        if pairs.is_empty() || pairs.len() > most {
            let says = format!("`{key}` has one name with another, like {{ a = \"b\" }}");
            document.mistake(start, says);
            return Vec::new();
        }
        let body = body.and_then(|body| self.model.bodies.get(usize::from(body)));
        let drawn = body.map_or(&[][..], |body| &body.names[..]);
        let (left_of, right_of, what) = match key {
            "adds" => (&self.tallies[..], drawn, ["a count", "a draw of the body"]),
            _ => (drawn, &self.tallies[..], ["a draw of the body", "a count"]),
        };
        let mut counted = Vec::new();
        for (left, left_at, right) in pairs {
            let right_at = right.span().start;
            let Some(right) = document.text(right, left, "\"pieces\"") else {
                continue;
            };
            let left = find(document, left_of, (left, left_at), what[0]);
            let right = find(document, right_of, (right, right_at), what[1]);
            counted.extend(left.zip(right));
        }
        counted
    }

    /// What of the events that are `raised` a success does not always raise.
    fn not_raised(
        &self,
        document: &mut Document<'_>,
        value: &At<'_>,
        raised: &[Raised],
    ) -> Option<NotRaised> {
        let table = document.table(value, "`not_raised`", NOT_RAISED_KEYS)?;
        let (Some(event), Some(equal)) = (table.get("event"), table.get("equal")) else {
            let says = "`not_raised` has an event and two counts, like { event = \"Stock.Adjusted\", \
                        equal = [\"counted\", \"known\"] }";
            document.mistake(value.span().start, says);
            return None;
        };
        let name = document.text(event, "event", "\"Stock.Adjusted\"")?;
        let known = raised.iter().map(|it| format!("{}.{}", it.domain, it.name));
        let known: Vec<String> = known.collect();
        let what = "an event that it raises";
        let event = find(document, &known, (name, event.span().start), what);
        let DeValue::Array(counts) = equal.get_ref() else {
            document.mistake(equal.span().start, "`equal` is a list of two counts");
            return None;
        };
        let mut positions = Vec::new();
        for count in counts {
            let name = document.text(count, "equal", "\"pieces\"")?;
            let at = count.span().start;
            positions.extend(find(document, &self.tallies, (name, at), "a count"));
        }
        match positions[..] {
            [one, other] => event.map(|event| NotRaised {
                event,
                equal: (one, other),
            }),
            _ => {
                document.mistake(equal.span().start, "`equal` is a list of two counts");
                None
            }
        }
    }

    fn on_failure(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        depth: usize,
    ) -> Option<OnFailure> {
        let Some(value) = table.get("on_failure") else {
            return Some(OnFailure::Abort);
        };
        if let DeValue::Array(_) = value.get_ref() {
            let repeats = std::mem::take(&mut self.repeats);
            let steps = self.steps(document, value, depth + 1);
            self.repeats = repeats;
            return Some(OnFailure::Instead(steps));
        }
        match value.get_ref().as_str() {
            Some("abort") => Some(OnFailure::Abort),
            Some("continue") => Some(OnFailure::Continue),
            Some("break") if self.repeats > 0 => Some(OnFailure::Break),
            Some("break") => {
                let says = "there is no repetition around this that could end; write \"continue\", or \
                            add `repeat`";
                document.mistake(value.span().start, says);
                None
            }
            _ => {
                let says = "`on_failure` is \"abort\", \"continue\", \"break\", or a list of steps";
                document.mistake(value.span().start, says);
                None
            }
        }
    }

    /// A name in statistics stands for one operation.
    fn check_label(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        label: &str,
        operation: usize,
    ) {
        let own = self.labels.iter().cloned();
        let operations = self.model.operations.iter().zip(0..);
        let operations = operations.map(|(other, place)| (other.label.clone(), place));
        let mut taken = own.chain(operations);
        if let Some((_, other)) = taken.find(|(name, place)| name == label && *place != operation) {
            let other = &self.model.operations[other].key;
            let says = format!("`{label}` is the name of `{other}` in statistics already");
            document.mistake(table.offset_of("name"), says);
        }
        drop(taken);
        self.labels.push((label.to_owned(), operation));
    }

    fn operation(&mut self, document: &mut Document<'_>, name: &str, at: usize) -> Option<usize> {
        let found = find_operation(document, name, at, self.model);
        self.places.extend(found.map(|_| at));
        found
    }
}

/// Which of the `known` is called so.
fn find(
    document: &mut Document<'_>,
    known: &[String],
    (name, at): (&str, usize),
    what: &str,
) -> Option<u16> {
    let found = known.iter().position(|known| known == name);
    if found.is_none() {
        let suggestion = Suggestion::for_word(name, known.iter().map(String::as_str));
        document.mistake(at, format!("`{name}` is not {what}{suggestion}"));
    }
    found.map(|found| found as u16)
}

/// A share of the passes, above 0 % and below 100 %.
fn share(document: &mut Document<'_>, value: &At<'_>) -> Option<f64> {
    let text = value.get_ref().as_str().unwrap_or_default();
    let percent = text.strip_suffix('%').map(str::trim);
    let percent = percent.and_then(|text| text.parse::<f64>().ok());
    match percent.filter(|percent| *percent > 0.0 && *percent < 100.0) {
        Some(percent) => Some(percent / 100.0),
        None => {
            let says = "`chance` is a share above 0% and below 100%, like \"30%\"";
            document.mistake(value.span().start, says);
            None
        }
    }
}

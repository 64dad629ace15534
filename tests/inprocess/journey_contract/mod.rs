//! The contract of the journeys, read from its tables, and what of it a journey has to send.

mod tables;

use serde_json::{Map, Value};
use std::collections::HashMap;
use tables::{GENERATORS, JOURNEYS};

/// Ids by their names in the tables.
pub type Ids = HashMap<String, String>;

/// A journey of the contract.
#[derive(Clone)]
pub struct Contract {
    pub journey: String,
    /// Events by domain: Identity, Catalogue, Ordering, Inventory, Payments.
    pub events: Vec<u64>,
    pub outbox: u64,
    pub lines: Vec<Line>,
}

/// One exchange.
#[derive(Clone)]
pub struct Line {
    pub at_once: bool,
    pub code: char,
    pub status: u16,
    pub method: String,
    pub path: String,
    /// What has to be there besides the ids of the path.
    condition: Option<String>,
    pub name: String,
    pub fields: Vec<String>,
    pub signed: bool,
    /// What the reply gives; nothing but the fact, when it begins with `!`.
    pub gives: String,
}

/// Every journey of the tables.
pub fn contracts() -> Vec<Contract> {
    let mut contracts: Vec<Contract> = Vec::new();
    for text in JOURNEYS.lines().filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = text.split(" |").map(str::trim).collect();
        if let Some(journey) = columns[0].strip_prefix("= ") {
            contracts.push(Contract {
                journey: journey.to_owned(),
                events: columns[1]
                    .split(' ')
                    .map(|count| count.parse().unwrap())
                    .collect(),
                outbox: columns[2].parse().unwrap(),
                lines: Vec::new(),
            });
        } else {
            let contract = contracts.last_mut().unwrap();
            contract.lines.push(Line::parse(text, &columns));
        }
    }
    contracts
}

impl Line {
    fn parse(text: &str, columns: &[&str]) -> Self {
        let [head, name, fields, gives] = columns else {
            panic!("{text}: {columns:?}");
        };
        let (head, condition) = match head.split_once(" if ") {
            Some((head, condition)) => (head, Some(condition.to_owned())),
            None => (*head, None),
        };
        let [code, status, method, path] = head.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        let fields: Vec<&str> = fields.split_whitespace().flat_map(expanded).collect();
        Self {
            at_once: code.starts_with('+'),
            code: code.chars().last().unwrap(),
            status: status.parse().unwrap(),
            method: method.to_owned(),
            path: path.to_owned(),
            condition,
            name: (*name).to_owned(),
            signed: fields.contains(&"W"),
            fields: fields
                .into_iter()
                .filter(|field| *field != "W")
                .map(str::to_owned)
                .collect(),
            gives: (*gives).to_owned(),
        }
    }

    /// The path with its id; `None` when something that it needs is missing.
    pub fn resolved_path(&self, ids: &Ids) -> Option<String> {
        if let Some(condition) = &self.condition {
            ids.get(condition)?;
        }
        let Some((before, rest)) = self.path.split_once('{') else {
            return Some(self.path.clone());
        };
        let (places, after) = rest.split_once('}').unwrap();
        let id = places.split('/').find_map(|place| ids.get(place))?;
        Some(format!("{before}{id}{after}"))
    }

    /// Checks the body of a request, and notes the ids that the user made up.
    pub fn check_body(&self, body: &str, ids: &mut Ids) {
        if self.fields.is_empty() {
            assert_eq!(body, "", "{}", self.name);
            return;
        }
        let body: Map<String, Value> = serde_json::from_str(body).unwrap();
        let name_of = |field: &String| field.split(['=', '~', '?']).next().unwrap().to_owned();
        let mut expected: Vec<String> = self.fields.iter().map(name_of).collect();
        let mut there: Vec<String> = body.keys().cloned().collect();
        expected.sort();
        there.sort();
        assert_eq!(there, expected, "{}", self.name);
        for field in &self.fields {
            let value = &body[&name_of(field)];
            assert!(fits(field, value, ids), "{}: {field} is {value}", self.name);
        }
    }
}

/// The fields that `@word` stands for, or the field itself.
fn expanded(field: &str) -> Vec<&str> {
    match GENERATORS.iter().find(|(word, _)| *word == field) {
        Some((_, fields)) => fields.split(' ').collect(),
        None => vec![field],
    }
}

fn fits(field: &str, value: &Value, ids: &mut Ids) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Some((_, wanted)) = field.split_once("=$") {
        let (var, prefix) = wanted.split_once('|').unwrap_or((wanted, "\n"));
        return ids.get(var) == Some(&text) || text.starts_with(prefix);
    }
    if let Some((_, wanted)) = field.split_once('=') {
        return text == wanted.replace('_', " ") || text == wanted;
    }
    let Some((name, prefix)) = field.split_once('~') else {
        return true;
    };
    if let Some((_, var)) = name.split_once('?') {
        let known = ids.entry(var.to_owned()).or_insert_with(|| text.clone());
        return *known == text && text.starts_with(prefix);
    }
    text.starts_with(prefix)
}

impl Contract {
    /// The lines of which requests are sent when the `failing`-th request fails: positions among
    /// the lines, and whether the journey ends in an abort.
    pub fn sent(&self, failing: Option<usize>) -> (Vec<usize>, bool) {
        let mut sent = Vec::new();
        let mut ids = Ids::from([("flash".to_owned(), String::new())]);
        let (mut compensates, mut loop_over) = (false, false);
        for (position, line) in self.lines.iter().enumerate() {
            let is_due = match line.code {
                'x' => compensates,
                'L' => !(loop_over && line.at_once),
                _ => true,
            };
            if !is_due || line.resolved_path(&ids).is_none() {
                continue;
            }
            sent.push(position);
            let fails = failing == Some(sent.len() - 1);
            match line.code {
                'x' => return (sent, true),
                'A' if fails => return (sent, true),
                'K' if fails => compensates = true,
                'L' if fails => loop_over = true,
                _ => {}
            }
            if !fails && !line.gives.is_empty() {
                let var = line.gives.trim_start_matches('!');
                ids.insert(var.to_owned(), String::new());
            }
        }
        (sent, false)
    }
}

//! The keys of workload files: what each is called, what it is for, and what it takes. The reader refuses
//! what is not here, the JSON schema for editors is made from it, and the documentation is held to it.

use super::key::{Key, Takes, key};
use super::race_keys::{RACE_KEYS, RULE_KEYS};

/// Keys of a file.
pub const FILE_KEYS: &[Key] = &[
    key(
        "name",
        Takes::Name,
        "what the workload is called; part of the record's directory name",
    ),
    key("about", Takes::Line, "what it is for"),
    key(
        "health",
        Takes::Path,
        "path of a read that changes nothing, asked before the load; without it the first GET without values, or /",
    ),
    key(
        "openapi",
        Takes::FileOrPath,
        "the target's OpenAPI description in JSON, beside this file: bodies are held to it; or its path there",
    ),
    key(
        "data",
        Takes::Tables(DATA_KEYS),
        "rows of which users are given one at a time, by name",
    ),
    key(
        "files",
        Takes::Lines,
        "other files of the workload, beside this one: what has a name of its own may stand there",
    ),
    key(
        "options",
        Takes::NamedLines,
        "ways in which a run may differ, by the word for --with, each with what it changes",
    ),
    key(
        "rows",
        Takes::Lines,
        "names in statistics that come before all others, in this order",
    ),
    key(
        "draws",
        Takes::Tables(DRAW_SET_KEYS),
        "what is made up for several bodies together, so that they agree, by name",
    ),
    key(
        "operations",
        Takes::Tables(OPERATION_KEYS),
        "what may be called, by name",
    ),
    key(
        "bodies",
        Takes::Tables(BODY_KEYS),
        "bodies that several operations send, by name",
    ),
    key(
        "journeys",
        Takes::Tables(JOURNEY_KEYS),
        "errands of users, by name",
    ),
    key(
        "setup",
        Takes::Table(JOURNEY_KEYS),
        "a journey that is made once before the load; all users have the values that it reads",
    ),
    key(
        "teardown",
        Takes::Table(JOURNEY_KEYS),
        "a journey that is made once after the load, within 10 s",
    ),
    key(
        "thresholds",
        Takes::Thresholds,
        "what must hold of every run, as `--threshold` says it; a profile's come beside them",
    ),
    key(
        "reason",
        Takes::Pointers,
        "where replies that are no success say why: a JSON pointer, or several, of which the first that is there counts",
    ),
    key(
        "cookies",
        Takes::Switch,
        "whether users keep cookies and send them back; without it no",
    ),
    key(
        "classes",
        Takes::Tables(CLASS_KEYS),
        "kinds of users, by name; without it `User`, who makes every journey",
    ),
    key(
        "races",
        Takes::Tables(RACE_KEYS),
        "requests that leave together, by name",
    ),
    key(
        "rules",
        Takes::Tables(RULE_KEYS),
        "what must hold of races, by name",
    ),
    key(
        "profiles",
        Takes::Profiles,
        "named load tests; the keys are those of a profile's file",
    ),
];

/// Keys of data.
pub const DATA_KEYS: &[Key] = &[
    key(
        "file",
        Takes::File,
        "a CSV file, or one of JSON lines, in the folder of this file or below",
    ),
    key(
        "rows",
        Takes::Rows,
        "the rows themselves, instead of a file",
    ),
    key(
        "order",
        Takes::Word(&["sequence", "random", "unique"]),
        "sequence, random, or unique, where nobody else has the same; without it sequence",
    ),
    key(
        "per",
        Takes::Word(&["pass", "user"]),
        "pass, for a row a pass of a journey, or user, who keeps it; without it pass",
    ),
    key(
        "used_up",
        Takes::Word(&["stop", "again"]),
        "when no unique row is left: stop, where the user does nothing more, or again from the first",
    ),
    key(
        "numbers",
        Takes::Columns,
        "columns of a CSV file that are numbers, true or false in JSON",
    ),
];

/// Keys of an operation.
pub const OPERATION_KEYS: &[Key] = &[
    key(
        "request",
        Takes::Request,
        "method and path, like \"GET /items/{item}?size={$int 1..9}\"",
    ),
    key(
        "name",
        Takes::Line,
        "name in statistics; without it the request as it is written",
    ),
    key(
        "tags",
        Takes::Names,
        "words by which its figures are added up with those of others, like \"checkout\"",
    ),
    key(
        "headers",
        Takes::Templates,
        "headers beside those that every request has",
    ),
    key("json", Takes::Json, "the body as JSON"),
    key("form", Takes::Templates, "the body as a form"),
    key(
        "text",
        Takes::Template,
        "the body as a text; say its content-type among the headers",
    ),
    key("body", Takes::Name, "name of one of the bodies of the file"),
    key(
        "draw",
        Takes::Templates,
        "what is made up once for a body, and may stand in several of its places",
    ),
    key(
        "expect",
        Takes::Statuses,
        "statuses of success; without it 2xx",
    ),
    key(
        "refused",
        Takes::Reasons,
        "statuses of a no that is no fault, like 429; with a reason, if you like",
    ),
    key(
        "conflict",
        Takes::Reasons,
        "statuses that tell of a lost race, like 409; with a reason, if you like",
    ),
    key(
        "reason",
        Takes::Pointers,
        "where a reply that is no success says why, instead of what the file says of all",
    ),
    key(
        "read",
        Takes::Places,
        "values that are kept of a success: a JSON pointer, `header NAME`, or `body`",
    ),
    key(
        "may_read",
        Takes::Places,
        "values that are kept of a success where they are there, and else are gone",
    ),
    key(
        "check",
        Takes::Checks,
        "what a success has to say: a JSON pointer, `header NAME`, `body` or `size`, each with what is there",
    ),
    key(
        "retry_after",
        Takes::Switch,
        "whether the user rests as long as retry-after says, when a reply is no success",
    ),
    key(
        "raises",
        Takes::Events,
        "events that a success raises, like \"Ordering.OrderCreated\"",
    ),
    key(
        "visible",
        Takes::Line,
        "a read that succeeds once what was made can be seen, like \"GET /orders/{id}\": asked with --event-poll",
    ),
];

/// Keys of a no, or of a lost race, that the status alone does not tell.
pub const REFUSAL_KEYS: &[Key] = &[
    key("status", Takes::Statuses, "the statuses that may mean it"),
    key(
        "check",
        Takes::Checks,
        "what the reply has to say for it to be so",
    ),
    key(
        "reason",
        Takes::Line,
        "why, in place of what the reply says",
    ),
];

/// Keys of an event that is not always raised.
pub const NOT_RAISED_KEYS: &[Key] = &[
    key(
        "event",
        Takes::Line,
        "the event, one of those that are raised",
    ),
    key(
        "equal",
        Takes::Names,
        "two counts of the pass: where they are equal, a success does not raise it",
    ),
];

/// Keys of draws that several bodies share.
pub const DRAW_SET_KEYS: &[Key] = &[
    key(
        "draw",
        Takes::Templates,
        "what is made up once for a body, and may stand in several of its places",
    ),
    key(
        "count",
        Takes::Count,
        "how many are made before the run; without it as many as usual",
    ),
];

/// Keys of what is checked at a place of a reply.
pub const CHECK_KEYS: &[Key] = &[
    key("equals", Takes::Plain, "this, as a plain value does"),
    key("contains", Takes::Template, "this text somewhere in it"),
    key(
        "matches",
        Takes::Template,
        "something that this regular expression matches, in texts of at most 16 KiB",
    ),
    key(
        "type",
        Takes::Word(&[
            "string", "number", "integer", "boolean", "null", "array", "object",
        ]),
        "a value of this type of JSON",
    ),
    key(
        "exists",
        Takes::Switch,
        "anything, even null; or false, where nothing may be there",
    ),
    key(
        "between",
        Takes::Span,
        "a number between two, like \"0.5..100\"",
    ),
];

/// Keys of a body.
pub const BODY_KEYS: &[Key] = &[
    key("json", Takes::Json, "the body as JSON"),
    key("form", Takes::Templates, "the body as a form"),
    key("text", Takes::Template, "the body as a text"),
    key(
        "draw",
        Takes::Templates,
        "what is made up once for a body, and may stand in several of its places",
    ),
    key(
        "count",
        Takes::Count,
        "how many are made before the run; without it as many as usual",
    ),
    key(
        "tied",
        Takes::Name,
        "draws that it shares with other bodies: those that a pass sends have the same ones",
    ),
    key(
        "same_in_pass",
        Takes::Switch,
        "whether a pass of a journey sends the same one each time",
    ),
];

/// Keys of a journey.
pub const JOURNEY_KEYS: &[Key] = &[
    key("about", Takes::Line, "what it is for"),
    key(
        "steps",
        Takes::Steps,
        "what is done, in order: names of operations, or steps with keys of their own",
    ),
    key(
        "built_in",
        Takes::Switch,
        "instead of steps: the program has it under this name; only in workloads that come with the program",
    ),
];

/// Keys of a step.
pub const STEP_KEYS: &[Key] = &[
    key("call", Takes::Name, "the operation"),
    key("race", Takes::Name, "a race, instead of a call"),
    key(
        "name",
        Takes::Line,
        "name in statistics, where it is not the operation's",
    ),
    key(
        "tags",
        Takes::Names,
        "words by which the figures of its own name are added up, instead of the operation's",
    ),
    key(
        "body",
        Takes::Name,
        "name of one of the bodies of the file, where it is not the operation's",
    ),
    key(
        "expect",
        Takes::Statuses,
        "statuses of success, where they are not the operation's",
    ),
    key(
        "refused",
        Takes::Reasons,
        "statuses of a no that is no fault, where it is not as with the operation",
    ),
    key(
        "conflict",
        Takes::Reasons,
        "statuses that tell of a lost race, where it is not as with the operation",
    ),
    key(
        "read",
        Takes::Places,
        "values that are kept of a success, instead of the operation's",
    ),
    key(
        "may_read",
        Takes::Places,
        "values that are kept where they are there, and else are gone, instead of the operation's",
    ),
    key(
        "check",
        Takes::Checks,
        "what a success has to say, instead of what the operation asks of it",
    ),
    key(
        "raises",
        Takes::Events,
        "events that a success raises, instead of the operation's",
    ),
    key(
        "set",
        Takes::Templates,
        "values that are made up before it, or taken over from others",
    ),
    key(
        "otherwise",
        Takes::Templates,
        "values where it did not succeed, and the journey goes on",
    ),
    key(
        "when",
        Takes::Test,
        "what has to be so for it to be done: option, value or done with a name, or NAME = TEXT",
    ),
    key(
        "at_once",
        Takes::AtOnce,
        "whether it follows the reply before it without a wait; again: where it is repeated",
    ),
    key(
        "tally",
        Takes::NamedNumbers,
        "counts of the pass that begin here, each with a whole number",
    ),
    key(
        "adds",
        Takes::NamedNames,
        "counts that a success adds to, each with the draw of the body that it adds",
    ),
    key(
        "not_raised",
        Takes::Table(NOT_RAISED_KEYS),
        "an event that a success does not raise where two counts are equal",
    ),
    key(
        "picks",
        Takes::NamedNames,
        "the draw that the body is chosen by, with the count that it has to be",
    ),
    key(
        "on_failure",
        Takes::OnFailure,
        "abort, which ends the journey, continue, break, or steps that come before the end",
    ),
    key(
        "think",
        Takes::Times,
        "time for which the user does nothing afterwards",
    ),
    key(
        "sleep",
        Takes::Times,
        "the same, with --pacing max too: until something that is asked again may have become so",
    ),
    key("repeat", Takes::Numbers, "how often it is done"),
    key(
        "chance",
        Takes::Share,
        "in which share of the passes it is done",
    ),
    key(
        "steps",
        Takes::Steps,
        "steps that are repeated together, or done by chance, instead of one call",
    ),
];

/// Keys of a class.
pub const CLASS_KEYS: &[Key] = &[
    key("about", Takes::Line, "what it is for"),
    key(
        "weight",
        Takes::Count,
        "share of the users where nobody says another; without it 1",
    ),
    key(
        "journeys",
        Takes::Weights,
        "names of journeys, or journeys with their weights",
    ),
    key(
        "with",
        Takes::OptionWeights,
        "its journeys in a run with an option, by the word of it",
    ),
    key(
        "first",
        Takes::Name,
        "a journey that each user makes once, before all others",
    ),
    key(
        "wait",
        Takes::Times,
        "wait after each step; without it none",
    ),
    key(
        "pace",
        Takes::Times,
        "time from each step to the next, whatever replies take, instead of wait",
    ),
];

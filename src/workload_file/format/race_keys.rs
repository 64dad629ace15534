//! The keys of races and of their rules; see [`super::keys`].

use super::key::{Key, Takes, key};

/// Keys of a race.
pub const RACE_KEYS: &[Key] = &[
    key("about", Takes::Line, "what it is for"),
    key(
        "sides",
        Takes::Tables(SIDE_KEYS),
        "who takes part, by name: one to three sides, at most 64 racers",
    ),
    key(
        "draw",
        Takes::Templates,
        "what is made up once a race, like \"{$unique}\", and may stand in the requests of all racers",
    ),
];

/// Keys of a side of a race.
pub const SIDE_KEYS: &[Key] = &[
    key(
        "call",
        Takes::Name,
        "the operation; without it the one with the side's name",
    ),
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
        "racers",
        Takes::Count,
        "how many requests, each on a connection of its own; without it 1",
    ),
];

/// Keys of a rule.
pub const RULE_KEYS: &[Key] = &[
    key("about", Takes::Line, "what must hold, in one clause"),
    key("race", Takes::Name, "the race that it is about"),
    key(
        "of",
        Takes::Names,
        "the sides that it is about; without it all of them",
    ),
    key(
        "at_most",
        Takes::Bound,
        "so many successes at most; with `sum` so much",
    ),
    key(
        "sum",
        Takes::Told,
        "a field whose values are added up over the successes, like \"request /quantity\"",
    ),
    key(
        "after",
        Takes::Name,
        "the side after whose success nothing of the others succeeds",
    ),
    key(
        "key",
        Takes::Told,
        "what is the same in requests that may make one thing only, like \"request header idempotency-key\"",
    ),
    key(
        "id",
        Takes::Pointer,
        "where replies name the thing that was made, like \"/id\"",
    ),
    key(
        "probe",
        Takes::Name,
        "an operation that is called after the race, without being load",
    ),
    key(
        "value",
        Takes::Pointer,
        "what is read of the probe's reply, like \"/left\"",
    ),
    key(
        "equals",
        Takes::Bound,
        "what that has to be, with the `sum` if there is one",
    ),
    key(
        "between",
        Takes::Bounds,
        "the least and the most that it may be, like [0, \"{stock}\"]",
    ),
    key(
        "names",
        Takes::Told,
        "what of one of the successes it has to be, like \"reply /id\"",
    ),
    key(
        "promised",
        Takes::Switch,
        "false of what the target is known not to keep: broken it is told as known, and fails a run only with --strict",
    ),
];

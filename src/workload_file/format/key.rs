//! What a key of a workload file is, and what keys take.

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What it takes.
    pub takes: Takes,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// One line of text.
    Line,
    /// A text with values in it.
    Template,
    /// `GET /path`.
    Request,
    /// A path.
    Path,
    /// The name of something of the file.
    Name,
    /// True or false.
    Switch,
    /// A whole number from 1.
    Count,
    /// A number, or two with `..` between them.
    Numbers,
    /// A length of time, or two with `..` between them.
    Times,
    /// A share of the passes, like 30%.
    Share,
    /// `abort`, `continue` or `break`; or steps.
    OnFailure,
    /// What a step depends on.
    Test,
    /// True, or `again`.
    AtOnce,
    /// Events, like `Ordering.OrderCreated`.
    Events,
    /// Lines of text.
    Lines,
    /// Names, each with a line of text.
    NamedLines,
    /// Names, each with a whole number.
    NamedNumbers,
    /// Names, each with a name.
    NamedNames,
    /// Names of options, each with names of journeys, or journeys with their weights.
    OptionWeights,
    /// A status, a class, a span; or a list of them.
    Statuses,
    /// The same, or a table of them with a reason each; in a list, also tables of what a reply says.
    Reasons,
    /// Names, each with a text with values in it.
    Templates,
    /// Names, each with a place in a reply.
    Places,
    /// Any value, with values in its texts.
    Json,
    /// Names of journeys, or journeys with their weights.
    Weights,
    /// Steps in order.
    Steps,
    /// A table of these keys.
    Table(&'static [Key]),
    /// Names of something of the file.
    Names,
    /// A place in a request or a reply.
    Told,
    /// A JSON pointer.
    Pointer,
    /// The same, or a list of them.
    Pointers,
    /// A number, a text, or a value in braces.
    Bound,
    /// Two of these.
    Bounds,
    /// Names, each with a table of these keys.
    Tables(&'static [Key]),
    /// Names, each with the keys of a profile.
    Profiles,
    /// The name of a file beside this one.
    File,
    /// The name of a file beside this one, or a path of the target.
    FileOrPath,
    /// Rows: tables of plain values.
    Rows,
    /// Names of columns.
    Columns,
    /// Texts that say what must hold of a run.
    Thresholds,
    /// Places of a reply, each with what has to be there.
    Checks,
    /// Two numbers.
    Span,
    /// A text, a number or a boolean.
    Plain,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A key.
pub const fn key(name: &'static str, takes: Takes, about: &'static str) -> Key {
    Key { name, about, takes }
}

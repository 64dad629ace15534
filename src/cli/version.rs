//! Which program this is: version, commit, and how it was built.

/// For one line: the version and the commit that it was built from.
pub(super) const SHORT: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILD_COMMIT"), ")");

/// The same, and how it was built.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("BUILD_COMMIT"),
    ")\nbuild:    ",
    env!("BUILD_PROFILE"),
    ", ",
    env!("BUILD_TARGET"),
    ", ",
    env!("BUILD_COMPILER"),
    "\nfeatures: ",
    env!("BUILD_FEATURES"),
    "\ndrivers:  uring, plain-uring, epoll"
);

/// What `shopblast version` prints, as `--version` does.
pub(super) fn text() -> String {
    format!("shopblast {LONG}\n")
}

//! Who has to do what waits in a stream: its consumers' domain, which need not be the stream's.

use crate::shop::CONTEXTS;
use std::collections::BTreeSet;

/// What stands between a domain and the rest of a stream's name.
const DOMAIN_END: &str = "::";
/// The ending of a stream of dead letters, of whatever stream.
const DEAD_LETTERS: &str = ":dlq";
/// The ending of a lane for events of low priority.
const BACKFILL: &str = ":backfill";

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamLane {
    /// Events, or commands that are to be carried out later: a consumer that is up does them.
    Primary,
    /// Events of low priority. The engines of `today` wait for ever at the primary lane before they
    /// would look here, so that nobody does them.
    Backfill,
    /// What was put aside, of either lane.
    DeadLetters,
}

/// What the stream of this name is for.
pub(super) fn lane_of(stream: &str) -> StreamLane {
    if stream.ends_with(DEAD_LETTERS) {
        StreamLane::DeadLetters
    } else if stream.ends_with(BACKFILL) {
        StreamLane::Backfill
    } else {
        StreamLane::Primary
    }
}

/// The domain whose events the stream of this name holds, in lower case.
pub(super) fn stream_domain(stream: &str) -> String {
    let domain = stream.split(DOMAIN_END).next().unwrap_or_default();
    domain.to_ascii_lowercase()
}

/// The domains of a shop: those that are known, and those that have a stream.
pub(super) struct Domains(BTreeSet<String>);

impl Domains {
    /// Those of a shop that has `streams`.
    pub fn of_streams<'a>(streams: impl IntoIterator<Item = &'a String>) -> Self {
        let known = CONTEXTS.iter().map(|context| context.name.to_owned());
        let seen = streams.into_iter().map(|stream| stream_domain(stream));
        Self(known.chain(seen).collect())
    }

    /// The domain of a consumer group of `stream`. Protean names a group by the handler's full
    /// path, which begins with the package of its domain (`ordering.checkout.saga.…`). A group that
    /// is named otherwise, like that of a domain's own commands, is of the stream's domain.
    pub fn of_group(&self, stream: &str, group: &str) -> String {
        let package = group.split_once('.').map(|(package, _)| package);
        package
            .map(str::to_ascii_lowercase)
            .filter(|package| self.0.contains(package))
            .unwrap_or_else(|| stream_domain(stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_works_for_the_domain_whose_package_it_is_in() {
        let streams = ["identity::customer".to_owned(), "loyalty::card".to_owned()];
        let domains = Domains::of_streams(&streams);
        for (stream, group, domain) in [
            (
                "identity::customer",
                "identity.projections.customer_card.CustomerCardProjector",
                "identity",
            ),
            (
                "identity::customer",
                "ordering.order.identity_events.IdentityOrderEventHandler",
                "ordering",
            ),
            (
                "catalogue::product:backfill",
                "ordering.cart.catalogue_events.CatalogueCartEventHandler",
                "ordering",
            ),
            // A context that nobody told of, but that has streams.
            ("identity::customer", "loyalty.card.Opener", "loyalty"),
            // The engine's own group of a domain's commands, and names of other shops.
            (
                "catalogue::product:command",
                "protean.server.engine.Commands:catalogue::product:command",
                "catalogue",
            ),
            ("Catalogue::product", "search.indexer.Indexer", "catalogue"),
            ("ordering::order", "OrderSummaryProjector", "ordering"),
        ] {
            assert_eq!(domains.of_group(stream, group), domain, "{group}");
        }
    }

    #[test]
    fn the_ending_of_a_name_tells_the_lane() {
        assert_eq!(lane_of("ordering::order"), StreamLane::Primary);
        assert_eq!(lane_of("ordering::order:command"), StreamLane::Primary);
        assert_eq!(lane_of("ordering::order:backfill"), StreamLane::Backfill);
        assert_eq!(
            lane_of("ordering::order:command:backfill"),
            StreamLane::Backfill
        );
        assert_eq!(lane_of("ordering::order:dlq"), StreamLane::DeadLetters);
        assert_eq!(
            lane_of("ordering::order:backfill:dlq"),
            StreamLane::DeadLetters
        );
    }
}

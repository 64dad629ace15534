//! Where requests that are kept hold values of the user.

use super::user_values::UserValues;
use crate::engine::{Arena, ExchangeLog, Id, PreparedHead};

/// Notes it of the request that was added to `log` last. `body` is its body, `ids` are what the body was
/// filled with beside values.
#[inline]
pub(super) fn mark_request(
    log: &mut ExchangeLog,
    head: &PreparedHead,
    values: &mut UserValues,
    (body, ids): (Option<(&Arena, usize)>, &[Id]),
) {
    let Some(last) = log.entries().len().checked_sub(1) else {
        return;
    };
    if values.own.is_empty() {
        return;
    }
    let UserValues { own, marks, .. } = values;
    if last == 0 {
        marks.clear();
    }
    let first = marks.count();
    let request = log.request_range(last);
    head.mark(own, request.start, &mut |mark| marks.add(mark));
    if let Some((arena, index)) = body {
        let length = arena.patched_len(index, ids, own);
        let start = request.end.saturating_sub(length);
        arena.mark(index, (ids, own), start, &mut |mark| marks.add(mark));
    }
    log.mark(first..marks.count());
}

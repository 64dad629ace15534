//! Checks of rules and their witnesses, as bytes.

use super::bytes::{Coded, CodedBytes, Garbled, put_number, put_text};
use crate::stats::rules::MOST_REASONS;
use crate::stats::shared_stock::{MOST_KEPT, MOST_THINGS};
use crate::stats::{Forget, Ledger, Reasons, SharedStock, SharedStocks, Violation};

/// Longest reason for an undecided check.
const MOST_REASON_BYTES: usize = 1_024;
/// Witnesses of one second. A worker keeps 64 a rule.
const MOST_VIOLATIONS: usize = 16_384;
/// Bytes of one witness.
const MOST_VIOLATION_BYTES: usize = 1 << 20;
/// Bytes of all witnesses of a second. Those that find no room are counted, as all are.
const MOST_WITNESS_BYTES: usize = 4 << 20;

impl Coded for Reasons {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.as_slice().len() as u64, out);
        for (reason, count) in self.as_slice() {
            let end = reason.floor_char_boundary(MOST_REASON_BYTES);
            put_text(&reason[..end], out);
            count.put(out);
        }
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.forget();
        for _ in 0..bytes.count(MOST_REASONS)? {
            let reason = bytes.text(MOST_REASON_BYTES)?.to_owned();
            let mut count = 0_u64;
            count.read(bytes)?;
            self.add(reason.into(), count);
        }
        Ok(())
    }
}

/// Bytes of what is kept of one shared thing.
const MOST_THING_BYTES: usize = 4 << 20;

/// Witnesses are JSON, as `ledger.jsonl` has them.
impl Coded for Ledger {
    fn put(&self, out: &mut Vec<u8>) {
        self.rules.put(out);
        let mut room = MOST_WITNESS_BYTES;
        let texts = self.violations.iter().take(MOST_VIOLATIONS);
        let texts = texts.filter_map(|violation| serde_json::to_string(violation).ok());
        let texts: Vec<String> = texts
            .filter(|text| {
                let fits = text.len() <= room.min(MOST_VIOLATION_BYTES);
                room -= if fits { text.len() } else { 0 };
                fits
            })
            .collect();
        put_number(texts.len() as u64, out);
        texts.iter().for_each(|text| put_text(text, out));
        self.shared.put(out);
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.violations.clear();
        self.rules.read(bytes)?;
        for _ in 0..bytes.count(MOST_VIOLATIONS)? {
            let text = bytes.text(MOST_VIOLATION_BYTES)?;
            let violation: Violation = serde_json::from_str(text).map_err(|_| Garbled::Figure)?;
            self.violations.push(violation);
        }
        self.shared.read(bytes)
    }
}

/// As JSON, a text a thing.
impl Coded for SharedStocks {
    fn put(&self, out: &mut Vec<u8>) {
        let texts = self.things().iter().filter_map(|thing| {
            let text = serde_json::to_string(thing).ok()?;
            if text.len() <= MOST_THING_BYTES {
                return Some(text);
            }
            let bare = SharedStock {
                takes: Vec::new(),
                ..thing.clone()
            };
            serde_json::to_string(&bare).ok()
        });
        let texts: Vec<String> = texts.collect();
        put_number(texts.len() as u64, out);
        texts.iter().for_each(|text| put_text(text, out));
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.forget();
        for _ in 0..bytes.count(MOST_THINGS)? {
            let text = bytes.text(MOST_THING_BYTES)?;
            let thing: SharedStock = serde_json::from_str(text).map_err(|_| Garbled::Figure)?;
            let figures = [thing.stock, thing.granted, thing.unknown];
            if figures.iter().any(|figure| figure >> 56 != 0) || thing.takes.len() > MOST_KEPT {
                return Err(Garbled::Figure);
            }
            self.put_back(thing);
        }
        Ok(())
    }
}

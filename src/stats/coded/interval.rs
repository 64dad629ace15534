//! A merged second as one message: what a shard hands to whoever joins it with others.

use super::bytes::{
    Coded, CodedBytes, Garbled, INTERVAL_VERSION, outcome_at, put_number, put_text,
};
use crate::plan::{MOST_ADDRESSES, MOST_WORKERS, PeerAddress, SocketPath};
use crate::stats::{
    AddressCounts, AddressTable, CoreHealth, CoreInterval, ErrorCounts, ErrorKey, Forget,
    MergedInterval, Phase, REASON_BYTES, Reason, Round, ToldInterval, WorkerHealth,
};

/// Longest message. One of 45 names is some 20 kB; what makes one long are witnesses, whose room is
/// bounded apart.
pub const MOST_INTERVAL_BYTES: usize = 32 << 20;

/// Rows of the error table that are written, of all workers.
const MOST_ERROR_ROWS: usize = 64 * CoreInterval::MAX_ERRORS;
/// Rounds that are written.
const MOST_ROUNDS: usize = 32_768;
/// Sets of one second.
const MOST_SETS: usize = 4 * MOST_WORKERS;
/// Longest run that there is, in microseconds: 9 years.
const MOST_US: u64 = 1 << 48;

impl<L: Coded> MergedInterval<L> {
    /// The second as bytes, appended to `out`.
    ///
    /// Nothing is lost, but what there is so much of that no report shows it: rows of the error table
    /// beyond 16,384, which are counted in [`MergedInterval::errors_cut`], and rounds and witnesses of
    /// which thousands came in one second.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(INTERVAL_VERSION);
        [self.start_us, self.end_us].put(out);
        out.push(self.phase as u8);
        self.names.put(out);
        let errors = &self.errors[..self.errors.len().min(MOST_ERROR_ROWS)];
        put_number(errors.len() as u64, out);
        errors.iter().for_each(|row| put_error(row, out));
        let left_out = self.errors[errors.len()..].iter().map(|row| row.count);
        (self.errors_cut + left_out.sum::<u64>()).put(out);
        self.counters.put(out);
        self.timings.put(out);
        [self.users, self.most_users].map(u64::from).put(out);
        self.journeys.put(out);
        self.contests.put(out);
        let rounds = &self.rounds[..self.rounds.len().min(MOST_ROUNDS)];
        put_number(rounds.len() as u64, out);
        rounds.iter().for_each(|round| round.put(out));
        self.addresses.put(out);
        put_number(self.cores.len() as u64, out);
        self.cores.iter().for_each(|core| put_core(core, out));
    }
}

impl MergedInterval {
    /// Becomes what `message` holds. It must have been made for the plan's shape; what it held before
    /// is forgotten.
    ///
    /// # Errors
    /// When that is no second of this plan, written by this version. Nothing is to be taken from it then.
    pub fn decode(&mut self, message: &[u8]) -> Result<(), Garbled> {
        self.read_or_clear(message)?;
        self.sum_up();
        Ok(())
    }
}

impl ToldInterval {
    /// As [`MergedInterval::decode`], and the same messages are refused; but names are not taken together.
    ///
    /// # Errors
    /// When that is no second of this plan, written by this version. Nothing is to be taken from it then.
    pub fn decode_told(&mut self, message: &[u8]) -> Result<(), Garbled> {
        self.read_or_clear(message)
    }
}

impl<L: Coded + Forget> MergedInterval<L> {
    fn read_or_clear(&mut self, message: &[u8]) -> Result<(), Garbled> {
        self.clear();
        let read = self.read(message);
        if read.is_err() {
            self.clear();
        }
        read
    }

    fn read(&mut self, message: &[u8]) -> Result<(), Garbled> {
        if message.len() > MOST_INTERVAL_BYTES {
            return Err(Garbled::Many);
        }
        let mut bytes = CodedBytes::new(message);
        let version = bytes.byte()?;
        if version != INTERVAL_VERSION {
            return Err(Garbled::Version(version));
        }
        let mut span = [0_u64; 2];
        span.read(&mut bytes)?;
        [self.start_us, self.end_us] = span;
        if self.end_us <= self.start_us || self.end_us > MOST_US {
            return Err(Garbled::Figure);
        }
        let phase = usize::from(bytes.byte()?);
        self.phase = *Phase::ALL.get(phase).ok_or(Garbled::Figure)?;
        self.names.read(&mut bytes)?;
        for _ in 0..bytes.count(MOST_ERROR_ROWS)? {
            let row = error(&mut bytes, self.names.len())?;
            self.errors.push(row);
        }
        self.errors_cut.read(&mut bytes)?;
        self.counters.read(&mut bytes)?;
        self.timings.read(&mut bytes)?;
        (self.users, self.most_users) = (bytes.small()?, bytes.small()?);
        self.journeys.read(&mut bytes)?;
        self.contests.read(&mut bytes)?;
        for _ in 0..bytes.count(MOST_ROUNDS)? {
            let mut round = Round::default();
            round.read(&mut bytes)?;
            self.rounds.push(round);
        }
        self.addresses.read(&mut bytes)?;
        for _ in 0..bytes.count(MOST_SETS)? {
            let core = core(&mut bytes)?;
            self.cores.push(core);
        }
        bytes.end()
    }
}

fn put_error(row: &ErrorCounts, out: &mut Vec<u8>) {
    put_number(row.key.name.into(), out);
    out.push(row.key.outcome as u8);
    put_number(row.key.status.into(), out);
    put_text(row.key.reason.as_str(), out);
    [row.count, row.first_us, row.last_us].put(out);
}

fn error(bytes: &mut CodedBytes<'_>, names: usize) -> Result<ErrorCounts, Garbled> {
    let key = ErrorKey {
        name: bytes.small()?,
        outcome: outcome_at(bytes.byte()?)?,
        status: bytes.small()?,
        reason: Reason::new(bytes.text(REASON_BYTES)?),
    };
    if usize::from(key.name) >= names {
        return Err(Garbled::Shape);
    }
    let mut numbers = [0_u64; 3];
    numbers.read(bytes)?;
    let [count, first_us, last_us] = numbers;
    Ok(ErrorCounts {
        key,
        count,
        first_us,
        last_us,
    })
}

fn put_core(core: &CoreHealth, out: &mut Vec<u8>) {
    put_number(core.core as u64, out);
    [core.start_us, core.end_us, core.tardiness_p99_us].put(out);
    core.health.put(out);
}

fn core(bytes: &mut CodedBytes<'_>) -> Result<CoreHealth, Garbled> {
    let core = bytes.small()?;
    if core >= MOST_WORKERS {
        return Err(Garbled::Figure);
    }
    let mut numbers = [0_u64; 3];
    numbers.read(bytes)?;
    let [start_us, end_us, tardiness_p99_us] = numbers;
    let mut health = WorkerHealth::default();
    health.read(bytes)?;
    Ok(CoreHealth {
        core,
        start_us,
        end_us,
        tardiness_p99_us,
        health,
    })
}

/// Longest text of an address.
const MOST_ADDRESS_BYTES: usize = 128;

impl Coded for AddressTable {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.rows().len() as u64, out);
        for row in self.rows() {
            put_text(&address_text(&row.address), out);
            [row.opened, row.refused, row.requests].put(out);
        }
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.forget();
        for _ in 0..bytes.count(MOST_ADDRESSES)? {
            let address = address(bytes.text(MOST_ADDRESS_BYTES)?)?;
            let mut numbers = [0_u64; 3];
            numbers.read(bytes)?;
            let [opened, refused, requests] = numbers;
            self.add(&AddressCounts {
                address,
                opened,
                refused,
                requests,
            });
        }
        Ok(())
    }
}

fn address_text(address: &PeerAddress) -> String {
    match address {
        PeerAddress::Tcp(address) => address.to_string(),
        PeerAddress::Unix(path) => path.to_string(),
    }
}

fn address(text: &str) -> Result<PeerAddress, Garbled> {
    match text.starts_with('/') {
        true => SocketPath::parse(text)
            .map(PeerAddress::Unix)
            .map_err(|_| Garbled::Figure),
        false => text
            .parse()
            .map(PeerAddress::Tcp)
            .map_err(|_| Garbled::Figure),
    }
}

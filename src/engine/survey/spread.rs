//! Connections opened at chosen processes.

use super::{Opened, Processes, Surveyor};

/// Connections for races that are opened in one go, between two that are looked at.
const LANES_AT_ONCE: usize = 16;
/// Other connections that are opened in one go.
const OTHERS_AT_ONCE: usize = 32;
/// Connections that are opened so, at most; further ones are opened without a look.
const MOST: usize = 2_048;
/// How often connections for races are opened again where too few landed.
const PASSES: usize = 3;

/// Open connections, with what is believed of each. Empty unless several processes were seen to
/// serve connections of their own.
#[derive(Default)]
pub struct Spread {
    /// For races: those of one process are followed by those of the next.
    pub race_connections: Vec<Opened>,
    /// For all else, processes in turn.
    pub others: Vec<Opened>,
}

impl Surveyor<'_> {
    /// Opens `race_connections` and `others` connections, as many at each process as at the next.
    /// Nothing unless the survey saw several processes that serve connections of their own.
    pub fn open(&mut self, race_connections: usize, others: usize) -> Spread {
        let count = self.groups.count();
        if !matches!(self.processes, Processes::Seen(2..)) {
            return Spread::default();
        }
        let longest = self.longest;
        self.groups.sounder_mut().extend(longest);
        let mut at: Vec<Vec<usize>> = vec![Vec::new(); count];
        let race_connections = race_connections.min(MOST);
        for _ in 0..PASSES {
            for group in 0..count {
                let wanted = part(race_connections, group, count).saturating_sub(at[group].len());
                self.open_lanes(group, wanted, &mut at);
            }
        }
        let mut spread = Spread::default();
        let timed = self.groups.sounder_mut();
        for (group, lines) in at.iter_mut().enumerate() {
            let surplus = lines.split_off(lines.len().min(part(race_connections, group, count)));
            surplus.into_iter().for_each(|line| timed.close(line));
            let opened = lines
                .iter()
                .filter_map(|&line| timed.take(line, name(group)));
            spread.race_connections.extend(opened);
        }
        self.open_others(others.min(MOST), &mut spread);
        spread
    }

    /// Opens `wanted` connections at `group`; each goes to where it is believed to have landed. Two of
    /// each burst are asked for that, and closed: servers close a connection some time after they have
    /// answered on it, and the others are as new.
    fn open_lanes(&mut self, group: usize, wanted: usize, at: &mut [Vec<usize>]) {
        for first in (0..wanted).step_by(LANES_AT_ONCE) {
            if self.is_over() {
                return;
            }
            let count = LANES_AT_ONCE.min(wanted - first);
            let mut opened = self.groups.open_at(group, count + 2);
            if opened.len() < 3 {
                opened
                    .into_iter()
                    .for_each(|line| self.groups.sounder_mut().close(line));
                return;
            }
            let ends = [opened.remove(0), opened.remove(opened.len() - 1)];
            let landed = match self.groups.wait_for(group, &ends).as_slice() {
                [true, true] => Some(group),
                _ => self.landed(ends),
            };
            ends.into_iter()
                .for_each(|line| self.groups.sounder_mut().close(line));
            match landed {
                Some(group) => at[group].extend(opened),
                None => opened
                    .into_iter()
                    .for_each(|line| self.groups.sounder_mut().close(line)),
            }
        }
    }

    /// The one group that both belong to.
    fn landed(&mut self, ends: [usize; 2]) -> Option<usize> {
        let [first, last] = ends.map(|line| self.groups.group_of(line));
        first.filter(|_| first == last)
    }

    fn open_others(&mut self, wanted: usize, spread: &mut Spread) {
        let count = self.groups.count();
        let mut at: Vec<Vec<usize>> = Vec::with_capacity(count);
        for group in 0..count {
            let wanted = part(wanted, group, count);
            let mut lines = Vec::with_capacity(wanted);
            let mut strayed = 0;
            while lines.len() < wanted && strayed < PASSES && !self.is_over() {
                let burst = OTHERS_AT_ONCE.min(wanted - lines.len());
                match self.groups.open_and_look(group, burst) {
                    Some(opened) if opened.is_empty() => break,
                    Some(opened) => lines.extend(opened),
                    None => strayed += 1,
                }
            }
            at.push(lines);
        }
        let longest = at.iter().map(Vec::len).max().unwrap_or(0);
        for turn in 0..longest {
            for (group, lines) in at.iter().enumerate() {
                if let Some(&line) = lines.get(turn) {
                    let timed = self.groups.sounder_mut();
                    spread.others.extend(timed.take(line, name(group)));
                }
            }
        }
    }
}

/// What a group is called outside: from 1, with 0 for those of which nothing is believed.
fn name(group: usize) -> u8 {
    u8::try_from(group + 1).unwrap_or(0)
}

/// The `position`-th of `parts` nearly equal parts of `whole`.
fn part(whole: usize, position: usize, parts: usize) -> usize {
    whole / parts + usize::from(position < whole % parts)
}

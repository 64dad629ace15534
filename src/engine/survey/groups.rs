//! Connections sorted by who waits for whom.

use super::evidence::{MOST_ROUNDS, SurveyEvidence, Weights};
use super::timed_connections::{SurveyQuestion, TimedConnections};
use std::time::Duration;

/// A survey asks at least about so many questions one after the other.
const LEAST_QUESTIONS: u64 = 60;
/// A slow question that takes less tells nothing.
const SHORTEST_SLOW_NS: u64 = 500_000;
/// Where both questions take about the same, they have to take this long.
const SHORTEST_EQUAL_NS: u64 = 1_000_000;
/// How often each question is asked alone.
const ALONE: usize = 5;
/// Connections of one process that keep it at work: so many that it is at it for this long, as far as
/// the slow question alone tells.
const WORK_NS: u64 = 6_000_000;
const LEAST_BLOCKERS: usize = 2;
const MOST_BLOCKERS: usize = 6;
/// With a question that takes this long, what the machine does beside it does not matter.
const LONG_NS: u64 = 3_000_000;
/// Quick requests of one round, at most: those of one process wait for each other, too, and have to
/// be done in half the time of the work.
const MOST_ASKED_AT_ONCE: usize = 4;

/// Whether times tell anything.
pub enum AnswerPace {
    Telling,
    /// No; a slow question alone takes so many microseconds.
    TooFast(u64),
    /// They may, but asking takes longer than there is.
    TooSlow,
}

/// Connections by the process that is believed to serve them.
pub struct ProcessGroups<'a> {
    timed: TimedConnections<'a>,
    pub(super) groups: Vec<Vec<usize>>,
    /// From a slow question to the next thing: the work has begun, and is far from done.
    delay: Duration,
    /// An answer may come so long after a slow one's and still not have waited for it.
    pub(super) margin_ns: u64,
    /// The slow question takes this long alone.
    pub(super) slow_ns: u64,
    /// Connections of one process that keep it at work.
    blockers: usize,
    /// Quick requests of one round.
    asked_at_once: usize,
    /// Whether the slow question takes very long.
    is_long: bool,
    /// Turns the connections that do the work.
    turn: usize,
}

impl<'a> ProcessGroups<'a> {
    pub fn new(timed: TimedConnections<'a>) -> Self {
        Self {
            timed,
            groups: Vec::new(),
            delay: Duration::ZERO,
            margin_ns: 0,
            slow_ns: 0,
            blockers: LEAST_BLOCKERS,
            asked_at_once: 1,
            is_long: false,
            turn: 0,
        }
    }

    pub fn timed(&self) -> &TimedConnections<'a> {
        &self.timed
    }

    pub fn sounder_mut(&mut self) -> &mut TimedConnections<'a> {
        &mut self.timed
    }

    /// Opens a connection of no group yet.
    pub fn open(&mut self) -> Option<usize> {
        self.timed.open().ok()
    }

    /// Opens a connection of no group yet at the address of `other`.
    pub fn open_near(&mut self, other: usize) -> Option<usize> {
        self.timed.open_near(other).ok()
    }

    /// How many processes are known.
    pub fn count(&self) -> usize {
        self.groups.len()
    }

    /// Takes `line` for the first of a new process.
    pub fn found(&mut self, line: usize) {
        self.groups.push(vec![line]);
    }

    /// Times both questions alone. `None` when there is no answer.
    pub fn set_pace(&mut self, line: usize) -> Option<AnswerPace> {
        self.timed.alone_ns(line, SurveyQuestion::Quick)?;
        let once_ns = self.timed.alone_ns(line, SurveyQuestion::Quick)?;
        if once_ns.saturating_mul(LEAST_QUESTIONS) > self.timed.left_ns() {
            return Some(AnswerPace::TooSlow);
        }
        let mut times = |question| -> Option<Vec<u64>> {
            // The first one may have to build what the others find.
            self.timed.alone_ns(line, question)?;
            let mut times = (0..ALONE)
                .map(|_| self.timed.alone_ns(line, question))
                .collect::<Option<Vec<u64>>>()?;
            times.sort_unstable();
            Some(times)
        };
        let (quick, slow) = (times(SurveyQuestion::Quick)?, times(SurveyQuestion::Slow)?);
        // The least that it takes: whatever else the machine does only adds to it.
        let (quick_ns, slow_ns) = (quick[0], slow[0]);
        let is_slower = slow_ns >= quick_ns * 3 / 2;
        let is_telling = match is_slower {
            true => slow_ns >= SHORTEST_SLOW_NS,
            false => quick_ns >= SHORTEST_EQUAL_NS,
        };
        let blockers = WORK_NS.div_ceil(slow_ns.max(1)) as usize;
        self.blockers = blockers.clamp(LEAST_BLOCKERS, MOST_BLOCKERS);
        let work_ns = slow_ns.saturating_mul(self.blockers as u64);
        self.asked_at_once =
            ((work_ns / 2 / quick_ns.max(1)) as usize).clamp(1, MOST_ASKED_AT_ONCE);
        self.slow_ns = slow_ns;
        self.is_long = slow_ns >= LONG_NS;
        self.margin_ns = if is_slower { 0 } else { quick_ns / 2 };
        self.delay = Duration::from_nanos((slow_ns / 4).clamp(50_000, 300_000));
        Some(match is_telling {
            true => AnswerPace::Telling,
            false => AnswerPace::TooFast(slow_ns / 1_000),
        })
    }

    /// Sorts `lines` into the groups; those that wait for no known process make new ones.
    pub fn sort(&mut self, lines: &[usize]) {
        let mut unsorted: Vec<usize> = lines.to_vec();
        let mut group = 0;
        loop {
            unsorted.retain(|&line| self.timed.is_usable(line));
            if self.timed.is_over() {
                // Nothing can be told of the rest.
                return;
            }
            if group == self.groups.len() {
                if unsorted.is_empty() {
                    return;
                }
                let first = unsorted.remove(0);
                match self.waiting_for(first) {
                    _ if self.timed.is_over() => return,
                    // It waited for nobody, but others wait for it: that was an accident.
                    Some(older) => {
                        self.groups[older].push(first);
                        continue;
                    }
                    None => self.found(first),
                }
            }
            let waits = self.wait_for(group, &unsorted);
            if self.timed.is_over() {
                return;
            }
            let (of_group, others) = split(&unsorted, &waits);
            self.groups[group].extend(of_group);
            unsorted = others;
            group += 1;
        }
    }

    /// The group whose connections wait for what `line` is at.
    fn waiting_for(&mut self, line: usize) -> Option<usize> {
        let others: Vec<usize> = (0..self.groups.len())
            .flat_map(|group| self.workers_of(group, 1))
            .collect();
        let waits = self.ask_in_parts(&[line], &others);
        waits.iter().position(|&waits| waits)
    }

    /// The group that `line` belongs to; `None` when it waits for none or was lost.
    pub fn group_of(&mut self, line: usize) -> Option<usize> {
        let all = 0..self.groups.len();
        all.into_iter()
            .find(|&group| self.wait_for(group, &[line]) == [true])
    }

    /// Whether each of `lines` waits for what `group` is at.
    pub fn wait_for(&mut self, group: usize, lines: &[usize]) -> Vec<bool> {
        let blockers = self.workers_of(group, self.blockers);
        self.ask_in_parts(&blockers, lines)
    }

    /// Connections of all groups but one.
    fn workers_but(&mut self, group: usize) -> Vec<usize> {
        let others = (0..self.groups.len()).filter(|&other| other != group);
        // They share the machine: together they are at it as long as one with all its work.
        let each = self
            .blockers
            .div_ceil(self.groups.len().saturating_sub(1).max(1));
        others
            .flat_map(|other| self.workers_of(other, each.max(LEAST_BLOCKERS)))
            .collect()
    }

    pub(super) fn ask_in_parts(&mut self, blockers: &[usize], lines: &[usize]) -> Vec<bool> {
        let parts = lines.chunks(self.asked_at_once);
        parts
            .flat_map(|part| self.ask_about(blockers, part))
            .collect()
    }

    fn ask_about(&mut self, blockers: &[usize], lines: &[usize]) -> Vec<bool> {
        let weights = match self.is_long {
            true => Weights::LONG,
            false => Weights::of(blockers.len()),
        };
        let mut evidence = vec![SurveyEvidence::default(); lines.len()];
        for _ in 0..MOST_ROUNDS {
            let open: Vec<usize> = (0..lines.len())
                .filter(|&at| evidence[at].is_open() && self.timed.is_usable(lines[at]))
                .collect();
            if open.is_empty() || self.timed.is_over() {
                break;
            }
            let asked: Vec<usize> = open.iter().map(|&at| lines[at]).collect();
            // Of a process that is at no work nobody knows who waits for it.
            let Some(was_before) = self.round(blockers, &asked) else {
                break;
            };
            for (at, was_before) in open.into_iter().zip(was_before) {
                evidence[at].add(was_before, weights);
            }
        }
        let found = evidence.iter().zip(lines);
        found
            .map(|(evidence, &line)| evidence.waits() && self.timed.is_usable(line))
            .collect()
    }

    /// Has `blockers` work, asks the others something quick meanwhile, and tells which of them were
    /// answered before the last of that work. `None` when nothing can be told.
    fn round(&mut self, blockers: &[usize], asked: &[usize]) -> Option<Vec<bool>> {
        self.keep_at_work(blockers);
        for &line in asked {
            self.timed.ask(line, SurveyQuestion::Quick);
        }
        let all: Vec<usize> = blockers.iter().chain(asked).copied().collect();
        self.timed.hear(&all);
        let done = blockers.iter().map(|&line| self.timed.first_ns(line));
        let done_ns = done.collect::<Option<Vec<u64>>>()?.into_iter().max()?;
        // What was seen at one moment tells nothing. Of several at work the last is late enough anyway.
        let margin_ns = if blockers.len() == 1 {
            self.margin_ns
        } else {
            0
        };
        let was_before = |&line: &usize| {
            let first_ns = self.timed.first_ns(line);
            first_ns.is_some_and(|first_ns| first_ns != done_ns && first_ns < done_ns + margin_ns)
        };
        Some(asked.iter().map(was_before).collect())
    }

    /// Gives `blockers` something slow to do, and waits until they are at it.
    pub(super) fn keep_at_work(&mut self, blockers: &[usize]) {
        for &line in blockers {
            self.timed.ask(line, SurveyQuestion::Slow);
        }
        std::thread::sleep(self.delay);
    }

    /// Opens connections one by one, each while all known processes, and those of the ones before,
    /// are at work.
    pub fn open_wave(&mut self, count: usize) -> Vec<usize> {
        let mut wave = Vec::with_capacity(count);
        for _ in 0..count {
            if self.timed.is_over() {
                break;
            }
            let groups = 0..self.groups.len();
            let mut busy: Vec<usize> = groups
                .flat_map(|group| self.workers_of(group, self.blockers))
                .collect();
            busy.extend(wave.iter().copied());
            wave.extend(self.open_beside(&busy, 1, None));
        }
        wave
    }

    /// Opens `count` connections in one go while all processes but that of `group` are at work.
    pub fn open_at(&mut self, group: usize, count: usize) -> Vec<usize> {
        let busy = self.workers_but(group);
        let near = self.groups[group].first().copied();
        self.open_beside(&busy, count, near)
    }

    /// The same, with a look at one connection more, which is closed then: a process takes what comes
    /// in the order in which it came, so that all are taken when the last one is. `None`, and nothing
    /// stays open, when another process took that one.
    pub fn open_and_look(&mut self, group: usize, count: usize) -> Option<Vec<usize>> {
        let busy = self.workers_but(group);
        self.keep_at_work(&busy);
        let near = self.groups[group].first().copied();
        let mut opened: Vec<usize> = (0..=count).map_while(|_| self.open_at_or(near)).collect();
        let Some(last) = opened.pop() else {
            return Some(opened);
        };
        self.timed.ask(last, SurveyQuestion::Quick);
        let all: Vec<usize> = busy.iter().copied().chain([last]).collect();
        self.timed.hear(&all);
        let done_ns = busy
            .iter()
            .filter_map(|&line| self.timed.first_ns(line))
            .max();
        let first_ns = self.timed.first_ns(last);
        // Answered before the others were done: it was the one that had nothing to do.
        let is_sure = first_ns.is_some() && first_ns < done_ns;
        let is_there = is_sure || self.wait_for(group, &[last]) == [true];
        self.timed.close(last);
        if !is_there {
            opened.into_iter().for_each(|line| self.timed.close(line));
            return None;
        }
        Some(opened)
    }

    /// At the address of `near`, or the next one.
    fn open_at_or(&mut self, near: Option<usize>) -> Option<usize> {
        match near {
            Some(near) => self.open_near(near),
            None => self.open(),
        }
    }

    fn open_beside(&mut self, busy: &[usize], count: usize, near: Option<usize>) -> Vec<usize> {
        self.keep_at_work(busy);
        let opened = (0..count).map_while(|_| self.open_at_or(near)).collect();
        // One at work that becomes free takes what the others have left: they need a moment.
        self.timed.hear(busy);
        opened
    }

    /// Up to `count` connections of a group, others each time.
    pub(super) fn workers_of(&mut self, group: usize, count: usize) -> Vec<usize> {
        self.turn += 1;
        let lines = &self.groups[group];
        let turned = (0..lines.len()).map(|at| lines[(at + self.turn) % lines.len()]);
        let usable = turned.filter(|&line| self.timed.is_usable(line));
        usable.take(count).collect()
    }
}

fn split(lines: &[usize], waits: &[bool]) -> (Vec<usize>, Vec<usize>) {
    let pairs = lines.iter().zip(waits);
    let (of_group, others): (Vec<_>, Vec<_>) = pairs.partition(|(_, waits)| **waits);
    let line = |(line, _): (&usize, &bool)| *line;
    (
        of_group.into_iter().map(line).collect(),
        others.into_iter().map(line).collect(),
    )
}

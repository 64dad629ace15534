//! Whether connections belong to processes at all: behind a proxy they do not.

use super::groups::ProcessGroups;
use super::timed_connections::SurveyQuestion;

/// More requests at once are not looked for where connections belong to no process.
const MOST_AT_ONCE: usize = 7;
/// How often it is tried whether one more request is handled at once.
const AT_ONCE_ROUNDS: usize = 12;
/// Rounds in which a connection is held against others of its own process, how many others, and how often
/// it has to be answered before some of them. Straight at a process none of 240 such questions was
/// answered out of order.
const PINNED_ROUNDS: usize = 32;
const PINNED_BLOCKERS: usize = 16;
const MANY_BLOCKERS: usize = 8;
/// Groups are small where the largest has hardly more than this; so many of them are looked at.
const FEW_BLOCKERS: usize = 4;
const SMALL_GROUPS: usize = 3;
const OVERTAKEN: usize = 4;
/// Connections on which something is asked at once, at most, to see whether a proxy is between.
const CROWD: usize = 24;

impl ProcessGroups<'_> {
    /// Whether connections belong to processes at all: behind a proxy two of the same are soon not.
    ///
    /// A proxy that keeps connections to its processes has them all at the one that took the first
    /// burst, until more is asked at once than it has connections; so that is done first.
    pub fn are_pinned(&mut self) -> bool {
        self.crowd();
        let mut groups: Vec<usize> = (0..self.groups.len()).collect();
        groups.sort_by_key(|&group| std::cmp::Reverse(self.groups[group].len()));
        let largest = groups.first().map_or(0, |&group| self.groups[group].len());
        if largest <= FEW_BLOCKERS + 1 {
            let looked_at = groups.into_iter().take(SMALL_GROUPS);
            return looked_at.filter(|&group| !self.is_confirmed(group)).count() < 2;
        }
        groups.into_iter().take(2).all(|group| {
            let mut before = 0;
            for left in (0..PINNED_ROUNDS).rev() {
                let mut blockers = self.workers_of(group, PINNED_BLOCKERS + 1);
                let Some(asked) = blockers.pop().filter(|_| !blockers.is_empty()) else {
                    break;
                };
                if self.timed().is_over() {
                    break;
                }
                before += usize::from(self.is_overtaken(&blockers, asked));
                if before >= OVERTAKEN || before + left < OVERTAKEN {
                    break;
                }
            }
            before < OVERTAKEN
        })
    }

    /// Whether one of a small group waits for the others once more.
    fn is_confirmed(&mut self, group: usize) -> bool {
        let mut blockers = self.workers_of(group, FEW_BLOCKERS + 1);
        match blockers.pop().filter(|_| !blockers.is_empty()) {
            Some(asked) => self.ask_in_parts(&blockers, &[asked]) == [true],
            None => true,
        }
    }

    /// Has something slow asked on all known connections, one after the other, so that all of it is
    /// in flight at once.
    fn crowd(&mut self) {
        let all: Vec<usize> = (0..self.groups.len())
            .flat_map(|group| self.workers_of(group, CROWD))
            .take(CROWD)
            .collect();
        for &line in &all {
            self.keep_at_work(&[line]);
        }
        self.sounder_mut().hear(&all);
    }

    /// Whether `asked` is answered before some of `blockers`, which are at work. Some may be of another
    /// process by mistake, and a proxy that buffers a long reply may pass a short one on before it; that
    /// does not count.
    fn is_overtaken(&mut self, blockers: &[usize], asked: usize) -> bool {
        self.keep_at_work(blockers);
        self.sounder_mut().ask(asked, SurveyQuestion::Quick);
        let all: Vec<usize> = blockers.iter().copied().chain([asked]).collect();
        self.sounder_mut().hear(&all);
        let Some(first_ns) = self.timed().first_ns(asked) else {
            return false;
        };
        let is_later = |done_ns: &u64| first_ns + self.slow_ns < *done_ns;
        let done = blockers
            .iter()
            .filter_map(|&line| self.timed().first_ns(line));
        let least = if blockers.len() > MANY_BLOCKERS { 3 } else { 2 };
        done.filter(is_later).count() >= least
    }

    /// How many requests are handled at once, at least, where connections belong to no process: as
    /// many as can be begun one after the other until a quick one has to wait for them. A proxy may
    /// pick one process twice while another is idle, so there may be more.
    pub fn at_once(&mut self) -> u32 {
        let lines: Vec<usize> = self.groups.iter().flatten().copied().collect();
        let Some((&asked, blockers)) = lines.split_first() else {
            return 2;
        };
        let blockers = &blockers[..blockers.len().min(MOST_AT_ONCE)];
        // Something has overtaken something else: there are two.
        for count in 2..=blockers.len() {
            let mut before = 0;
            for _ in 0..AT_ONCE_ROUNDS {
                if before > 1 || self.timed().is_over() {
                    break;
                }
                for &line in &blockers[..count - 1] {
                    self.keep_at_work(&[line]);
                }
                let rest = self.round_after(&blockers[..count], asked);
                before += usize::from(rest);
            }
            if before < 2 {
                return count as u32;
            }
        }
        blockers.len().max(1) as u32 + 1
    }

    /// The last of `blockers` begins its work beside the others; tells whether `asked` was answered
    /// before all of them.
    fn round_after(&mut self, blockers: &[usize], asked: usize) -> bool {
        let Some((&last, _)) = blockers.split_last() else {
            return false;
        };
        self.keep_at_work(&[last]);
        self.sounder_mut().ask(asked, SurveyQuestion::Quick);
        let mut all = blockers.to_vec();
        all.push(asked);
        self.sounder_mut().hear(&all);
        let done = blockers
            .iter()
            .filter_map(|&line| self.timed().first_ns(line));
        let (Some(done_ns), Some(first_ns)) = (done.min(), self.timed().first_ns(asked)) else {
            return false;
        };
        first_ns < done_ns + self.margin_ns
    }
}

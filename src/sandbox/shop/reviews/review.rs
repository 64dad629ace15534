//! A review's state machine, and who may do what with it. Which command works in which state was
//! measured cell by cell, and so were the refusals.

use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::text_digest::TextDigest;
use std::sync::Arc;

/// Most voters of a review that are remembered: later ones could vote again.
const MOST_VOTERS: usize = 4_096;

/// What has become of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewStatus {
    Pending,
    Published,
    Rejected,
    Removed,
}

use ReviewStatus::{Pending, Published, Rejected, Removed};

impl ReviewStatus {
    /// As the shop writes it.
    pub fn name(self) -> &'static str {
        match self {
            Pending => "Pending",
            Published => "Published",
            Rejected => "Rejected",
            Removed => "Removed",
        }
    }
}

/// What later requests can notice of a review. What it says is only kept where it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    status: ReviewStatus,
    author: TextDigest,
    /// Author and product.
    pair: TextDigest,
    voters: Option<Arc<Vec<TextDigest>>>,
    helpful: u32,
    unhelpful: u32,
    reports: u32,
    has_reply: bool,
}

impl Review {
    /// A new one of `product` by `customer`.
    pub fn new(product: &str, customer: &str) -> Self {
        Self {
            status: Pending,
            author: TextDigest::of(customer),
            pair: TextDigest::of_pair(customer, product),
            voters: None,
            helpful: 0,
            unhelpful: 0,
            reports: 0,
            has_reply: false,
        }
    }

    /// What has become of it.
    pub fn status(&self) -> ReviewStatus {
        self.status
    }

    /// Author and product.
    pub fn pair(&self) -> TextDigest {
        self.pair
    }

    /// How many have found it helpful, and how many not.
    pub fn votes(&self) -> [i64; 2] {
        [self.helpful, self.unhelpful].map(i64::from)
    }

    /// How often it was reported.
    pub fn reports(&self) -> i64 {
        self.reports.into()
    }

    fn check_transition(&self, target: ReviewStatus) -> Result<(), Refusal> {
        let leads_there = matches!(
            (self.status, target),
            (Pending, Published | Rejected) | (Published, Removed)
        );
        if leads_there {
            return Ok(());
        }
        let (from, to) = (self.status.name(), target.name());
        let told = format!("Cannot transition from {from} to {to}");
        Err(Refusal::rule("status", told))
    }

    /// Goes on to `target`.
    ///
    /// # Errors
    /// When the state does not lead there.
    pub fn proceed(&mut self, target: ReviewStatus) -> Result<(), Refusal> {
        self.check_transition(target)?;
        self.status = target;
        Ok(())
    }

    /// Whether `customer` may edit it.
    ///
    /// # Errors
    /// When somebody else wrote it (which is looked at first), or it is too late.
    pub fn check_edit(&self, customer: &str) -> Result<(), Refusal> {
        if TextDigest::of(customer) != self.author {
            let told = "Only the review author can edit this review";
            return Err(Refusal::rule("customer_id", told));
        }
        if !matches!(self.status, Pending | Rejected) {
            let told = "Reviews can only be edited in Pending or Rejected status";
            return Err(Refusal::rule("status", told));
        }
        Ok(())
    }

    /// It was edited: it waits for a moderator, again if need be.
    pub fn edit(&mut self) {
        self.status = Pending;
    }

    /// Whether `customer` has voted on it.
    pub fn has_vote_of(&self, customer: &str) -> bool {
        let voter = TextDigest::of(customer);
        let mut voters = self.voters.iter().flat_map(|voters| voters.iter());
        voters.any(|&known| known == voter)
    }

    /// Counts the vote of `customer`, in whatever state; `again` without a look at whether there was
    /// one.
    ///
    /// # Errors
    /// When it is the author's own, or not the first, or there is no such kind of vote.
    pub fn vote(&mut self, customer: &str, kind: &str, again: bool) -> Result<(), Refusal> {
        if TextDigest::of(customer) == self.author {
            let told = "Cannot vote on your own review";
            return Err(Refusal::rule("vote", told));
        }
        if !again && self.has_vote_of(customer) {
            let told = "You have already voted on this review";
            return Err(Refusal::rule("vote", told));
        }
        let count = match kind {
            "Helpful" => &mut self.helpful,
            "Unhelpful" => &mut self.unhelpful,
            _ => {
                let told = "Input should be 'Helpful' or 'Unhelpful'";
                return Err(Refusal::rule("vote_type", told));
            }
        };
        *count = count.saturating_add(1);
        let voters = Arc::make_mut(self.voters.get_or_insert_default());
        if voters.len() < MOST_VOTERS {
            voters.push(TextDigest::of(customer));
        }
        Ok(())
    }

    /// Counts a report by `customer`, in whatever state and however often.
    ///
    /// # Errors
    /// When it is the author's own.
    pub fn report(&mut self, customer: &str) -> Result<(), Refusal> {
        if TextDigest::of(customer) == self.author {
            let told = "Cannot report your own review";
            return Err(Refusal::rule("report", told));
        }
        self.reports = self.reports.saturating_add(1);
        Ok(())
    }

    /// Whether the seller has replied.
    pub fn has_reply(&self) -> bool {
        self.has_reply
    }

    /// The seller replies; `again` without a look at whether that has happened.
    ///
    /// # Errors
    /// When it is not published, or there is a reply.
    pub fn reply(&mut self, again: bool) -> Result<(), Refusal> {
        if self.status != Published {
            let told = "Seller can only reply to published reviews";
            return Err(Refusal::rule("reply", told));
        }
        if self.has_reply && !again {
            let told = "A review can have at most one seller reply";
            return Err(Refusal::rule("reply", told));
        }
        self.has_reply = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(result: Result<(), Refusal>) -> String {
        result.map_or_else(|refusal| refusal.body(), |()| String::new())
    }

    #[test]
    fn a_customer_votes_once_and_never_on_its_own_review() {
        let mut review = Review::new("p", "author");
        assert!(told(review.vote("author", "Helpful", false)).contains("your own"));
        assert_eq!(told(review.vote("a", "Helpful", false)), "");
        assert!(told(review.vote("a", "Unhelpful", false)).contains("already voted"));
        assert!(told(review.vote("b", "Love", false)).contains("'Helpful' or"));
        assert_eq!(told(review.vote("b", "Unhelpful", false)), "");
        assert_eq!(review.votes(), [1, 1]);
        assert_eq!(told(review.vote("a", "Helpful", true)), "");
        assert_eq!(review.votes(), [2, 1]);
    }

    #[test]
    fn a_seller_replies_once_to_what_is_published() {
        let mut review = Review::new("p", "c");
        assert!(told(review.reply(false)).contains("published"));
        review.proceed(Published).unwrap();
        assert_eq!(told(review.reply(false)), "");
        assert!(told(review.reply(false)).contains("at most one"));
        assert!(told(review.check_edit("c")).contains("Pending or Rejected"));
        assert!(told(review.check_edit("d")).contains("author"));
        review.proceed(Removed).unwrap();
        assert!(told(review.proceed(Removed)).contains("from Removed to Removed"));
    }
}

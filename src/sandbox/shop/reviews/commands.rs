//! What customers, moderators and sellers can do with reviews.

use super::bodies::{IMAGE, LEAST_CHARS};
use super::review::{Review, ReviewStatus};
use super::views;
use crate::sandbox::bugs::Bug;
use crate::sandbox::python_text::repr;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::text_digest::TextDigest;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::events;
use crate::stats::Event;

/// Most images of a review.
const MOST_IMAGES: usize = 5;

/// Whether the customer has reviewed the product is asked when the command is handled, and guarded by
/// nothing: of two that come at the same time to different processes both are taken (measured).
pub fn submit(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let [product, customer] = [0, 1].map(|index| fields.required_text(index));
    let pair = TextDigest::of_pair(customer, product);
    let standing = work.shop().shard_of(pair).reviewed.get(pair).copied();
    if standing.is_some_and(|count| count > 0) && !work.strikes(Bug::DuplicateReview) {
        let told = "You have already reviewed this product";
        return Err(Refusal::rule("review", told));
    }
    check_texts(Some(fields.required_text(3)), Some(fields.required_text(4)))?;
    check_images(fields)?;
    let id = work.create(Review::new(product, customer));
    work.at_commit(move |shop| {
        let mut shard = shop.shard_of(pair);
        *shard.reviewed.or_insert(pair, 0) += 1;
    });
    work.raise(&events::REVIEW_SUBMITTED);
    views::submit(work, id, fields);
    Ok(EndpointAnswer::Created("review_id", id))
}

/// Texts must say something; both are complained of together.
fn check_texts(title: Option<&str>, body: Option<&str>) -> Result<(), Refusal> {
    let mut broken = Vec::new();
    if body.is_some_and(|body| body.trim().chars().count() < LEAST_CHARS) {
        let told = format!("Review body must be at least {LEAST_CHARS} characters");
        broken.push(("body", told));
    }
    match title {
        Some("") => broken.push(("title", Refusal::EMPTY_TEXT.to_owned())),
        Some(title) if title.trim().is_empty() => {
            broken.push(("title", "Review title cannot be empty".to_owned()));
        }
        _ => {}
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Refusal::Rules(broken)),
    }
}

/// Images are added one after the other; the sixth is one too many.
fn check_images(fields: &Fields<'_>) -> Result<(), Refusal> {
    for (index, image) in fields.objects(8).iter().enumerate() {
        IMAGE.check_command(image)?;
        if index == MOST_IMAGES {
            let told = "Cannot attach more than 5 images to a review";
            return Err(Refusal::rule("images", told));
        }
    }
    Ok(())
}

/// Loads the review, lets `rule` change it, and saves it. Tells its key, and it as it is now. Each of the
/// `faults` of the shop may overlook what the rule says where the review is in that state: then it stays
/// as it is.
fn change(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    faults: &[(Bug, ReviewStatus)],
    rule: impl FnOnce(&mut Review) -> Result<(), Refusal>,
) -> Result<(ThingKey, Review), Refusal> {
    let mut review = work.load::<Review>(call.id())?;
    let key = review.key();
    let status = review.status();
    let mut own = faults.iter().filter(|(_, state)| *state == status);
    work.unless_overlooked(rule(&mut review), own.next().map(|(bug, _)| *bug))?;
    let now = (*review).clone();
    work.save(review);
    work.raise(event);
    Ok((key, now))
}

pub fn edit(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let faults = [(Bug::EditedAfterApproval, ReviewStatus::Published)];
    let (key, _) = change(work, call, &events::REVIEW_EDITED, &faults, |review| {
        review.check_edit(fields.required_text(0))?;
        check_texts(fields.text(1), fields.text(2))?;
        review.edit();
        Ok(())
    })?;
    views::edit(work, key, fields);
    Ok(EndpointAnswer::DONE)
}

pub fn moderate(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let (action, reason) = (fields.required_text(1), fields.filled_text(2));
    let (event, target) = match action {
        "Approve" => (&events::REVIEW_APPROVED, ReviewStatus::Published),
        _ => (&events::REVIEW_REJECTED, ReviewStatus::Rejected),
    };
    let faults = [ReviewStatus::Published, ReviewStatus::Rejected];
    let faults = faults.map(|status| (Bug::DoubleVerdict, status));
    let (key, _) = change(work, call, event, &faults, |review| {
        if !["Approve", "Reject"].contains(&action) {
            let told = format!("{} is not a valid ModerationAction", repr(action));
            return Err(Refusal::Value(told));
        }
        if target == ReviewStatus::Rejected && reason.is_none() {
            let told = "Reason is required when rejecting a review";
            return Err(Refusal::rule("reason", told));
        }
        review.proceed(target)
    })?;
    match target {
        ReviewStatus::Published => views::approve(work, key),
        _ => views::reject(work, key, reason.unwrap_or_default()),
    }
    Ok(EndpointAnswer::DONE)
}

pub fn vote(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let [customer, kind] = [0, 1].map(|index| call.fields.required_text(index));
    let mut review = work.load::<Review>(call.id())?;
    let key = review.key();
    let again = review.has_vote_of(customer) && work.strikes(Bug::DoubleVote);
    review.vote(customer, kind, again)?;
    let votes = review.votes();
    work.save(review);
    work.raise(&events::HELPFUL_VOTE_RECORDED);
    views::vote(work, key, votes);
    Ok(EndpointAnswer::ADDED)
}

pub fn report(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let customer = call.fields.required_text(0);
    let (key, now) = change(work, call, &events::REVIEW_REPORTED, &[], |review| {
        review.report(customer)
    })?;
    views::report(work, key, now.reports());
    Ok(EndpointAnswer::ADDED)
}

pub fn remove(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let faults = [(Bug::DoubleRemoval, ReviewStatus::Removed)];
    let (key, now) = change(work, call, &events::REVIEW_REMOVED, &faults, |review| {
        review.proceed(ReviewStatus::Removed)
    })?;
    let pair = now.pair();
    work.at_commit(move |shop| {
        if let Some(count) = shop.shard_of(pair).reviewed.get_mut(pair) {
            *count = count.saturating_sub(1);
        }
    });
    views::remove(work, key, call.fields.required_text(1));
    Ok(EndpointAnswer::DONE)
}

pub fn reply(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut review = work.load::<Review>(call.id())?;
    let key = review.key();
    let again = review.has_reply() && work.strikes(Bug::DoubleReply);
    let is_removed = review.status() == ReviewStatus::Removed;
    let fault = is_removed.then_some(Bug::RepliedAfterRemoval);
    work.unless_overlooked(review.reply(again), fault)?;
    work.save_with_fault(review, LostRaceFault::unchecked(Bug::DoubleReply));
    work.raise(&events::SELLER_REPLY_ADDED);
    views::reply(work, key, call.fields.required_text(1));
    Ok(EndpointAnswer::ADDED)
}

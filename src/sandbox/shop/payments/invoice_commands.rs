//! Invoices: drafts that can be voided. The shop's own issuing and paying have no endpoint.

use super::Invoice;
use super::bodies::LINE_ITEM;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::message_store::check_storable;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use crate::shop::events;

/// Lines are looked at one after the other: the first one with something wrong is the one that is
/// complained of.
pub fn generate(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    check_storable(&[call.fields.required_number(3)])?;
    for line in call.fields.objects(2) {
        LINE_ITEM.check_command(line)?;
    }
    work.raise(&events::INVOICE_GENERATED);
    Ok(EndpointAnswer::Created(
        "invoice_id",
        work.create(Invoice::Draft),
    ))
}

pub fn void(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut invoice = work.load::<Invoice>(call.id())?;
    if *invoice == Invoice::Voided {
        return Err(Refusal::rule(
            "status",
            "Cannot transition from Voided to Voided",
        ));
    }
    *invoice = Invoice::Voided;
    work.save(invoice);
    work.raise(&events::INVOICE_VOIDED);
    Ok(EndpointAnswer::Ok(r#"{"status":"voided"}"#))
}

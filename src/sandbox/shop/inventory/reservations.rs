//! Single reservations, which only a projection of today's shop knows: they are released with their
//! order, or when they are over for some time. And stock that begins with a product's variant.

use super::StockItem;
use crate::sandbox::pipeline::Domain;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::{Notice, Projections, Reservation};
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, Work};
use crate::shop::events;

const MINUTE_NS: i128 = 60_000_000_000;
/// For how long a reservation holds, and has to be over, when nobody says it. As Python takes 0 for
/// nothing, it means this too.
const USUAL_MINUTES: i64 = 15;

/// Has the reservation that was just made known to the projectors.
pub fn reserve(work: &mut Work<'_>, item: ThingKey, fields: &Fields<'_>) {
    if !work.shows(Domain::Inventory) {
        return;
    }
    let order = ThingKey::read(fields.required_text(0));
    let quantity = fields.required_integer(1);
    let holds = fields.integer(2).unwrap_or(USUAL_MINUTES);
    let expires_ns = work.now_ns() + i128::from(holds) * MINUTE_NS;
    work.show(item, move |views, _| {
        let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid();
        let reservation = Reservation {
            item,
            order,
            quantity,
            expires_ns,
            is_active: true,
        };
        views.reservation_status.put(ThingKey::of(id), reservation);
        if let Some(order) = order {
            views.tell(Notice::StockReserved(order));
        }
    });
}

/// Takes the active reservations that `chosen` picks out of the list: item and pieces of each.
fn take(views: &mut Projections, chosen: impl Fn(&Reservation) -> bool) -> Vec<(ThingKey, i64)> {
    let rows = views.reservation_status.rows();
    rows.filter(|reservation| reservation.is_active && chosen(reservation))
        .map(|reservation| {
            reservation.is_active = false;
            (reservation.item, reservation.quantity)
        })
        .collect()
}

/// Gives pieces back to an item of stock.
pub fn release(work: &mut Work<'_>, item: ThingKey, quantity: i64) -> Result<(), Refusal> {
    let mut stock = work.load::<StockItem>(&item.uuid().to_string())?;
    stock.release(quantity);
    work.save(stock);
    work.raise(&events::RESERVATION_RELEASED);
    Ok(())
}

/// Takes what is reserved for an order out of the list: item and pieces of each.
pub fn take_reserved(views: &mut Projections, order: ThingKey) -> Vec<(ThingKey, i64)> {
    take(views, |reservation| reservation.order == Some(order))
}

/// Releases reservations that have been over for so many minutes. What it raises waits in a lane of
/// the streams that is never read, so that no projection and no saga follows (measured).
pub fn expire(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let minutes = match call.fields.integer(0) {
        None | Some(0) => USUAL_MINUTES,
        Some(minutes) => minutes,
    };
    let latest_ns = work.now_ns() - i128::from(minutes) * MINUTE_NS;
    let is_over = |reservation: &Reservation| reservation.expires_ns <= latest_ns;
    let over = work.read(|views| take(views, is_over)).unwrap_or_default();
    let mut count = 0;
    for (item, quantity) in over {
        let released = work.apart(|work| release(work, item, quantity));
        count += u32::from(released.is_ok());
    }
    Ok(EndpointAnswer::Told(format!(
        r#"{{"expired_count":{count}}}"#
    )))
}

/// Begins the stock of a new variant, with nothing in it, in a warehouse that nobody made.
pub fn begin_stock(work: &mut Work<'_>) {
    work.create(StockItem::new(0, 10));
    work.raise(&events::STOCK_INITIALIZED);
}

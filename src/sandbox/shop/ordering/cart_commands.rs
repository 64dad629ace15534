//! What clients can do with carts.

use super::bodies::ADDRESS;
use super::order_details::OrderDetails;
use super::{Cart, Order, cart_views, order_views};
use crate::sandbox::bugs::Bug;
use crate::sandbox::pipeline::Domain::Ordering;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::ring_store::ThingKey;
use crate::sandbox::shop::work::Loaded;
use crate::sandbox::shop::{EndpointAnswer, EndpointCall, LostRaceFault, Work};
use crate::shop::events;
use crate::stats::Event;
use uuid::Uuid;

/// Creating a cart raises no event.
pub fn create(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let cart = match work.shows(Ordering) {
        true => Cart::of(call.fields.text(0)),
        false => Cart::EMPTY,
    };
    Ok(EndpointAnswer::Created("cart_id", work.create(cart)))
}

/// Loads the cart, lets `rule` change it, and saves it. Tells its key, and what `rule` told.
fn change<T>(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut Cart) -> Result<T, Refusal>,
) -> Result<(ThingKey, T), Refusal> {
    let mut cart = work.load::<Cart>(call.id())?;
    let key = cart.key();
    let told = rule(&mut cart)?;
    work.save(cart);
    work.raise(event);
    Ok((key, told))
}

pub fn add_item(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let fields = call.fields;
    let (product, variant) = (fields.required_text(0), fields.required_text(1));
    let quantity = fields.required_integer(2);
    let shows = work.shows(Ordering);
    let (key, id) = change(work, call, &events::CART_ITEM_ADDED, |cart| {
        cart.add_item(product, variant, quantity)?;
        Ok(if shows {
            cart.name_item(product, variant)
        } else {
            None
        })
    })?;
    if let Some(id) = id {
        cart_views::add_item(work, key, id, fields);
    }
    Ok(EndpointAnswer::DONE)
}

pub fn update_quantity(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let quantity = call.fields.required_integer(0);
    let (key, ()) = change(work, call, &events::CART_QUANTITY_UPDATED, |cart| {
        cart.update_quantity(call.parameters[1], quantity)
    })?;
    cart_views::update_quantity(work, key, call);
    Ok(EndpointAnswer::DONE)
}

pub fn remove_item(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, &events::CART_ITEM_REMOVED, |cart| {
        cart.remove_item(call.parameters[1])
    })?;
    cart_views::remove_item(work, key, call);
    Ok(EndpointAnswer::DONE)
}

pub fn apply_coupon(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    let code = call.fields.required_text(0);
    let (key, ()) = change(work, call, &events::CART_COUPON_APPLIED, |cart| {
        cart.apply_coupon(code)
    })?;
    cart_views::apply_coupon(work, key, code);
    Ok(EndpointAnswer::DONE)
}

/// Makes the order first, in a unit of work of its own, and then closes the cart: when that is
/// refused, the order is there all the same. (Measured.)
pub fn check_out(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let mut cart = work.load::<Cart>(call.id())?;
    cart.check_placeholders()?;
    for address in [0, 1] {
        if let Some(address) = call.fields.object(address) {
            ADDRESS.check_command(address)?;
        }
    }
    let (order_id, key) = make_order(work, call, &cart);
    if !(cart.is_converted() && work.strikes(Bug::DoubleCheckout)) {
        cart.convert()?;
    }
    work.save_with_fault(cart, LostRaceFault::unchecked(Bug::DoubleCheckout));
    work.raise(&events::CART_CONVERTED);
    cart_views::end(work, key, "Converted");
    Ok(EndpointAnswer::Created("order_id", order_id))
}

/// Makes the order of a cart, at once; tells its identifier, and the cart's key.
fn make_order(
    work: &mut Work<'_>,
    call: &EndpointCall<'_>,
    cart: &Loaded<Cart>,
) -> (Uuid, ThingKey) {
    let mut order = Order::NEW;
    let details = work
        .shows(Ordering)
        .then(|| OrderDetails::of_cart(cart, call.fields));
    if let Some(details) = &details {
        order.keep(details.contents());
    }
    let order_id = work.create(order);
    work.raise(&events::ORDER_CREATED);
    if let Some(details) = details {
        order_views::create(work, order_id, details);
    }
    work.publish_now();
    (order_id, cart.key())
}

pub fn abandon(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, &events::CART_ABANDONED, Cart::abandon)?;
    cart_views::end(work, key, "Abandoned");
    Ok(EndpointAnswer::DONE)
}

pub fn merge(work: &mut Work<'_>, call: &EndpointCall<'_>) -> Result<EndpointAnswer, Refusal> {
    let (key, ()) = change(work, call, &events::CARTS_MERGED, |cart| cart.merge())?;
    cart_views::merge(work, key);
    Ok(EndpointAnswer::DONE)
}

/// Gives up carts that nobody has touched for so many hours: none, as the projection that it looks
/// at never learns when a cart was touched (measured).
pub fn detect_abandoned(
    _work: &mut Work<'_>,
    _call: &EndpointCall<'_>,
) -> Result<EndpointAnswer, Refusal> {
    Ok(EndpointAnswer::Ok(r#"{"abandoned_count":0}"#))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::pipeline::{Pipeline, PipelineConfig};
    use crate::sandbox::schema::Fields;
    use crate::sandbox::shop::Shop;
    use crate::shop::Generation;
    use std::sync::Arc;

    fn orders_in(shop: &Shop) -> usize {
        shop.home(0).orders.next_place().0
    }

    #[test]
    fn a_refused_checkout_has_made_an_order_but_one_of_an_unknown_cart_has_not() {
        let generation = Generation::Today;
        let pipeline = Pipeline::new(&PipelineConfig::default(), generation);
        let shop = Shop::new(generation, 10, 1, Arc::new(pipeline));
        let check_out_of = |cart_id: &str| {
            let mut work = Work::new(&shop, 0);
            let call = EndpointCall {
                parameters: &[cart_id],
                fields: &Fields::NONE,
                query: None,
            };
            check_out(&mut work, &call).map(|_| work.into_pending().commit(&shop))
        };
        let mut full = Cart::EMPTY;
        full.add_item("p", "v", 1).unwrap();
        let full = Work::new(&shop, 0).create(full).to_string();
        let empty = Work::new(&shop, 0).create(Cart::EMPTY).to_string();
        for (cart, is_done, orders) in [
            (full.as_str(), true, 1),
            (&full, false, 2),
            (&empty, false, 3),
            ("unknown", false, 3),
        ] {
            assert_eq!(check_out_of(cart).is_ok(), is_done, "{cart}");
            assert_eq!(orders_in(&shop), orders, "{cart}");
        }
    }
}

//! What clients can do with carts.

use super::bodies::ADDRESS;
use super::{Cart, Order};
use crate::sandbox::bugs::Bug;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::{Answer, Call, Fault, Work};
use crate::shop::events;
use crate::stats::Event;

/// Creating a cart raises no event.
pub fn create(work: &mut Work<'_>, _call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::Created("cart_id", work.create(Cart::EMPTY)))
}

/// Loads the cart, lets `rule` change it, and saves it.
fn change(
    work: &mut Work<'_>,
    call: &Call<'_>,
    event: &'static Event,
    rule: impl FnOnce(&mut Cart) -> Result<(), Refusal>,
) -> Result<Answer, Refusal> {
    let mut cart = work.load::<Cart>(call.id())?;
    rule(&mut cart)?;
    work.save(cart);
    work.raise(event);
    Ok(Answer::DONE)
}

pub fn add_item(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let fields = call.fields;
    change(work, call, &events::CART_ITEM_ADDED, |cart| {
        cart.add_item(
            fields.required_text(0),
            fields.required_text(1),
            fields.required_integer(2),
        )
    })
}

pub fn update_quantity(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    Err(work.load::<Cart>(call.id())?.update_quantity())
}

pub fn remove_item(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    Err(work.load::<Cart>(call.id())?.remove_item())
}

pub fn apply_coupon(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let code = call.fields.required_text(0);
    change(work, call, &events::CART_COUPON_APPLIED, |cart| {
        cart.apply_coupon(code)
    })
}

/// Makes the order first, in a unit of work of its own, and then closes the cart: when that is
/// refused, the order is there all the same. (Measured.)
pub fn check_out(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut cart = work.load::<Cart>(call.id())?;
    cart.check_placeholders()?;
    for address in [0, 1] {
        if let Some(address) = call.fields.object(address) {
            ADDRESS.check_command(address)?;
        }
    }
    let order_id = work.create(Order::NEW);
    work.raise_now(&events::ORDER_CREATED);
    if !(cart.is_converted() && work.strikes(Bug::DoubleCheckout)) {
        cart.convert()?;
    }
    work.save_with_fault(cart, Fault::unchecked(Bug::DoubleCheckout));
    work.raise(&events::CART_CONVERTED);
    Ok(Answer::Created("order_id", order_id))
}

pub fn abandon(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::CART_ABANDONED, Cart::abandon)
}

pub fn merge(work: &mut Work<'_>, call: &Call<'_>) -> Result<Answer, Refusal> {
    change(work, call, &events::CARTS_MERGED, |cart| cart.merge())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::pipeline::{Pipeline, PipelineConfig};
    use crate::sandbox::schema::Fields;
    use crate::sandbox::shop::Shop;
    use std::sync::Arc;

    fn orders_in(shop: &Shop) -> usize {
        shop.home(0).orders.next_place().0
    }

    #[test]
    fn a_refused_checkout_has_made_an_order_but_one_of_an_unknown_cart_has_not() {
        let shop = Shop::new(10, 1, Arc::new(Pipeline::new(&PipelineConfig::default())));
        let check_out_of = |cart_id: &str| {
            let mut work = Work::new(&shop, 0);
            let call = Call {
                parameters: &[cart_id],
                fields: &Fields::NONE,
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

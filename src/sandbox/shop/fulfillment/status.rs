//! A fulfillment's state machine. Which command works in which state was measured cell by cell, and so
//! were the refusals.

use super::packages::check_packages;
use crate::sandbox::json_text::Json;
use crate::sandbox::refusal::Refusal;
use std::sync::Arc;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Most items of a fulfillment that are known by their ids.
const MOST_ITEMS: u32 = 1_000;

/// Where a fulfillment is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FulfillmentStatus {
    Pending,
    Picking,
    Packing,
    ReadyToShip,
    Shipped,
    InTransit,
    Delivered,
    Exception,
    Cancelled,
}

use FulfillmentStatus::{
    Cancelled, Delivered, Exception, InTransit, Packing, Pending, Picking, ReadyToShip, Shipped,
};

impl FulfillmentStatus {
    /// As the shop writes it.
    pub fn name(self) -> &'static str {
        match self {
            Pending => "Pending",
            Picking => "Picking",
            Packing => "Packing",
            ReadyToShip => "Ready_To_Ship",
            Shipped => "Shipped",
            InTransit => "In_Transit",
            Delivered => "Delivered",
            Exception => "Exception",
            Cancelled => "Cancelled",
        }
    }

    /// The transitions that commands without words of their own ask for.
    fn leads_to(self, target: Self) -> bool {
        matches!(
            (self, target),
            (Pending, Picking)
                | (ReadyToShip, Shipped)
                | (InTransit, Delivered | Exception)
                | (Exception, Delivered)
        )
    }

    /// Whether nothing has left the house.
    fn can_be_cancelled(self) -> bool {
        matches!(self, Pending | Picking | Packing | ReadyToShip)
    }
}

/// What later requests can notice of a fulfillment. Pickers, packers and packages are checked on the
/// way in and then forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Fulfillment {
    status: FulfillmentStatus,
    is_packed: bool,
    items: u32,
    /// Numbers of the items that were picked.
    picked: Option<Arc<Vec<u32>>>,
    /// The order and the carrier, as they were named; only where somebody takes notice of them.
    order: Option<Arc<str>>,
    carrier: Option<Arc<str>>,
}

/// The identifier of an item, which follows from its fulfillment's and its number, so that it need not
/// be kept. No reply tells it: of the real shop only the database does.
#[must_use]
pub fn item_id(fulfillment: Uuid, number: u32) -> Uuid {
    let random = xxh3_128_with_seed(fulfillment.as_bytes(), number.into());
    uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
}

impl Fulfillment {
    /// A new one of so many items, for an order whose name is kept.
    pub fn new(items: usize, order: Option<Arc<str>>) -> Self {
        Self {
            status: Pending,
            is_packed: false,
            items: u32::try_from(items).unwrap_or(u32::MAX),
            picked: None,
            order,
            carrier: None,
        }
    }

    /// The order, as it was named, where that is kept.
    pub fn order(&self) -> Option<&Arc<str>> {
        self.order.as_ref()
    }

    /// The carrier, where that is kept.
    pub fn carrier(&self) -> Option<&Arc<str>> {
        self.carrier.as_ref()
    }

    fn check_transition(&self, target: FulfillmentStatus) -> Result<(), Refusal> {
        if self.status.leads_to(target) {
            return Ok(());
        }
        Err(Refusal::rule(
            "status",
            format!(
                "Cannot transition from {} to {}",
                self.status.name(),
                target.name()
            ),
        ))
    }

    fn check_phase(&self, phase: FulfillmentStatus, refusal: &'static str) -> Result<(), Refusal> {
        if self.status == phase {
            return Ok(());
        }
        Err(Refusal::rule("status", refusal))
    }

    /// Goes on to `target`.
    ///
    /// # Errors
    /// When the state does not lead there.
    pub fn proceed(&mut self, target: FulfillmentStatus) -> Result<(), Refusal> {
        self.check_transition(target)?;
        self.status = target;
        Ok(())
    }

    /// Hands it over to the carrier, whatever its state.
    pub fn hand_off_unchecked(&mut self) {
        self.status = Shipped;
    }

    /// Cancels it, whatever its state.
    pub fn cancel_unchecked(&mut self) {
        self.status = Cancelled;
    }

    /// Where it is on its way.
    pub fn status(&self) -> FulfillmentStatus {
        self.status
    }

    /// Whether it was handed over, and is under way or there.
    pub fn is_handed_off(&self) -> bool {
        matches!(self.status, Shipped | InTransit | Exception | Delivered)
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.status == Cancelled
    }

    /// Takes the item with this identifier, of the fulfillment with that one.
    ///
    /// # Errors
    /// When nothing is being picked, or there is no such item, or it was taken.
    pub fn pick(&mut self, fulfillment: Uuid, item: &str) -> Result<(), Refusal> {
        self.check_phase(Picking, "Items can only be picked during PICKING phase")?;
        let is_it = |number: &u32| {
            let id = item_id(fulfillment, *number);
            id.hyphenated().encode_lower(&mut [0; 36]) == item
        };
        let number = (0..self.items.min(MOST_ITEMS))
            .find(is_it)
            .ok_or_else(|| Refusal::rule("item_id", "Item not found in this fulfillment"))?;
        let picked = Arc::make_mut(self.picked.get_or_insert_default());
        if picked.contains(&number) {
            return Err(Refusal::rule("item_id", "Item has already been picked"));
        }
        picked.push(number);
        Ok(())
    }

    /// Ends the picking.
    ///
    /// # Errors
    /// When nothing is being picked, or there is more to pick.
    pub fn complete_picking(&mut self) -> Result<(), Refusal> {
        self.check_phase(
            Picking,
            "Pick list can only be completed during PICKING phase",
        )?;
        let picked = self.picked.as_ref().map_or(0, |picked| picked.len());
        let left = self.items as usize - picked;
        if left > 0 {
            let told = format!("{left} item(s) have not been picked yet");
            return Err(Refusal::rule("items", told));
        }
        self.status = Packing;
        Ok(())
    }

    /// Packs it, also once more.
    ///
    /// # Errors
    /// When it is not being packed, or something is wrong with a package.
    pub fn pack(&mut self, packages: &[Json]) -> Result<(), Refusal> {
        self.check_phase(Packing, "Packing can only be recorded during PACKING phase")?;
        check_packages(packages)?;
        self.is_packed = true;
        Ok(())
    }

    /// Puts a label on it.
    ///
    /// # Errors
    /// When it is not packed, or there is no such level of service.
    pub fn label(&mut self, carrier: &str, service_level: &str) -> Result<(), Refusal> {
        let refusal = "Shipping label can only be generated during PACKING phase";
        self.check_phase(Packing, refusal)?;
        if !self.is_packed {
            let refusal = "Items must be packed before generating a shipping label";
            return Err(Refusal::rule("packing_info", refusal));
        }
        if !["Standard", "Express", "Overnight"].contains(&service_level) {
            let refusal = "Input should be 'Standard', 'Express' or 'Overnight'";
            return Err(Refusal::rule("service_level", refusal));
        }
        self.status = ReadyToShip;
        self.carrier = self.order.is_some().then(|| carrier.into());
        Ok(())
    }

    /// Hears from the carrier: it is under way, or again.
    ///
    /// # Errors
    /// When the carrier has not got it, or has it no more.
    pub fn track(&mut self) -> Result<(), Refusal> {
        if !matches!(self.status, Shipped | InTransit | Exception) {
            let refusal = "Tracking events can only be added after shipment";
            return Err(Refusal::rule("status", refusal));
        }
        self.status = InTransit;
        Ok(())
    }

    /// Cancels it.
    ///
    /// # Errors
    /// When it has left the house, or was cancelled.
    pub fn cancel(&mut self) -> Result<(), Refusal> {
        if !self.status.can_be_cancelled() {
            let state = self.status.name();
            let told = format!("Cannot cancel fulfillment in {state} state");
            return Err(Refusal::rule("status", told));
        }
        self.status = Cancelled;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_picked_once_before_packing() {
        let id = Uuid::from_u128(7);
        let item = |number| item_id(id, number).to_string();
        let mut one = Fulfillment::new(2, None);
        let told = |result: Result<(), Refusal>| result.map_err(|refusal| refusal.body());
        assert!(
            told(one.pick(id, &item(0)))
                .unwrap_err()
                .contains("PICKING")
        );
        one.proceed(Picking).unwrap();
        one.pick(id, &item(1)).unwrap();
        assert!(
            told(one.pick(id, &item(1)))
                .unwrap_err()
                .contains("already been picked")
        );
        assert!(
            told(one.pick(id, &item(2)))
                .unwrap_err()
                .contains("not found")
        );
        assert!(
            told(one.pick(id, &item(0).to_uppercase()))
                .unwrap_err()
                .contains("not found")
        );
        assert!(
            told(one.complete_picking())
                .unwrap_err()
                .contains("1 item(s)")
        );
        one.pick(id, &item(0)).unwrap();
        one.complete_picking().unwrap();
        assert!(
            told(one.label("c", "Express"))
                .unwrap_err()
                .contains("must be packed")
        );
        one.pack(&[]).unwrap();
        assert!(
            told(one.label("c", "express"))
                .unwrap_err()
                .contains("service_level")
        );
        one.label("c", "Express").unwrap();
        one.proceed(Shipped).unwrap();
        assert!(one.is_handed_off() && !one.is_cancelled());
        assert!(told(one.cancel()).unwrap_err().contains("in Shipped state"));
    }
}

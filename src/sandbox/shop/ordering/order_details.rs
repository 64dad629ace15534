//! What a new order, or a new item of one, is like: for the order to keep, and for reads to show.

use super::Cart;
use super::cart::ItemName;
use super::order::{Contents, OrderLine};
use crate::sandbox::json_text::Json;
use crate::sandbox::python_text::float_repr;
use crate::sandbox::schema::Fields;
use crate::sandbox::shop::projections::object;
use uuid::Uuid;

/// What a new order is like.
pub struct OrderDetails {
    pub customer: String,
    pub currency: String,
    pub items: Vec<NewItem>,
    pub addresses: [Json; 2],
    pub shipping_cost: f64,
    pub tax_total: f64,
    pub discount_total: f64,
}

/// An item of an order.
pub struct NewItem {
    pub line: OrderLine,
    product: String,
    variant: String,
    sku: String,
    pub title: String,
}

/// A new identifier.
pub fn new_id() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

impl NewItem {
    /// Of a request that adds one.
    pub fn of(fields: &Fields<'_>) -> Self {
        let [product, variant, sku, title] =
            [0, 1, 2, 3].map(|index| fields.required_text(index).to_owned());
        Self {
            line: OrderLine {
                id: new_id(),
                quantity: fields.required_integer(4),
                unit_price: fields.required_number(5),
            },
            product,
            variant,
            sku,
            title,
        }
    }

    /// What the order keeps of it.
    pub fn line(&self) -> OrderLine {
        self.line
    }

    fn product_members(self, quantity: Json, unit_price: Json) -> [(&'static str, Json); 6] {
        [
            ("product_id", self.product.into()),
            ("variant_id", self.variant.into()),
            ("sku", self.sku.into()),
            ("title", self.title.into()),
            ("quantity", quantity),
            ("unit_price", unit_price),
        ]
    }

    /// As an item of a new order is told.
    pub fn told_first(self) -> Json {
        let OrderLine {
            id,
            quantity,
            unit_price,
        } = self.line;
        let members = self.product_members(quantity.into(), unit_price.into());
        let id = [("id", Json::from(id))];
        list_of(members.into_iter().chain(id))
    }

    /// As one that was added later is told: with other names, and numbers as texts.
    pub fn told_later(self) -> Json {
        let OrderLine {
            id,
            quantity,
            unit_price,
        } = self.line;
        let price = float_repr(unit_price);
        let members = self.product_members(quantity.to_string().into(), price.into());
        let id = [("item_id", Json::from(id))];
        list_of(id.into_iter().chain(members))
    }
}

fn list_of(members: impl Iterator<Item = (&'static str, Json)>) -> Json {
    Json::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn address_of(fields: Option<&Fields<'_>>) -> Json {
    let Some(fields) = fields else {
        return Json::Null;
    };
    let text = |index| Json::from(fields.text(index));
    object([
        ("street", text(0)),
        ("city", text(1)),
        ("state", text(2)),
        ("postal_code", text(3)),
        ("country", text(4)),
    ])
}

impl OrderDetails {
    /// Of a request for an order.
    pub fn of(fields: &Fields<'_>) -> Self {
        Self {
            customer: fields.required_text(0).to_owned(),
            currency: fields.required_text(7).to_owned(),
            items: fields.objects(1).iter().map(NewItem::of).collect(),
            addresses: [2, 3].map(|index| address_of(fields.object(index))),
            shipping_cost: fields.required_number(4),
            tax_total: fields.required_number(5),
            discount_total: fields.required_number(6),
        }
    }

    /// Of a checkout: what the cart does not know is made up, prices among it.
    pub fn of_cart(cart: &Cart, fields: &Fields<'_>) -> Self {
        let item = |(name, quantity): (&ItemName, i64)| NewItem {
            line: OrderLine {
                id: new_id(),
                quantity,
                unit_price: 0.0,
            },
            product: name.product.to_string(),
            variant: name.variant.to_string(),
            sku: format!("SKU-{}", name.product),
            title: format!("Product {}", name.product),
        };
        Self {
            customer: cart.customer().unwrap_or_default().to_owned(),
            currency: "USD".into(),
            items: cart.named_items().map(item).collect(),
            addresses: [0, 1].map(|index| address_of(fields.object(index))),
            shipping_cost: 0.0,
            tax_total: 0.0,
            discount_total: 0.0,
        }
    }

    /// What the order keeps of it.
    pub fn contents(&self) -> Contents {
        Contents {
            lines: self.items.iter().map(NewItem::line).collect(),
            shipping_cost: self.shipping_cost,
            tax_total: self.tax_total,
            discount_total: self.discount_total,
        }
    }
}

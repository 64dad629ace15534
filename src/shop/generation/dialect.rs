//! How a shop wants to be spoken to: its generation, and the form of every field that shops write in
//! different ways.

use super::shape::ValueShape;
use super::{Contract, Generation};

/// How a set of named values is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A text that holds JSON: `"{\"size\": \"M\"}"`.
    Text,
    /// An object: `{"size": "M"}`.
    Object,
}

impl Form {
    /// The form in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Text => "JSON text",
            Self::Object => "an object",
        }
    }

    const fn json_type(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Object => "object",
        }
    }
}

/// A field that shops write in different forms, and that bodies adapt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormField {
    /// `attributes` of a product that is created.
    Product,
    /// `attributes` of a product that is changed.
    ProductDetails,
    /// `attributes` of a variant.
    Variant,
    /// `attributes` of a category that is created.
    Category,
    /// `attributes` of a category that is changed.
    CategoryChange,
}

/// Method, path and name of each, in the order of [`FormField`].
pub const FORM_FIELDS: [(FormField, &str, &str, &str); 5] = [
    (FormField::Product, "POST", "/products", "attributes"),
    (
        FormField::ProductDetails,
        "PUT",
        "/products/{product_id}/details",
        "attributes",
    ),
    (
        FormField::Variant,
        "POST",
        "/products/{product_id}/variants",
        "attributes",
    ),
    (FormField::Category, "POST", "/categories", "attributes"),
    (
        FormField::CategoryChange,
        "PUT",
        "/categories/{category_id}",
        "attributes",
    ),
];

/// What bodies are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The generation of the shop, or the one that it is most like.
    pub generation: Generation,
    forms: [Form; FORM_FIELDS.len()],
}

impl From<Generation> for Dialect {
    /// The forms of a shop that is of `generation` to the letter.
    fn from(generation: Generation) -> Self {
        let form = match generation {
            Generation::Five => Form::Text,
            Generation::Today => Form::Object,
        };
        Self {
            generation,
            forms: [form; FORM_FIELDS.len()],
        }
    }
}

impl Dialect {
    /// The forms that `contract` asks for; where it asks for none that is known, those of
    /// `generation`.
    #[must_use]
    pub fn of(generation: Generation, contract: &Contract) -> Self {
        let mut dialect = Self::from(generation);
        for (form, (_, method, path, name)) in dialect.forms.iter_mut().zip(FORM_FIELDS) {
            let body = contract.operation(method, path);
            let body = body.and_then(|operation| operation.body.as_ref());
            let field = body.and_then(|body| body.fields.get(name));
            if let Some(asked) = field.and_then(|field| asked_form(&field.shape, *form)) {
                *form = asked;
            }
        }
        dialect
    }

    /// The form of `field`.
    #[must_use]
    pub fn form(&self, field: FormField) -> Form {
        self.forms[field as usize]
    }
}

/// The form that a field takes: the `usual` one if it can be, another known one, or none.
fn asked_form(shape: &ValueShape, usual: Form) -> Option<Form> {
    [usual, Form::Text, Form::Object]
        .into_iter()
        .find(|form| shape.takes(form.json_type()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_fields_is_in_their_order() {
        for (place, (field, ..)) in FORM_FIELDS.iter().enumerate() {
            assert_eq!(*field as usize, place);
        }
    }

    #[test]
    fn each_generation_asks_for_its_own_forms() {
        for generation in Generation::ALL {
            let read = Dialect::of(generation, generation.contract());
            assert_eq!(read, Dialect::from(generation));
            // Whatever it is taken for: forms are those that are asked for.
            for other in Generation::ALL {
                let read = Dialect::of(other, generation.contract());
                assert_eq!(read.forms, Dialect::from(generation).forms);
            }
        }
    }

    #[test]
    fn each_field_is_asked_on_its_own() {
        let mixed = Generation::Five.openapi().replacen(
            r#""attributes":{"anyOf":[{"type":"string"}"#,
            r#""attributes":{"anyOf":[{"type":"object"}"#,
            1,
        );
        assert_ne!(mixed, Generation::Five.openapi());
        let contract = Contract::read(&mixed, "").unwrap();
        let dialect = Dialect::of(Generation::Five, &contract);
        let objects = dialect.forms.iter().filter(|form| **form == Form::Object);
        assert_eq!(objects.count(), 1);
    }
}

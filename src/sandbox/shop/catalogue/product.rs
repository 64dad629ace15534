//! What is remembered of a product, its variants and its images.

use crate::sandbox::refusal::Refusal;
use crate::sandbox::shop::EndpointCall;
use std::sync::Arc;
use uuid::Uuid;

/// What later requests can notice of a product. Only projections tell variant and image ids, so
/// that parts are kept where those are shown, and nowhere else.
#[derive(Clone, Debug)]
pub struct Product {
    pub(super) status: ProductStatus,
    pub(super) has_variants: bool,
    pub(super) images: u8,
    pub(super) parts: Option<Arc<Parts>>,
}

/// Variants and images whose ids can be known.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) variants: Vec<Variant>,
    pub(super) images: Vec<Uuid>,
}

#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) id: Uuid,
    pub(super) price: f64,
    /// Prices for loyal customers, by tier.
    pub(super) tiers: Vec<(String, f64)>,
}

/// Most variants of a product whose ids are kept.
const MOST_VARIANTS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProductStatus {
    Draft,
    Active,
    Discontinued,
    Archived,
}

/// Whether `text` spells `id` as it was given out; the shop compares texts.
pub(super) fn is_spelled(id: Uuid, text: &str) -> bool {
    id.hyphenated().encode_lower(&mut [0; 36]) == text
}

impl Parts {
    pub(super) fn add_variant(&mut self, id: Uuid, price: f64) {
        if self.variants.len() < MOST_VARIANTS {
            let tiers = Vec::new();
            self.variants.push(Variant { id, price, tiers });
        }
    }
}

impl Product {
    pub(super) fn parts(&mut self) -> &mut Parts {
        Arc::make_mut(self.parts.get_or_insert_default())
    }

    /// The variant that the path names. Where no projection shows ids, every one is unknown. (The
    /// wording is the source's.)
    pub(super) fn variant(&mut self, call: &EndpointCall<'_>) -> Result<&mut Variant, Refusal> {
        let id = call.parameters[1];
        let unknown = || Refusal::rule("variants", format!("Variant {id} not found"));
        let parts = self.parts.as_mut().ok_or_else(unknown)?;
        let mut variants = Arc::make_mut(parts).variants.iter_mut();
        variants
            .find(|variant| is_spelled(variant.id, id))
            .ok_or_else(unknown)
    }

    pub(super) fn go(
        &mut self,
        from: ProductStatus,
        to: ProductStatus,
        otherwise: &str,
    ) -> Result<(), Refusal> {
        if self.status != from {
            return Err(Refusal::rule("status", otherwise));
        }
        self.status = to;
        Ok(())
    }
}

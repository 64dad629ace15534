//! What the shop holds to be a SKU, an address of a page, a price and a measure. Wordings are the
//! source's.

use crate::sandbox::python_text::float_repr;
use crate::sandbox::refusal::Refusal;

const MIN_SKU_CHARS: usize = 3;
const LOWEST_PRICE: f64 = 0.01;

/// At least three letters, digits and hyphens, none of the hyphens at an edge or beside another.
pub fn check_sku(sku: &str) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::rule("code", message));
    if sku.chars().count() < MIN_SKU_CHARS {
        return refuse("String should have at least 3 characters");
    }
    if !sku
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return refuse("SKU must contain only alphanumeric characters and hyphens");
    }
    check_hyphens(sku, "code", "SKU")
}

/// Lower-case letters, digits and hyphens; nothing is no slug.
pub fn check_slug(slug: &str) -> Result<(), Refusal> {
    if slug.is_empty() {
        return Ok(());
    }
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !slug.bytes().all(is_fine) {
        return Err(Refusal::rule(
            "slug",
            "Slug must contain only lowercase alphanumeric characters and hyphens",
        ));
    }
    check_hyphens(slug, "slug", "Slug")
}

fn check_hyphens(text: &str, field: &'static str, name: &str) -> Result<(), Refusal> {
    if text.starts_with('-') || text.ends_with('-') {
        let message = format!("{name} must not start or end with a hyphen");
        return Err(Refusal::rule(field, message));
    }
    if text.contains("--") {
        let message = format!("{name} must not contain consecutive hyphens");
        return Err(Refusal::rule(field, message));
    }
    Ok(())
}

/// At least a cent.
pub fn check_price(price: f64) -> Result<(), Refusal> {
    if price >= LOWEST_PRICE {
        return Ok(());
    }
    Err(Refusal::rule(
        "base_price",
        "Input should be greater than or equal to 0.01",
    ))
}

/// Above nothing, and below what others pay (measured).
pub fn check_tier_price(tier: &str, price: f64, base_price: f64) -> Result<(), Refusal> {
    let says = if price <= 0.0 {
        "must be a positive number".into()
    } else if price >= base_price {
        let (price, base_price) = (float_repr(price), float_repr(base_price));
        format!("({price}) must be less than base price ({base_price})")
    } else {
        return Ok(());
    };
    Err(Refusal::rule(
        "tier_prices",
        format!("Tier price for '{tier}' {says}"),
    ))
}

/// Of a weight or a length: not negative, in a known unit.
pub fn check_measure(
    measures: &[(&'static str, f64)],
    unit: &str,
    units: &[&str],
    says: &str,
) -> Result<(), Refusal> {
    let negative: Vec<_> = measures
        .iter()
        .filter(|(_, measure)| *measure < 0.0)
        .map(|&(field, _)| (field, "Input should be greater than or equal to 0".into()))
        .collect();
    if !negative.is_empty() {
        return Err(Refusal::Rules(negative));
    }
    if units.contains(&unit) {
        return Ok(());
    }
    Err(Refusal::rule("unit", format!("{says}, got '{unit}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(result: Result<(), Refusal>) -> String {
        let body = result.unwrap_err().body();
        body.split('"').nth(3).unwrap_or_default().to_owned()
    }

    #[test]
    fn skus() {
        for sku in ["abc", "PROD-6FD28A8D", "a-b-c", "123"] {
            assert_eq!(check_sku(sku), Ok(()), "{sku}");
        }
        for sku in ["ab", "-ab", "ab-", "a--b", "a b", "a_b", "é-x"] {
            assert_eq!(key(check_sku(sku)), "code", "{sku}");
        }
    }

    #[test]
    fn slugs() {
        for slug in ["", "a", "special-de6b49"] {
            assert_eq!(check_slug(slug), Ok(()), "{slug}");
        }
        for slug in ["A", "-a", "a-", "a--b", "a b"] {
            assert_eq!(key(check_slug(slug)), "slug", "{slug}");
        }
    }

    #[test]
    fn prices_and_measures() {
        assert_eq!(check_price(0.01), Ok(()));
        assert_eq!(key(check_price(0.0)), "base_price");
        assert_eq!(check_tier_price("Gold", 59.8, 59.9), Ok(()));
        assert_eq!(key(check_tier_price("Gold", 59.9, 59.9)), "tier_prices");
        assert_eq!(key(check_tier_price("Gold", 0.0, 59.9)), "tier_prices");
        let units = ["kg", "lb"];
        let check =
            |value, unit| check_measure(&[("value", value)], unit, &units, "Unit must be kg or lb");
        assert_eq!(check(1.0, "kg"), Ok(()));
        assert_eq!(key(check(-1.0, "kg")), "value");
        assert_eq!(key(check(1.0, "st")), "unit");
    }
}

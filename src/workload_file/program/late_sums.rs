//! Sums of what is known only when a request is sent: a flat list of terms for each body of an arena, each a number
//! that was worked out beforehand and the values that it is multiplied with. Nothing is looked up by name,
//! interpreted or allocated when a request is written.

use super::compiled::{LateSum, SumOf};
use crate::engine::Values;
use crate::workload_file::model::decimals::Decimal;
use crate::workload_file::model::texts::{Drawn, Factor, Product};
use std::fmt::Write;
use std::ops::Range;

/// Values of one term, at most.
const MOST_FACTORS: usize = 3;
/// Where a term has no more values.
const NONE: u16 = u16::MAX;

/// A part of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// What is known beforehand.
    pub coefficient: Decimal,
    /// Positions of the values that it is multiplied with.
    factors: [u16; MOST_FACTORS],
}

/// Why a sum cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The value at this position is no number.
    NoNumber(u16),
    /// It is too large.
    TooLarge,
}

/// The sums of bodies of one kind, or of heads.
#[derive(Debug)]
pub struct LateSums {
    /// The value that takes each of them, and whether it is a text.
    sums: Box<[(u16, bool)]>,
    /// The terms of all sums of the first body, then of the second, and so on.
    terms: Vec<Term>,
    /// Where those of each end.
    ends: Vec<u32>,
    /// Terms of each that are as large as those of any body.
    widest: Vec<Vec<Term>>,
}

impl Term {
    fn factors(&self) -> impl Iterator<Item = u16> {
        self.factors.iter().copied().take_while(|it| *it != NONE)
    }
}

impl LateSums {
    /// Of these sums, before there is a body.
    pub fn new(sums: &[LateSum]) -> Self {
        Self {
            sums: sums.iter().map(|sum| (sum.value, sum.is_text)).collect(),
            terms: Vec::new(),
            ends: Vec::new(),
            widest: vec![Vec::new(); sums.len()],
        }
    }

    /// Adds the next body, for which this was `drawn`, and which has the lists of its `draft`.
    pub fn push(&mut self, sums: &[LateSum], drawn: &[Drawn], draft: &[u8]) {
        for (sum, widest) in sums.iter().zip(&mut self.widest) {
            let terms = match &sum.of {
                SumOf::Products(products) => terms_of(products, drawn),
                SumOf::List(list) => {
                    let elements = list.factors_in(draft).into_iter();
                    together(elements.map(|factors| {
                        product(factors.into_iter().map(|text| match placed(text) {
                            Some(value) => Number::Value(value),
                            None => Number::Known(Decimal::parse_any(text)),
                        }))
                    }))
                }
            };
            for term in &terms {
                widen(widest, *term);
            }
            self.terms.extend(terms);
            self.ends.push(self.terms.len() as u32);
        }
    }

    /// Memory that it takes, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.terms) + size_of_val(&*self.ends)
    }

    /// Makes the sums in `which` of the body at `index`, each into its value.
    ///
    /// # Errors
    /// When one of them cannot be made: nothing may be sent then.
    #[inline]
    pub fn make(&self, index: usize, which: Range<usize>, values: &mut Values) -> Result<(), Lack> {
        for at in which {
            let sum = evaluate(self.terms_at(index, at), values)?;
            self.set(at, sum, values);
        }
        Ok(())
    }

    /// The same of all sums of a body.
    ///
    /// # Errors
    /// As [`LateSums::make`].
    #[inline]
    pub fn make_all(&self, index: usize, values: &mut Values) -> Result<(), Lack> {
        self.make(index, 0..self.sums.len(), values)
    }

    /// Whether the sums of every body can be made of these values: for requests of which several leave together,
    /// or none.
    ///
    /// # Errors
    /// When one of them might not.
    pub fn can_make(&self, values: &mut Values) -> Result<(), Lack> {
        for (at, terms) in self.widest.iter().enumerate() {
            let widest = evaluate_with(terms, values, Decimal::magnitude)?;
            self.set(at, widest, values);
        }
        Ok(())
    }

    /// Sum `at` of the body at `index` in words, with values by their `names`: for a preview of what is sent.
    #[must_use]
    pub fn in_words(&self, index: usize, at: usize, names: &[String]) -> String {
        let mut out = String::new();
        for term in self.terms_at(index, at) {
            let plus = if out.is_empty() { "" } else { " + " };
            let coefficient = term.coefficient.text();
            let _ = write!(out, "{plus}{}", String::from_utf8_lossy(&coefficient));
            for value in term.factors() {
                let name = names.get(usize::from(value)).map_or("sum", String::as_str);
                let _ = write!(out, "*{name}");
            }
        }
        out
    }

    /// How many sums a body has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sums.len()
    }

    /// The value that takes sum `at`.
    #[must_use]
    pub fn value(&self, at: usize) -> u16 {
        self.sums[at].0
    }

    #[inline]
    fn set(&self, at: usize, sum: Decimal, values: &mut Values) {
        let (value, is_text) = self.sums[at];
        values.set(value, &sum.text(), !is_text);
    }

    #[inline]
    fn terms_at(&self, index: usize, at: usize) -> &[Term] {
        let place = index * self.sums.len() + at;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.terms[start as usize..self.ends[place] as usize]
    }
}

#[inline]
fn evaluate(terms: &[Term], values: &Values) -> Result<Decimal, Lack> {
    evaluate_with(terms, values, |number| number)
}

#[inline]
fn evaluate_with(
    terms: &[Term],
    values: &Values,
    seen: impl Fn(Decimal) -> Decimal,
) -> Result<Decimal, Lack> {
    let mut sum = Decimal::ZERO;
    for term in terms {
        let mut product = term.coefficient;
        for value in term.factors() {
            let number = Decimal::parse_any(values.raw(value)).ok_or(Lack::NoNumber(value))?;
            product = product.times(seen(number)).ok_or(Lack::TooLarge)?;
        }
        sum = sum.plus(product).ok_or(Lack::TooLarge)?;
    }
    Ok(sum)
}

/// What a product consists of.
enum Number {
    /// A number that is too large where it is `None`.
    Known(Option<Decimal>),
    Value(u16),
}

/// The terms of `products`, with what was `drawn`.
pub fn terms_of(products: &[Product], drawn: &[Drawn]) -> Vec<Term> {
    together(products.iter().map(|of| {
        let term = product(of.factors.iter().map(|factor| match factor {
            Factor::Value(value) => Number::Value(*value),
            // That it is a number was seen when the file was read.
            Factor::Drawn(at) => {
                Number::Known(Decimal::parse_any(drawn[usize::from(*at)].0.as_bytes()))
            }
            Factor::Number(text) => Number::Known(Decimal::parse_any(text.as_bytes())),
        }));
        match of.is_less {
            true => Term {
                coefficient: term.coefficient.negated(),
                ..term
            },
            false => term,
        }
    }))
}

fn product(numbers: impl Iterator<Item = Number>) -> Term {
    let mut term = Term {
        coefficient: Decimal::ONE,
        factors: [NONE; MOST_FACTORS],
    };
    let mut count = 0;
    for number in numbers {
        match number {
            Number::Known(known) => {
                let product = known.and_then(|known| term.coefficient.times(known));
                term.coefficient = product.unwrap_or(Decimal::LARGEST);
            }
            Number::Value(value) => {
                // There are as many factors as places for them.
                if let Some(place) = term.factors.get_mut(count) {
                    *place = value;
                }
                count += 1;
            }
        }
    }
    term.factors[..count.min(MOST_FACTORS)].sort_unstable();
    term
}

/// The same terms, each product of values once.
fn together(terms: impl Iterator<Item = Term>) -> Vec<Term> {
    let mut out: Vec<Term> = Vec::new();
    for term in terms {
        let same = out.iter_mut().find(|known| known.factors == term.factors);
        match same {
            None => out.push(term),
            Some(known) => {
                let sum = known.coefficient.plus(term.coefficient);
                known.coefficient = sum.unwrap_or(Decimal::LARGEST);
            }
        }
    }
    out
}

/// Makes `widest` as large as `term`.
fn widen(widest: &mut Vec<Term>, term: Term) {
    let coefficient = term.coefficient.magnitude();
    let same = widest
        .iter_mut()
        .find(|known| known.factors == term.factors);
    match same {
        None => widest.push(Term {
            coefficient,
            ..term
        }),
        Some(known) => {
            let larger = known.coefficient.widest(coefficient);
            known.coefficient = larger.unwrap_or(Decimal::LARGEST);
        }
    }
}

/// What stands for a value in the draft of a body: no JSON that anybody could have written.
pub fn placeholder(value: u16) -> String {
    format!("${value}")
}

fn placed(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"$")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
